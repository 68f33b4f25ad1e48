"""How playback in Chromium becomes figures: what was played, for how long, and what was leapt over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.server import Server
from tests.e2e.waiting import wait_for
from tests.e2e.watching import WatchPage, open_context


def wait_for_figures(server: Server, video_id: str, are_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The figures as soon as what is waited for is written."""

    def read() -> dict[str, Any] | None:
        found = server.get(f"/api/v1/videos/{video_id}/analytics")
        return found if are_there(found) else None

    return wait_for(read, "the beacons to be written")


def test_what_was_played_is_what_is_counted(browser: Browser, yeoul_server: Server, media_dir: Path):
    """The first 4 s, then at double speed from 20 s on to the end at 30 s; then the page is left and opened again."""
    video_id = yeoul_server.upload(media_dir / "bunny-480p-30s.mp4", "--visibility", "unlisted")["id"]
    context = open_context(browser, viewport={"width": 1280, "height": 800})
    began_s = time.monotonic()
    watched = WatchPage(context.new_page(), f"{yeoul_server.url}/watch/{video_id}").play()
    watched.until("player.media.currentTime > 4")
    # Where it leaps is known, however late this was noticed.
    left_s = watched.media("(media.pause(), media.currentTime)")
    watched.media("(media.playbackRate = 2, media.currentTime = 20, media.play(), null)")
    watched.until_ended()
    most_s = time.monotonic() - began_s
    found = wait_for_figures(yeoul_server, video_id, lambda now: now["finished"] > 0)
    assert (found["views"], found["finished"], found["errors"]) == (1, 1, 0)
    shares = [bucket["share"] for bucket in found["retention"]]
    # Of 100 buckets of 0.3 s each; where the leap began is known to a part of a second.
    left = int(left_s / 0.3)
    assert shares[: left - 1] == [1.0] * (left - 1) and shares[67:] == [1.0] * 33 and not any(shares[left + 7 : 66]), (left_s, shares)
    assert left_s + 5 - 1.5 <= found["watch_s"] <= most_s, "what was played, the second part at double speed"
    assert found["average_view_s"] == found["watch_s"]
    assert found["devices"] == [{"name": "desktop", "views": 1, "watch_s": found["watch_s"]}]
    assert sum(one["watch_s"] for one in found["qualities"]) == pytest.approx(found["watch_s"], abs=0.01)
    assert {one["name"] for one in found["qualities"]} <= {"480p", "360p", "240p", "144p"}
    assert 50 <= found["startup_ms"] <= most_s * 1000
    watched.open().until("player.media.currentTime > 1")
    watched.page.goto("about:blank")
    seen = wait_for_figures(yeoul_server, video_id, lambda now: now["watch_s"] > found["watch_s"] + 0.5)
    assert seen["views"] == 1, "the same tab"
    context.add_cookies([{"name": "yeoul_session", "value": yeoul_server.token, "url": yeoul_server.url}])
    look_at_panels(watched.page, yeoul_server, video_id)
    context.close()
    assert watched.troubles == []


def look_at_panels(page: Page, server: Server, video_id: str) -> None:
    """What the owner reads: figures, the curve by its keys, and where the video stands among all."""
    with page.expect_response(f"**/videos/{video_id}/analytics?*") as answer:
        page.goto(f"{server.url}/studio/video/{video_id}?tab=analytics")
    given = answer.value.json()
    views = page.locator(".figure", has_text="Views")
    expect(views).to_contain_text("1")
    curve = page.get_by_role("slider", name="Audience retention")
    curve.focus()
    for key, at, share in (("Home", "0:00", 1.0), ("End", "0:30", 1.0)):
        page.keyboard.press(key)
        expect(curve).to_have_attribute("aria-valuetext", f"{at}: {share:.0%}")
    expect(page.locator(".chart-reading img")).to_be_visible()
    table = page.get_by_role("region", name="Audience retention").locator("tbody td")
    said = table.all_text_contents()
    assert (len(said), said.count("100%")) == (100, sum(bucket["share"] == 1 for bucket in given["retention"]))
    page.goto(f"{server.url}/studio?tab=analytics")
    expect(page.locator(f'.top-video[href*="{video_id}"]')).to_be_visible()
