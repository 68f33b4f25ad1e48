"""Programs that are neither ours nor driven by playwright: Firefox, WebKit on GStreamer, ffmpeg, mpv and GStreamer."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Protocol

import av
import httpx
from websockets.sync.client import ClientConnection, connect

from bench.server import free_port
from tests.e2e.waiting import PATIENCE_S, wait_for
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path

_PREFERENCES = {
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
# Sound goes from the page's process to PulseAudio, out of the browser's own sandbox.
_SOUND_PREFERENCES = {
    "media.cubeb.backend": "pulse",
    "media.cubeb.sandbox": False,
    "security.sandbox.content.level": 0,
}
_SCREEN = "1280x800x24"


@dataclass(frozen=True)
class Screen:
    """A screen that nobody sees. framebuffer: a file with its pixels as they are now, in the format of xwd."""

    display: str
    framebuffer: Path


class Tab(Protocol):
    """One page of a browser."""

    def open(self, url: str) -> None: ...

    def evaluate(self, expression: str) -> Any:
        """Returns what an expression is, as JSON has it; a promise is waited for."""
        ...

    def touch(self) -> None:
        """Clicks the page's title: a browser may play sound only after that."""
        ...


class FirefoxTab:
    """A page of Firefox, by WebDriver BiDi."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = count(1)
        self._ask("session.new", {"capabilities": {}})
        self._context = self._ask("browsingContext.getTree", {})["contexts"][0]["context"]

    def _ask(self, method: str, parameters: dict[str, Any]) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url: str) -> None:
        # From an empty page: a page that is still loading would have the navigation aborted.
        for address in ("about:blank", url):
            self._ask("browsingContext.navigate", {"context": self._context, "url": address, "wait": "complete"})

    def evaluate(self, expression: str) -> Any:
        words = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        target = {"target": {"context": self._context}, "awaitPromise": True}
        found = self._ask("script.evaluate", {"expression": words, **target})
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def touch(self) -> None:
        """Does nothing: Firefox is told to play sound without it."""


class WebKitTab:
    """A page of WebKit's MiniBrowser, by WebDriver."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)
        self._path = f"/session/{self._ask('/session', {'capabilities': {'alwaysMatch': {}}})['sessionId']}"
        self._ask(f"{self._path}/timeouts", {"script": int(PATIENCE_S * 1000)})

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()["value"]

    def open(self, url: str) -> None:
        self._ask(f"{self._path}/url", {"url": url})

    def evaluate(self, expression: str) -> Any:
        answer = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        words = f"const done = arguments[0]; {answer}.then(done, (error) => done('!' + error))"
        found = self._ask(f"{self._path}/execute/async", {"script": words, "args": []})
        assert not found.startswith("!"), found
        return json.loads(found)

    def touch(self) -> None:
        title = self._ask(f"{self._path}/element", {"using": "css selector", "value": "h1"})
        self._ask(f"{self._path}/element/{next(iter(title.values()))}/click", {})

    def close(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            self._client.delete(self._path)
        self._client.close()


@contextlib.contextmanager
def open_screen(xvfb: Path, folder: Path) -> Iterator[Screen]:
    """A screen for programs that need one. folder: an empty one."""
    reading, writing = os.pipe()
    words = [str(xvfb), "-displayfd", str(writing), "-screen", "0", _SCREEN, "-fbdir", str(folder)]
    process = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield Screen(f":{told.readline().strip()}", folder / "Xvfb_screen0")
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def open_firefox(program: Path, profile: Path, *, screen: Screen | None = None, speaker: str | None = None) -> Iterator[Tab]:
    """Firefox with a profile of its own. screen: None: it has no window. speaker: an address of PulseAudio; None: it is silent."""
    profile.mkdir()
    preferences = _PREFERENCES if speaker is None else _PREFERENCES | _SOUND_PREFERENCES
    (profile / "user.js").write_text(
        "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
    )
    window = "--headless" if screen is None else "--kiosk"
    command = [str(program), window, "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0", "about:blank"]
    environ = _environ(screen, speaker)
    with (profile / "log").open("w") as log, subprocess.Popen(command, env=environ, stderr=log, stdout=log) as firefox:
        try:
            said = r"WebDriver BiDi listening on ws://[^:]*:(\d+)"
            port = wait_for(lambda: re.search(said, (profile / "log").read_text()), "Firefox")
            with connect(f"ws://127.0.0.1:{port[1]}/session", max_size=None, open_timeout=PATIENCE_S) as socket:
                yield FirefoxTab(socket)
        finally:
            firefox.terminate()


@contextlib.contextmanager
def open_webkit(driver: Path, screen: Screen, *, speaker: str | None = None) -> Iterator[Tab]:
    """WebKit's MiniBrowser. speaker: an address of PulseAudio; None: it is silent."""
    port = free_port()
    # Rendering by software; the browser's own sandbox needs what containers lack.
    environ = {
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
    }
    process = subprocess.Popen([str(driver), f"--port={port}"], env=_environ(screen, speaker) | environ, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(port), "WebKit's driver")
        tab = WebKitTab(port)
        yield tab
        tab.close()
    finally:
        process.terminate()
        process.wait()


def _environ(screen: Screen | None, speaker: str | None) -> dict[str, str]:
    own = {"DISPLAY": screen and screen.display, "PULSE_SERVER": speaker}
    return {**os.environ, **{name: value for name, value in own.items() if value is not None}}


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/status").is_success
    return False


def copy_by_ffmpeg(url: str, out: Path, *, newest: bool = False) -> Path:
    """What ffmpeg makes of a stream without decoding it, as an archivist keeps it."""
    program = feed_ffmpeg_path() if newest else ffmpeg_path()
    return _make([program, "-v", "error", "-nostdin", "-y", "-i", url, "-map", "0:v:0", "-map", "0:a:0", "-c", "copy"], out)


def fetch_by_yt_dlp(url: str, out: Path) -> Path:
    """What yt-dlp keeps of a stream."""
    words = ["-m", "yt_dlp", "--no-config", "--quiet", "--ffmpeg-location", ffmpeg_path(), "--merge-output-format", "mkv", url]
    return _make([sys.executable, *words], out, "--output=")


def play_by_mpv(program: Path, url: str, out: Path) -> Path:
    """What mpv shows and plays, as it would come out of the screen and the speakers."""
    return _make([str(program), "--no-config", "--really-quiet", url, "--of=nut", "--ovc=rawvideo", "--oac=pcm_s16le"], out, "--o=")


def _make(command: Sequence[str], out: Path, option: str = "") -> Path:
    subprocess.run([*command, f"{option}{out}"], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_S)
    return out


def find_flash_times(path: Path) -> tuple[int, list[float]]:
    """Returns (how many pictures, the times of the first white ones in seconds, as the file has them)."""
    with av.open(str(path)) as container:
        frames = [(frame.time or 0.0, frame.to_ndarray(format="gray").mean() > 128) for frame in container.decode(video=0)]
    return len(frames), [time for (_, before), (time, after) in pairwise(frames) if after and not before]


def play_by_gstreamer(program: Path, url: str, out: Path) -> Path:
    """What GStreamer shows and plays, by the times that it gives to both."""
    small = "videoscale ! video/x-raw,format=I420,width=160,height=90,pixel-aspect-ratio=1/1"  # whatever rung it changes to
    picture = f"d. ! video/x-raw ! queue max-size-time=0 ! videoconvert ! {small} ! queue ! m."
    sound = "d. ! audio/x-raw ! queue max-size-time=0 ! audioconvert ! audio/x-raw,format=S16LE ! queue ! m."
    words = f"uridecodebin uri={url} name=d matroskamux name=m ! filesink location={out} {picture} {sound}"
    subprocess.run([str(program), "-q", *words.split()], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_S)
    return out
