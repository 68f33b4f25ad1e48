"""P10: how soon a picture shows and how soon a click is answered, in Chromium, alone and while the same server encodes eight uploads.

Our pages and a bare Shaka Player (bench/bare_player.py) start in turn, each in a fresh profile. The servers have the first two cores, the
browser the others. All times are the page's own (first_frame.js), so that driving the browser costs nothing that is counted.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright

from bench.bare_player import running_bare_player
from bench.figure import Figure
from bench.process import own_cores, pinned
from bench.server import Server
from tests.clips.collection import find_clip

_CLOCK = Path(__file__).with_name("first_frame.js").read_text()
_CLIP = "real60-720p.mp4"
_UPLOADS = (
    *("long-1080p-363s.mp4", "people-noaudio-139s.mp4", "real60-720p.mp4", "bunny-480p-30s.mp4"),
    *("cars-12fps-30s.mp4", "hevc-1080p-10s.mp4", "vfr-3026x1386.mp4", "phone-hevc10-editlist-rotated.mp4"),
)
_SERVER_CORES = 2
_STARTS_PER_PAIR = 4
_UNDER_LOAD = ", 8 uploads being encoded"
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


@dataclass(frozen=True)
class Way:
    """One way to begin. autoplay: by itself, timed from the navigation; is_loaded: pressed once there is something to play."""

    id: str
    what: str
    ours: str
    bare: str
    autoplay: bool = False
    is_loaded: bool = False


_WAYS = (
    Way("P10", "press play on the loaded watch page", "/watch/{}", "", is_loaded=True),
    Way("P10e", "press play on an embed that has fetched nothing", "/embed/{}", "?cold"),
    Way("P10n", "navigation, playing by itself", "/watch/{}", "?auto", autoplay=True),
)


@dataclass
class Starts:
    """Milliseconds of each start, ours and those of the bare player in turn."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def figures(self, way: Way, suffix: str, where: str) -> list[Figure]:
        told = f"{way.what}{where}: first frame, ours p50 {_told(self.ours)} ms, bare Shaka p50 {_told(self.bare)} ms"
        ratios = [ours / bare for ours, bare in zip(self.ours, self.bare, strict=True)]
        detail: dict[str, object] = {"ours_ms": self.ours, "bare_ms": self.bare}
        p95_s = _p95(self.ours) / 1000
        return [
            Figure(f"{way.id}{suffix}", told, "<= 1.3", ratios, detail),
            Figure(f"{way.id}{suffix}s", f"{way.what}{where}: first frame, p95 in seconds", "< 0.6", [p95_s]),
        ]


@dataclass(frozen=True)
class Browsers:
    """asked: plays when somebody pressed play, as browsers do by default; free: plays by itself."""

    asked: Browser
    free: Browser


def bench_first_frame(pairs: int) -> list[Figure]:
    """P10: 4 starts of each side for each pair, alone, then under eight uploads with clicks beside them."""
    starts = _STARTS_PER_PAIR * pairs
    with ExitStack() as left:
        folder = Path(left.enter_context(tempfile.TemporaryDirectory()))
        browsers = left.enter_context(running_browsers())
        left.enter_context(pinned(_SERVER_CORES))
        server = left.enter_context(Server(folder / "data", YEOUL_ENGINE__WORKERS=str(_SERVER_CORES)))
        video = server.upload(find_clip(_CLIP), "--visibility", "public")
        bare = left.enter_context(running_bare_player(server, video, folder))
        visit = Visits(browsers, server.url, bare, video["id"], starts)
        figures = [*visit.measure_starts("", ""), *visit.measure_clicks("", "")]
        with encoding(server, [find_clip(clip) for clip in _UPLOADS]) as uploads:
            figures += [*visit.measure_starts("L", _UNDER_LOAD), *visit.measure_clicks("L", _UNDER_LOAD)]
            unfinished = sum(upload.poll() is None for upload in uploads)
            figures.append(Figure("P10u", "of 8 uploads, still being encoded when the last was measured", "8", [unfinished]))
    return figures


@contextmanager
def running_browsers() -> Iterator[Browsers]:
    """Both browsers, on the cores that the servers leave."""
    with ExitStack() as left:
        with pinned(len(own_cores()), skip=_SERVER_CORES):
            playwright = left.enter_context(sync_playwright())
            browsers = [
                left.enter_context(_launch(playwright, policy))
                for policy in ("document-user-activation-required", "no-user-gesture-required")
            ]
        yield Browsers(*browsers)


