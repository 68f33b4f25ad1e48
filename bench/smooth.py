"""Whether playing goes on without a stall, and whether sound and picture come together, by the machine's own clock.

The tests hold the same of the streams without a clock: one buffered range, every picture decoded, equal times of flash and beep.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.figure import Figure
from bench.server import Server
from tests.clips.collection import find_clip
from tests.e2e.listening import LISTEN, make_flashes_and_beeps, sound_lag_ms
from tests.e2e.watching import WatchPage, launch, open_context

_CLIPS = ("bunny-480p-30s.mp4", "vfr-3026x1386.mp4", "rotated-5.1ch.mp4", "phone-hevc10-editlist-rotated.mp4", "people-noaudio-139s.mp4")
_PROTOCOLS = ("hls", "dash")


def bench_smooth(pairs: int) -> list[Figure]:
    """Plays each clip to its end by both protocols, and listens to flashes and beeps as often as there are pairs."""
    chromium = Path(shutil.which("chromium") or "chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder) / "data") as server,
        sync_playwright() as playwright,
        launch(playwright.chromium, chromium) as browser,
    ):
        stalls = [_count_stalls(browser, server, find_clip(name), proto) for name in _CLIPS for proto in _PROTOCOLS]
        lags = _measure_lags(browser, server, make_flashes_and_beeps(Path(folder) / "sync.mp4"), pairs)
    return [
        Figure("smooth", f"stalls while playing {len(_CLIPS)} clips to their ends, each by HLS and DASH", "0", stalls),
        Figure("sync", "sound later than its picture, beside the source file played alone, ms", "<= 40", lags),
    ]


def _watch(browser: Browser, server: Server, path: Path, **options: bool) -> WatchPage:
    video = server.upload(path, "--visibility", "unlisted")
    window = open_context(browser, viewport={"width": 1280, "height": 800}, **options)
    return WatchPage(window.new_page(), f"{server.url}/watch/{video['id']}")


def _count_stalls(browser: Browser, server: Server, path: Path, proto: str) -> float:
    page = _watch(browser, server, path)
    # The whole of a long clip is played, however long it takes.
    page.page.set_default_timeout(600_000)
    page.open(proto=proto).until_ended()
    stalls = page.stats()["stalls"]
    page.page.context.close()
    return float(stalls)


def _measure_lags(browser: Browser, server: Server, path: Path, pairs: int) -> list[float]:
    lags: list[float] = []
    for _ in range(pairs):
        for proto in _PROTOCOLS:
            # The listening code is a script that the page's own policy would refuse.
            page = _watch(browser, server, path, bypass_csp=True).play(proto=proto)
            ours_ms = sound_lag_ms(page.page.evaluate(LISTEN, None))
            # Listening takes time by itself: the source file, played by the browser alone, tells how much.
            source_ms = sound_lag_ms(page.page.evaluate(LISTEN, base64.b64encode(path.read_bytes()).decode()))
            lags.append(abs(ours_ms - source_ms))
            page.page.context.close()
    return lags
