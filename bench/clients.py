"""The matrix of clients: what each player makes of each kind of clip, by HLS and DASH.

    python -m bench clients

A clip has six flashes with a beep each. What is told: whether the client starts, ends and shows every picture, how long the video is to it,
how many ranges it buffers, and by how much the beeps at the start, in the middle and at the end come later than their flashes than they do
in the uploaded file.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.figure import Figure
from bench.server import Server
from bench.watcher import open_speaker, watch
from tests.e2e.foreign import (
    Screen,
    Tab,
    copy_by_ffmpeg,
    fetch_by_yt_dlp,
    find_flash_times,
    open_firefox,
    open_screen,
    open_webkit,
    play_by_gstreamer,
    play_by_mpv,
)
from tests.e2e.listening import LISTEN, find_beeps, make_flashes_and_beeps, sound_lags_ms
from tests.e2e.players import FILL_SCREEN, LOOK, MEDIA, PLAY_ALONE, STATE, WEB_PLAYERS, open_player
from tests.e2e.waiting import wait_for
from tests.e2e.watching import WatchPage, launch, open_context
from yeoul.media.binaries import ffmpeg_path

_RESULTS = Path(__file__).parent / "clients.json"
_LENGTH_S = 6.0
_FLASHES = 6
_ENDS = (0, 2, 5)  # the flashes at the start, in the middle and at the end
_MOST_MS = 20
_PLAYS = 3
_PIXEL = (640, 500)  # below what the player draws in the middle
_SCREEN = "lt(mod(t,1),0.45)+not(mod(n,15))"  # little moves
_UNEVEN = "not(eq(mod(n,7),3))"
# Name: (pictures a second, which of them there are, ffmpeg's words that make another file of it, its ending).
_CLIPS: Mapping[str, tuple[int, str, tuple[str, ...], str]] = {
    "10 fps": (10, "1", (), "mp4"),
    "12 fps": (12, "1", (), "mp4"),
    "24 fps": (24, "1", (), "mp4"),
    "25 fps": (25, "1", (), "mp4"),
    "30 fps": (30, "1", (), "mp4"),
    "50 fps": (50, "1", (), "mp4"),
    "60 fps": (60, "1", (), "mp4"),
    "screen recording": (30, _SCREEN, (), "mp4"),
    "variable rate": (30, _UNEVEN, (), "mp4"),
    "HEVC": (30, "1", ("-c:v", "libx265", "-x265-params", "log-level=error"), "mp4"),
    "VP9 and Opus": (30, "1", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"), "webm"),
    "AV1": (30, "1", ("-c:v", "libsvtav1", "-preset", "12"), "mp4"),
    "MPEG-2": (25, "1", ("-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2"), "ts"),
    "ProRes": (25, "1", ("-c:v", "prores_ks", "-c:a", "pcm_s16le"), "mov"),
}


@dataclass(frozen=True)
class Played:
    """What a client made of a clip.

    lags_ms: of the beeps behind their flashes at the start, in the middle and at the end, less those of the file.
    pictures, length_s, ranges: None where it does not tell. fault: what went wrong, empty where nothing did.
    """

    client: str
    clip: str
    lags_ms: tuple[float, ...] | None = None
    pictures: int | None = None
    length_s: float | None = None
    ranges: int | None = None
    fault: str = ""


def bench_clients(_pairs: int) -> list[Figure]:
    """Plays every clip with every client, and prints a line for each."""
    with tempfile.TemporaryDirectory() as name, Server(Path(name) / "data") as server:
        folder = Path(name)
        clips = {clip: _upload(server, clip, folder) for clip in _CLIPS}
        rows = [*_in_chromium(server, clips, folder), *_outside(clips, folder), *_in_others(server, clips, folder)]
    _RESULTS.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    clients = sorted({row.client for row in rows if row.lags_ms is not None})
    worst = [max(abs(lag) for row in rows if row.client == client for lag in row.lags_ms or ()) for client in clients]
    faults = float(sum(bool(row.fault) for row in rows))
    return [
        Figure("clients", f"faults in {len(rows)} runs of players over {len(_CLIPS)} kinds of clips", "0", [faults]),
        Figure("client sync", "sound later than its picture, the worst of each client, ms", f"<= {_MOST_MS}", worst),
    ]


def _upload(server: Server, clip: str, folder: Path) -> dict[str, Any]:
    rate, keep, words, ending = _CLIPS[clip]
    path = make_flashes_and_beeps(folder / f"{clip}.mp4", rate=rate, keep=keep)
    if words:
        other = folder / f"{clip} coded.{ending}"
        subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-i", str(path), *words, str(other)], check=True)
        path = other
    return server.upload(path, "--title", clip, "--visibility", "public")


def _judge(client: str, clip: str, video: Mapping[str, Any], play: Callable[[], Played]) -> Played:
    """What a client made of a clip, and what is wrong with it."""
    try:
        found = play()
    except Exception as error:  # noqa: BLE001 (whatever a client does, the others are tried as well)
        return _told(Played(client, clip, fault=f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"))
    wrong: list[str] = []
    if found.pictures is not None and found.pictures < video["source"]["frames"]:
        wrong.append(f"{found.pictures} of {video['source']['frames']} pictures")
    if found.length_s is not None and abs(found.length_s - _LENGTH_S) > 0.1:
        wrong.append(f"{found.length_s:.3f} s long")
    if found.ranges is not None and found.ranges != 1:
        wrong.append(f"{found.ranges} ranges")
    if found.lags_ms is not None and max(map(abs, found.lags_ms)) > _MOST_MS:
        wrong.append("out of sync")
    return _told(Played(client, clip, found.lags_ms, found.pictures, found.length_s, found.ranges, ", ".join(wrong)))


def _told(row: Played) -> Played:
    lags = "" if row.lags_ms is None else " ".join(f"{lag:+.1f}" for lag in row.lags_ms)
    print(f"{row.client:<20} {row.clip:<18} {row.fault or 'right'}  {lags}", flush=True)
    return row


# --- Chromium ---


def _in_chromium(server: Server, clips: Mapping[str, dict[str, Any]], folder: Path) -> Iterator[Played]:
    with sync_playwright() as playwright, launch(playwright.chromium, Path(shutil.which("chromium") or "chromium")) as browser:
        for clip, video in clips.items():
            own_ms = _listen_to_file(browser, server, video, folder / f"{clip}.mp4")
            for proto in ("hls", "dash"):
                yield _judge(f"Yeoul, {proto.upper()}", clip, video, lambda: _play_ours(browser, server, video, proto, own_ms))  # noqa: B023
            for name in WEB_PLAYERS:
                yield _judge(name, clip, video, lambda: _play_other(browser, name, video, own_ms))  # noqa: B023


def _listen_to_file(browser: Browser, server: Server, video: Mapping[str, Any], file: Path) -> Sequence[float]:
    """By how much each beep is heard later than its flash is seen, in ms, where the browser plays the file by itself."""
    data = base64.b64encode(file.read_bytes()).decode()
    with open_context(browser, bypass_csp=True) as context:
        page = WatchPage(context.new_page(), f"{server.url}/watch/{video['id']}").play().page
        return _largest([sound_lags_ms(page.evaluate(LISTEN, data)) for _ in range(_PLAYS)])


def _largest(plays: Sequence[Sequence[float]]) -> list[float]:
    """Returns the largest lag of each flash: it is smaller where the first white picture was passed over."""
    return [max(lags) for lags in zip(*plays, strict=True)]


def _play_ours(browser: Browser, server: Server, video: Mapping[str, Any], proto: str, own_ms: Sequence[float]) -> Played:
    with open_context(browser, bypass_csp=True, viewport={"width": 1280, "height": 800}) as context:
        page = WatchPage(context.new_page(), f"{server.url}/watch/{video['id']}").play(proto=proto).page
        return _listen(page, own_ms)


def _play_other(browser: Browser, name: str, video: Mapping[str, Any], own_ms: Sequence[float]) -> Played:
    with open_context(browser, bypass_csp=True) as context:
        page = context.new_page()
        open_player(page, name, video)
        page.wait_for_function(f"{MEDIA}?.readyState >= 2")
        return _listen(page, own_ms)


def _listen(page: Page, own_ms: Sequence[float]) -> Played:
    """Listens again where it seems out of sync: a busy machine passes over pictures, and sound is told of in blocks."""
    page.evaluate(f"{MEDIA}.muted = false")
    plays: list[Sequence[float]] = []
    lags: tuple[float, ...] = ()
    while not lags or (max(map(abs, lags)) > _MOST_MS and len(plays) < _PLAYS):
        plays.append(sound_lags_ms(page.evaluate(LISTEN, None)))
        found = _largest(plays)
        lags = tuple(found[n] - own_ms[n] for n in _ENDS)
    state = page.evaluate(STATE)
    for near_end_s in (5.7, 5.9, 5.97):
        page.evaluate(f"(async () => {{ const media = {MEDIA}; media.currentTime = {near_end_s}; await media.play(); }})()")
        page.wait_for_function(f"{MEDIA}.ended")
    return Played("", "", lags, state["pictures"], state["duration"], len(state["ranges"]))


# --- programs that write what they play into a file ---


def _outside(clips: Mapping[str, dict[str, Any]], folder: Path) -> Iterator[Played]:
    mpv, gstreamer = (Path(shutil.which(name) or name) for name in ("mpv", "gst-launch-1.0"))
    programs: Mapping[str, Callable[[str, Path], Path]] = {
        "ffmpeg 8": copy_by_ffmpeg,
        "ffmpeg 9": lambda url, out: copy_by_ffmpeg(url, out, newest=True),
        "mpv": lambda url, out: play_by_mpv(mpv, url, out.with_suffix(".nut")),
        "GStreamer": lambda url, out: play_by_gstreamer(gstreamer, url, out),
        "yt-dlp": fetch_by_yt_dlp,
    }
    for clip, video in clips.items():
        _, own = _lags_of(folder / f"{clip}.mp4")
        for client, program in programs.items():
            for proto in ("hls", "dash"):
                if (client, proto) == ("ffmpeg 8", "dash"):
                    continue  # it is built without a reader of manifests
                out = folder / f"{client} {proto} {clip}.mkv".replace(" ", "-")
                yield _judge(f"{client}, {proto.upper()}", clip, video, lambda: _measure(program(video[proto], out), own))  # noqa: B023


def _measure(path: Path, own_ms: Sequence[float]) -> Played:
    pictures, lags = _lags_of(path)
    path.unlink()
    return Played("", "", tuple(lags[n] - own_ms[n] for n in _ENDS), pictures)


def _lags_of(path: Path) -> tuple[int, list[float]]:
    """Returns how many pictures a file has, and by how much each beep comes later than its flash, in ms."""
    pictures, flashes = find_flash_times(path)
    beeps = find_beeps(path)
    if len(flashes) != _FLASHES or len(beeps) != _FLASHES:
        raise AssertionError(f"{len(flashes)} flashes and {len(beeps)} beeps of {_FLASHES}")
    return pictures, [(beep - flash) * 1000 for flash, beep in zip(flashes, beeps, strict=True)]


# --- other browsers ---


def _in_others(server: Server, clips: Mapping[str, dict[str, Any]], folder: Path) -> Iterator[Played]:
    with contextlib.ExitStack() as stack:
        (folder / "screen").mkdir()
        screen = stack.enter_context(open_screen(Path(shutil.which("Xvfb") or "Xvfb"), folder / "screen"))
        speaker = stack.enter_context(open_speaker(folder / "speaker"))
        firefox, webkit = (Path(shutil.which(name) or name) for name in ("firefox-esr", "WebKitWebDriver"))
        browsers = {
            "Firefox": lambda: open_firefox(firefox, folder / "firefox", screen=screen, speaker=speaker),
            "WebKitGTK": lambda: open_webkit(webkit, screen, speaker=speaker),
        }
        for client, opened in browsers.items():
            with opened() as tab:
                listener = _Listener(tab, screen, speaker)
                for clip, video in clips.items():
                    address = f"{server.url}/watch/{video['id']}"
                    find_own_ms = functools.cache(functools.partial(listener.find_lags_ms, address, folder / f"{clip}.mp4"))
                    for proto in ("hls", "dash"):
                        play = functools.partial(_look, listener, f"{address}?proto={proto}", find_own_ms)
                        yield _judge(f"{client}, {proto.upper()}", clip, video, play)


@dataclass(frozen=True)
class _Listener:
    """One tab, watched and heard from outside."""

    tab: Tab
    screen: Screen
    speaker: str

    def find_lags_ms(self, address: str, file: Path | None) -> list[float]:
        """Returns by how much each beep comes later than its flash. file: what is played by the browser itself; None: the page's video."""
        self.tab.open(address)
        wait_for(lambda: self.tab.evaluate("document.querySelector('yeoul-player')?.media?.readyState >= 2"), "the player")
        self.tab.touch()
        data = None if file is None else base64.b64encode(file.read_bytes()).decode()
        self.tab.evaluate(f"({FILL_SCREEN})({json.dumps(data)})")
        with watch(self.screen, self.speaker, _PIXEL) as watched:
            self.tab.evaluate(PLAY_ALONE)
        if len(watched.beeps_ms) != _FLASHES:
            raise AssertionError(f"{len(watched.beeps_ms)} beeps of {_FLASHES}")
        return [_lag_ms(beep, watched.flashes_ms) for beep in watched.beeps_ms]


