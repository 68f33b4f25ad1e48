"""Search, channels, playlists, history, feeds and oEmbed over HTTP, on both databases: what strangers never see, and what is escaped."""

from __future__ import annotations

import asyncio
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from prometheus_client import REGISTRY
from sqlalchemy import event

from tests.contract.test_discovery import add
from yeoul.api import response_cache
from yeoul.api.deps import Parts
from yeoul.api.identity import hash_token
from yeoul.api.metrics.requests import sent_bytes
from yeoul.base.clock import SystemClock
from yeoul.base.settings import ServerSettings, Settings
from yeoul.blob.memory import MemoryStore
from yeoul.bootstrap import make_api, make_site
from yeoul.catalog.account import account, session
from yeoul.catalog.database import Database
from yeoul.catalog.video import listing, video
from yeoul.model.video import VideoState

pytestmark = pytest.mark.either

API = "/api/v1"
EVIL = """</title><script>alert("1")</script>&'"]]>\x01"""


class Site:
    """The application of the role `api`, without a server between."""

    def __init__(self, api: FastAPI) -> None:
        self.parts: Parts = api.state.parts
        self._app = make_site(api)

    def request(self, method: str, path: str, **options: Any) -> Response:
        async def send() -> Response:
            async with AsyncClient(transport=ASGITransport(self._app), base_url="http://testserver") as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> Response:
        return self.request("GET", path, **options)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """The API over a database in which ann has a public, an unlisted and a private video, and bob an account."""
    for number, visibility in enumerate(("public", "unlisted", "private")):
        add(database, f"{visibility}0", f"River {visibility}", visibility=visibility, at=1_800_000_000.0 + number, source=None)
    with database.write() as connection:
        account.add_account(connection, "bob", "bob", "bob@example.org", "hash", "maker", 1.0)
        for handle in ("ann", "bob"):
            row = {"id": handle, "token_hash": hash_token(handle), "account_id": handle, "expires_at": 1e12, "user_agent": "", "ip": ""}
            session.add(connection, row, 1.0)
    clock = SystemClock()
    settings = Settings(data=tmp_path, server=ServerSettings(public_url="http://testserver"))
    app = make_api(settings, database, MemoryStore(clock), clock)
    yield Site(app)
    app.state.parts.response_cache.close()


def ask(site: Site, method: str, path: str, who: str | None = None, body: Any = None, **headers: str) -> Response:
    if who is not None:
        headers["authorization"] = f"Bearer {who}"
    return site.request(method, path if path.endswith(".xml") else API + path, json=body, headers=headers)


