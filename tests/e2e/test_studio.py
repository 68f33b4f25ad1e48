"""What an owner does with a ready video, as its viewers meet it: captions, and players that go on without a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.server import Server
from tests.checker import Expect, check_streams, http_fetch, report
from tests.streams import make_source

API = "/api/v1"
KOREAN = {"language": "ko", "label": "한국어", "srt": "1\n00:00:01,000 --> 00:00:03,000\n<i>안녕</i>\n"}


class Studio:
    """A ready video of the shared server."""

    def __init__(self, server: Server, clip: Path) -> None:
        self.server = server
        self.id = server.upload(clip, "--visibility", "public")["id"]

    def ask(self, status: int, method: str, path: str, body: Any = None) -> Any:
        found, answer = self.server.request(method, f"{API}/videos/{self.id}{path}", body)
        assert found == status, (path, found, answer)
        return answer

    def fetch(self, address: str) -> httpx.Response:
        return httpx.get(self.server.url + address)

    def check(self) -> None:
        """No fault in HLS and DASH."""
        base = self.ask(200, "GET", "")["playback"]["hls"].rpartition("/")[0]
        with httpx.Client() as client:
            findings = check_streams(self.server.url + base, http_fetch(client), Expect(has_audio=True))
        assert not findings, report(findings)


@pytest.fixture(scope="module")
def studio(yeoul_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(yeoul_server, make_source(tmp_path_factory.mktemp("studio") / "clip.mp4", size="320x180", duration_s=6.0))


def test_added_captions_are_in_the_streams_of_a_ready_video(studio: Studio):
    for label, name in (("한국어", "ko"), ('A "quote"', "quote")):
        studio.ask(200, "PUT", f"/captions/{name}", {**KOREAN, "label": label})
    video = studio.ask(200, "GET", "")
    first = {one["label"]: one["url"] for one in video["playback"]["captions"]}["한국어"]
    assert "<i>안녕</i>" in studio.fetch(first).text
    master, mpd = (studio.fetch(video["playback"][kind]).text for kind in ("hls", "dash"))
    assert 'NAME="한국어"' in master and "NAME=\"A 'quote'\"" in master and "<Label>한국어</Label>" in mpd
    studio.check()
    studio.ask(200, "PUT", "/captions/ko", {**KOREAN, "srt": KOREAN["srt"].replace("안녕", "또 만나")})
    video = studio.ask(200, "GET", "")
    second = {one["label"]: one["url"] for one in video["playback"]["captions"]}["한국어"]
    assert second != first and "또 만나" in studio.fetch(second).text
    studio.check()
    for name in ("ko", "quote"):
        studio.ask(204, "DELETE", f"/captions/{name}")
    assert studio.ask(200, "GET", "")["playback"]["captions"] == []
