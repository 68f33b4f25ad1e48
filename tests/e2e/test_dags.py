"""The built-in definitions, each from an upload to what its viewers get."""

from __future__ import annotations

import hashlib
import io
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from bench.server import Server
from tests import oracle
from tests.checker.fetch import http_fetch
from tests.checker.rules import Expect, report
from tests.checker.streams import check_streams
from tests.e2e.waiting import PATIENCE_S
from tests.e2e.watching import WatchPage, open_context
from yeoul.media.binaries import ffmpeg_path

RATE, FRAMES = 25, 150
SOUND_S = 9.37
CODECS = {"h264": "avc1", "hevc": "hvc1", "vp9": "vp09", "av1": "av01"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds in two pieces, with sound; two rungs."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture, sound = f"testsrc2=s=640x360:r={RATE}:d={FRAMES / RATE}", f"sine=f=440:r=48000:d={FRAMES / RATE}"
    words = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


def assert_streams(server: Server, result: dict[str, Any], expect: Expect) -> dict[str, Any]:
    """The video is ready and all rules hold; the video as the API has it."""
    assert (result["state"], result["exit"]) == ("ready", 0), result["error"]
    video = server.get(f"/api/v1/videos/{result['id']}")
    assert video["dropped"] == {}
    base = server.url + video["playback"]["hls"].rpartition("/")[0]
    with httpx.Client() as client:
        findings = check_streams(base, http_fetch(client), expect)
    assert findings == [], report(findings)
    return video


# As one with a decoder for it would choose by itself.
PREFER = """
addEventListener('DOMContentLoaded', () => customElements.whenDefined('yeoul-player').then(() =>
  document.querySelector('yeoul-player').playback.shaka.configure({preferredVideoCodecs: ['%s']})));
"""
WHOLE = Expect(display_size=(640, 360), frames=FRAMES, has_audio=True)


@pytest.fixture(scope="module")
def premium(yeoul_server: Server, clip: Path) -> dict[str, Any]:
    result = yeoul_server.upload(clip, "--pipeline", "premium", "--visibility", "unlisted")
    return assert_streams(yeoul_server, result, WHOLE)


def test_premium_has_every_rung_in_every_codec(premium: dict[str, Any]):
    found = {item["name"]: item["codecs"].partition(".")[0] for item in premium["renditions"] if item["kind"] == "video"}
    wanted = {name if codec == "h264" else f"{name}-{codec}": entry for name in ("360p", "240p") for codec, entry in CODECS.items()}
    assert found == wanted


@pytest.mark.parametrize(
    ("codec", "proto"),
    [
        *(("avc1", "dash"), ("vp09", "hls"), ("av01", "dash")),
        *(pytest.param(*pair, marks=pytest.mark.long) for pair in (("avc1", "hls"), ("vp09", "dash"), ("av01", "hls"))),
    ],
)
def test_a_browser_plays_the_codec(codec: str, proto: str, premium: dict[str, Any], yeoul_server: Server, browser: Browser):
    """Every picture is decoded, by both protocols; news of the video that change nothing in its stream load nothing again."""
    context = open_context(browser)
    page = WatchPage(context.new_page(), f"{yeoul_server.url}/watch/{premium['id']}")
    page.page.add_init_script(PREFER % codec)
    page.play(proto=proto)
    active = page.page.evaluate(
        "document.querySelector('yeoul-player').playback.shaka.getVariantTracks().find((track) => track.active).videoCodec"
    )
    assert active.startswith(codec)
    page.page.evaluate("const player = document.querySelector('yeoul-player'); player.video = player.video")
    page.until_ended()
    stats = page.stats()
    assert (stats["faults"], stats["loads"], stats["decodedFrames"] >= FRAMES - 1) == ([], 1, True), stats
    assert page.troubles == []
    context.close()


def test_fast_makes_a_piece_in_one_task(yeoul_server: Server, clip: Path):
    result = yeoul_server.upload(clip, "--pipeline", "fast")
    video = assert_streams(yeoul_server, result, WHOLE)
    tasks = yeoul_server.get(video["dag"])["tasks"]
    assert sorted(task["stage"] for task in tasks if task["piece"] is not None) == ["piece"] * 2
    assert video["playback"]["storyboard"] is not None and video["playback"]["poster"] is not None


def test_archive_keeps_the_file_for_its_owner(yeoul_server: Server, clip: Path):
    result = yeoul_server.upload(clip, "--pipeline", "archive", "--visibility", "public")
    video = assert_streams(yeoul_server, result, WHOLE)
    assert [item["name"] for item in video["renditions"]] == ["240p", "audio"]
    path = f"/api/v1/videos/{video['id']}/source"
    assert fetch_sha256(yeoul_server, path) == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert yeoul_server.request("GET", path, token=None)[0] == 401
    assert yeoul_server.request("GET", path, token=sign_up(yeoul_server, "visitor"))[0] == 403


def test_what_came_in_pieces_is_not_one_file(premium: dict[str, Any], yeoul_server: Server):
    status, problem = yeoul_server.request("GET", f"/api/v1/videos/{premium['id']}/source")
    assert (status, problem["facts"]["mode"]) == (409, "pieces")


def fetch_sha256(server: Server, path: str) -> str:
    request = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        assert "filename*=UTF-8''clip.mp4" in answer.headers["Content-Disposition"]
        return hashlib.sha256(answer.read()).hexdigest()


def sign_up(server: Server, handle: str) -> str:
    """A new account's token."""
    words = {"handle": handle, "email": f"{handle}@example.org", "password": "long enough"}
    assert server.request("POST", "/api/v1/accounts", words, token=None)[0] == 201
    return server.request("POST", "/api/v1/sessions", words, token=None)[1]["token"]


def test_pipelines_are_listed_and_unknown_ones_refused(yeoul_server: Server, clip: Path):
    items = yeoul_server.get("/api/v1/pipelines")["items"]
    names = [item["name"] for item in items]
    assert {"standard", "fast", "premium", "audio", "archive"} <= set(names) and names == sorted(names)
    assert all(item["description"] for item in items)
    done = yeoul_server.cli(*yeoul_server.upload_words(clip, "--pipeline", "fats"))
    assert done.returncode == 2 and "there is no pipeline fats; choose one of archive, audio, fast" in done.stdout
    status, problem = yeoul_server.request("POST", "/api/v1/videos", {"pipeline": "fats"})
    assert (status, problem["code"]) == (422, "request.invalid") and "premium" in problem["detail"]


def test_an_account_has_a_pipeline_of_its_own(yeoul_server: Server, clip: Path):
    token = sign_up(yeoul_server, "keeper")
    assert yeoul_server.request("PATCH", "/api/v1/accounts/me", {"pipeline": "fats"}, token=token)[0] == 422
    changed = yeoul_server.request("PATCH", "/api/v1/accounts/me", {"pipeline": "fast"}, token=token)[1]
    assert changed["pipeline"] == yeoul_server.request("GET", "/api/v1/accounts/me", token=token)[1]["pipeline"] == "fast"
    made = yeoul_server.request("POST", "/api/v1/videos", {}, token=token)[1]
    named = yeoul_server.request("POST", "/api/v1/videos", {"pipeline": "standard"}, token=token)[1]
    assert (made["pipeline"], named["pipeline"]) == ("fast", "standard")
    assert yeoul_server.request("PATCH", "/api/v1/accounts/me", {"pipeline": None}, token=token)[1]["pipeline"] is None
    assert yeoul_server.request("POST", "/api/v1/videos", {}, token=token)[1]["pipeline"] == "standard"


def sound_of(path: Path, *words: str) -> Path:
    """A file of nothing but sound, which swells."""
    tone = f"aevalsrc='0.1*t*sin(2*PI*440*t)':s=44100:d={SOUND_S}"
    oracle.run_ffmpeg("-f", "lavfi", "-i", tone, *words, str(path))
    return path


def listen(base: str, folder: Path) -> oracle.Heard:
    """The sound of a stream, decoded."""
    lines = httpx.get(f"{base}/audio/index.m3u8").text.splitlines()
    names = ["init.mp4", *(line for line in lines if line and not line.startswith("#"))]
    joined = folder / "joined.mp4"
    joined.write_bytes(b"".join(httpx.get(f"{base}/audio/{name}").content for name in names))
    heard = oracle.find_heard(joined)
    assert heard is not None
    return heard


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "m4a"])
def test_sound_alone_gets_a_picture(kind: str, yeoul_server: Server, tmp_path: Path):
    path = sound_of(tmp_path / f"sound.{kind}")
    result = yeoul_server.upload(path, "--pipeline", "audio", "--visibility", "unlisted")
    video = assert_streams(yeoul_server, result, Expect(display_size=(640, 360), has_audio=True))
    assert (video["source"]["has_video"], video["source"]["has_audio"]) == (False, True)
    assert video["source"]["duration_s"] == pytest.approx(SOUND_S, abs=0.06)
    base = yeoul_server.url + video["playback"]["hls"].rpartition("/")[0]
    poster = Image.open(io.BytesIO(httpx.get(yeoul_server.url + video["poster"]).content)).convert("L")
    heights = [(np.asarray(poster)[:, column] > 100).sum() for column in (80, 320, 560)]
    assert heights[0] < heights[1] < heights[2]  # the picture swells as the sound does
    wanted, found = oracle.find_heard(path), listen(base, tmp_path)
    assert wanted is not None
    lag_s, likeness = oracle.find_lag(wanted.cut(wanted.start_s + 8, 0.5), found.cut(8, 0.5))
    assert likeness > 0.98
    assert abs(lag_s) < 0.03 and found.end_s == pytest.approx(SOUND_S, abs=0.06)


