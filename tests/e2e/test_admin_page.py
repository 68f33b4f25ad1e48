"""The admin's page in Chromium: who sees it, what runs, waits and has failed, the story of a task, and what its buttons do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bench.server import Server
from tests.e2e.waiting import wait_for_end
from tests.e2e.watching import open_context
from tests.streams import make_source

API = "/api/v1"
# The op waits until the test says how it shall end: in the one file of ours that it can read, its own, a line for each attempt.
OPS = """
import time
from pathlib import Path

from yeoul.pipeline.ops import Context, Piece, Window, op


@op(version="1")
def gate(context: Context, pieces: list[Piece]) -> Window:
    context.fetch_piece(pieces[0])
    attempt = int(context.output_prefix.strip("/").rpartition("-")[2])
    while len(words := Path(__file__).read_text().rpartition("# said:")[2].split()) < attempt:
        time.sleep(0.05)
    if words[attempt - 1] != "well":
        raise ValueError(f"it was told to end {words[attempt - 1]}")
    return Window()


"""
DAG = """
name: gated
stages:
  gate: {op: gate, scope: video, latency_sensitive: true, retries: 0}
  encode: {op: encode, scope: piece, needs: [gate], slots: {cpu: 1, memory_mb: 1000}}
  package: {op: package, scope: video, needs: [encode]}
