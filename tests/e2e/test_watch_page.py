"""The watch page and the embedded player as their viewers use them; how playing itself goes is in test_player.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.server import Server
from tests.e2e.test_pages import ADDRESSES
from tests.e2e.watching import WatchPage, launch
from tests.media.test_chapters import make_clip


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium, chromium)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor's own window; at the end no page may have done what its policy forbids, nor raised an error."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    refused: list[str] = []
    context.expose_binding("tellRefused", lambda source, what: refused.append(f"{source['page'].url}: {what}"))
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (event) =>"
        " tellRefused(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"
        "addEventListener('error', (event) => event.message && tellRefused(event.message));"
    )
    yield context
    context.close()
    assert refused == []


@pytest.fixture(scope="module")
def video(yeoul_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A short public video of two chapters."""
    clip = make_clip(tmp_path_factory.mktemp("watch"), "mp4", (0, 2000, "Beginning"), (2000, 5000, "<b>Middle</b> & end"))
    return yeoul_server.upload(clip, "--title", 'Say "hi" </title><script>window.broken=1</script>', "--visibility", "public")


def test_no_page_needs_what_its_policy_forbids(context: BrowserContext, yeoul_server: Server, video: dict[str, Any]):
    page = WatchPage(context.new_page(), f"{yeoul_server.url}/watch/{video['id']}").play()
    page.choose("Speed", "1.5")
    # An inner style of media-chrome: while it plays, the button shows one icon of two.
    icon = "getComputedStyle(document.querySelector('media-play-button').shadowRoot.querySelector('slot[name=play]')).display"
    assert page.page.evaluate(icon) == "none"
    other = context.new_page()
    for address in (*ADDRESSES, "/upload", "/studio", f"/embed/{video['id']}"):
        answer = other.goto(yeoul_server.url + address)
        policy = answer.headers["content-security-policy"] if answer is not None else ""
        assert "unsafe" not in policy and "*" not in policy.replace("frame-ancestors *", ""), address
