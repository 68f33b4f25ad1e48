"""Watching in Chromium: from the first picture to the last, by both protocols, while the video still grows, and when things go wrong."""

from __future__ import annotations

import base64
import statistics
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from bench.server import Server
from tests.e2e.waiting import find_upload, wait_for
from tests.e2e.watching import WatchPage, open_context
from tests.streams import make_source
from yeoul.media.binaries import ffmpeg_path

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


def assert_smooth(page: WatchPage) -> None:
    stats = page.stats()
    assert (stats["stalls"], stats["faults"]) == (0, []), stats


@pytest.mark.alone
@pytest.mark.parametrize(
    ("clip", "portrait"),
    [
        ("bunny-480p-30s.mp4", False),
        ("vfr-3026x1386.mp4", False),
        ("rotated-5.1ch.mp4", True),
        ("phone-hevc10-editlist-rotated.mp4", True),
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
        assert_smooth(page)
        assert stats["protocol"] == proto
        assert stats["currentTime"] == pytest.approx(duration_s, abs=0.15)
        assert stats["decodedFrames"] >= frames - 1
        assert (page.media("media.videoHeight") > page.media("media.videoWidth")) is portrait


@pytest.mark.alone
def test_plays_without_sound_and_at_both_ends(watch: Watch, upload: Upload):
    page = watch(upload("people-noaudio-139s.mp4")["id"]).play()
    page.until("player.media.currentTime > 6")
    page.seek(page.stats()["duration"] - 5)
    page.until_ended()
    assert_smooth(page)


@pytest.mark.alone
def test_seeks_to_the_picture(watch: Watch, upload: Upload):
    page = watch(upload("bunny-480p-30s.mp4")["id"]).play()
    page.press("k")
    for target_s in (27.3, 3.1, 12.0, 0.0, 29.5, 5.99, 18.02):
        shown_s = page.seek(target_s)
        assert target_s - 1.01 / 24 <= shown_s <= target_s + 0.001, (target_s, shown_s)
    assert_smooth(page)


@pytest.mark.alone
@pytest.mark.parametrize("proto", ["hls", "dash"])
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
    assert_smooth(page)


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


@pytest.mark.alone
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


_LISTEN = """async (file) => {
  let media = document.querySelector('yeoul-player').media;
  if (file !== null) {
    media.pause();
    media = document.createElement('video');
    media.src = URL.createObjectURL(await (await fetch(`data:video/mp4;base64,${file}`)).blob());
    document.body.prepend(media);
  }
  const context = new AudioContext();
  const source = `registerProcessor('beeps', class extends AudioWorkletProcessor {
    constructor() { super(); this.quiet = 0; }
    process([input]) {
      const samples = input[0] ?? [];
      for (let i = 0; i < samples.length; i++) {
        if (Math.abs(samples[i]) < 0.05) this.quiet += 1;
        else { if (this.quiet > sampleRate * 0.3) this.port.postMessage((currentFrame + i) / sampleRate); this.quiet = 0; }
      }
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
  const beeps = [], flashes = [], canvas = new OffscreenCanvas(8, 8), pen = canvas.getContext('2d', {willReadFrequently: true});
  const node = new AudioWorkletNode(context, 'beeps');
  node.port.onmessage = (event) => {
    // From the audio clock to the page's: when these samples are due at the speaker.
    const now = context.getOutputTimestamp();
    beeps.push(now.performanceTime + (event.data - now.contextTime) * 1000);
  };
  context.createMediaElementSource(media).connect(node).connect(context.destination);
  let dark = true;
  const onFrame = (now, frame) => {
    pen.drawImage(media, 0, 0, 8, 8);
    const bright = pen.getImageData(4, 4, 1, 1).data[0] > 128;
    if (bright && dark) flashes.push({shown: frame.expectedDisplayTime, mediaTime: frame.mediaTime});
    dark = !bright;
    media.requestVideoFrameCallback(onFrame);
  };
  media.requestVideoFrameCallback(onFrame);
  media.currentTime = 0;
  await context.resume();
  await media.play();
  await new Promise((done) => media.addEventListener('ended', done, {once: true}));
  return {beeps, flashes};
}"""


@pytest.fixture(scope="module")
def flashes_and_beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 s of black and silence; at each half second past the full one, a white picture and a beep for 0.1 s."""
    path = tmp_path_factory.mktemp("sync") / "sync.mp4"
    picture = "color=black:s=640x360:r=30:d=6,drawbox=c=white:t=fill:enable='between(mod(t,1),0.499,0.599)'"
    sound = "aevalsrc='if(between(mod(t,1),0.5,0.6),0.8*sin(2*PI*1000*t),0)':s=48000:d=6"
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "60", "-c:a", "aac", "-b:a", "192k", str(path)]
    subprocess.run(command, check=True)
    return path


def sound_lag_ms(heard: dict[str, Any]) -> float:
    """How much later than its flash a beep is heard; the median of all."""
    lags: list[float] = []
    for n, flash in enumerate(heard["flashes"]):
        # A busy machine may pass over the first white picture of a flash; when that was due is known from the one that was shown.
        late_s = flash["mediaTime"] - (n + 0.5)
        assert -0.001 < late_s < 0.1, flash
        due_ms = flash["shown"] - late_s * 1000
        lags.append(min((beep - due_ms for beep in heard["beeps"]), key=abs))
    assert len(lags) == 6
    return statistics.median(lags)


@pytest.mark.alone
def test_sound_and_picture_are_together(watch: Watch, yeoul_server: Server, flashes_and_beeps: Path):
    video = yeoul_server.upload(flashes_and_beeps, "--visibility", "unlisted")
    # The listening code of the test is a script that the page's own policy would refuse.
    lags = {}
    for proto in ("hls", "dash"):
        page = watch(video["id"], bypass_csp=True).play(proto=proto)
        lags[proto] = sound_lag_ms(page.page.evaluate(_LISTEN, None))
    # Listening takes time by itself: what it is, the source file tells, played by the browser alone.
    source = sound_lag_ms(page.page.evaluate(_LISTEN, base64.b64encode(flashes_and_beeps.read_bytes()).decode()))
    assert all(abs(lag - source) <= 40 for lag in lags.values()), (lags, source)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_source(tmp_path / "growing.mp4", size="854x480", duration_s=16)


@pytest.fixture
def sending(yeoul_server: Server, clip: Path) -> Iterator[subprocess.Popen[str]]:
    """An upload that takes 12 s; it does not outlive its test."""
    upload = yeoul_server.start_upload(clip, "--visibility", "unlisted", "--limit-rate", str(clip.stat().st_size // 12))
    yield upload
    upload.kill()
    upload.communicate()


@pytest.mark.alone
def test_plays_to_the_end_while_the_rest_arrives(watch: Watch, yeoul_server: Server, clip: Path, sending: subprocess.Popen[str]):
    found = wait_for(lambda: find_upload(yeoul_server, clip), "the upload to begin")
    page = watch(found["video_id"]).open()
    expect(page.text(".stage-title")).to_be_visible()
    page.until("player.media.currentTime > 0.2")
    expect(page.text(".stage")).to_be_hidden()
    assert sending.poll() is None, "it did not start before the upload's end"
    assert page.stats()["growing"] is True
    assert page.stats()["duration"] == pytest.approx(16, abs=0.1)
    expect(page.text(".work-line")).to_contain_text("still uploading or processing")
    expect(page.text(".growing")).to_have_text("Still uploading")
    page.until_ended()
    video = yeoul_server.end_upload(sending)
    stats, seen = page.stats(), page.seen()
    assert (video["state"], stats["faults"], seen["backwards"]) == ("ready", [], [])
    assert stats["currentTime"] == pytest.approx(16, abs=0.15)
    steps = [after - before for before, after in zip(seen["frames"], seen["frames"][1:], strict=False)]
    assert seen["frames"][0] < 0.2
    assert max(steps) < 0.5, "pictures were left out"


def test_failed_video_says_why(watch: Watch, yeoul_server: Server, media_dir: Path):
    video = yeoul_server.upload(media_dir / "bad-garbage.mp4", "--visibility", "unlisted")
    page = watch(video["id"]).open()
    expect(page.text(".stage-detail")).to_have_text("media.unreadable")
    expect(page.text(".stage-title")).to_have_text("This is not a video that can be read. Check that it plays on your machine.")


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
    expect(page.text(".stage-title")).to_have_text("There is no such video.")