def _lag_ms(beep_ms: float, flashes_ms: Sequence[float]) -> float:
    """Returns the lag behind the closest flash; the window may be white for a moment at other times."""
    return min((beep_ms - flash for flash in flashes_ms), key=abs, default=math.inf)


def _look(listener: _Listener, address: str, find_own_ms: Callable[[], Sequence[float]]) -> Played:
    """Looks at the pictures beside the flashes; opens the page again, and plays the clip to its end; then listens.

    In this order, since WebKit draws what it showed last where it has ended.
    """
    tab = listener.tab

    def state_with(holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        return wait_for(lambda: state if holds(state := tab.evaluate(STATE)) else None, what)

    def open_page() -> dict[str, Any]:
        tab.open(address)
        wait_for(lambda: tab.evaluate("document.querySelector('yeoul-player')?.media !== undefined"), "the player")
        return state_with(lambda state: bool(state["ranges"]) and state["ranges"][-1][1] > _LENGTH_S - 0.1, "everything in the buffer")

    open_page()
    moments = [at for n in _ENDS for at in (n + 0.46, n + 0.55)]
    if (bright := tab.evaluate(LOOK % moments)) != [False, True] * len(_ENDS):
        raise AssertionError(f"flashes are not where they belong: {bright}")
    found = open_page()
    tab.evaluate(f"(async () => {{ const media = {MEDIA}; media.muted = true; await media.play(); }})()")
    pictures = state_with(lambda state: state["ended"], "the end")["pictures"]
    own_ms, lags = find_own_ms(), tuple[float, ...]()
    for _ in range(_PLAYS):  # a busy machine draws a picture late
        heard_ms = listener.find_lags_ms(address, None)
        lags = tuple(heard_ms[n] - own_ms[n] for n in _ENDS)
        if max(map(abs, lags)) <= _MOST_MS:
            break
    return Played("", "", lags, pictures, found["duration"], len(found["ranges"]))