def _launch(playwright: Playwright, autoplay: str) -> Browser:
    chromium = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    return playwright.chromium.launch(executable_path=chromium, args=[*_FLAGS, f"--autoplay-policy={autoplay}"])


@dataclass(frozen=True)
class Visits:
    """Visitors to one video on our server and on the bare player's page, so many times each. suffix, where: what figures are told by."""

    browsers: Browsers
    ours: str
    bare: str
    video: str
    times: int

    def measure_starts(self, suffix: str, where: str) -> Iterator[Figure]:
        """Each way to begin, both sides in turn."""
        for way in _WAYS:
            browser, found = self.browsers.free if way.autoplay else self.browsers.asked, Starts()
            for _ in range(self.times):
                found.ours.append(_start(browser, self.ours + way.ours.format(self.video), way))
                found.bare.append(_start(browser, self.bare + way.bare, way))
            yield from found.figures(way, suffix, where)

    def measure_clicks(self, suffix: str, where: str) -> Iterator[Figure]:
        """Clicks on a page that plays."""
        clicks = Clicks()
        for _ in range(self.times):
            with _visitor(self.browsers.free) as page:
                page.goto(f"{self.ours}/watch/{self.video}")
                page.evaluate("timed.first")
                clicks.click_all(page)
        for id_, what, target, taken in (
            ("P10c", "to the next paint", "<= 200", clicks.paints),
            ("P10d", "to the share dialog", "<= 200", clicks.dialogs),
            ("P10h", "to the home page's first paint", "<= 1000", clicks.pages),
        ):
            yield Figure(
                f"{id_}{suffix}", f"watch page{where}: click {what}, p95 in ms (p50 {_told(taken)})", target, [_p95(taken)], {"ms": taken}
            )


@dataclass
class Clicks:
    """Milliseconds from the input: to the next paint by Event Timing, to an open dialog, to the first paint of the next page."""

    paints: list[float] = field(default_factory=list)
    dialogs: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)

    def click_all(self, page: Page) -> None:
        """Pause and play, the settings menu open and closed, the share dialog, the way home."""
        play, settings = page.locator("media-control-bar media-play-button"), page.locator("media-settings-menu-button")
        for button in (play, play, settings, settings):
            self._click(page, button)
        page.evaluate("timed.watchFor('dialog[open]')")
        self._click(page, page.locator(".watch-actions button").first)
        self.dialogs.append(page.evaluate("timed.shown"))
        page.keyboard.press("Escape")
        page.locator("header a[href='/']").first.click()
        page.wait_for_url(lambda url: urlsplit(url).path == "/")
        self.pages.append(page.evaluate("timed.navigated()"))

    def _click(self, page: Page, button: Locator) -> None:
        button.click()
        self.paints.append(page.evaluate("timed.paint()"))


@contextmanager
def _visitor(browser: Browser) -> Iterator[Page]:
    """A page in a profile without a cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.add_init_script(_CLOCK)
    try:
        yield context.new_page()
    finally:
        context.close()


def _start(browser: Browser, url: str, way: Way) -> float:
    with _visitor(browser) as page:
        if way.is_loaded:
            with page.expect_console_message(lambda message: message.text == "can play"):
                page.goto(url)
        else:
            page.goto(url)
        if way.autoplay:
            return page.evaluate("timed.first")
        page.locator(".big-play, body > video").click()
        return page.evaluate("timed.pressed")


@contextmanager
def encoding(server: Server, clips: Sequence[Path]) -> Iterator[list[subprocess.Popen[str]]]:
    """An upload of each clip, by a definition that is much work; begins when encoders run, and what is not done is given up."""
    uploads = [server.start_upload(clip, "--pipeline", "premium") for clip in clips]
    try:
        while not any("ffmpeg" in process.name() for process in server.tree()):
            time.sleep(0.1)
        yield uploads
    finally:
        for upload in uploads:
            upload.terminate()
            upload.communicate()


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def _told(values: Sequence[float]) -> str:
    return f"{np.percentile(values, 50):.0f}, p95 {_p95(values):.0f}"