def test_a_cover_is_shown(yeoul_server: Server, tmp_path: Path, browser: Browser):
    art = tmp_path / "art.png"
    Image.new("RGB", (500, 400), (200, 30, 30)).save(art)
    path = sound_of(tmp_path / "sound.mp3", "-i", str(art), "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    result = yeoul_server.upload(path, "--pipeline", "audio", "--visibility", "unlisted")
    video = assert_streams(yeoul_server, result, Expect(display_size=(500, 400), has_audio=True))
    poster = Image.open(io.BytesIO(httpx.get(yeoul_server.url + video["poster"]).content))
    assert poster.size == (500, 400)
    assert np.abs(np.asarray(poster.convert("RGB")).mean(axis=(0, 1)) - (200, 30, 30)).max() < 9
    context = open_context(browser)
    page = WatchPage(context.new_page(), f"{yeoul_server.url}/watch/{video['id']}").play()
    page.until_ended()
    stats = page.stats()
    assert (stats["faults"], stats["stalls"]) == ([], 0) and stats["currentTime"] == pytest.approx(SOUND_S, abs=0.3)
    assert page.troubles == []
    context.close()


def test_sound_alone_is_refused_where_a_picture_is_asked_for(yeoul_server: Server, media_dir: Path):
    refused = yeoul_server.upload(media_dir / "audio-only-two-tracks.mp4")
    assert (refused["exit"], refused["error"]["code"]) == (3, "media.no_video")
    taken = yeoul_server.upload(media_dir / "audio-only-two-tracks.mp4", "--pipeline", "audio")
    assert_streams(yeoul_server, taken, Expect(has_audio=True))
