"""Watching in Chromium: from the first picture to the last, by both protocols, while the video still grows, and when things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from bench.server import Server
from tests.e2e.clip import Clip
from tests.e2e.listening import RECORD_BUFFERS, find_beeps, find_flashes, make_flashes_and_beeps
from tests.e2e.raw_upload import Cut, RawUpload
from tests.e2e.waiting import wait_for_end
from tests.e2e.watching import WatchPage, open_context
from tests.harness.cut import leave_out
from tests.streams import make_source

Watch = Callable[..., WatchPage]
Upload = Callable[[str], dict[str, Any]]


@pytest.fixture
def watch(browser: Browser, yeoul_server: Server) -> Iterator[Watch]:
    """Opens watch pages in a window of their own; at the end none may have had an error nobody expected."""
    opened: list[WatchPage] = []
    contexts = []

    def make(video_id: str, **options: Any) -> WatchPage:
        contexts.append(open_context(browser, viewport={"width": 1280, "height": 800}, **options))
        opened.append(WatchPage(contexts[-1].new_page(), f"{yeoul_server.url}/watch/{video_id}"))
        return opened[-1]

    yield make
    troubles = [trouble for page in opened for trouble in page.troubles]
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture(scope="module")
def upload(yeoul_server: Server, media_dir: Path) -> Upload:
    """Uploads a clip once for all tests here."""
    done: dict[str, dict[str, Any]] = {}

    def make(name: str) -> dict[str, Any]:
        if name not in done:
            done[name] = yeoul_server.upload(media_dir / name, "--visibility", "unlisted")
        return done[name]

    return make


def assert_no_hole(page: WatchPage) -> None:
    """What was buffered is one range: a stall may be the machine's, a hole is the stream's. `python -m bench smooth` counts stalls."""
    assert page.stats()["faults"] == []
    ranges = page.media("Array.from({length: media.buffered.length}, (_, i) => [media.buffered.start(i), media.buffered.end(i)])")
    assert len(ranges) == 1, ranges


@pytest.mark.parametrize(
    ("clip", "portrait"),
    [
        pytest.param("bunny-480p-30s.mp4", False, marks=pytest.mark.long),
        pytest.param("vfr-3026x1386.mp4", False, marks=pytest.mark.long),
        ("rotated-5.1ch.mp4", True),
        pytest.param("phone-hevc10-editlist-rotated.mp4", True, marks=pytest.mark.long),
    ],
)
def test_plays_from_start_to_end(watch: Watch, upload: Upload, clip: str, portrait: bool):
    video = upload(clip)
    duration_s, frames = video["source"]["duration_s"], video["source"]["frames"]
    # Both at once: it is the playing time that costs.
    pages = {proto: watch(video["id"]).open(proto=proto) for proto in ("hls", "dash")}
    for proto, page in pages.items():
        page.until_ended()
        stats = page.stats()
        assert_no_hole(page)
        assert stats["protocol"] == proto
        assert stats["currentTime"] == pytest.approx(duration_s, abs=0.15)
        assert stats["decodedFrames"] >= frames - 1
        assert (page.media("media.videoHeight") > page.media("media.videoWidth")) is portrait


def test_plays_without_sound_and_at_both_ends(watch: Watch, upload: Upload):
    page = watch(upload("people-noaudio-139s.mp4")["id"]).play()
    page.until("player.media.currentTime > 6")
    page.media("media.currentTime = media.duration - 5")
    page.until_ended()
    assert page.stats()["faults"] == []


def test_seeks_to_the_picture(watch: Watch, upload: Upload):
    page = watch(upload("bunny-480p-30s.mp4")["id"]).play()
    page.press("k")
    page.until("player.media.paused")
    page.seek(1.0)  # a picture that playing was about to show may come once more
    for target_s in (27.3, 3.1, 12.0, 0.0, 29.5, 5.99, 18.02):
        shown_s = page.seek(target_s)
        assert target_s - 1.01 / 24 <= shown_s <= target_s + 0.001, (target_s, shown_s)
    assert page.stats()["faults"] == []


_SEEK_WHILE_APPENDING = """(target) => {
  const add = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function (type) {
    const buffer = add.call(this, type);
    if (!type.startsWith('video/')) return buffer;
    const append = buffer.appendBuffer;
    buffer.appendBuffer = function (data) {
      const media = document.querySelector('yeoul-player').media;
      const ranges = buffer.buffered;
      if (window.sought === undefined && ranges.length > 0 && ranges.end(0) > target - 2) {
        window.sought = {shown: 0};
        const onFrame = (_now, frame) => {
          window.sought.shown = frame.mediaTime;
          media.requestVideoFrameCallback(onFrame);
        };
        media.requestVideoFrameCallback(onFrame);
        media.pause();
        media.currentTime = target;
        // The browser seeks meanwhile, and Shaka hears of the seek only after the segment was handed over.
        for (const start = performance.now(); performance.now() - start < 20; );
      }
      return append.call(buffer, data);
    };
    return buffer;
  };
}"""


def test_a_seek_into_a_segment_that_is_being_appended_shows_the_picture(watch: Watch, upload: Upload):
    """Four times, since whether Chromium has begun to read that segment when it is removed is up to chance."""
    video = upload("bunny-480p-30s.mp4")
    for _ in range(4):
        page = watch(video["id"])
        page.page.add_init_script(f"({_SEEK_WHILE_APPENDING})(12)")
        page.open().until("window.sought !== undefined && !player.media.seeking")
        page.until("player.media.buffered.length > 0 && player.media.buffered.end(0) > 29.9")
        page.until("Math.abs(window.sought.shown - 12) < 0.001")
        assert page.media("media.currentTime") == 12
        page.page.close()


@pytest.mark.parametrize("proto", leave_out(["hls", "dash"], {"hls"}))
def test_quality_picker_changes_the_picture(watch: Watch, upload: Upload, proto: str):
    page = watch(upload("bunny-480p-30s.mp4")["id"]).play(proto=proto)
    heights = [int(rung.split("x")[1]) for rung in page.stats()["rungs"]]
    assert len(heights) > 1
    for height in (heights[-1], heights[0]):
        page.choose("Quality", f"{height}p")
        page.until(f"player.media.videoHeight === {height}")
        assert page.stats()["activeRung"].endswith(f"x{height}")
    page.choose("Quality", "Auto")
    assert page.page.evaluate("document.querySelector('yeoul-player').playback.chosen") is None
    assert page.stats()["faults"] == []


def test_keyboard(watch: Watch, upload: Upload):
    page = watch(upload("bunny-480p-30s.mp4")["id"]).play()
    page.press("k")
    page.until("player.media.paused")
    page.press("5")
    page.until("!player.media.seeking && Math.abs(player.media.currentTime - 15) < 0.05")
    for key, target_s in (("l", 25), ("j", 15), ("ArrowRight", 20), ("ArrowLeft", 15)):
        page.press(key)
        page.until(f"!player.media.seeking && Math.abs(player.media.currentTime - {target_s}) < 0.05")
    before_s = page.seek(15)
    for key, frames in ((".", 1), (".", 2), (",", 1)):
        count = len(page.seen()["frames"])
        page.press(key)
        page.page.wait_for_function("(count) => window.seen.frames.length > count", arg=count)
        assert page.seen()["frames"][-1] == pytest.approx(before_s + frames / 24, abs=0.002)
    page.press("m")
    assert page.media("media.muted") is True
    page.press("ArrowDown")
    assert page.media("[media.muted, Math.round(media.volume * 100)]") == [False, 95]
    page.press(">")
    assert page.media("media.playbackRate") == 1.25
    page.press("<")
    assert page.media("media.playbackRate") == 1
    page.press("f")
    page.page.wait_for_function("() => document.fullscreenElement?.localName === 'yeoul-player'")
    page.press("f")
    page.page.wait_for_function("() => document.fullscreenElement === null")
    page.press("Space")
    page.until("!player.media.paused")


def test_storyboard_shows_over_the_bar(watch: Watch, upload: Upload):
    page = watch(upload("bunny-480p-30s.mp4")["id"]).play()
    bar = page.text("media-time-range").bounding_box()
    assert bar is not None
    places = {}
    for share in (0.2, 0.8):
        page.page.mouse.move(bar["x"] + bar["width"] * share, bar["y"] + bar["height"] / 2)
        picture = page.page.locator("media-preview-thumbnail img")
        expect(picture).to_be_visible()
        picture.evaluate("(image) => image.decode()")
        assert picture.evaluate("(image) => image.naturalWidth") > 160
        places[share] = picture.evaluate("(image) => [image.src, getComputedStyle(image).transform]")
    assert places[0.2] != places[0.8]


def test_captions_are_offered_and_show(watch: Watch, upload: Upload):
    page = watch(upload("with-srt-subtitles.mkv")["id"]).play()
    page.press("c")
    page.until(
        "[...player.media.textTracks].some((track) => track.kind === 'captions' && track.mode === 'showing' && track.cues?.length > 0)"
    )
    page.press("c")
    page.until("[...player.media.textTracks].every((track) => track.mode !== 'showing')")


def test_a_key_pressed_before_the_controls_have_loaded_is_not_lost(watch: Watch, upload: Upload):
    page = watch(upload("with-srt-subtitles.mkv")["id"])
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.page.route("**/controls-*.js", hold)
    with page.page.expect_request("**/controls-*.js"):
        page.open()
    page.until("player.media.textTracks.length > 0")
    page.press("c")
    held[0].continue_()
    page.until("[...player.media.textTracks].some((track) => track.kind === 'captions' && track.mode === 'showing')")


def test_lost_connection_comes_back_by_itself(watch: Watch, upload: Upload):
    page = watch(upload("people-noaudio-139s.mp4")["id"]).play()
    page.page.route("**/*.m4s", lambda route: route.abort("connectionfailed"))
    page.page.evaluate("document.querySelector('yeoul-player').media.currentTime = 120")
    expect(page.text(".trouble")).to_contain_text("The connection was lost. Trying again")
    page.page.unroute("**/*.m4s")
    page.page.evaluate("dispatchEvent(new Event('online'))")
    page.until("player.media.currentTime > 121")
    expect(page.text(".trouble")).to_be_hidden()
    page.troubles.clear()


@pytest.fixture(scope="module")
def flashes_and_beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_flashes_and_beeps(tmp_path_factory.mktemp("sync") / "sync.mp4")


@pytest.mark.parametrize("proto", leave_out(["hls", "dash"], {"dash"}))
def test_sound_and_picture_are_together(watch: Watch, yeoul_server: Server, flashes_and_beeps: Path, tmp_path: Path, proto: str):
    """On the media's own clock; `python -m bench smooth` listens by the machine's."""
    video = yeoul_server.upload(flashes_and_beeps, "--visibility", "unlisted")
    page = watch(video["id"])
    page.page.add_init_script(RECORD_BUFFERS)
    page.open(proto=proto).until_ended()
    # The browser gets both from zero on and moves neither,
    assert (
        page.page.evaluate("window.buffers.map((one) => [one.timestampOffset, one.buffered.length, one.buffered.start(0)])")
        == [[0, 1, pytest.approx(0, abs=0.001)]] * 2
    )
    # shows each picture at its own time,
    assert all(abs(time * 30 - round(time * 30)) < 0.001 for time in page.seen()["frames"])
    # and finds flash and beep at the same times in them.
    with httpx.Client() as client:
        clip = Clip(flashes_and_beeps, video, yeoul_server, client, tmp_path)
        picture, sound = clip.save(clip.rungs[0]), clip.save(clip.audios[0])
    assert find_flashes(picture) == [pytest.approx(n + 0.5, abs=0.001) for n in range(6)]
    assert find_beeps(sound) == [pytest.approx(n + 0.5, abs=0.003) for n in range(6)]


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    return Cut(make_source(tmp_path / "growing.mp4", size="854x480", duration_s=16), tmp_path)


def test_plays_to_the_end_while_the_rest_arrives(watch: Watch, yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    assert yeoul_server.request("PATCH", f"/api/v1/videos/{upload.video_id}", {"visibility": "unlisted"})[0] == 200
    page = watch(upload.video_id).open()
    expect(page.text(".stage-title")).to_be_visible()
    upload.send(cut, 0)
    page.until("player.media.currentTime > 0.2")
    assert page.media("media.played.start(0)") == pytest.approx(0, abs=0.05)
    expect(page.text(".stage")).to_be_hidden()
    assert page.stats()["growing"] is True
    assert page.stats()["duration"] == pytest.approx(16, abs=0.1)
    expect(page.text(".work-line")).to_contain_text("still uploading or processing")
    expect(page.text(".growing")).to_have_text("Still uploading")
    for index in range(1, len(cut.bodies)):
        upload.send(cut, index)
    assert upload.complete(len(cut.bodies))[0] < 300
    page.until_ended()
    stats, seen = page.stats(), page.seen()
    assert (wait_for_end(yeoul_server, upload.video_id)["state"], stats["faults"], seen["backwards"]) == ("ready", [], [])
    assert stats["currentTime"] == pytest.approx(16, abs=0.15)
    # Whoever lacks pictures waits for them; a player that passes them over seeks.
    assert [leap for leap in seen["leaps"] if leap[1] > leap[0] + 0.1] == []
    assert_no_hole(page)


def test_failed_video_says_why(watch: Watch, yeoul_server: Server, media_dir: Path):
    video = yeoul_server.upload(media_dir / "bad-garbage.mp4", "--visibility", "unlisted")
    page = watch(video["id"]).open()
    expect(page.text(".stage-detail")).to_have_text("media.unreadable")
    expect(page.text(".stage-title")).to_have_text("This file cannot be read as a video. Check that it plays on your computer.")


def test_what_users_write_is_text(watch: Watch, browser: Browser, yeoul_server: Server, tmp_path: Path):
    title = "<img src=x onerror='window.broken=1'><script>window.broken=1</script>"
    video = yeoul_server.upload(make_source(tmp_path / "a.mp4", size="320x180", duration_s=2), "--title", title, "--visibility", "public")
    page = watch(video["id"]).play()
    expect(page.text("#title")).to_have_text(title)
    page.page.goto(yeoul_server.url)
    for list_name in ("Trending now", "Latest"):
        expect(page.page.get_by_role("region", name=list_name).locator(".card-title").filter(has_text=title)).to_be_visible()
    assert page.page.evaluate("window.broken") is None


def test_missing_video_says_so(watch: Watch):
    page = watch("0nosuchvideo0").open()
    expect(page.text(".stage-title")).to_have_text("Video not found")
