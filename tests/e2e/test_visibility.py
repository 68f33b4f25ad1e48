"""A video goes through all its audiences while clients are connected: each address answers those who may see it, at once, and no others."""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from typing import Any

import httpx
import pytest

from bench.server import Server
from tests.e2e.waiting import PATIENCE_S
from tests.streams import make_source

API = "/api/v1"
TITLE = "Zebrafinches at noon"
CAPTIONS = {"language": "en", "label": "English", "webvtt": "WEBVTT\n\n00:00.000 --> 00:01.000\nchirp\n"}
CHANGES: list[tuple[dict[str, Any] | None, str]] = [
    ({"visibility": "public"}, "everybody"),
    ({"visibility": "unlisted"}, "who knows the address"),
    ({"visibility": "private"}, "the owner"),
    ({"visibility": "public"}, "everybody"),
    ({"hidden": True}, "the owner"),
    ({"hidden": False}, "everybody"),
    (None, "nobody"),  # into the trash
]


class Visitor:
    """A client that stays connected and keeps what caches keep: the ETag of each address."""

    def __init__(self, server: Server, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_S, follow_redirects=True)
        self._etags: dict[str, str] = {}

    def get(self, address: str) -> httpx.Response:
        known = {"If-None-Match": self._etags[address]} if address in self._etags else {}
        answer = self._client.get(address, headers=known)
        if "etag" in answer.headers:
            self._etags[address] = answer.headers["etag"]
        return answer

    def can_see(self, address: str) -> bool:
        status = self.get(address).status_code
        assert status in (200, 304, 401, 403, 404), (address, status)
        return status in (200, 304)

    def reads(self, address: str) -> str:
        """The text of a page or list, whatever was kept of it."""
        self._etags.pop(address, None)
        return self.get(address).text

    def close(self) -> None:
        self._client.close()

    def follow(self, address: str) -> threading.Thread:
        """A thread that reads an event stream and ends with it."""

        def read() -> None:
            with suppress(httpx.RemoteProtocolError), self._client.stream("GET", address) as answer:  # the server may end first
                for _ in answer.iter_lines():
                    pass

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread


@pytest.fixture(scope="module")
def owner(yeoul_server: Server) -> str:
    return sign_up(yeoul_server, "finch")


@pytest.fixture(scope="module")
def video(yeoul_server: Server, owner: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    clip = make_source(tmp_path_factory.mktemp("clip") / "clip.mp4", size="128x96", duration_s=4.0, seed=77)
    made = yeoul_server.upload(clip, "--title", TITLE, "--visibility", "public", YEOUL_TOKEN=owner)
    assert made["state"] == "ready"
    path = f"{API}/videos/{made['id']}/captions/en"
    assert yeoul_server.request("PUT", path, CAPTIONS, token=owner)[0] == 200
    return made


def stream_addresses(server: Server, base: str) -> list[str]:
    """Every address that the playlists of a video name, and what lies beside them."""
    found = [f"{base}/{name}" for name in ("master.m3u8", "manifest.mpd", "poster.jpg", "storyboard.vtt", "storyboard-0.jpg")]
    master = httpx.get(f"{server.url}{base}/master.m3u8").text
    lists = re.findall(r'^([^#\s]+\.m3u8)$|URI="([^"]+\.m3u8)"', master, re.MULTILINE)
    for name in {one or other for one, other in lists}:
        found.append(f"{base}/{name}")
        text = httpx.get(f"{server.url}{base}/{name}").text
        folder = name.rpartition("/")[0]
        found += [f"{base}/{folder}/{one or other}" for one, other in re.findall(r'^([^#\s]+)$|URI="([^"]+)"', text, re.MULTILINE)]
    return list(dict.fromkeys(found))


def make_playlist(server: Server, owner: str, video_id: str) -> str:
    """A public playlist that holds the video."""
    status, made = server.request("POST", f"{API}/playlists", {"title": "birds", "visibility": "public"}, token=owner)
    assert status == 201, made
    status, answer = server.request("POST", f"{API}/playlists/{made['id']}/entries", {"video_id": video_id}, token=owner)
    assert status in (200, 201), answer
    return str(made["id"])


def test_each_address_follows_each_change_at_once(yeoul_server: Server, owner: str, video: dict[str, Any]):
    video_id, address = video["id"], f"{API}/videos/{video['id']}"
    playlist = make_playlist(yeoul_server, owner, video_id)
    streams = stream_addresses(yeoul_server, f"/stream/public/{video_id}")
    assert sum(one.endswith(".m4s") for one in streams) >= 4 and any("captions" in one or "vtt" in one for one in streams)
    pages = [f"/watch/{video_id}", f"/embed/{video_id}"]
    oembed = f"/oembed?url={yeoul_server.url}/watch/{video_id}"
    items = [address, f"{address}/related", f"{address}/captions", f"{address}/captions/en", oembed]
    lists = [*(f"{API}/{name}" for name in ("feed", "trending", "search?q=Zebrafinches", "channels/finch/videos"))]
    lists += ["/feed.xml", "/channels/finch/feed.xml"]
    stranger = sign_up(yeoul_server, "passer-by")
    others = [Visitor(yeoul_server, None), Visitor(yeoul_server, stranger)]
    own = Visitor(yeoul_server, owner)
    for change, audience in CHANGES:
        followed = [visitor.follow(f"{address}/events") for visitor in others]
        if change is None:
            assert yeoul_server.request("DELETE", address, token=owner)[0] == 204
        else:
            assert yeoul_server.request("PATCH", address, change, token="" if "hidden" in change else owner)[0] == 200
        is_open = audience in ("everybody", "who knows the address")
        for visitor in others:
            for one in (*streams, *items):
                assert visitor.can_see(one) == is_open, (change, one)
            for page in pages:
                text = visitor.reads(page)
                assert (TITLE in text) == is_open, (change, page)
                assert is_open or "/stream/" not in text, (change, page)
            for one in lists:
                assert (video_id in visitor.reads(one)) == (audience == "everybody"), (change, one)
            assert is_open or video_id not in visitor.reads(f"{API}/playlists/{playlist}/entries"), change
        if not is_open:
            for thread in followed:
                thread.join(PATIENCE_S)
                assert not thread.is_alive(), "an event stream went on"
        if audience != "nobody":
            signed = str(json.loads(own.reads(address))["playback"]["hls"])
            assert own.can_see(signed) and own.can_see(address)
            assert (f"/{video_id}/" in signed) and (is_open == ("/public/" in signed))
        else:
            assert not any(visitor.can_see(signed) for visitor in (*others, own)), "a signed address ends with the video"
    for visitor in (*others, own):
        visitor.close()


def sign_up(server: Server, handle: str) -> str:
    account = {"handle": handle, "email": f"{handle}@example.org", "password": "correct horse battery"}
    assert server.request("POST", f"{API}/accounts", account, token=None)[0] == 201
    return str(server.request("POST", f"{API}/sessions", account, token=None)[1]["token"])
