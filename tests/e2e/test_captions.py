"""Captions and posters that an owner adds to a ready video: in its streams, as viewers meet them, and by the studio's pages."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from bench.server import Server
from tests.checker import Expect, check_streams, http_fetch, report
from tests.e2e.watching import launch, open_context
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
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("studio") / "clip.mp4", size="320x180", duration_s=6.0)


@pytest.fixture
def studio(yeoul_server: Server, clip: Path) -> Studio:
    """A video of each test's own; what was encoded of the first is taken over by the others."""
    return Studio(yeoul_server, clip)


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


# --- by the pages ---

TALK = """1
00:00:00,500 --> 00:00:02,000
<i>안녕</i> and hello

2
00:00:03,000 --> 00:00:02,000
backwards

3
00:00:03,000 --> 00:00:05,000
one two
"""


@pytest.fixture
def page(studio: Studio, chromium: Path) -> Iterator[Page]:
    """A browser whose user is the video's owner."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium, chromium)
        context = open_context(browser, viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.add_cookies([{"name": "yeoul_session", "value": studio.server.token, "url": studio.server.url}])
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def seek(page: Page, time_s: float) -> None:
    """Show a moment, once the player has begun."""
    page.locator("yeoul-player video").evaluate(
        """async (media, time) => {
            const happens = name => new Promise(done => media.addEventListener(name, done, { once: true }));
            if (media.readyState < 2) await happens("loadeddata");
            const found = happens("seeked");
            media.currentTime = time;
            await found;
        }""",
        time_s,
    )


SAID = "안녕하세요 여러분"
IN_CP949 = f"1\r\n00:00:01,000 --> 00:00:03,000\r\n{SAID}\r\n\r\n2\r\n00:00:05,000 --> 00:00:04,000\r\n거꾸로\r\n".encode("cp949")


def test_captions_of_other_encodings_are_read_by_the_api(studio: Studio):
    sent = {"data": base64.b64encode(IN_CP949).decode(), "file_name": "talk.srt"}
    for hint in ({"language": "ko"}, {"encoding": "cp949"}):
        found = studio.ask(200, "POST", "/captions/read", {**sent, **hint})
        assert (found["encoding"], [slip["line"] for slip in found["slips"]]) == ("cp949", [6]) and SAID in found["webvtt"]
    assert "not encoded in utf-8" in str(studio.ask(422, "POST", "/captions/read", {**sent, "encoding": "utf-8"}))
    studio.ask(422, "POST", "/captions/read", {**sent, "encoding": "rot13"})
    studio.ask(422, "POST", "/captions/read", {**sent, "data": "?"})


def test_captions_are_added_and_deleted_from_the_command_line(studio: Studio, tmp_path: Path):
    (tmp_path / "talk.srt").write_bytes(IN_CP949)
    common = ("--server", studio.server.url, "--data", str(studio.server.data))
    done = studio.server.cli("captions", "add", studio.id, str(tmp_path / "talk.srt"), "--language", "ko", *common, check=True)
    assert "line 6" in done.stderr
    (track,) = studio.ask(200, "GET", "/captions")["items"]
    assert (track["name"], track["language"]) == ("ko", "ko") and SAID in studio.fetch(track["webvtt_url"]).text
    assert "ko" in studio.server.cli("captions", "list", studio.id, *common, check=True).stdout
    studio.server.cli("captions", "delete", studio.id, "ko", *common, check=True)
    assert studio.ask(200, "GET", "/captions")["items"] == []
    gone = studio.server.cli("captions", "add", studio.id, str(tmp_path / "gone.srt"), "--language", "ko", *common)
    assert gone.returncode == 2 and "Traceback" not in gone.stderr


def test_captions_of_other_encodings_are_read_by_the_page(studio: Studio, page: Page):
    page.goto(f"{studio.server.url}/studio/video/{studio.id}?tab=captions")
    page.get_by_label("Choose file", exact=True).last.set_input_files(
        files=[{"name": "talk.ko.srt", "mimeType": "text/plain", "buffer": IN_CP949}]
    )
    expect(page.get_by_text("Read as CP949")).to_be_visible()
    expect(page.get_by_label("Text", exact=True).first).to_have_value(SAID)
    expect(page.get_by_text("Line 6")).to_be_visible()


def test_captions_are_written_beside_the_player(studio: Studio, page: Page):
    page.goto(f"{studio.server.url}/studio/video/{studio.id}?tab=captions")
    page.get_by_label("Choose file", exact=True).last.set_input_files(
        files=[{"name": "talk.ko.srt", "mimeType": "text/plain", "buffer": TALK.encode()}]
    )
    expect(page.get_by_text("Line 6: The end must be after the start.")).to_be_visible()
    expect(page.get_by_label("Language")).to_have_value("ko")
    words = page.get_by_label("Text", exact=True)
    expect(words).to_have_count(2)
    seek(page, 4.0)
    expect(page.get_by_label("Caption 2", exact=True)).to_have_attribute("aria-current", "true")
    words.nth(1).press("Home")
    for _ in "one":
        words.nth(1).press("ArrowRight")
    words.nth(1).press("Alt+KeyS")
    expect(words.nth(2)).to_be_focused()
    expect(words.nth(2)).to_have_value("two")
    seek(page, 4.5)
    words.nth(2).press("Alt+KeyO")
    words.nth(2).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The text is missing.")).to_be_visible()
    expect(words.nth(2)).to_be_focused()
    words.nth(2).fill("zwei")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Added in Studio")).to_be_visible()
    (track,) = studio.ask(200, "GET", "/captions")["items"]
    assert (track["name"], track["language"], track["label"]) == ("ko", "ko", "Korean")
    assert studio.fetch(track["webvtt_url"]).text.split("\n") == [
        "WEBVTT", "",
        "00:00:00.500 --> 00:00:02.000", "<i>안녕</i> and hello", "",
        "00:00:03.000 --> 00:00:04.000", "one", "",
        "00:00:04.000 --> 00:00:04.500", "zwei", "",
    ]  # fmt: skip
    page.get_by_role("button", name="Delete Korean").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("No captions yet")).to_be_visible()
    assert studio.ask(200, "GET", "/captions")["items"] == []


def test_the_thumbnail_is_chosen_in_the_studio(studio: Studio, page: Page):
    studio.ask(204, "DELETE", "/poster")
    made = studio.ask(200, "GET", "")["poster"]
    page.goto(f"{studio.server.url}/studio/video/{studio.id}")
    now = page.get_by_alt_text("Current thumbnail")
    expect(now).to_have_attribute("src", made)
    page.get_by_role("button", name="Use the frame at 0:02").press("Enter")
    expect(now).not_to_have_attribute("src", made)
    chosen = studio.ask(200, "GET", "")["poster"]
    page.get_by_role("button", name="Choose a frame").click()
    seek(page, 1.0)
    page.get_by_role("button", name="Use this frame").click()
    expect(now).not_to_have_attribute("src", chosen)
    picture = io.BytesIO()
    Image.new("RGB", (64, 36), (200, 0, 0)).save(picture, "PNG")
    page.get_by_label("Upload image").last.set_input_files(files=[{"name": "p.png", "mimeType": "image/png", "buffer": picture.getvalue()}])
    expect(now).to_have_js_property("naturalWidth", 64)
    page.get_by_role("button", name="Reset to automatic thumbnail").press("Enter")
    expect(now).to_have_attribute("src", made)
