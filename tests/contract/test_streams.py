"""The stream path over HTTP, without a server between: what the index in memory answers, and what must reach the catalogue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import event
from starlette.types import ASGIApp

from tests.contract.pipeline_world import VIDEO, World, changed
from yeoul.base.settings import Settings
from yeoul.blob.local import LocalStore
from yeoul.blob.store import BlobStore, Bucket
from yeoul.bootstrap import make_api, make_site, read_secret
from yeoul.catalog.database import Database
from yeoul.catalog.video import video
from yeoul.delivery.access import StreamAccess
from yeoul.delivery.stream_cache import StreamCache

pytestmark = [pytest.mark.slow, pytest.mark.either]
LATER = ("storyboard.vtt", "storyboard-0.jpg", "manifest.mpd", "240p/1.m4s")  # files that a playable video does not have yet


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    with database.write() as connection:
        video.change(connection, VIDEO, {"visibility": "public"}, made.clock.now())
    yield made
    made.dispatcher.close()


class Site:
    """The application of a server; `ask` sends requests for paths below the base URL of the video's stream."""

    def __init__(self, world: World, folder: Path, store: BlobStore | None = None) -> None:
        self.secret = read_secret(folder)
        self.api = make_api(Settings(data=folder), world.database, world.store if store is None else store, world.clock)
        self.app: ASGIApp = make_site(self.api)

    def ask(self, *paths: str, method: str = "GET", token: str = "public", headers: dict[str, str] | None = None) -> list[Response]:
        async def send() -> list[Response]:
            async with AsyncClient(transport=ASGITransport(self.app), base_url="http://testserver") as client:
                return [await client.request(method, f"/stream/{token}/{VIDEO}/{path}", headers=headers) for path in paths]

        return asyncio.run(send())

    def statuses(self, *paths: str, token: str = "public") -> list[int]:
        return [answer.status_code for answer in self.ask(*paths, token=token)]

    def close(self) -> None:
        self.api.state.parts.response_cache.close()
        self.api.state.parts.streams.close()


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    made = Site(world, tmp_path)
    yield made
    made.close()


@pytest.fixture
def local_site(world: World, tmp_path: Path) -> Iterator[Site]:
    """A site with a ready video whose blobs are files on this machine."""
    world.upload_all()
    world.work()
    store = LocalStore(tmp_path / "blob", "", b"secret", 0)
    for info in world.store.list(Bucket.ENCODED, ""):
        store.put_bytes(Bucket.ENCODED, info.key, world.store.get_bytes(Bucket.ENCODED, info.key))
    made = Site(world, tmp_path, store)
    yield made
    made.close()


def make_ready(world: World) -> None:
    world.upload_all()
    world.work()
    assert world.state() == "ready"


def test_what_the_catalogue_has_is_answered_though_an_older_view_is_cached(world: World, site: Site):
    """The clock stands still, so that the index that the first request has cached stays valid."""
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    assert world.state() == "playable"
    assert site.statuses("master.m3u8", "240p/0.m4s", *LATER) == [200, 200, *[404] * len(LATER)]
    for index in range(1, world.pieces):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, world.pieces)
    world.work()
    assert world.state() == "ready"
    assert site.statuses(*LATER, "240p/99.m4s", "storyboard-99.jpg") == [200, 200, 200, 200, 404, 404]


