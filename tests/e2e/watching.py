"""The watch page in a real browser, as a viewer has it before him."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, BrowserType, Locator, Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.e2e.waiting import PATIENCE_S

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_PLAYER = "document.querySelector('yeoul-player')"
# Every picture's time and when it was presented, however late this page heard of it; where the clock went backwards, and where a seek
# left out what comes next: [played until, gone to] of each seek within what is loaded.
_RECORD = """
window.seen = {frames: [], shown: [], backwards: [], leaps: []};
customElements.whenDefined('yeoul-player').then(() => {
  const media = document.querySelector('yeoul-player').media;
  let last = 0;
  const onFrame = (_now, frame) => {
    window.seen.frames.push(frame.mediaTime);
    window.seen.shown.push(frame.presentationTime);
    media.requestVideoFrameCallback(onFrame);
  };
  media.requestVideoFrameCallback(onFrame);
  media.addEventListener('seeking', () => {
    if (media.played.length > 0) window.seen.leaps.push([media.played.end(media.played.length - 1), media.currentTime]);
  });
  media.addEventListener('timeupdate', () => {
    if (media.readyState === 0) return;
    if (media.currentTime < last - 0.05) window.seen.backwards.push([last, media.currentTime]);
    last = media.currentTime;
  });
});
"""


def launch(browsers: BrowserType, chromium: Path) -> Browser:
    """The system's Chromium with a fresh profile."""
    return browsers.launch(executable_path=str(chromium), args=list(FLAGS))


_STATE = f"""() => {{
    const media = {_PLAYER}?.media;
    const names = ["currentTime", "playbackRate", "paused", "ended", "readyState", "networkState"];
    const found = Object.fromEntries(names.map((name) => [name, media?.[name]]));
    return {{ ...found, stats: {_PLAYER}?.stats, shown: document.body.innerText.slice(0, 500) }};
}}"""


def open_context(browser: Browser, **options: Any) -> BrowserContext:
    """Opens a window of its own, which waits as patiently as all tests do."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_S * 1000)
    return context


class WatchPage:
    """One open watch page. `troubles` are what the page's console and scripts complained of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("requestfailed", self._note_failure)
        page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {_RECORD} }})")

    def _note_failure(self, request: Request) -> None:
        # A closing page and a change of stream cut off what they no longer need; the events connect again by themselves.
        if request.failure != "net::ERR_ABORTED" and not request.url.endswith("/events"):
            self.troubles.append(f"{request.url}: {request.failure}")

    def open(self, *, proto: str | None = None) -> WatchPage:
        self.page.goto(self.url + (f"?proto={proto}" if proto else ""), wait_until="domcontentloaded")
        return self

    def play(self, *, proto: str | None = None) -> WatchPage:
        """Open the page and wait until the picture moves and the controls are there, which come after it."""
        self.open(proto=proto)
        self.until("player.media.currentTime > 0.2 && document.querySelector('media-controller').mediaStore !== undefined")
        return self

    def stats(self) -> dict[str, Any]:
        return self.page.evaluate(f"{_PLAYER}.stats")

    def seen(self) -> dict[str, Any]:
        return self.page.evaluate("window.seen")

    def media(self, expression: str) -> Any:
        """What an expression over `media` is now."""
        return self.page.evaluate(f"() => {{ const media = {_PLAYER}.media; return {expression}; }}")

    def until(self, condition: str) -> None:
        """Waits until a condition over `player` holds; says what the player does where it never does."""
        try:
            self.page.wait_for_function(f"() => {{ const player = {_PLAYER}; return {condition}; }}")
        except PlaywrightTimeoutError as error:
            raise AssertionError(f"{condition} never came true: {self.page.evaluate(_STATE)}") from error

    def until_ended(self) -> None:
        self.until("player.media.ended")

    def seek(self, time_s: float) -> float:
        """Seeks a paused video, and returns the time of the picture that shows then. The page mends a later one of Chromium's."""
        self.page.evaluate(
            f"""(target) => {{
                const media = {_PLAYER}.media;
                const sought = {{shown: Infinity, done: false}};
                window.sought = sought;
                const onFrame = (now, frame) => {{
                    sought.shown = frame.mediaTime;
                    if (window.sought === sought) media.requestVideoFrameCallback(onFrame);
                }};
                media.requestVideoFrameCallback(onFrame);
                // The picture may be presented before the event or after it, but once only.
                media.addEventListener('seeked', () => {{ sought.done = true; }}, {{once: true}});
                media.currentTime = target;
            }}""",
            time_s,
        )
        self.until(f"!player.media.seeking && window.sought.done && window.sought.shown <= {time_s} + 0.001")
        return self.page.evaluate("window.sought.shown")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of the settings menu as a viewer does, by clicking; `entry`: how it begins, since "Auto (240p)" names another."""
        controller = self.page.locator("media-controller")
        autohide = controller.get_attribute("autohide")
        # On a slow machine the controls would hide between two clicks, and who waits for them does not move the pointer.
        controller.evaluate("one => one.setAttribute('autohide', '-1')")
        self.page.mouse.move(300, 200)
        self.page.locator("media-settings-menu-button").click()
        self.page.locator("media-settings-menu-item", has_text=menu).first.click()
        self.page.get_by_role("menuitemradio", name=re.compile(rf"^{re.escape(entry)}(?!\d)")).click()
        self.press("Escape")
        controller.evaluate(
            "(one, value) => value === null ? one.removeAttribute('autohide') : one.setAttribute('autohide', value)", autohide
        )

    def text(self, selector: str) -> Locator:
        return self.page.locator(selector)
