"""Finds candidates in the catalogue, a bounded number whatever the catalogue's size; what they are worth is decided in `ranking`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.catalog.account import channel
from yeoul.catalog.video import grams, listing
from yeoul.discovery.ranking import Filter, make_likeness, make_score, place_of
from yeoul.model.gram import fold, make_queries, trigrams, words

Row = Mapping[str, Any]
_MOST = 300  # matches that are ranked: the newest, and those whose title begins with the query
_TITLES = 50
_NEAR = 150
_ENOUGH = 50  # matches of the words as they are, from which on nobody needs those with a wrong letter
_LIKE = 100


def search(connection: Connection, text: str, wanted: Filter, after: tuple[float, str] | None, limit: int) -> list[Row]:
    """Rows of the listing that fit, the best first, each with its `rank`. `after` is (rank, video id) of the last one seen."""
    folded = fold(text)
    query = make_queries(folded)
    if not query:
        return []
    ids = set(grams.find_exact(connection, query, _MOST)) | set(listing.titles(connection, folded, _TITLES))
    if len(ids) < _ENOUGH:
        ids |= set(grams.find_near(connection, query, _NEAR))
    rows = [row for row in listing.by_id(connection, sorted(ids)) if wanted.fits(row)]
    ranked: list[Row] = [{**row, "rank": wanted.rank(row, score)} for row in rows if (score := make_score(row, folded, query)) > 0]
    ranked.sort(key=place_of, reverse=True)
    return [row for row in ranked if after is None or place_of(row) < after][:limit]


def suggest(connection: Connection, text: str, limit: int) -> tuple[list[str], list[str]]:
    """(ids of videos whose title begins so, handles of channels that begin so); the most seen titles first."""
    folded = fold(text)
    if not folded:
        return [], []
    rows = listing.by_id(connection, listing.titles(connection, folded, _TITLES))
    rows.sort(key=lambda row: (-row["views"], row["title"], row["video_id"]))
    first = {row["title"]: str(row["video_id"]) for row in reversed(rows)}  # of those called the same, the most seen
    shown = [str(row["video_id"]) for row in rows if first[row["title"]] == row["video_id"]]
    handles = [str(row["handle"]) for row in channel.of_prefix(connection, folded, limit) if row["handle"].startswith(folded)]
    return shown[:limit], handles


def related(connection: Connection, video: Row, limit: int) -> list[str]:
    """Ids of listed videos like this one, the likest first; filled up with what is watched of late."""
    said = fold(" ".join([video["title"], *video["tags"]]))
    query = sorted(make_queries(said, limit=20), key=lambda word: -len(word.word))[:8]
    ids = grams.find_any(connection, query, _LIKE)
    rows = [*listing.by_id(connection, ids), *listing.of_channel(connection, video["owner_id"], None, limit)]
    mine, own = trigrams(said), frozenset(words(said))
    ranked = sorted(rows, key=lambda row: (-make_likeness(row, mine, own, video["owner_id"]), -row["created_at"], row["video_id"]))
    ranked += listing.trending(connection, None, limit + 1)
    found = dict.fromkeys(str(row["video_id"]) for row in ranked)
    found.pop(video["id"], None)
    return list(found)[:limit]
