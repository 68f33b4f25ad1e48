"""Uploading in Chromium: the same streams as by the command line, and nothing sent twice when the tab or the line goes away."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, CDPSession, expect

from bench.server import Server
from tests.checker import Expect, http_fetch
from tests.checker.fetch import Reader
from tests.checker.hls_load import load
from tests.e2e.clip import find_digests
from tests.e2e.uploading import UploadPage
from tests.e2e.waiting import count_landed, find_upload, wait_for, wait_for_end
from tests.harness.pace import slowness
from yeoul.media.binaries import ffmpeg_path

LANES = 4  # of all uploads of a page, over HTTP/1.1


def digests(server: Server, video_id: str) -> dict[str, list[str]]:
    """The hashes of all that the video's HLS playlists name."""
    video = wait_for_end(server, video_id)
    assert video["state"] == "ready", video["error"]
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) as client:
        base, _, master = str(httpx.URL(server.url).join(video["playback"]["hls"])).rpartition("/")
        found = load(Reader(base, http_fetch(client), Expect()), master)
    assert found is not None
    return find_digests(found)


def run(*words: str) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", *words], check=True)


def make_clip(path: Path, *words: str) -> Path:
    """A short clip of moving patterns with sound."""
    sources = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=9", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=9"]
    run(*sources, "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac", *words, str(path))
    return path


def make_open_gop(folder: Path) -> Path:
    return make_clip(folder / "open.mp4", "-x264-params", "open-gop=1:keyint=50:bframes=3")


def make_edited_and_rotated(folder: Path) -> Path:
    """As phones write it: turned, in coarse ticks, and begun in the middle of a GOP, of which an edit list hides the start."""
    path = folder / "edited.mp4"
    clip = make_clip(folder / "open.mp4", "-r", "30000/1001", "-x264-params", "open-gop=1:keyint=50:bframes=3")
    run("-display_rotation", "90", "-ss", "2.333", "-i", str(clip), "-c", "copy", "-video_track_timescale", "600", str(path))
    return path


def make_uneven(folder: Path) -> Path:
    """A variable frame rate."""
    return make_clip(folder / "uneven.mp4", "-vf", "select=not(eq(mod(n\\,7)\\,3))", "-fps_mode", "passthrough", "-g", "40")


def make_transport(folder: Path) -> Path:
    return make_clip(folder / "closed.ts", "-g", "50")


def make_sounds(folder: Path) -> Path:
    """Two languages beside the sound that plays by default."""
    sounds = ";".join(f"sine={hz}:sample_rate=44100:duration=9[s{hz}]" for hz in (300, 500))
    maps = ["-map", "0", "-map", "1", "-map", "[s300]", "-map", "[s500]"]
    return make_clip(folder / "sounds.mp4", "-filter_complex", sounds, *maps, "-g", "50", "-metadata:s:a:1", "language=kor")


def make_avi(folder: Path) -> Path:
    return make_clip(folder / "old.avi", "-c:v", "mpeg4", "-c:a", "libmp3lame")


@pytest.mark.parametrize(
    ("make", "is_split"),
    [
        (make_open_gop, True),
        (make_edited_and_rotated, True),
        (make_uneven, True),
        (make_transport, True),
        (make_sounds, True),
        (make_avi, False),
    ],
)
def test_streams_equal_those_of_the_command_line(
    browser: Browser, yeoul_server: Server, tmp_path: Path, make: Callable[[Path], Path], is_split: bool
):
    file = make(tmp_path)
    page = UploadPage(browser, yeoul_server)
    video_id = page.upload(file)["id"]
    told_id = yeoul_server.upload(file, "--wait", "ready")["id"]
    assert page.row(file).locator(".upload-reason").count() == (0 if is_split else 1)
    page.context.close()
    assert digests(yeoul_server, video_id) == digests(yeoul_server, told_id)
    videos = [yeoul_server.get(f"/api/v1/videos/{one}") for one in (video_id, told_id)]
    assert videos[0]["source"] == videos[1]["source"]
    assert videos[0]["duration_s"] == pytest.approx(videos[1]["duration_s"], abs=1e-9)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise that does not compress: six pieces of half a megabyte each, or more."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    picture = ["-f", "lavfi", "-i", "nullsrc=size=160x90:rate=10:duration=28,geq=random(1)*255:128:128"]
    words = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "20", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([ffmpeg_path(), "-v", "error", *picture, *words], check=True)
    return path


def throttle(page: UploadPage, bytes_per_s: int) -> CDPSession:
    """A slow line, as the browser's own tools make one."""
    session = page.context.new_cdp_session(page.page)
    session.send("Network.enable")
    set_line(session, int(bytes_per_s / slowness()), offline=False)
    return session


def set_line(session: CDPSession, bytes_per_s: int, *, offline: bool) -> None:
    limits = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s}
    session.send("Network.emulateNetworkConditions", limits)


