"""What holds for every page of the site: no barrier that axe-core finds, nothing that jumps, targets for thumbs, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bench.server import Server
from tests.e2e.barriers import find_barriers, find_faults
from tests.e2e.site import WATCH_IT, Site, make_site, settle
from tests.e2e.watching import open_context
from tests.media.test_chapters import make_clip
from yeoul.api.file import pages

_PHONE_PX, _DESK_PX = 390, 1280
# What has the focus, through shadow roots; a ring is drawn by it, by what lies over it, or by the part that it belongs to.
_WHERE = """() => {
  let one = document.activeElement, what = '';
  window.reached ??= new Set();
  if (one === null || one === document.body) return null;
  const chain = [];
  for (; one; one = one.shadowRoot?.activeElement) {
    what += ` ${one.localName}.${one.className} ${[...one.getRootNode().querySelectorAll('*')].indexOf(one)}`;
    chain.unshift(one);
    reached.add(one);
  }
  const { width, height } = chain[0].getBoundingClientRect();
  chain.push(...chain.map((part) => part.parentElement ?? part.getRootNode().host));
  const isRing = (style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  const ring = chain.some((part) => [null, '::before', '::after'].some((pseudo) => isRing(getComputedStyle(part, pseudo))));
  return { what: what.trim(), seen: width > 0 && height > 0 && ring };
}"""
# What is seen, takes keys and was not reached; of radio buttons the arrow keys reach the others.
_MISSED = """() => {
  const roots = [document], missed = [];
  for (const root of roots) for (const one of root.querySelectorAll('*')) {
    if (one.shadowRoot) roots.push(one.shadowRoot);
    if (!one.matches('a[href], button, input, select, textarea, summary, [tabindex]') || one.matches(':disabled, [type=radio]')) continue;
    const { width, height } = one.getBoundingClientRect();
    const isSeen = width > 0 && height > 0 && one.checkVisibility({ visibilityProperty: true });
    if (isSeen && one.tabIndex >= 0 && !reached.has(one)) missed.push(one.outerHTML.slice(0, 160));
  }
  return missed;
}"""
_MOST_STOPS = 120


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    broken = folder / "broken.mp4"
    broken.write_bytes(bytes(1000))
    with Server(folder / "data", YEOUL_ENGINE__WORKERS="2") as server:
        yield make_site(server, make_clip(folder, "mkv", (0, 2000, "Spring"), (2000, 5000, "Summer")), broken)


def open_window(browser: Browser, site: Site, width: int, token: str | None) -> BrowserContext:
    """A window of the width and of who has the token; the network takes a while, so that what comes late comes late."""
    context = open_context(browser, viewport={"width": width, "height": 800}, color_scheme="dark", locale="en-GB")
    context.add_init_script(WATCH_IT)
    if token is not None:
        context.add_cookies([{"name": "yeoul_session", "value": token, "url": site.server.url}])
    return context


def slow_down(page: Page) -> None:
    slow = {"offline": False, "latency": 60, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)


def visit(context: BrowserContext, site: Site, addresses: Sequence[str]) -> None:
    """Open one page after the other; nothing may be wrong with any."""
    page = context.new_page()
    page.goto(site.server.url)  # the browser knows from now on who is signed in
    settle(page)
    slow_down(page)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    found: list[str] = []
    for address in addresses:
        page.goto(site.server.url + address)
        settle(page)
        found += [f"{address}: {fault}" for fault in find_faults(page)]
    context.close()
    assert not found + errors, "\n".join(found + errors)


def test_every_page_is_known_here(site: Site):
    assert set(site.addresses()) == {path for path, _ in pages.PAGES}


@pytest.mark.parametrize("width", [_PHONE_PX, pytest.param(_DESK_PX, marks=pytest.mark.long)])
def test_pages_with_things_on_them(browser: Browser, site: Site, width: int):
    addresses = [*site.addresses().values(), *site.deeper()]
    visit(open_window(browser, site, width, site.server.token), site, addresses)


def test_pages_as_guests_have_them(browser: Browser, site: Site):
    own = ("/upload", "/subscriptions", "/history", "/settings", "/studio", f"/studio/video/{site.video_id}", "/admin")
    visit(open_window(browser, site, _PHONE_PX, None), site, ["/", f"/watch/{site.video_id}", *own])


def test_pages_with_nothing_on_them(browser: Browser, site: Site):
    own = ("/subscriptions", "/history", "/studio", "/studio?tab=trash", "/c/site_newcomer?tab=playlists", "/?tab=subscriptions")
    none = (
        "/watch/0none",
        "/embed/0none",
        "/studio/video/0none",
        "/c/nobody-here",
        "/playlist/0none",
        "/search",
        "/search?q=zzzzqqq",
        "/settings?tab=tokens",
    )
    visit(
        open_window(browser, site, _PHONE_PX, site.newcomer),
        site,
        [*own, *none, "/settings?tab=tokens", "/settings?tab=webhooks", "/admin"],
    )


def test_menus_and_dialogs(browser: Browser, site: Site):
    context = open_window(browser, site, _DESK_PX, site.server.token)
    page = context.new_page()
    page.goto(f"{site.server.url}/c/admin")
    page.get_by_role("button", name="Account", exact=True).click()
    assert find_barriers(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More actions for A river in spring").click()
    page.get_by_role("menuitem", name="Save to playlist").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Water")).to_be_visible()
    assert find_barriers(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Search").press_sequentially("A riv")
    expect(page.get_by_role("option").first).to_be_visible()
    assert find_barriers(page) == []
    page.goto(f"{site.server.url}/studio?tab=trash")
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert find_barriers(page) == []
    context.close()


def test_menus_and_dialogs_of_the_player_and_around_it(browser: Browser, site: Site):
    context = open_window(browser, site, _DESK_PX, site.server.token)
    page = context.new_page()
    page.goto(f"{site.server.url}/watch/{site.video_id}")
    settle(page)
    for name in ("Share", "Save"):
        page.get_by_role("button", name=name, exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert find_barriers(page) == [], name
        dialog.get_by_role("button", name="Close").click()
    page.mouse.move(300, 200)
    page.locator("media-settings-menu-button").click()
    expect(page.locator("media-settings-menu")).to_be_visible()
    assert find_barriers(page) == []
    context.close()


def test_what_is_wrong_is_found(browser: Browser, site: Site):
    context = open_window(browser, site, _PHONE_PX, None)
    page = context.new_page()
    page.goto(f"{site.server.url}/login")
    settle(page)
    page.evaluate("""() => {
        const main = document.querySelector('main');
        main.insertAdjacentHTML('beforeend', '<img src=/none.png><button>x</button>');
        main.querySelector('h1').style.color = 'rgb(128 128 128 / 0.5)';
        main.lastChild.style.cssText = 'padding: 0; width: 9px; min-height: 0; height: 9px; margin-left: 355px';
    }""")
    found = " ".join(find_faults(page))
    expected = ("image-alt: ", " color-contrast: ", "light: color-contrast: ", "small: ", "on the smallest phone")
    assert [one for one in expected if one not in found] == [], found
    context.close()


@pytest.mark.parametrize("address", ["/", "/watch", "/search", "/studio", "/upload", "/login"])
def test_keys_reach_everything_in_order_and_are_seen_to(browser: Browser, site: Site, address: str):
    """From the page's beginning round to it again, as the Tab key leads."""
    known = {"/watch": f"/watch/{site.video_id}", "/search": "/search?q=river"}
    context = open_window(browser, site, _DESK_PX, None if address == "/login" else site.server.token)
    page = context.new_page()
    page.goto(site.server.url + known.get(address, address))
    settle(page)
    seen: list[str] = []
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        stop: dict[str, Any] | None = page.evaluate(_WHERE)
        if stop is None or (seen and stop["what"] == seen[0]):
            break
        assert stop["seen"], f"the focus does not show: {stop['what']}"
        assert stop["what"] not in seen, f"the keys are caught at {stop['what']}"
        seen.append(stop["what"])
    else:
        raise AssertionError(f"no end after {seen}")
    assert seen[0].startswith("a.skip") and seen[1].startswith("a.brand"), seen
    assert len(seen) > 5, seen
    assert page.evaluate(_MISSED) == []
    context.close()
