"""What is wrong with a page as it is now: barriers that axe-core finds, things that jumped, small targets, what does not fit."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.conftest import REPOSITORY
from tests.harness.pace import patience_s

_AXE = (REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ALL = {"runOnly": {"type": "tag", "values": _TAGS}, "rules": {"target-size": {"enabled": True}}}
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_MAX_SHIFT = 0.05
_MIN_TARGET_PX = 24
_SMALLEST_PHONE_PX = 360
_FIND_BARRIERS = """async (options) => {
  const found = await axe.run(document, { ...options, resultTypes: ['violations'], preload: false });
  const tell = (id, { html, any, all, none }) => `${id}: ${html.slice(0, 160)} ${[...any, ...all, ...none][0]?.message ?? ''}`;
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => tell(id, node)));
}"""
_TURN = """async (theme) => {
  document.documentElement.dataset.theme = theme;
  await Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished));
}"""
# WCAG 2.2, 2.5.8: links within sentences may be as high as their line.
_FIND_SMALL = """(min) => {
  const isSmall = ({ width, height }) => width < min || height < min;
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [role=menuitem], [role=tab]')]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && getComputedStyle(one).display !== 'inline')
  .filter((one) => !one.matches('.skip, [type=file], .hidden-words, .hidden-words *'))
  .map((one) => ({ one, label: one.closest('label') ?? one }))
  .filter(({ one, label }) => [one, label].every((part) => isSmall(part.getBoundingClientRect())))
  .map(({ one }) => `small: ${one.outerHTML.slice(0, 120)}`);
}"""
_IS_TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


def find_barriers(page: Page) -> list[str]:
    """What axe-core finds in the dark, and what of colours it finds in the light."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found: list[str] = page.evaluate(_FIND_BARRIERS, _ALL)
    page.evaluate(_TURN, "light")
    found += [f"light: {one}" for one in page.evaluate(_FIND_BARRIERS, _COLOURS)]
    page.evaluate(_TURN, "dark")
    return found


def find_faults(page: Page) -> list[str]:
    """Everything wrong with the page."""
    shifts: list[dict[str, Any]] = page.evaluate("window.shifts")
    found = [f"jumps by {sum(shift['by'] for shift in shifts):.3f}: {shifts}"] if sum(shift["by"] for shift in shifts) >= _MAX_SHIFT else []
    found += [*page.evaluate(_FIND_SMALL, _MIN_TARGET_PX), *find_barriers(page), *_find_too_wide(page)]
    return found


def _find_too_wide(page: Page) -> list[str]:
    """A phone's page has to fit the smallest phone as well."""
    size = page.viewport_size
    assert size is not None
    found = ["scrolls sideways"] if page.evaluate(_IS_TOO_WIDE) else []
    if size["width"] < 2 * _SMALLEST_PHONE_PX:
        page.set_viewport_size({**size, "width": _SMALLEST_PHONE_PX})
        found += ["scrolls sideways on the smallest phone"] if _stays_too_wide(page) else []
        page.set_viewport_size(size)
    return found


def _stays_too_wide(page: Page) -> bool:
    """Charts are drawn anew for another width a few frames later."""
    try:
        page.wait_for_function(f"() => !({_IS_TOO_WIDE})", timeout=1000 * patience_s(2.0))
    except PlaywrightTimeoutError:
        return True
    return False