def test_a_ready_video_needs_no_query(world: World, site: Site):
    make_ready(world)
    site.ask("master.m3u8")
    statements: list[str] = []
    event.listen(world.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    paths = (
        "master.m3u8",
        "manifest.mpd",
        "240p/index.m3u8",
        "240p/iframes.m3u8",
        "240p/init.mp4",
        "240p/0.m4s",
        "audio/0.m4s",
        "poster.jpg",
    )
    assert site.statuses(*paths, *LATER) == [200] * (len(paths) + len(LATER))
    assert statements == []


def test_a_change_by_another_process_takes_effect_within_a_second(world: World, site: Site):
    make_ready(world)
    assert site.statuses("master.m3u8", "240p/0.m4s") == [200, 200]
    with world.database.write() as connection:
        video.change(connection, VIDEO, {"visibility": "private"}, world.clock.now())
    world.clock.advance(1.0)
    assert site.statuses("master.m3u8", "240p/0.m4s") == [403, 403]
    token = StreamAccess(site.secret).make_token(VIDEO, "private", world.clock.now())
    answers = site.ask("master.m3u8", "240p/0.m4s", token=token)
    assert [answer.headers["cache-control"].partition(",")[0] for answer in answers] == ["private", "private"]
    world.clock.advance(13 * 3600)
    assert site.statuses("master.m3u8", "240p/0.m4s", token=token) == [403, 403]


def test_viewers_do_not_wait_while_the_database_does_not_answer(world: World):
    """For ten seconds, a check that hangs counts as one that found nothing."""
    make_ready(world)
    cache = StreamCache(world.database, world.clock, 6.0, 2**30)
    cache.get(VIDEO)
    cache.check()
    assert cache.peek(VIDEO) is not None
    world.clock.advance(0.5)
    world.add_video("other", "a")
    cache.get("other")  # its version has not been checked since it was read
    is_asked, may_answer = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        is_asked.set()
        assert may_answer.wait(60)

    event.listen(world.database.engine, "before_cursor_execute", hang)
    with ThreadPoolExecutor(1) as pool:
        checking = pool.submit(cache.check)
        assert is_asked.wait(60)
        world.clock.advance(5)
        assert cache.peek(VIDEO) is not None
        world.clock.advance(5)
        assert cache.peek(VIDEO) is None
        may_answer.set()
        checking.result()
    event.remove(world.database.engine, "before_cursor_execute", hang)
    cache.close()


def test_a_deleted_video_is_gone_within_a_second(world: World, site: Site):
    make_ready(world)
    assert site.statuses("240p/0.m4s") == [200]
    world.delete()
    world.clock.advance(1.0)
    assert site.statuses("240p/0.m4s") == [404]


def test_viewers_of_an_earlier_edition_continue(world: World, site: Site):
    make_ready(world)
    (before,) = site.ask("audio/0.m4s")
    world.ops.media = b"other media"
    world.definitions["standard"] = changed("audio", version="new")
    world.process("standard")
    world.work()
    assert world.video()["edition"] == 2
    world.clock.advance(1.0)
    earlier, later, missing = site.ask("audio/0.m4s", "audio~2/0.m4s", "audio~3/0.m4s")
    assert earlier.content == before.content != later.content and missing.status_code == 404
    assert "240p~2/" in site.ask("master.m3u8")[0].text


def test_conditional_requests(local_site: Site):
    for path in ("master.m3u8", "240p/0.m4s", "poster.jpg"):
        (answer,) = local_site.ask(path)
        etag = answer.headers["etag"]
        for condition in (etag, f'"other", {etag}', "*"):
            (unchanged,) = local_site.ask(path, headers={"if-none-match": condition})
            assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)
            assert unchanged.headers["cache-control"] == answer.headers["cache-control"]
        assert local_site.ask(path, headers={"if-none-match": '"other"'})[0].status_code == 200


def test_a_playlist_is_compressed_for_those_who_accept_it(local_site: Site):
    (plain,) = local_site.ask("master.m3u8", headers={"accept-encoding": "identity"})
    (packed,) = local_site.ask("master.m3u8", headers={"accept-encoding": "br, gzip"})
    (refused,) = local_site.ask("master.m3u8", headers={"accept-encoding": "gzip;q=0"})
    assert packed.headers["content-encoding"] == "gzip" and packed.text == plain.text == refused.text
    assert "content-encoding" not in {*plain.headers, *refused.headers}
    assert plain.headers["etag"] == packed.headers["etag"]


