"""What owners do with what they have, on both databases: the trash, own lists, and what moderators hide."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from PIL import Image

from tests.contract.pipeline_world import TRASH_S, VIDEO, World
from tests.contract.test_discovery import add
from tests.contract.test_discovery_api import API, Site, ask, get, ids
from yeoul.api.identity import hash_token
from yeoul.base.clock import SystemClock
from yeoul.base.settings import Settings
from yeoul.blob.memory import MemoryStore
from yeoul.blob.store import Bucket
from yeoul.bootstrap import make_api
from yeoul.catalog.account import account, session
from yeoul.catalog.database import Database
from yeoul.catalog.video import caption, listing, trash, video
from yeoul.delivery.catalogue_view import make_presentation
from yeoul.model.video import VideoState
from yeoul.pipeline import sweeper

pytestmark = pytest.mark.either

NOW = 1_800_000_000.0


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """The API over a database in which ann has a public video, bob an account, and mod moderates."""
    add(database, "river", "River", at=NOW, source=None)
    with database.write() as connection:
        for handle, role in (("bob", "maker"), ("mod", "moderator")):
            account.add_account(connection, handle, handle, f"{handle}@example.org", "hash", role, 1.0)
        for handle in ("ann", "bob", "mod"):
            row = {"id": handle, "token_hash": hash_token(handle), "account_id": handle, "expires_at": 1e12, "user_agent": "", "ip": ""}
            session.add(connection, row, 1.0)
    clock = SystemClock()
    app = make_api(Settings(data=tmp_path), database, MemoryStore(clock), clock)
    yield Site(app)
    app.state.parts.response_cache.close()
    app.state.parts.streams.close()


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


def status(site: Site, method: str, path: str, who: str | None = None, body: Any = None) -> int:
    return ask(site, method, path, who, body).status_code


def is_public(site: Site) -> bool:
    """Whether everybody finds the video, in the same way by all ways."""
    found = {
        "river" in ids(get(site, "/feed")),
        "river" in ids(get(site, "/search?q=river")),
        "river" in ids(get(site, "/channels/ann/videos")),
        get(site, "/channels/ann")["videos"] == 1,
        status(site, "GET", "/videos/river") == 200,
        status(site, "GET", "/videos/river", "bob") == 200,
        status(site, "GET", "/videos/river/related") == 200,
        "river" in ask(site, "GET", "/feed.xml").text,
    }
    assert len(found) == 1, found
    return found.pop()


# --- the trash ---


def test_what_is_in_the_trash_is_gone_for_everybody_and_comes_back_as_it_was(site: Site):
    before = get(site, "/videos/river", "ann")
    later = ask(site, "POST", "/playlists/later/entries", "bob", {"video_id": "river"})
    assert later.status_code == 201 and is_public(site)
    assert [status(site, "DELETE", "/videos/river", who) for who in (None, "bob", "ann", "ann")] == [401, 403, 204, 404]
    assert not is_public(site) and status(site, "GET", "/videos/river", "ann") == 404
    assert get(site, "/playlists/later/entries", "bob")["items"][0]["video"] is None
    assert ids(get(site, "/videos", "ann")) == [] and get(site, "/trash", "bob")["items"] == []
    (item,) = get(site, "/trash", "ann")["items"]
    assert item["video"]["id"] == "river" and item["freed_at"] > item["trashed_at"]
    for method, path, body in (
        ("PATCH", "/videos/river", {"title": "x"}),
        ("POST", "/videos/river/retry", {}),
        ("POST", "/videos/river/process", {}),
        ("GET", "/videos/river/dag", None),
        ("GET", "/videos/river/events", None),
    ):
        assert status(site, method, path, "ann", body) == 404, path
    assert [status(site, "POST", "/videos/river/restore", who) for who in (None, "bob", "mod")] == [401, 404, 404]
    for _ in range(2):  # what is restored already stays as it is
        assert status(site, "POST", "/videos/river/restore", "ann") == 200
    after = get(site, "/videos/river", "ann")
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    assert is_public(site) and get(site, "/trash", "ann")["items"] == []
    assert get(site, "/playlists/later/entries", "bob")["items"][0]["video"]["id"] == "river"


@pytest.mark.parametrize("in_trash", [False, True])
def test_who_does_not_want_to_wait_deletes_for_ever(site: Site, in_trash: bool):
    if in_trash:
        assert status(site, "DELETE", "/videos/river", "ann") == 204
        assert status(site, "DELETE", "/videos/river?forever=true", "bob") == 404
    assert status(site, "DELETE", "/videos/river?forever=true", "ann") == 204
    assert status(site, "POST", "/videos/river/restore", "ann") == 404
    assert get(site, "/trash", "ann")["items"] == [] and not is_public(site)


def test_the_trash_is_paged_stably(site: Site, database: Database):
    for number in range(5):
        add(database, f"v{number}", f"Old {number}", source=None)
        with database.write() as connection:
            trash.move_to_trash(connection, f"v{number}", 1_700_000_000.0 + number // 2)
    seen: list[str] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = get(site, f"/trash?limit=2&cursor={page['next']}" if page["next"] else "/trash?limit=2", "ann")
        seen += [item["video"]["id"] for item in page["items"]]
        assert status(site, "DELETE", "/videos/river", "ann") in (204, 404)  # comes in meanwhile, and before
    assert seen == ["v4", "v3", "v2", "v1", "v0"]


def in_trash(world: World) -> None:
    with world.database.write() as connection:
        trash.move_to_trash(connection, VIDEO, world.clock.now())


def test_work_goes_on_in_the_trash_and_a_restored_video_is_ready(world: World):
    upload_id = world.open()
    for index in range(world.pieces):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, world.pieces)
    world.settle()
    in_trash(world)
    world.work()
    with world.database.write() as connection:
        row = video.find(connection, VIDEO)
        assert row is not None and row["state"] == "ready" and listing.find(connection, VIDEO) is None
        trash.restore(connection, VIDEO, world.clock.now())
        assert listing.find(connection, VIDEO) is not None
    assert world.blobs(Bucket.ENCODED)


def test_the_sweeper_frees_what_was_in_the_trash_for_its_days(world: World):
    world.upload_all()
    world.work()
    in_trash(world)
    world.wait(TRASH_S - 301)
    world.settle()
    assert world.blobs(Bucket.ENCODED)
    world.wait(602)
    world.settle()
    assert [world.blobs(bucket) for bucket in Bucket] == [set(), set(), set()]
    with world.database.write() as connection:
        assert video.find(connection, VIDEO) is None


def test_a_restore_and_the_end_of_the_days_do_not_halve_a_video(world: World):
    """Who holds the row first wins: freeing finds a restored video changed, restoring finds a freed one gone."""
    world.upload_all()
    world.work()
    in_trash(world)
    late = world.clock.now() + TRASH_S + 1
    with world.database.write() as connection:
        due = trash.find_expired(connection, late, 10)
        trash.restore(connection, VIDEO, late)
    with world.database.write() as connection:
        for video_id in due:
            trash.delete_if_expired(connection, video_id, late, late)
    assert due == [VIDEO] and world.state() == "ready"
    in_trash(world)
    with world.database.write() as connection:
        trash.delete_if_expired(connection, VIDEO, late, late)
    with world.database.write() as connection:
        assert video.find_locked(connection, VIDEO) is None


# --- what moderators hide ---


def test_what_moderators_hide_only_moderators_show_again(site: Site):
    assert [status(site, "PATCH", "/videos/river", who, {"hidden": True}) for who in (None, "bob", "ann", "mod")] == [401, 403, 403, 200]
    assert not is_public(site) and status(site, "GET", "/videos/river", "bob") == 404
    assert [get(site, "/videos/river", who)["hidden"] for who in ("ann", "mod")] == [True, True]
    assert status(site, "PATCH", "/videos/river", "ann", {"visibility": "unlisted"}) == 200
    assert status(site, "PATCH", "/videos/river", "ann", {"visibility": "public"}) == 200
    assert not is_public(site) and status(site, "PATCH", "/videos/river", "ann", {"hidden": False, "title": "Sea"}) == 403
    assert status(site, "GET", "/oembed?url=http://testserver/watch/river") == 404
    assert status(site, "PATCH", "/videos/river", "mod", {"hidden": False}) == 200
    assert is_public(site) and get(site, "/videos/river")["hidden"] is False


def test_moderators_learn_nothing_of_what_is_private(site: Site):
    assert status(site, "PATCH", "/videos/river", "ann", {"visibility": "private"}) == 200
    assert status(site, "PATCH", "/videos/river", "mod", {"hidden": True}) == 404


# --- own videos ---


def test_own_videos_are_found_in_every_order(site: Site, database: Database):
    for number, (title, views) in enumerate((("Sea 50%", 5), ("Lake", 5), ("River mouth", 1))):
        state = VideoState.UPLOADING if title == "Lake" else VideoState.PLAYABLE
        add(database, f"v{number}", title, at=NOW + 1 + number, state=state, source=None)
        with database.write() as connection:
            listing.count_view(connection, f"v{number}", NOW, views)

    def walk(query: str) -> list[str]:
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = get(site, f"/videos?limit=1{query}" + (f"&cursor={cursor}" if cursor else ""), "ann")
            found += ids(page)
            cursor = page["next"]
        return found

    assert walk("") == ["v2", "v1", "v0", "river"] and walk("&sort=old") == ["river", "v0", "v1", "v2"]
    assert walk("&sort=views") == ["v1", "v0", "v2", "river"] and walk("&sort=title") == ["v1", "river", "v2", "v0"]
    assert walk("&state=uploading") == ["v1"] and walk("&q=RIVER&sort=title") == ["river", "v2"] and walk("&q=%25") == ["v0"]
    assert status(site, "GET", "/videos?sort=title&cursor=WzEsICJhIl0", "ann") == 422
    assert status(site, "GET", "/videos?sort=views&cursor=WyJhIiwgImEiXQ", "ann") == 422


# --- captions ---

VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n"
CLEAN = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nhello\n"
ENGLISH = {"language": "en", "label": "English", "webvtt": VTT}


def test_captions_are_added_replaced_and_taken_away(site: Site):
    path = "/videos/river/captions"
    assert get(site, path) == {"items": [], "next": None}
    assert [status(site, "PUT", f"{path}/en", who, ENGLISH) for who in (None, "bob", "mod", "ann")] == [401, 403, 403, 200]
    (first,) = get(site, path)["items"]
    assert (first["name"], first["language"], first["label"], first["origin"]) == ("en", "en", "English", "added")
    answer = ask(site, "GET", f"{path}/en")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, CLEAN, "text/vtt; charset=utf-8")
    assert ask(site, "GET", f"{path}/en", **{"if-none-match": answer.headers["etag"]}).status_code == 304
    assert site.get(first["webvtt_url"]).text == CLEAN
    srt = {"language": "en", "label": "English", "srt": "1\n00:00:01,000 --> 00:00:02,000\n<b>hi</b>\n"}
    second = ask(site, "PUT", f"{path}/en", "ann", srt).json()
    assert second["webvtt_url"] != first["webvtt_url"]  # caches keep what they have seen
    assert "<b>hi</b>" in site.get(second["webvtt_url"]).text and "<b>hi</b>" in site.get(first["webvtt_url"]).text
    assert [status(site, "DELETE", f"{path}/en", who) for who in (None, "bob", "ann", "ann")] == [401, 403, 204, 404]
    again = ask(site, "PUT", f"{path}/en", "ann", ENGLISH).json()
    assert len({first["webvtt_url"], second["webvtt_url"], again["webvtt_url"]}) == 3


def test_captions_that_are_wrong_are_refused_with_their_line(site: Site):
    def refuse(expected: int, name: str = "en", **change: Any) -> dict[str, Any]:
        answer = ask(site, "PUT", f"/videos/river/captions/{name}", "ann", {**ENGLISH, **change})
        assert answer.status_code == expected, answer.text
        return answer.json()

    facts = refuse(422, webvtt=VTT + "\n00:05.000 --> 00:04.000\nx")["facts"]
    assert facts == {"field": "captions", "line": 6}
    assert refuse(422, webvtt=None, srt="1\nnever\n")["facts"]["line"] == 1
    refuse(413, webvtt=VTT + "\nNOTE " + "x" * 2**21)
    wrongs: list[dict[str, Any]] = [{"webvtt": None}, {"srt": ""}, {"language": "x y"}, {"label": ""}, {"label": "a\0"}]
    for wrong in wrongs:
        refuse(422, **wrong)
    for name in ("audio", "sidecars", "720p", "A", "a~2", "a" * 41):
        refuse(422, name)
    assert status(site, "GET", "/videos/river/captions/none") == 404


def test_captions_of_what_is_private_are_private(site: Site):
    assert status(site, "PUT", "/videos/river/captions/en", "ann", ENGLISH) == 200
    assert status(site, "PATCH", "/videos/river", "ann", {"visibility": "private"}) == 200
    for path in ("captions", "captions/en"):
        assert [status(site, "GET", f"/videos/river/{path}", who) for who in (None, "bob", "ann")] == [404, 404, 200]


def test_captions_join_a_growing_video_and_outlive_those_of_its_file(world: World):
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    assert world.state() == "playable"
    plain = {"language": "en", "label": "English", "webvtt": CLEAN}
    with world.database.write() as connection:
        for name in ("text1", "mine"):
            caption.put(connection, VIDEO, {"name": name, **plain}, world.clock.now())
        caption.set_from_file(connection, VIDEO, [{"name": f"text{n}", **plain, "label": "of the file"} for n in range(2)])
        made = make_presentation(video.get(connection, VIDEO), world.stored(), caption.of_video(connection, VIDEO), (), 4.0)
    assert made is not None and made.state == "growing"
    assert [(track.name, track.label) for track in made.texts] == [("mine", "English"), ("text0", "of the file"), ("text1", "English")]


# --- posters ---


def picture(size: tuple[int, int] = (64, 36), colour: str = "red", kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, kind)
    return out.getvalue()


def send(site: Site, who: str | None, data: bytes, kind: str = "image/png") -> Response:
    headers = {"content-type": kind} | ({} if who is None else {"authorization": f"Bearer {who}"})
    return site.request("PUT", f"{API}/videos/river/poster", content=data, headers=headers)


def test_a_poster_is_chosen_changed_and_given_up(site: Site):
    assert get(site, "/videos/river/posters", "ann") == {"poster": None, "chosen": False, "items": [], "next": None}
    assert [send(site, who, picture()).status_code for who in (None, "bob", "mod")] == [401, 403, 403]
    first, second = (send(site, "ann", picture(colour=colour)).json()["poster"] for colour in ("red", "blue"))
    assert first != second and get(site, "/videos/river")["poster"] == second and get(site, "/feed")["items"][0]["poster"] == second
    assert get(site, "/videos/river/posters", "ann")["poster"] == second and status(site, "GET", "/videos/river/posters", "bob") == 403
    assert site.get(second).headers["content-type"] == "image/jpeg"
    assert [status(site, "DELETE", "/videos/river/poster", who) for who in (None, "bob", "ann", "ann")] == [401, 403, 204, 204]
    assert get(site, "/videos/river")["poster"] is None


def test_no_poster_is_made_of_what_is_no_picture(site: Site):
    assert send(site, "ann", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml").status_code == 422
    assert send(site, "ann", picture()[:60]).status_code == 422
    assert send(site, "ann", b"\0" * (5 * 2**20 + 1)).status_code == 413
    for wrong in (b"{}", b"x", b'{"time_s": -1}', b'{"time_s": 1e999}', b'{"time_s": 1}'):
        assert send(site, "ann", wrong, "application/json; charset=utf-8").status_code == 422, wrong


def test_posters_of_before_are_freed_later_and_none_that_is_shown(world: World):
    world.upload_all()
    world.work()
    keys = [f"{VIDEO}/posters/{name}.jpg" for name in "ab"]
    for key in keys:
        world.store.put_bytes(Bucket.ENCODED, key, b"jpeg")
    with world.database.write() as connection:
        video.change(connection, VIDEO, {"own_poster_key": keys[1]}, world.clock.now())
        sweeper.schedule_free_one(connection, VIDEO, keys[0], world.clock.now())
        sweeper.schedule_free(connection, VIDEO, "leftovers", world.clock.now() + 1)
    world.settle()
    assert keys[1] in world.blobs(Bucket.ENCODED)
    world.wait(7 * 3600)
    world.settle()
    assert keys[0] not in world.blobs(Bucket.ENCODED) and keys[1] in world.blobs(Bucket.ENCODED)
