"""What an owner does with a ready video, as its viewers meet it: captions, and players that go on without a fault."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from bench.server import Server
from tests.checker import Expect, check_streams, http_fetch, report
from tests.streams import make_source

API = "/api/v1"
KOREAN = {"language": "ko", "label": "한국어", "srt": "1\n00:00:01,000 --> 00:00:03,000\n<i>안녕</i>\n"}


class Studio:
    """A ready video of the shared server."""

    def __init__(self, server: Server, clip: Path) -> None:
        self.server = server
        self.clip = clip
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


def test_a_frame_of_the_video_becomes_its_poster(studio: Studio):
    made = studio.ask(200, "GET", "")["poster"]
    choice = studio.ask(200, "GET", "/posters")
    assert choice["poster"] == made and not choice["chosen"]
    assert [item["time_s"] for item in choice["items"]] == [0.0, 2.0, 4.0]
    sheet = Image.open(io.BytesIO(studio.fetch(choice["items"][0]["sheet"]).content))
    assert all(item["x"] + item["width"] <= sheet.width and item["y"] + item["height"] <= sheet.height for item in choice["items"])
    with av.open(str(studio.clip)) as container:
        shown = [np.asarray(frame.to_image(), np.int16) for frame in container.decode(video=0)]
    for number in (0, 47, 100):
        poster = studio.ask(200, "PUT", "/poster", {"time_s": number / 30 + 0.01})["poster"]
        found = np.asarray(Image.open(io.BytesIO(studio.fetch(poster).content)).convert("RGB"), np.int16)
        differences = {other: float(np.abs(found - shown[other]).mean()) for other in range(max(0, number - 2), number + 3)}
        assert min(differences, key=differences.__getitem__) == number, differences
    assert studio.ask(200, "GET", "/posters")["chosen"]
    studio.ask(422, "PUT", "/poster", {"time_s": 100})
    studio.ask(204, "DELETE", "/poster")
    assert studio.ask(200, "GET", "")["poster"] == made and studio.fetch(made).status_code == 200


def test_a_picture_of_ones_own_becomes_the_poster(studio: Studio):
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010E] = "where I live"
    Image.new("RGB", (720, 1600), (10, 200, 30)).save(out, "JPEG", exif=exif)
    headers = {"authorization": f"Bearer {studio.server.token}", "content-type": "image/jpeg"}
    answer = httpx.put(f"{studio.server.url}{API}/videos/{studio.id}/poster", content=out.getvalue(), headers=headers)
    assert answer.status_code == 200, answer.text
    served = studio.fetch(answer.json()["poster"])
    assert served.headers["content-type"] == "image/jpeg" and b"where I live" not in served.content
    drawn = Image.open(io.BytesIO(served.content))
    assert drawn.size == (1280, 576) and not drawn.getexif()
    assert np.abs(np.asarray(drawn).mean(axis=(0, 1)) - (10, 200, 30)).max() < 6
