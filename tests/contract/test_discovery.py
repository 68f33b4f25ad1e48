"""What can be found, on SQLite and on PostgreSQL alike: search, related, trending, channels, playlists, what was watched."""

from __future__ import annotations

import unicodedata
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.account import account, channel
from yeoul.catalog.database import Database
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import listing, video
from yeoul.catalog.watch import playlist, watch_history
from yeoul.discovery import index
from yeoul.discovery.ranking import Duration, Filter, Since, Sort
from yeoul.model.video import VideoState, Visibility

NOW = 1_800_000_000.0
DAY = 86400.0
SOURCE = {"duration_s": 100.0, "video": {"width": 1920, "height": 1080}}


def add(database: Database, video_id: str, title: str, *, owner: str = "ann", at: float = NOW, **values: Any) -> None:
    """A public video that can be watched, or what `values` say."""
    state = values.pop("state", VideoState.PLAYABLE)
    source = values.pop("source", SOURCE)
    with database.write() as connection:
        if account.find_by_handle(connection, owner) is None:
            account.add_account(connection, owner, owner, f"{owner}@example.org", "hash", "maker", NOW)
        plain = {"description": "", "visibility": "public", "pipeline": "standard", "tags": []}
        video.add(connection, {"id": video_id, "owner_id": owner, "title": title, **plain, **values}, at)
        video.change_state(connection, video_id, VideoState.UPLOADING, at)
        if state is not VideoState.UPLOADING:
            video.change_state(connection, video_id, state, at, source=source)


def found(database: Database, text: str, limit: int = 50, **wanted: Any) -> list[str]:
    with database.read() as connection:
        rows = index.search(connection, text, Filter(now_s=NOW, **wanted), None, limit)
    return [str(row["video_id"]) for row in rows]


def change(database: Database, video_id: str, **values: Any) -> None:
    with database.write() as connection:
        video.change(connection, video_id, values, NOW)


@pytest.fixture
def library(database: Database) -> Database:
    titles = {
        "cat": "Cats in the kitchen",
        "python": "Learning Python in one hour",
        "korean": "한국어 강의 1편",
        "food": "서울 길거리음식 탐방",
        "tokyo": "東京の夜を歩く",
        "cafe": "Un café à Genève",
        "river": "여울 소개",
    }
    for number, (video_id, title) in enumerate(titles.items()):
        add(database, video_id, title, at=NOW + number)
    return database


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", "python"),
        ("PYTHON hour", "python"),
        ("pyth", "python"),  # as it is typed
        ("ython", "python"),  # within a word
        ("pyhton", "python"),  # swapped
        ("pythn", "python"),  # left out
        ("learming", "python"),  # wrong
        ("kitchenn", "cat"),  # too many
        ("py", "python"),
        ("k", "cat"),
        ("cafe", "cafe"),
        ("Geneve", "cafe"),
        ("한국어", "korean"),
        ("한국", "korean"),
        ("국어", "korean"),
        ("강", "korean"),
        ("한국어 강의", "korean"),
        ("한굯어", "korean"),  # one letter of a syllable
        ("길거리음싣", "food"),
        ("길거리", "food"),
        ("음식", "food"),  # within a compound
        ("여우", "river"),  # 여울 before its last letter
        ("東京", "tokyo"),
        ("夜", "tokyo"),
        ("ﾄｳｷｮｳ", None),
        ("zzzz", None),
        ("국", "korean"),
        ("", None),
        ("!?*\"' OR (", None),
        ("a\x00b NEAR", None),
    ],
)
def test_words_are_found_as_people_type_them(library: Database, text: str, expected: str | None):
    ids = found(library, text)
    assert (ids[0] if ids else None) == expected


def test_forms_of_the_same_text_are_the_same(library: Database):
    assert found(library, unicodedata.normalize("NFD", "한국어")) == found(library, "한국어") == ["korean"]
    assert found(library, "\uff30\uff39\uff34\uff28\uff2f\uff2e") == ["python"]
    assert found(library, "café") == found(library, unicodedata.normalize("NFD", "café")) == ["cafe"]


def test_what_fits_better_is_first(database: Database):
    add(database, "elsewhere", "Something else", description="about rivers", at=NOW + 3)
    add(database, "longer", "Rivers of Europe", at=NOW + 2)
    add(database, "same", "Rivers", at=NOW)
    add(database, "within", "The great rivers", at=NOW + 1)
    add(database, "alike", "Rivets", at=NOW + 4)
    assert found(database, "rivers") == ["same", "longer", "within", "elsewhere", "alike"]