"""


class Gate:
    """The file of the op that waits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text(f"{OPS}# said:")

    def say(self, word: str) -> None:
        """Tell the next attempt how to end."""
        with self.path.open("a") as file:
            file.write(f" {word}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of its own; its scripts may not break."""
    troubles: list[str] = []
    with open_context(browser, viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        yield page
    assert troubles == []


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gated_ops.py")


@pytest.fixture
def server(tmp_path: Path, gate: Gate, make_server: Callable[..., Server]) -> Server:
    """One slot, so that what does not run waits."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "gated.yaml").write_text(DAG)
    settings = {"YEOUL_PIPELINE__OPS": str(gate.path), "YEOUL_PIPELINE__DAGS": str(tmp_path / "dags")}
    return make_server(YEOUL_ENGINE__WORKERS="1", **settings)


def upload(server: Server, clip: Path, *options: str) -> str:
    """An upload whose bytes have landed; the video's id."""
    result = server.upload(clip, "--wait", "none", *options)
    assert result["exit"] == 0, result
    return str(result["id"])


def sign_in(page: Page, handle: str, password: str) -> None:
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def row(page: Page, table: str, video: str, stage: str) -> Locator:
    """The row of a task, found as a reader finds it."""
    return page.get_by_role("table", name=table).get_by_role("row").filter(has_text=video).filter(has_text=stage)


def test_who_is_no_admin_sees_nothing_and_is_told_why(page: Page, yeoul_server: Server):
    body: dict[str, Any] = {"handle": "onlooker", "email": "onlooker@example.org", "password": "correct horse battery"}
    assert yeoul_server.request("POST", f"{API}/accounts", body, token=None)[0] == 201
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if f"{API}/admin/" in request.url else None)
    page.goto(f"{yeoul_server.url}/admin")
    expect(page.get_by_text("This page is for admins")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, "onlooker", body["password"])
    expect(page.get_by_text("You are signed in as onlooker, which is not an admin account.")).to_be_visible()
    expect(page).to_have_url(f"{yeoul_server.url}/admin")
    expect(page.get_by_role("heading", name="Running")).to_be_hidden()
    assert page.get_by_role("table").count() == 0 and page.get_by_role("tab").count() == 0 and asked == []


def test_an_admin_follows_a_task_through_its_failure_to_its_end(page: Page, server: Server, gate: Gate, tmp_path: Path):
    clip = make_source(tmp_path / "clip.mp4", size="128x96", duration_s=2.0, has_audio=False)
    first = upload(server, clip, "--pipeline", "gated")
    page.goto(f"{server.url}/login?next=/admin")
    sign_in(page, "admin", re.findall(r"password (\S+)", server.read_log())[0])
    running = row(page, "Running", first, "gate")
    expect(running).to_be_visible()

    # With its one slot taken, another upload waits; it can be put first, and be cancelled.
    second = upload(server, make_source(tmp_path / "other.mp4", size="128x96", duration_s=2.0, has_audio=False))
    waiting = row(page, "Waiting", second, "inspect")
    waiting.get_by_role("button", name="Move to front").click()
    expect(page.locator("#answer")).to_have_text("Move to front: inspect")
    waiting.get_by_role("button", name="Cancel").click()
    lost = row(page, "Failed", second, "inspect")
    expect(lost).to_contain_text("pipeline.task_cancelled")
    assert wait_for_end(server, second)["error"]["code"] == "pipeline.task_cancelled"

    # Its story is opened while it runs, and tells what becomes of it.
    running.get_by_role("link", name="gate").click()
    story = page.get_by_role("dialog", name="gate")
    attempts = story.get_by_role("table", name="Attempts").get_by_role("row")
    expect(attempts.nth(1)).to_contain_text("running")
    gate.say("badly")
    expect(story.locator("#story-error")).to_contain_text("gate raised ValueError: it was told to end badly")
    expect(attempts.nth(1)).to_contain_text("failed")
    task = page.url.rpartition("/")[2]
    (attempt,) = server.get(f"{API}/videos/{first}/dag/tasks/{task}")["attempts"]
    assert attempt["read_bytes"] > 1000 and attempt["cpu_s"] > 0 and "_traffic" not in attempt["error"], attempt
    page.keyboard.press("Escape")
    expect(story).to_be_hidden()

    # A failed task is tried again, and ends.
    failed = row(page, "Failed", first, "gate")
    expect(failed).to_contain_text("pipeline.task_crashed")
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_be_hidden()
    running.get_by_role("link", name="gate").click()
    expect(attempts).to_have_count(3)
    page.route("**/cancel", lambda route: route.fulfill(status=409, json={"code": "request.conflict", "detail": "it is not to be"}))
    story.get_by_role("button", name="Cancel").click()
    expect(story.get_by_role("status")).to_have_text("Cancel: gate: it is not to be")
    gate.say("well")
    expect(story.locator("#story-facts")).to_contain_text("done")
    expect(attempts.nth(2)).to_contain_text("done")
    assert wait_for_end(server, first)["state"] == "ready"
    expect(story.get_by_role("link", name="Timeline (SVG)")).to_have_attribute("href", f"{API}/videos/{first}/dag/timeline.svg")
    story.get_by_role("button", name="Close").click()
    expect(page.get_by_text("No running tasks.")).to_be_visible()
    expect(page).to_have_url(f"{server.url}/admin")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_stands_out_of_the_page(page: Page, yeoul_server: Server, media_dir: Path, width: int):
    video = yeoul_server.upload(media_dir / "bad-garbage.mp4")
    page.set_viewport_size({"width": width, "height": 800})
    page.context.add_cookies([{"name": "yeoul_session", "value": yeoul_server.token, "url": yeoul_server.url}])
    page.goto(f"{yeoul_server.url}/admin")
    failed = row(page, "Failed", video["id"], "split")
    expect(failed).to_contain_text("media.unreadable")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    failed.get_by_role("link", name="split").click()
    expect(page.get_by_role("dialog", name="split").get_by_role("table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.querySelector('dialog[open]'))") <= 0


def test_an_admin_looks_after_users_and_settings_and_finds_it_in_the_log(page: Page, yeoul_server: Server):
    body: dict[str, Any] = {"handle": "looked_after", "email": "looked_after@example.org", "password": "correct horse battery"}
    assert yeoul_server.request("POST", f"{API}/accounts", body, token=None)[0] == 201
    page.context.add_cookies([{"name": "yeoul_session", "value": yeoul_server.token, "url": yeoul_server.url}])
    page.goto(f"{yeoul_server.url}/admin?tab=people")
    page.get_by_role("searchbox", name="Search by the start").fill("looked_a")
    users = page.get_by_role("list", name="Users").get_by_role("listitem")
    expect(users).to_have_count(1)
    users.get_by_role("button", name="Edit").click()
    page.get_by_label("Role").select_option("Moderator")
    page.get_by_label("Storage quota in GB").fill("much")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_text("Enter a number such as 50 or 0.5.")
    expect(page.get_by_label("Role")).to_have_value("moderator")  # what was chosen stays
    page.get_by_label("Storage quota in GB").fill("1.5")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(users).to_contain_text("Moderator")
    expect(users).to_contain_text("of 1.5 GB used")
    users.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(users.get_by_text("Disabled", exact=True)).to_be_visible()
    assert yeoul_server.request("POST", f"{API}/sessions", body, token=None)[0] == 403

    page.get_by_role("tab", name="Storage").click()
    expect(page.get_by_text("Free", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Settings").click()
    trash = page.get_by_role("region", name="Days in the trash")
    trash.get_by_role("textbox").fill("5000")
    trash.get_by_role("button", name="Save").click()
    expect(trash.get_by_role("alert")).to_contain_text("less than or equal to 3650")
    trash.get_by_role("textbox").fill("30")
    trash.get_by_role("button", name="Save").click()
    expect(trash).to_contain_text("Current: 30 days · Default: 7 days")
    assert yeoul_server.get(f"{API}/trash")["days"] == 30
    trash.get_by_role("button", name="Reset to the start value").click()
    expect(trash).to_contain_text("Current: 7 days")

    page.get_by_role("tab", name="Audit log").click()
    page.get_by_label("Target").fill("video.trash_days")
    page.get_by_role("button", name="Apply").click()
    entries = page.get_by_role("table", name="Audit log").get_by_role("row").filter(has_text="Changed a setting")
    expect(entries).to_have_count(2)
    expect(entries.nth(1)).to_contain_text("from: null, to: 30")