def test_a_new_tab_sends_only_what_is_missing(browser: Browser, yeoul_server: Server, long_clip: Path):
    first = UploadPage(browser, yeoul_server)
    throttle(first, 100_000)
    first.choose(long_clip)
    wait_for(lambda: count_landed(yeoul_server, long_clip) >= 1, "a piece")
    video_id = first.video_id(long_clip)
    first.page.close(run_before_unload=False)
    session = find_upload(yeoul_server, long_clip)
    assert session is not None
    there = {piece["index"]: piece["size_bytes"] for piece in session["pieces"] if piece["landed"]}

    second = UploadPage(browser, yeoul_server, first.context)
    expect(second.page.locator("#again")).to_contain_text(long_clip.name)
    second.choose_again(long_clip)
    second.finish(long_clip)
    assert second.video_id(long_clip) == video_id
    status = yeoul_server.get(f"/api/v1/uploads/{session['id']}")
    sizes = {piece["index"]: piece["size_bytes"] for piece in status["pieces"]}
    # What the first tab had landed is not sent again; what it was sending then is at most one piece for each of its lanes.
    assert sum(size for _, size in second.puts) <= sum(size for index, size in sizes.items() if index not in there)
    assert 0 < len(second.puts) <= len(sizes) - len(there)
    assert sum(size for url, size in second.puts if url in first.begun) <= LANES * max(sizes.values())
    assert wait_for_end(yeoul_server, video_id)["source"]["frames"] == 280
    second.page.reload()
    expect(second.page.locator("#again")).to_be_hidden()
    second.context.close()


def test_goes_on_when_the_line_is_back(browser: Browser, yeoul_server: Server, tmp_path: Path, long_clip: Path):
    file = tmp_path / "offline.mp4"
    file.write_bytes(long_clip.read_bytes() + b"\0\0\0\x08free")  # another file than the other test's
    page = UploadPage(browser, yeoul_server)
    line = throttle(page, 150_000)
    page.choose(file)
    wait_for(lambda: count_landed(yeoul_server, file) >= 1, "a piece")
    set_line(line, 150_000, offline=True)
    page.wait_for(file, "offline")
    page.page.wait_for_timeout(1000 * float(os.environ.get("YEOUL_OFFLINE_S", "2")))
    page.wait_for(file, "offline")
    set_line(line, -1, offline=False)
    page.wait_for(file, "done")
    assert page.troubles == []
    assert wait_for_end(yeoul_server, page.video_id(file))["source"]["frames"] == 280
    page.context.close()


def test_pauses_and_goes_on(browser: Browser, yeoul_server: Server, tmp_path: Path, long_clip: Path):
    file = tmp_path / "paused.mp4"
    file.write_bytes(long_clip.read_bytes() + b"\0\0\0\x08skip")
    page = UploadPage(browser, yeoul_server)
    line = throttle(page, 150_000)
    page.choose(file)
    wait_for(lambda: count_landed(yeoul_server, file) >= 1, "a piece")
    page.row(file).get_by_role("button", name="Pause").click()
    page.wait_for(file, "paused")
    set_line(line, -1, offline=False)
    page.row(file).get_by_role("button", name="Resume").click()
    page.wait_for(file, "done")
    video_id = page.video_id(file)
    set_line(line, 50_000, offline=False)
    page.choose(file)
    page.page.locator("li.upload").last.get_by_role("button", name="Cancel").click()
    page.page.get_by_role("button", name="Stop and delete").click()
    expect(page.page.locator("li.upload").last).to_have_attribute("data-state", "cancelled")
    assert wait_for_end(yeoul_server, video_id)["source"]["frames"] == 280
    page.context.close()


def test_what_is_said_of_a_video_is_saved_while_it_is_sent(browser: Browser, yeoul_server: Server, tmp_path: Path, long_clip: Path):
    file = tmp_path / "said.mp4"
    file.write_bytes(long_clip.read_bytes() + b"\0\0\0\x08free" * 2)
    page = UploadPage(browser, yeoul_server)
    line = throttle(page, 100_000)
    page.choose(file)
    row = page.row(file)
    row.get_by_label("Title").fill("A walk along the river")
    row.get_by_label("Description").fill("In spring.")
    row.get_by_label("Tags").fill("water,")
    row.get_by_label("Visibility").select_option("unlisted")
    expect(row.locator(".upload-saved")).to_have_text("Saved")
    video = yeoul_server.get(f"/api/v1/videos/{page.video_id(file)}")
    said = {"title": "A walk along the river", "description": "In spring.", "tags": ["water"], "visibility": "unlisted"}
    assert {name: video[name] for name in said} == said and video["state"] in ("created", "uploading", "playable")
    set_line(line, -1, offline=False)
    page.wait_for(file, "done")
    assert page.troubles == []
    page.context.close()


def test_what_no_decoder_knows_is_refused_before_it_is_sent(browser: Browser, yeoul_server: Server, tmp_path: Path):
    file = make_clip(tmp_path / "odd.mov", "-c:v", "mpeg4")
    file.write_bytes(file.read_bytes().replace(b"mp4v", b"xXxX").replace(b"esds", b"free"))
    page = UploadPage(browser, yeoul_server)
    page.choose(file)
    page.wait_for(file, "failed")
    expect(page.row(file).get_by_role("alert")).to_contain_text("mov")
    assert page.begun == set() and page.troubles == []
    page.context.close()