def get(site: Site, path: str, who: str | None = None) -> Any:
    answer = ask(site, "GET", path, who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


@pytest.mark.parametrize("who", [None, "bob", "ann"])
def test_public_lists_never_show_what_is_not_public(site: Site, who: str | None):
    """Also not to the owner: these are lists for all."""
    if who == "bob":
        assert ask(site, "PUT", "/channels/ann/subscription", "bob").status_code == 204
        assert ids(get(site, "/subscriptions/feed", "bob")) == ["public0"]
        assert [item["handle"] for item in get(site, "/subscriptions", "bob")["items"]] == ["ann"]
    for path in ("/feed", "/trending", "/search?q=river", "/search?q=ri", "/channels/ann/videos", "/videos/unlisted0/related"):
        assert ids(get(site, path, who)) == ["public0"], path
    assert get(site, "/search/suggest?q=riv", who)["videos"] == [{"id": "public0", "title": "River public"}]
    for path in ("/feed.xml", "/channels/ann/feed.xml"):
        text = ask(site, "GET", path, who).text
        assert "public0" in text and "unlisted0" not in text and "private0" not in text
    assert get(site, "/channels/ann", who) == {
        "handle": "ann", "display_name": "ann", "bio": "", "avatar": None, "videos": 1,
        "subscribers": int(who == "bob"), "subscribed": who == "bob",
    }  # fmt: skip


def test_private_things_are_not_there_for_strangers(site: Site):
    listed = ask(site, "POST", "/playlists", "ann", {"title": "mine"}).json()
    entry = ask(site, "POST", f"/playlists/{listed['id']}/entries", "ann", {"video_id": "private0"}).json()
    for method, path, body in (
        ("GET", "/videos/private0", None),
        ("GET", "/videos/private0/related", None),
        ("GET", "/videos/private0/position", None),
        ("PUT", "/videos/private0/position", {"position_s": 1}),
        ("GET", f"/playlists/{listed['id']}", None),
        ("PATCH", f"/playlists/{listed['id']}", {"title": "his"}),
        ("DELETE", f"/playlists/{listed['id']}", None),
        ("GET", f"/playlists/{listed['id']}/entries", None),
        ("POST", f"/playlists/{listed['id']}/entries", {"video_id": "public0"}),
        ("PATCH", f"/playlists/{listed['id']}/entries/{entry['id']}", {"after": None}),
        ("DELETE", f"/playlists/{listed['id']}/entries/{entry['id']}", None),
        ("POST", "/playlists/later/entries", {"video_id": "private0"}),
    ):
        assert ask(site, method, path, "bob", body).status_code == 404, (method, path)
    assert ask(site, "PATCH", f"/playlists/{listed['id']}", "ann", {"visibility": "public"}).status_code == 200
    assert ask(site, "PATCH", f"/playlists/{listed['id']}", "bob", {"title": "his"}).status_code == 403
    assert ask(site, "DELETE", f"/playlists/{listed['id']}/entries/{entry['id']}", "bob").status_code == 403
    assert ask(site, "GET", "/playlists/later", None).status_code == 404
    assert site.get("/oembed?url=http://testserver/watch/private0").status_code == 404


def test_an_entry_stays_as_a_place_when_its_video_is_not_for_its_reader(site: Site, database: Database):
    listed = ask(site, "POST", "/playlists", "ann", {"title": "all", "visibility": "public"}).json()["id"]
    for video_id in ("private0", "unlisted0", "public0"):
        assert ask(site, "POST", f"/playlists/{listed}/entries", "ann", {"video_id": video_id}).status_code == 201
    assert shown(site, listed, "ann") == ["private0", "unlisted0", "public0"]
    assert shown(site, listed, "bob") == shown(site, listed, None) == [None, None, "public0"]
    with database.write() as connection:
        video.change_state(connection, "public0", VideoState.DELETED, 2e9)
    assert shown(site, listed, "ann") == ["private0", "unlisted0", None]
    entry = get(site, f"/playlists/{listed}/entries", "ann")["items"][2]["id"]
    assert ask(site, "PATCH", f"/playlists/{listed}/entries/{entry}", "ann", {"after": None}).status_code == 204
    assert shown(site, listed, "ann") == [None, "private0", "unlisted0"]
    assert ask(site, "DELETE", f"/playlists/{listed}/entries/{entry}", "ann").status_code == 204
    assert get(site, f"/playlists/{listed}", "ann")["entries"] == 2


def shown(site: Site, playlist_id: str, who: str | None) -> list[str | None]:
    found: list[str | None] = []
    cursor = ""
    while True:
        page = get(site, f"/playlists/{playlist_id}/entries?limit=2{cursor}", who)
        found += [item["video"] and item["video"]["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_everybody_has_a_list_for_later(site: Site):
    assert [item["kind"] for item in get(site, "/playlists", "bob")["items"]] == ["later"]
    key = {"idempotency-key": "k"}
    sent = [ask(site, "POST", "/playlists/later/entries", "bob", {"video_id": "public0"}, **key).json()["id"] for _ in range(2)]
    assert sent[0] == sent[1] and get(site, "/playlists/later", "bob")["entries"] == 1
    assert ask(site, "DELETE", "/playlists/later", "bob").status_code == 422
    assert get(site, "/playlists/later", "ann")["entries"] == 0


def test_history_goes_on_where_it_was_left_and_can_be_cleared_or_left_off(site: Site, database: Database):
    assert get(site, "/videos/public0/position", "bob") == {"position_s": 0.0}
    for video_id, at_s in (("public0", 12.5), ("unlisted0", 3.0)):
        assert ask(site, "PUT", f"/videos/{video_id}/position", "bob", {"position_s": at_s}).status_code == 204
    assert get(site, "/videos/public0/position", "bob") == {"position_s": 12.5}
    assert [item["video"]["id"] for item in get(site, "/history", "bob")["items"]] == ["unlisted0", "public0"]
    assert get(site, "/history", "ann")["items"] == []
    with database.write() as connection:
        video.change(connection, "unlisted0", {"visibility": "private"}, 2e9)
    assert [item["video"]["id"] for item in get(site, "/history", "bob")["items"]] == ["public0"]
    assert ask(site, "DELETE", "/history/public0", "bob").status_code == 204
    assert ask(site, "PATCH", "/accounts/me", "bob", {"keep_history": False}).json()["keep_history"] is False
    assert ask(site, "PUT", "/videos/public0/position", "bob", {"position_s": 1}).status_code == 204
    assert get(site, "/history", "bob")["items"] == []
    assert ask(site, "DELETE", "/history", "bob").status_code == 204


def test_kept_answers_are_never_old(site: Site, database: Database):
    """Whatever commits, in this process or another, the next answer knows it."""
    before = ask(site, "GET", "/videos/public0")
    again = ask(site, "GET", "/videos/public0", None, None, **{"if-none-match": before.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert ask(site, "PATCH", "/videos/public0", "ann", {"title": "Sea", "tags": ["blue"]}).status_code == 200
    after = get(site, "/videos/public0")
    assert (after["title"], after["tags"], get(site, "/feed")["items"][0]["title"]) == ("Sea", ["blue"], "Sea")
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with other.write() as connection:
        listing.count_view(connection, "public0", 2e9)
    other.close()
    assert eventually(lambda: get(site, "/videos/public0")["views"] == 1)
    assert ask(site, "PATCH", "/videos/public0", "ann", {"visibility": "private"}).status_code == 200
    assert ask(site, "GET", "/videos/public0").status_code == 404 and get(site, "/feed")["items"] == []
    assert get(site, "/videos/public0", "ann")["visibility"] == "private"


def eventually(is_so: Any) -> bool:
    """PostgreSQL tells of commits a moment after them."""
    return any(is_so() for _ in range(1000))


def test_feeds_are_whole_xml_whatever_is_written(site: Site):
    body = {"title": EVIL, "description": f"<b>{EVIL}", "tags": ["<i>"]}
    assert ask(site, "PATCH", "/videos/public0", "ann", body).status_code == 200
    answer = ask(site, "GET", "/channels/ann/feed.xml")
    assert answer.headers["content-type"].startswith("application/rss+xml")
    item = ET.fromstring(answer.content).find("channel/item")
    assert item is not None
    assert item.findtext("title") == EVIL.replace("\x01", "\ufffd")
    assert item.findtext("category") == "<i>"
    description = item.findtext("description")
    assert description is not None and "<" not in description  # as HTML it is text
    assert item.findtext("link") == "http://testserver/watch/public0"
    assert item.findtext("pubDate") == "Fri, 15 Jan 2027 08:00:00 GMT"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_oembed_is_one_frame_whatever_is_written(site: Site):
    assert ask(site, "PATCH", "/videos/public0", "ann", {"title": EVIL}).status_code == 200
    answer = site.get("/oembed?url=http://testserver/watch/public0&maxwidth=320&maxheight=100").json()
    tags = _Tags()
    tags.feed(answer["html"])
    assert [tag for tag, _ in tags.found] == ["iframe"]
    assert tags.found[0][1]["src"] == "http://testserver/embed/public0" and tags.found[0][1]["title"] == EVIL
    assert (answer["type"], answer["version"], answer["author_url"]) == ("video", "1.0", "http://testserver/c/ann")
    assert answer["width"] <= 320 and answer["height"] <= 100
    for url in ("http://elsewhere.org/watch/public0", "http://testserver/watch/none", "javascript:alert(1)", "http://[", "x"):
        assert site.get("/oembed", params={"url": url}).status_code == 404, url
    assert site.get("/oembed?url=http://testserver/watch/unlisted0").status_code == 200
    refused = site.get("/oembed?url=http://testserver/watch/public0&format=xml")
    assert (refused.status_code, refused.json()["code"]) == (501, "request.format")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1", "8.8.8.8", "localhost@evil.example"]
)
def test_a_name_that_a_client_made_up_stands_in_no_link(host: str, site: Site, database: Database, tmp_path: Path):
    clock = SystemClock()
    app = make_api(Settings(data=tmp_path), database, MemoryStore(clock), clock)
    nameless = Site(app)
    for path in ("/feed.xml", "/channels/ann/feed.xml", "/watch/public0", "/embed/public0", "/api/v1/videos/public0"):
        for asked, wanted in ((host, "http://127.0.0.1:8000/"), ("localhost:8000", "http://localhost:8000/")):
            answer = nameless.get(path, headers={"host": asked})
            assert answer.status_code in (200, 400, 404), (path, asked)
            assert "evil" not in answer.text and "8.8.8.8" not in answer.text, (path, asked)
            assert answer.status_code != 200 or path.startswith("/api") or wanted in answer.text, (path, asked)
    app.state.parts.response_cache.close()


def test_a_page_that_was_sent_costs_no_query_until_something_changes(site: Site, database: Database):
    page = site.get("/watch/public0")
    assert page.status_code == 200 and "<title>River public · Yeoul</title>" in page.text
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    for path, text in (("/watch/public0", page.text), ("/", site.get("/").text)):
        answer = site.get(path)
        assert (answer.text, statements) == (text, [])
        assert site.request("HEAD", path).headers["content-length"] == answer.headers["content-length"]
    assert ask(site, "PATCH", "/videos/public0", "ann", {"title": EVIL}).status_code == 200
    changed = site.get("/watch/public0").text
    assert "River public" not in changed and "<script>alert" not in changed
    assert ask(site, "PUT", "/channels/ann/subscription", "bob").status_code < 300
    assert '"subscribers": 1' in site.get("/watch/public0").text
    assert ask(site, "PATCH", "/videos/public0", "ann", {"visibility": "private"}).status_code == 200
    hidden, missing = site.get("/watch/public0"), site.get("/watch/nothing")
    assert hidden.status_code == missing.status_code == 200 and hidden.text == missing.text


def test_pages_are_counted_by_their_pattern(site: Site):
    labels = {"route": "/watch/{video_id}", "method": "GET", "status": "200"}
    before = REGISTRY.get_sample_value("yeoul_http_requests_total", labels) or 0, sent_bytes()["other"]
    answer = site.get("/watch/public0")
    assert REGISTRY.get_sample_value("yeoul_http_requests_total", labels) == before[0] + 1
    assert sent_bytes()["other"] == before[1] + len(answer.content)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/upload/?a=b", 307),
        ("GET", "/watch/public0//", 307),
        ("GET", "/watch/%0d%0aX-Evil:1/", 307),
        ("GET", "/watch//evil.example/", 404),
        ("GET", "/watch/a/b", 404),
        ("GET", "/watch/", 404),
        ("GET", "/watch/a%00b", 200),
        ("GET", f"/watch/{'x' * 5000}", 200),
        ("POST", "/upload", 405),
        ("DELETE", "/watch/public0", 405),
        ("GET", "/assets/..%2f..%2fpyproject.toml", 404),
        ("GET", "/assets/%00", 404),
        ("GET", f"/assets/{'x' * 5000}", 404),
        ("GET", "/assets/", 404),
    ],
)
def test_pages_answer_only_at_their_addresses(method: str, path: str, status: int, site: Site):
    answer = site.request(method, path)
    assert answer.status_code == status, answer.text
    assert "x-evil" not in answer.headers
    if status == 307:
        place = answer.headers["location"]
        assert place.startswith(("/upload?a=b", "/watch/")) and not place.endswith("/")
    elif status != 200:
        assert answer.headers["content-type"] == "application/problem+json"


def test_bad_questions_are_refused_and_never_break(site: Site):
    for path in ("/search?q=%00%00x", "/search?q=%ED%A0%80", "/search/suggest?q=%00", "/search?q=" + "%22" * 50, "/channels/a%00b"):
        assert ask(site, "GET", path).status_code in {200, 404}, path
    for path in ("/search", "/search?q=a&sort=x", "/search?q=a&cursor=x", "/trending?cursor=W10", f"/search?q={'a' * 201}"):
        assert ask(site, "GET", path).status_code == 422, path
    assert ask(site, "PUT", "/channels/ann/subscription", "ann").status_code == 422
    assert ask(site, "PUT", "/channels/nobody/subscription", "ann").status_code == 404
    assert ask(site, "GET", "/subscriptions").status_code == 401
    assert ask(site, "PATCH", "/videos/public0", "ann", {"tags": ["x"] * 21}).status_code == 422


def test_the_cache_ignores_no_table_that_a_cached_answer_reads(site: Site):
    """On PostgreSQL, an answer would otherwise stay when such a table changes."""
    statements: list[str] = []
    event.listen(site.parts.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    for path in (
        "/api/v1/feed",
        "/api/v1/trending",
        "/api/v1/videos/public0",
        "/api/v1/videos/unlisted0",
        "/watch/public0",
        "/embed/public0",
    ):
        assert site.get(path).status_code == 200
    read = {table for statement in statements for table in re.findall(r"(?:FROM|JOIN|,) (\w+)\b(?!\.)", statement)}
    assert {"video", "listing", "account", "channel"} <= read & response_cache._TABLES
    assert not read & response_cache._UNREAD