# Script or kind of word: (a title, what finds it).
SCRIPTS = {
    "Devanagari": ("हिन्दी में ताज़ा समाचार", "समाचार"),
    "Bengali": ("বাংলা গানের আসর", "গানের"),
    "Tamil": ("தமிழ் பாடல்கள் தொகுப்பு", "பாடல்கள்"),
    "Telugu": ("తెలుగు సినిమా పాటలు", "సినిమా"),
    "Burmese": ("မြန်မာသီချင်းအသစ်", "သီချင်း"),
    "Khmer": ("ចម្រៀងខ្មែរថ្មី", "ខ្មែរ"),
    "Thai": ("ข่าวเช้าวันนี้", "วันนี้"),
    "Lao": ("ຂ່າວພາສາລາວ", "ພາສາ"),
    "pointed Hebrew": ("שָׁלוֹם עֲלֵיכֶם", "שלום"),
    "pointed Arabic": ("دُرُوسُ اللُّغَةِ العَرَبِيَّة", "العربية"),
    "Persian with joiners": ("آموزش می\u200cخواهم", "میخواهم"),  # noqa: RUF001
    "Cyrillic": ("Йога для начинающих", "йога"),
    "Greek": ("Ελληνική Μουσική", "μουσική"),
    "Hangul": ("서울길거리음식", "길거리"),
    "Han": ("東京夜景散歩", "夜景"),
    "Vietnamese": ("Hướng dẫn nấu phở", "huong dan"),
    "C++": ("Modern C++ in a week", "C++"),
    "C#": ("Games with C# and Unity", "c#"),
    ".NET": ("Services on ASP.NET today", ".net"),
    "emoji": ("Baking bread 🍞 at home", "🍞"),
    "a family": ("We 👨\u200d👩\u200d👧 travel", "👩"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_words_of_all_scripts_are_found(name: str, database: Database):
    title, asked = SCRIPTS[name]
    add(database, "other", "C and D for net workers, a plain title", at=NOW - 1)
    add(database, "wanted", title)
    assert found(database, asked)[:1] == ["wanted"]
    assert "other" not in found(database, asked)


def test_all_words_must_be_there_wherever(database: Database):
    add(database, "v", "Morning walk", description="through Lisbon", tags=["travel", "도보여행"])
    for text in ("walk lisbon", "travel morning", "여행 walk", "ann walk"):
        assert found(database, text) == ["v"], text
    assert found(database, "walk paris") == []


def test_only_what_everybody_may_see_is_found(database: Database):
    """At each moment of a video's life, in every list."""
    add(database, "v", "Secret garden", visibility="private")
    add(database, "early", "Secret garden", state=VideoState.UPLOADING)
    assert everywhere(database) == set()
    for visibility, expected in (("public", {"v"}), ("unlisted", set()), ("public", {"v"}), ("private", set()), ("public", {"v"})):
        change(database, "v", visibility=visibility)
        assert everywhere(database) == expected
        assert counted(database) == len(expected)
    with database.write() as connection:
        video.change_state(connection, "v", VideoState.DELETED, NOW)
        video.change_state(connection, "early", VideoState.PLAYABLE, NOW)
    assert everywhere(database) == {"early"}
    with database.write() as connection:
        video.change_state(connection, "early", VideoState.FAILED, NOW)
    assert everywhere(database) == set() and counted(database) == 0


def counted(database: Database) -> int:
    with database.read() as connection:
        row = channel.find(connection, "ann")
    assert row is not None
    return int(row["videos"] or 0)


def everywhere(database: Database) -> set[str]:
    """What any list shows."""
    seed = cast("VideoRow", {"id": "", "title": "Secret garden", "tags": [], "owner_id": "ann"})
    with database.read() as connection:
        lists = [
            listing.newest(connection, None, 10),
            listing.trending(connection, None, 10),
            listing.of_channel(connection, "ann", None, 10),
            listing.of_channels(connection, ["ann"], None, 10),
            index.search(connection, "garden", Filter(now_s=NOW), None, 10),
        ]
        each = [{row["video_id"] for row in rows} for rows in lists]
        each += [set(index.related(connection, seed, 10)), set(index.suggest(connection, "secr", 8)[0])]
    assert all(ids == each[0] for ids in each), each
    return each[0]


def test_a_change_of_words_is_found_at_once_and_the_old_words_no_more(database: Database):
    add(database, "v", "Before")
    change(database, "v", title="Afterwards")
    assert found(database, "afterwards") == ["v"] and found(database, "before") == []
    change(database, "v", description="with a map", tags=["hiking"])
    assert found(database, "map") == found(database, "hiking") == ["v"]
    change(database, "v", tags=[])
    assert found(database, "hiking") == []


def test_a_change_that_is_rolled_back_is_not_found(database: Database):
    add(database, "v", "Before")
    with pytest.raises(ConflictError), database.write() as connection:
        _change_and_fail(connection)
    assert found(database, "before") == ["v"] and found(database, "afterwards") == []


def _change_and_fail(connection: Connection) -> None:
    video.change(connection, "v", {"title": "Afterwards"}, NOW)
    video.change_state(connection, "v", VideoState.CREATED, NOW)


def test_results_are_filtered_and_sorted(database: Database):
    small = {"duration_s": 3000.0, "video": {"width": 640, "height": 360}}
    upright = {"duration_s": 500.0, "video": {"width": 720, "height": 1280}}
    add(database, "old", "Song one", at=NOW - 40 * DAY)
    add(database, "small", "Song two", at=NOW - 10 * DAY, source=small)
    add(database, "upright", "Song three", at=NOW - 0.5 * DAY, source=upright)
    with database.write() as connection:
        for video_id, count in (("small", 5), ("old", 7)):
            listing.count_view(connection, video_id, NOW, count)
    assert found(database, "song", sort=Sort.NEW) == ["upright", "small", "old"]
    assert found(database, "song", sort=Sort.VIEWS) == ["old", "small", "upright"]
    assert found(database, "song", duration=Duration.SHORT) == ["old"]
    assert found(database, "song", duration=Duration.MEDIUM) == ["upright"]
    assert found(database, "song", duration=Duration.LONG) == ["small"]
    assert found(database, "song", height=720, sort=Sort.NEW) == ["upright", "old"]
    assert [len(found(database, "song", since=since)) for since in Since] == [1, 1, 2, 3]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_have_no_gaps_while_videos_come_in(database: Database, sort: Sort):
    for number in range(9):
        add(database, f"v{number}", "Song" if number % 3 else f"The song {number}", at=NOW - number // 2)
    first = found(database, "song", sort=sort)
    seen: list[str] = []
    after: tuple[float, str] | None = None
    for page in range(20):
        with database.read() as connection:
            rows = index.search(connection, "song", Filter(now_s=NOW, sort=sort), after, 2)
        if not rows:
            break
        seen += [row["video_id"] for row in rows]
        after = rows[-1]["rank"], rows[-1]["video_id"]
        add(database, f"w{page}", "Song", at=NOW + 100 + page)
    assert [video_id for video_id in seen if video_id.startswith("v")] == first
    assert len(seen) == len(set(seen))


def test_suggestions_begin_as_what_is_typed(library: Database):
    add(library, "again", "Learning Python in one hour", owner="learner", at=NOW - DAY)
    with library.write() as connection:
        listing.count_view(connection, "again", NOW, 10)
    with library.read() as connection:
        assert index.suggest(connection, "Lear", 8) == (["again"], ["learner"])
        assert index.suggest(connection, "한국", 8) == (["korean"], [])
        assert index.suggest(connection, " ", 8) == ([], [])
        assert index.suggest(connection, "an", 8) == ([], ["ann"])


def test_related_is_like_it_and_not_itself(library: Database):
    add(library, "more", "Python for the second hour", owner="bob", tags=["coding"])
    with library.read() as connection:
        row = video.get(connection, "python")
        ids = index.related(connection, row, 5)
    assert ids[0] == "more" and "python" not in ids and len(ids) == len(set(ids)) == 5


def test_trending_is_what_is_watched_of_late(database: Database):
    for video_id in ("once", "lately", "never"):
        add(database, video_id, video_id, at=NOW - 30 * DAY)
    with database.write() as connection:
        listing.count_view(connection, "once", NOW - 20 * DAY, 100)
        for hour in range(10):
            listing.count_view(connection, "lately", NOW - hour * 3600)
        listing.count_view(connection, "none", NOW)
    assert order(database) == ["lately", "once", "never"]
    add(database, "new", "new")
    assert order(database) == ["lately", "new", "once", "never"]
    change(database, "lately", visibility="private")
    change(database, "lately", visibility="public")
    assert order(database)[0] == "lately"
    with database.read() as connection:
        assert [video.get(connection, name)["views"] for name in ("once", "lately", "never")] == [100, 10, 0]


def order(database: Database) -> list[str]:
    with database.read() as connection:
        return [row["video_id"] for row in listing.trending(connection, None, 10)]


def test_subscriptions_are_counted_once(database: Database):
    add(database, "v", "one", owner="ann")
    add(database, "w", "two", owner="bob", at=NOW + 1)
    for _ in range(2):
        with database.write() as connection:
            channel.subscribe(connection, "bob", "ann", NOW)
    with database.read() as connection:
        row = channel.find(connection, "ann")
        assert row is not None and (row["subscribers"], row["videos"]) == (1, 1)
        assert video.get(connection, "v")["subscribers"] == 1
        assert [row["handle"] for row in channel.subscriptions(connection, "bob", None, 5)] == ["ann"]
        assert [row["video_id"] for row in listing.of_channels(connection, channel.channels_of(connection, "bob"), None, 5)] == ["v"]
    for _ in range(2):
        with database.write() as connection:
            channel.unsubscribe(connection, "bob", "ann")
    with database.read() as connection:
        row = channel.find(connection, "ann")
        assert row is not None and row["subscribers"] == 0


def test_entries_keep_the_order_they_are_given(database: Database):
    """Also where there is no room left between two of them."""
    with database.write() as connection:
        account.add_account(connection, "ann", "ann", "ann@example.org", "hash", "maker", NOW)
        playlist.add(connection, make_playlist("p"), NOW)
    for number in range(4):
        add(database, f"v{number}", "x")
        with database.write() as connection:
            playlist.append(connection, "p", f"e{number}", f"v{number}", NOW)
    with database.write() as connection:
        for turn in range(50):  # each halves the gap behind e0
            playlist.move(connection, "p", f"e{2 + turn % 2}", "e0", NOW)
        playlist.move(connection, "p", "e1", None, NOW)
        playlist.move(connection, "p", "e1", "e1", NOW)
        assert [row["id"] for row in playlist.entries(connection, "p", None, 9)] == ["e1", "e0", "e3", "e2"]
        playlist.remove_entry(connection, "p", "e0", NOW)
        with pytest.raises(NotFoundError):
            playlist.remove_entry(connection, "p", "e0", NOW)
        row = playlist.find(connection, "p")
        assert row is not None and row["entries"] == 3
        last = playlist.entries(connection, "p", None, 2)[-1]
        rest = playlist.entries(connection, "p", (last["place"], last["id"]), 9)
        assert [row["id"] for row in rest] == ["e2"]


def test_a_video_that_never_came_leaves_playlists_and_histories(database: Database):
    add(database, "v", "x", state=VideoState.UPLOADING)
    with database.write() as connection:
        playlist.add(connection, make_playlist("p"), NOW)
        playlist.append(connection, "p", "e", "v", NOW)
        watch_history.set_position(connection, "ann", "v", 1.0, NOW)
        video.delete_video(connection, "v")
        row = playlist.find(connection, "p")
        assert row is not None and row["entries"] == 0
        assert watch_history.page(connection, "ann", None, 5) == []


def make_playlist(playlist_id: str, kind: str = "list") -> dict[str, Any]:
    plain = {"title": "x", "description": "", "visibility": Visibility.PUBLIC.value}
    return {"id": playlist_id, "owner_id": "ann", "kind": kind, **plain}


def test_there_is_one_list_for_later(database: Database):
    with database.write() as connection:
        account.add_account(connection, "ann", "ann", "ann@example.org", "hash", "maker", NOW)
        for name in ("p", "q"):
            playlist.add(connection, make_playlist(name, "later"), NOW)
        row = playlist.find_watch_later(connection, "ann")
        assert row is not None and row["id"] == "p"
        assert len(playlist.page(connection, "ann", None, 5)) == 1


def test_what_was_watched_is_remembered_once(database: Database):
    for number in range(3):
        add(database, f"v{number}", "x")
        with database.write() as connection:
            watch_history.set_position(connection, "ann", f"v{number}", 1.0, NOW + number)
    with database.write() as connection:
        watch_history.set_position(connection, "ann", "v0", 42.5, NOW + 9)
        assert watch_history.find_position(connection, "ann", "v0") == 42.5
        assert [row["video_id"] for row in watch_history.page(connection, "ann", None, 2)] == ["v0", "v2"]
        watch_history.delete_history(connection, "ann", "v2")
        assert [row["video_id"] for row in watch_history.page(connection, "ann", None, 9)] == ["v0", "v1"]
        watch_history.delete_history(connection, "ann")
        assert watch_history.page(connection, "ann", None, 9) == []
