"""Players that are not Chromium: what they show comes when it should, whole and with its sound.

A quick cut of what `make bench` does with all clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from bench.server import Server
from tests.e2e.foreign import (
    Tab,
    WebKitTab,
    copy_by_ffmpeg,
    fetch_by_yt_dlp,
    find_flash_times,
    open_firefox,
    open_screen,
    open_webkit,
    play_by_gstreamer,
    play_by_mpv,
)
from tests.e2e.listening import find_beeps, make_flashes_and_beeps
from tests.e2e.players import LOOK, MEDIA, STATE, WEB_PLAYERS, open_player
from tests.e2e.waiting import wait_for
from tests.e2e.watching import open_context
from tests.harness.cut import leave_out

# How many pictures each clip has; "uneven": one in nine for most of each second, as of a screen on which little moves.
KINDS = {"30": 180, "10": 60, "uneven": 90}


@pytest.fixture(scope="module", params=KINDS)
def clip(request: pytest.FixtureRequest, yeoul_server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """A kind of clip, and a video of it."""
    rate, keep = (30, "lt(mod(t,1),0.45)+not(mod(n,15))") if request.param == "uneven" else (int(request.param), "1")
    path = make_flashes_and_beeps(tmp_path_factory.mktemp("flashes") / "flashes.mp4", rate=rate, keep=keep)
    return request.param, yeoul_server.upload(path, "--title", f"Flashes {request.param}", "--visibility", "public")


def lags_ms(path: Path, pictures: int) -> list[float]:
    """Returns by how much each beep comes later than its flash."""
    found, flashes = find_flash_times(path)
    beeps = find_beeps(path)
    assert found == pictures and len(flashes) == len(beeps) == 6, (found, flashes, beeps)
    return [(beep - flash) * 1000 for flash, beep in zip(flashes, beeps, strict=True)]


@pytest.mark.parametrize("newest", [False, True], ids=["ffmpeg 8", "ffmpeg 9"])
def test_ffmpeg_keeps_pictures_and_sound_together(newest: bool, clip: tuple[str, dict[str, Any]], tmp_path: Path):
    kind, video = clip
    made = copy_by_ffmpeg(video["hls"], tmp_path / "copy.mkv", newest=newest)
    assert all(abs(lag) <= 20 for lag in lags_ms(made, KINDS[kind]))


@pytest.mark.parametrize("stream", ["hls", "dash"])
def test_yt_dlp_keeps_pictures_and_sound_together(stream: str, clip: tuple[str, dict[str, Any]], tmp_path: Path):
    kind, video = clip
    made = fetch_by_yt_dlp(video[stream], tmp_path / "kept.mkv")
    assert all(abs(lag) <= 20 for lag in lags_ms(made, KINDS[kind]))


def test_mpv_plays_pictures_and_sound_together(clip: tuple[str, dict[str, Any]], mpv: Path, tmp_path: Path):
    kind, video = clip
    made = play_by_mpv(mpv, video["hls"], tmp_path / "played.nut")
    assert all(abs(lag) <= 20 for lag in lags_ms(made, KINDS[kind]))


@pytest.mark.parametrize("stream", ["hls", "dash"])
def test_gstreamer_plays_pictures_and_sound_together(stream: str, clip: tuple[str, dict[str, Any]], gstreamer: Path, tmp_path: Path):
    """With HLS it ignores edit lists: sound has the delay of the pictures."""
    kind, video = clip
    made = play_by_gstreamer(gstreamer, video[stream], tmp_path / "played.mkv")
    assert all(abs(lag) <= 20 for lag in lags_ms(made, KINDS[kind]))


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A page of a browser."""
    if request.param == "firefox":
        with open_firefox(request.getfixturevalue("firefox"), tmp_path_factory.mktemp("firefox") / "profile") as tab:
            yield tab
    else:
        folder = tmp_path_factory.mktemp("screen")
        with (
            open_screen(request.getfixturevalue("xvfb"), folder) as screen,
            open_webkit(request.getfixturevalue("webkit_driver"), screen) as tab,
        ):
            yield tab


def state_with(tab: Tab, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """Waits until what the player says of itself is as wanted, and returns it."""

    def look() -> dict[str, Any] | None:
        state = tab.evaluate(STATE)
        return state if holds(state) else None

    return wait_for(look, what)


@pytest.mark.parametrize("proto", ["dash", "hls"])
def test_a_browser_shows_each_picture_at_its_time(proto: str, tab: Tab, clip: tuple[str, dict[str, Any]], yeoul_server: Server):
    kind, video = clip
    tab.open(f"{yeoul_server.url}/watch/{video['id']}?proto={proto}")
    wait_for(lambda: tab.evaluate("document.querySelector('yeoul-player')?.media !== undefined"), "the player")
    found = state_with(tab, lambda state: state["ranges"] and state["ranges"][-1][1] > 5.9, "everything in the buffer")
    assert len(found["ranges"]) == 1 and found["ranges"][0][0] == 0, found
    assert abs(found["duration"] - 6.0) < 0.05, found
    tab.evaluate(f"(async () => {{ const media = {MEDIA}; media.muted = true; await media.play(); }})()")
    played = state_with(tab, lambda state: state["ended"], "the end")
    assert played["error"] is None, played
    if isinstance(tab, WebKitTab):
        # Where the machine is busy, this browser skips pictures without counting them, and a seek never ends now and then. What its
        # buffer does not take leaves more than one range.
        assert played["pictures"] > 0 and abs(played["time"] - found["duration"]) < 0.1, played
        return
    assert played["pictures"] >= KINDS[kind], played
    moments = [at for n in (0, 2, 5) for at in (n + 0.48, n + 0.52)]
    assert tab.evaluate(LOOK % moments) == [False, True] * 3


# --- players of other sites, in Chromium ---


@pytest.mark.parametrize("name", leave_out(WEB_PLAYERS, {"video.js with HLS", "video.js with DASH"}))
def test_a_player_shows_each_picture_at_its_time_and_ends(name: str, clip: tuple[str, dict[str, Any]], browser: Browser):
    kind, video = clip
    with open_context(browser, bypass_csp=True) as context:
        page = context.new_page()
        open_player(page, name, video)
        page.wait_for_function(f"{MEDIA}?.readyState >= 2")
        page.evaluate(f"(async () => {{ const media = {MEDIA}; media.muted = true; media.playbackRate = 2; await media.play(); }})()")
        page.wait_for_function(f"{MEDIA}.ended")
        found = page.evaluate(STATE)
        assert found["pictures"] >= KINDS[kind] and found["error"] is None, found
        assert len(found["ranges"]) == 1 and found["ranges"][0][0] == 0, found
        assert abs(found["duration"] - 6.0) < 0.05, found
        moments = [at for n in (0, 2, 5) for at in (n + 0.48, n + 0.52)]
        assert page.evaluate(LOOK % moments) == [False, True] * 3
        for near_end_s in (5.7, 5.9, 5.97):  # a player that is told another length waits for ever
            page.evaluate(f"(async () => {{ const media = {MEDIA}; media.currentTime = {near_end_s}; await media.play(); }})()")
            page.wait_for_function(f"{MEDIA}.ended")
        assert page.evaluate("window.faults") == []
