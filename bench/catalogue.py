"""The lists of a large catalogue: `python -m bench.catalogue [--videos N] [--entries N] [--views N] [--questions N]`.

Fills a SQLite file and a PostgreSQL with made-up videos, playlists and counted views, then asks for pages and prints p50 and p95 in
milliseconds: catalogue and ranking, without HTTP. Ends with 1 where search takes longer than its target.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from tests.contract.databases import running_postgres
from yeoul.catalog.account import channel
from yeoul.catalog.database import Database
from yeoul.catalog.migrate import migrate
from yeoul.catalog.schema.account import account
from yeoul.catalog.schema.playback import audience as audience_table
from yeoul.catalog.schema.videos import channel as channel_table
from yeoul.catalog.schema.videos import listing as listing_table
from yeoul.catalog.schema.videos import playlist as playlist_table
from yeoul.catalog.schema.videos import playlist_entry, subscription
from yeoul.catalog.schema.videos import video as video_table
from yeoul.catalog.video import listing, video
from yeoul.catalog.video.grams import put_many
from yeoul.catalog.watch import audience, playlist
from yeoul.discovery import index
from yeoul.discovery.ranking import Filter, Sort
from yeoul.insight.tally import Tally
from yeoul.insight.visitor import day_number
from yeoul.model.gram import fold

NOW = 1_800_000_000.0
_ACCOUNTS = 1000
_PLAYLISTS = 1000
_DAYS = 4  # on which each video was watched
_SEARCH_P95_MS = 100.0
_SYLLABLES = ("ka", "ri", "mo", "ten", "sul", "ber", "lo", "ni", "va", "dra", "po", "shi", "gun", "el", "tra", "fo")
_HANGUL = tuple(chr(0xAC00 + 588 * lead + 28 * vowel + tail) for lead in (0, 2, 6, 9, 11) for vowel in (0, 4, 8, 13) for tail in (0, 1, 4))


def _words(draw: random.Random, many: int) -> list[str]:
    latin = ["".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))) for _ in range(many)]
    korean = ["".join(draw.choices(_HANGUL, k=draw.randint(2, 4))) for _ in range(many // 2)]
    return latin + korean


def _titles(count: int) -> Iterator[str]:
    """Some words are in every tenth title, most in few, as in any language (Zipf)."""
    draw = random.Random(1)
    known = _words(draw, 20_000)
    draw.shuffle(known)
    weights = [1 / (10 + rank) for rank in range(len(known))]
    while count > 0:
        yield " ".join(draw.choices(known, weights, k=draw.randint(3, 8)))
        count -= 1


def fill(database: Database, videos: int, entries: int, views: int) -> list[str]:
    """Fill an empty database; gives the titles."""
    titles = list(_titles(videos))
    draw = random.Random(2)
    seen = [int(views / videos * draw.paretovariate(1.2) / 6) for _ in titles]
    with database.write() as connection:
        _fill_accounts(connection, videos)
        for start in range(0, videos, 5000):
            _fill_videos(connection, start, titles[start : start + 5000], seen)
            _fill_audience(connection, range(start, min(start + 5000, videos)), seen)
        _fill_playlists(connection, videos, entries)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return titles


def _fill_accounts(connection: Connection, videos: int) -> None:
    names = [f"maker{number}" for number in range(_ACCOUNTS)]
    fixed = {"password_hash": "", "role": "maker", "created_at": NOW}
    connection.execute(insert(account), [{"id": name, "handle": name, "email": name, **fixed} for name in names])
    counters = {"subscribers": 50, "videos": videos // _ACCOUNTS}
    connection.execute(insert(channel_table), [{"account_id": name, **counters} for name in names])
    followed = [
        {"account_id": name, "channel_id": names[(at * 7 + step) % _ACCOUNTS]} for at, name in enumerate(names) for step in range(50)
    ]
    connection.execute(insert(subscription), [{**row, "created_at": NOW} for row in followed])


def _fill_videos(connection: Connection, start: int, titles: Sequence[str], seen: Sequence[int]) -> None:
    plain = {"description": "", "visibility": "public", "pipeline": "standard", "state": "ready", "dropped": {}, "sidecars": {}}
    rows: list[dict[str, Any]] = []
    for at, title in enumerate(titles, start):
        at_s = NOW - 300 * (len(seen) - at)
        trend = listing.make_trend(at_s / listing.HALF_LIFE_S, at_s + 1e5, seen[at] + 1)
        times = {"created_at": at_s, "updated_at": at_s, "playable_at": at_s, "ready_at": at_s}
        owner_id = f"maker{at % _ACCOUNTS}"
        rows.append({"id": f"v{at:07}", "owner_id": owner_id, "title": title, "views": seen[at], "trend": trend, **plain, **times})
    connection.execute(insert(video_table), [{**row, "progress": 1.0, "version": 1, "tags": []} for row in rows])
    listed = [
        {"video_id": row["id"], "owner_id": row["owner_id"], "created_at": row["created_at"], "title": fold(row["title"])}
        | {"id": start + at + 1, "words": row["owner_id"], "duration_s": 300.0, "height": 720, "trend": row["trend"]}
        for at, row in enumerate(rows)
    ]
    connection.execute(insert(listing_table), listed)
    put_many(connection, {row["id"]: f"{row['title']} {row['words']}" for row in listed})


def _fill_audience(connection: Connection, numbers: range, seen: Sequence[int]) -> None:
    """The views of each video, evenly over some days."""
    rows: list[dict[str, Any]] = []
    for at in numbers:
        views = max(1, seen[at] // _DAYS)
        total = Tally(views=views, watch_s=60.0 * views)
        total.add_amount("device_views", "desktop", views)
        total.add_amount("device_s", "desktop", total.watch_s)
        total.add_amount("quality_s", "720p", total.watch_s)
        total.add_amount("startup", "12", views)
        for bucket in range(min(views, 40)):
            total.add_amount("edges", str(bucket), 1)
        where = {"video_id": f"v{at:07}", "owner_id": f"maker{at % _ACCOUNTS}"}
        rows += [{**where, "day": day_number(NOW) - back, **asdict(total)} for back in range(_DAYS)]
    connection.execute(insert(audience_table), rows)


def _fill_playlists(connection: Connection, videos: int, entries: int) -> None:
    size = entries // _PLAYLISTS
    plain = {"kind": "list", "description": "", "visibility": "public", "entries": size, "created_at": NOW, "updated_at": NOW}
    named = [{"id": f"p{number}", "owner_id": f"maker{number % _ACCOUNTS}", "title": f"p{number}", **plain} for number in range(_PLAYLISTS)]
    connection.execute(insert(playlist_table), named)
    for row in named:
        held = range(size)
        inside = [
            {"id": f"{row['id']}.{at}", "video_id": f"v{(at * 7919) % videos:07}", "place": at * 2**20, "added_at": NOW} for at in held
        ]
        connection.execute(insert(playlist_entry), [{"playlist_id": row["id"], **one} for one in inside])


def _typo(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word))
    return word[:at] + word[at + 1 :]


def make_asks(titles: Sequence[str]) -> dict[str, Callable[[Connection, random.Random], Any]]:
    """What is asked, each time for another thing."""
    wanted = Filter(now_s=NOW)

    def word(draw: random.Random) -> str:
        return draw.choice(draw.choice(titles).split())

    def page_of(c: Connection, rows: Sequence[Any]) -> Any:
        return video.by_id(c, [row["video_id"] for row in rows])

    def some(draw: random.Random) -> str:
        return f"v{draw.randrange(len(titles)):07}"

    def find(c: Connection, asked: str, sort: Sort = Sort.RELEVANCE) -> Any:
        return page_of(c, index.search(c, asked, Filter(now_s=wanted.now_s, sort=sort), None, 25))

    return {
        "search, a word": lambda c, draw: find(c, word(draw)),
        "search, two words": lambda c, draw: find(c, " ".join(draw.choice(titles).split()[:2])),
        "search, a wrong letter": lambda c, draw: find(c, _typo(word(draw), draw)),
        "search, one character": lambda c, draw: find(c, word(draw)[0]),
        "search, by views": lambda c, draw: find(c, word(draw), Sort.VIEWS),
        "suggestions": lambda c, draw: index.suggest(c, word(draw)[:3], 8),
        "feed": lambda c, draw: page_of(c, listing.newest(c, (NOW - draw.random() * 1e7, "v"), 25)),
        "trending": lambda c, _: page_of(c, listing.trending(c, None, 25)),
        "channel": lambda c, draw: page_of(c, listing.of_channel(c, f"maker{draw.randrange(_ACCOUNTS)}", None, 25)),
        "subscriptions' feed": lambda c, draw: _subscribed(c, f"maker{draw.randrange(_ACCOUNTS)}"),
        "playlist": lambda c, draw: page_of(c, _inside(c, draw)),
        "analytics of a video": lambda c, draw: audience.of_video(c, some(draw), day_number(NOW) - 27, day_number(NOW)),
        "analytics of a channel": lambda c, draw: _watched(c, f"maker{draw.randrange(_ACCOUNTS)}"),
        "related": lambda c, draw: index.related(c, video.get(c, some(draw)), 24),
    }


def _subscribed(connection: Connection, account_id: str) -> Any:
    return listing.of_channels(connection, channel.channels_of(connection, account_id), None, 25)


def _watched(connection: Connection, account_id: str) -> Any:
    period = (day_number(NOW) - 27, day_number(NOW))
    return audience.days_of_owner(connection, account_id, *period), audience.top_of_owner(connection, account_id, *period, 10)


def _inside(connection: Connection, draw: random.Random) -> Any:
    return playlist.entries(connection, f"p{draw.randrange(_PLAYLISTS)}", (2.0**20 * draw.randrange(900), ""), 25)


def measure(database: Database, titles: Sequence[str], questions: int) -> dict[str, list[float]]:
    """Milliseconds of each answer."""
    found: dict[str, list[float]] = {}
    for name, asks in make_asks(titles).items():
        draw = random.Random(3)
        for _ in range(questions):
            began_s = time.perf_counter()
            with database.read() as connection:
                asks(connection, draw)
            found.setdefault(name, []).append(1000 * (time.perf_counter() - began_s))
    return found


def _p95(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20)[18]


def run(kind: str, url: str, wanted: argparse.Namespace) -> bool:
    """Fill and measure one database; whether search keeps its target."""
    database = Database(url)
    migrate(database)
    began_s = time.monotonic()
    titles = fill(database, wanted.videos, wanted.entries, wanted.views)
    load = os.getloadavg()[0]
    print(
        f"{kind}: {wanted.videos} videos, {wanted.entries} entries, filled in {time.monotonic() - began_s:.0f} s, load {load:.1f}",
        flush=True,
    )
    found = measure(database, titles, wanted.questions)
    for name, taken in found.items():
        print(f"  {name:24} p50 {statistics.median(taken):7.1f} ms   p95 {_p95(taken):7.1f} ms", flush=True)
    database.close()
    return all(_p95(taken) < _SEARCH_P95_MS for name, taken in found.items() if name.startswith("search"))


def main() -> int:
    """Both databases in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("videos", 100_000), ("entries", 1_000_000), ("views", 10_000_000), ("questions", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = run("sqlite", f"sqlite:///{Path(folder) / 'bench.db'}", wanted)
    with running_postgres() as server:
        kept = run("postgresql", server.empty(), wanted) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