@pytest.mark.parametrize("kind", ["local", "remote"])
def test_ranges(kind: str, request: pytest.FixtureRequest, world: World):
    """Both kinds of stores; an invalid range, and several at once, are ignored (RFC 9110, 14.2)."""
    site: Site = request.getfixturevalue("local_site" if kind == "local" else "site")
    if kind == "remote":
        make_ready(world)
    (whole,) = site.ask("240p/0.m4s")
    size = len(whole.content)
    assert size > 4 and whole.headers["accept-ranges"] == "bytes"

    def ask(header: str, **more: str) -> Response:
        return site.ask("240p/0.m4s", headers={"range": header, **more})[0]

    for header, start, end in (
        *(("bytes=0-0", 0, 1), ("bytes=1-2", 1, 3), ("bytes=1-", 1, size), ("bytes=0-", 0, size), ("bytes=-2", size - 2, size)),
        *((f"bytes=0-{10**12}", 0, size), (f"bytes=-{10**12}", 0, size), ("Bytes = 1 - 2", 1, 3)),
    ):
        answer = ask(header)
        assert (answer.status_code, answer.content) == (206, whole.content[start:end]), header
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert int(answer.headers["content-length"]) == end - start
    for header in ("bytes=", "bytes=-", "bytes=2-1", "bytes=a-b", "items=0-1", "bytes=0-0,2-2", "bytes=1--2", "", "0-1"):
        answer = ask(header)
        assert (answer.status_code, answer.content) == (200, whole.content), header
    for header in (f"bytes={size}-", f"bytes={10**18}-", "bytes=-0"):
        answer = ask(header)
        assert (answer.status_code, answer.content, answer.headers["content-range"]) == (416, b"", f"bytes */{size}"), header
    assert ask("bytes=1-2", **{"if-range": whole.headers["etag"]}).status_code == 206
    assert ask("bytes=1-2", **{"if-range": '"other"'}).status_code == 200


def test_head_tells_what_get_would(local_site: Site):
    for path in ("master.m3u8", "240p/0.m4s", "240p/init.mp4", "poster.jpg", "nothing"):
        (got,), (told,) = local_site.ask(path), local_site.ask(path, method="HEAD")
        assert told.content == b"" and told.status_code == got.status_code
        for name in ("content-length", "content-type", "etag", "cache-control"):
            assert told.headers.get(name) == got.headers.get(name), (path, name)


def test_players_of_other_sites_may_ask(local_site: Site):
    (preflight,) = local_site.ask(
        "240p/0.m4s", method="OPTIONS", headers={"origin": "https://a.example", "access-control-request-headers": "range"}
    )
    assert preflight.status_code == 204 and preflight.headers["access-control-allow-headers"].startswith("range")
    answers = local_site.ask("master.m3u8", "240p/0.m4s", "nothing", headers={"origin": "https://a.example"})
    assert {answer.headers["access-control-allow-origin"] for answer in (preflight, *answers)} == {"*"}
    for method in ("POST", "PUT", "DELETE", "BREW"):
        (refused,) = local_site.ask("240p/0.m4s", method=method)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert refused.json()["code"] == "request.bad_method"


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "//", "240p", "240p/", "/0.m4s", "240p/-1.m4s", "240p/0.m4s/", "240p/00000000000000000000.m4s", "240p/x.m4s", "240p/1"),
        *(
            "240p/\u0661.m4s",
            "240p~1/0.m4s",
            "240p~x/0.m4s",
            "240p~99999999999999999999/0.m4s",
            "~2/0.m4s",
            "../../healthz",
            "240p/..%2f0.m4s",
        ),
        *(
            "%00",
            "240p/%00.m4s",
            "sidecars/",
            "storyboard-.jpg",
            "storyboard--1.jpg",
            "master.m3u8/x",
            "x" * 3000,
        ),
        *("\ud55c\uad6d/0.m4s", "%ff%fe/0.m4s"),
    ],
)
def test_paths_that_do_not_exist(path: str, local_site: Site):
    (answer,) = local_site.ask(path)
    assert answer.status_code == 404 or answer.url.path.startswith("/healthz"), answer.text
    assert len(answer.content) < 2000


def test_headers_and_addresses_have_an_end(local_site: Site):
    for path, headers in (("240p/0.m4s", {"x-odd": "y" * 40_000}), (f"240p/0.m4s?{'z' * 20_000}", {})):
        (answer,) = local_site.ask(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_the_index_stays_within_its_memory(world: World):
    """The index that was requested longest ago makes room for another one; it is read again when it is requested."""
    make_ready(world)
    world.add_video("other", "a")
    world.upload_all(video_id="other")
    world.work()
    large = StreamCache(world.database, world.clock, 6.0, 2**30)
    size = large.get(VIDEO).size_bytes + large.get("other").size_bytes
    large.check()
    assert None not in (large.peek(VIDEO), large.peek("other"))
    small = StreamCache(world.database, world.clock, 6.0, size - 1)
    for first, second in ((VIDEO, "other"), ("other", VIDEO)):
        assert small.get(first).is_ready and small.get(second).is_ready
        small.check()
        assert small.peek(first) is None and small.peek(second) is not None
    for cache in (large, small):
        cache.close()
