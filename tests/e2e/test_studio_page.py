"""The studio in Chromium: own videos listed and edited, the work on them followed and tried again, deleted and taken back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bench.server import Server
from tests.e2e.waiting import wait_for_end
from tests.e2e.watching import open_context
from tests.streams import make_source

API = "/api/v1"
NUMBERS = itertools.count(1)
# The third piece fails until the test says that all is well, in the one file of ours that an op can read: its own. A result of it would
# be taken over by equal clips.
OPS = """
from pathlib import Path

from yeoul.pipeline.ops import Context, Output, Piece, op


@op(version="1", publishes=True)
def look(context: Context, piece: Piece) -> Output:
    if piece.piece.index == 2 and not Path(__file__).read_text().endswith("# all is well"):
        raise ValueError("picture 51 is upside down")
    return Output()
"""
DAG = """
name: looked-at
stages:
  look: {op: look, scope: piece, retries: 1}
  encode: {op: encode, scope: rung, slots: {cpu: 1, memory_mb: 1000}}
  package: {op: package, scope: video, needs: [encode]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server whose pieces are short, with a pipeline that fails."""
    (folder / "ops.py").write_text(OPS)
    (folder / "dags").mkdir()
    (folder / "dags" / "looked-at.yaml").write_text(DAG)
    settings = {"YEOUL_PIPELINE__OPS": str(folder / "ops.py"), "YEOUL_PIPELINE__DAGS": str(folder / "dags")}
    with Server(folder / "data", YEOUL_ENGINE__WORKERS="2", YEOUL_MEDIA__PIECE_S="2", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    """Four pieces in one rung."""
    return make_source(folder / "clip.mp4", size="128x96", duration_s=8.0)


@pytest.fixture
def owner(server: Server) -> str:
    """The token of somebody new, so that lists hold what one test made."""
    return sign_up(server, f"owner_{next(NUMBERS)}")


@pytest.fixture
def good(server: Server, clip: Path, owner: str) -> str:
    """A video that is ready."""
    return str(server.upload(clip, "--title", "Good news", "--visibility", "public", YEOUL_TOKEN=owner)["id"])


@pytest.fixture
def broken(server: Server, folder: Path, owner: str) -> str:
    """A video of which a piece failed."""
    (folder / "ops.py").write_text(OPS)
    clip = make_source(folder / "broken.mp4", size="128x96", duration_s=8.0, seed=next(NUMBERS))
    options = ("--title", "Bad news", "--pipeline", "looked-at", "--wait", "none")
    video = str(server.upload(clip, *options, YEOUL_TOKEN=owner)["id"])
    assert wait_for_end(server, video)["state"] == "failed"
    return video


def sign_up(server: Server, name: str) -> str:
    """Returns the token of a session of a new account."""
    words = {"handle": name, "email": f"{name}@example.org", "password": "a long password"}
    assert server.request("POST", f"{API}/accounts", words, token=None)[0] == 201
    return str(server.request("POST", f"{API}/sessions", words, token=None)[1]["token"])


def open_page(browser: Browser, server: Server, token: str | None) -> Iterator[Page]:
    troubles: list[str] = []
    with open_context(browser, viewport={"width": 1280, "height": 900}, locale="en-GB") as context:
        if token is not None:
            context.add_cookies([{"name": "yeoul_session", "value": token, "url": server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        yield page
    assert troubles == []


@pytest.fixture
def page(browser: Browser, server: Server, owner: str) -> Iterator[Page]:
    """The owner's window; its scripts may not break."""
    yield from open_page(browser, server, owner)


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("table", name="Videos").get_by_role("row").filter(has_text=title)


def get(server: Server, video: str) -> dict[str, Any]:
    return server.get(f"{API}/videos/{video}")


def test_own_videos_are_found_and_changed_together(page: Page, server: Server, good: str, broken: str):
    page.goto(f"{server.url}/studio")
    expect(row(page, "Good news")).to_contain_text("Ready")
    expect(row(page, "Bad news")).to_contain_text("A processing step failed unexpectedly.")
    page.get_by_role("searchbox", name="Search your videos").fill("good")
    expect(row(page, "Bad news")).to_be_hidden()
    page.get_by_role("searchbox", name="Search your videos").fill("")
    expect(row(page, "Bad news")).to_be_visible()
    page.get_by_role("combobox", name="State").select_option(label="Failed")
    expect(row(page, "Good news")).to_be_hidden()
    page.reload()  # the address knows
    expect(row(page, "Bad news")).to_be_visible()
    page.get_by_role("combobox", name="State").select_option(label="All states")
    page.get_by_label("Select all shown videos").check()
    bar = page.get_by_role("toolbar", name="2 selected")
    bar.get_by_role("button", name="Visibility").click()
    bar.get_by_role("menuitem", name="Unlisted").click()
    expect(page.get_by_text("2 videos: Unlisted")).to_be_visible()
    assert [get(server, video)["visibility"] for video in (good, broken)] == ["unlisted"] * 2


def test_an_edit_is_kept_and_one_made_elsewhere_is_seen(page: Page, server: Server, good: str):
    page.goto(f"{server.url}/studio/video/{good}")
    save = page.get_by_role("button", name="Save")
    title = page.get_by_label("Title", exact=True)
    expect(save).to_be_disabled()
    title.fill("Good news of today")
    page.get_by_label("Tags").fill("news, today,")
    page.get_by_role("radio", name="Public").check(force=True)
    save.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Good news of today")
    saved = get(server, good)
    assert (saved["title"], saved["tags"], saved["visibility"]) == ("Good news of today", ["news", "today"], "public")

    title.fill("Mine")
    server.request("PATCH", f"{API}/videos/{good}", {"title": "Theirs"})
    expect(page.get_by_text("This was changed elsewhere")).to_be_visible()
    page.get_by_role("button", name="Use the other version").click()
    expect(title).to_have_value("Theirs")
    expect(save).to_be_disabled()


def test_the_work_on_a_video_is_told_by_stage_task_and_time(page: Page, server: Server, good: str):
    page.goto(f"{server.url}/studio/video/{good}?tab=processing")
    page.get_by_role("button", name="audio: Done. 4 of 4 done").click()
    page.get_by_role("button", name="audio, piece 2: Done").click()
    story = page.get_by_role("region", name="audio, piece 2")
    expect(story).to_contain_text("Completed on")
    expect(story.get_by_role("table").get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Timeline", exact=True).click()
    expect(page.get_by_role("img", name="attempts in")).to_be_visible()
    expect(page.get_by_role("table", name="Stages").get_by_role("row").filter(has_text="package")).to_be_visible()
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.get_by_role("list", name="Stages").get_by_role("button", expanded=True)).to_contain_text("audio")
    page.set_viewport_size({"width": 360, "height": 740})
    for view in ("Graph", "List", "Timeline"):
        page.get_by_role("button", name=view, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_a_failed_piece_tells_its_story_and_is_tried_again(page: Page, server: Server, broken: str, folder: Path):
    page.goto(f"{server.url}/studio")
    row(page, "Bad news").get_by_role("link", name="Failed").click()
    expect(page.get_by_role("region", name="What went wrong")).to_contain_text("Failed at look, piece 3")
    story = page.get_by_role("region", name="look, piece 3")
    expect(story).to_contain_text("Failed after 2 attempts")
    expect(story).to_contain_text("pipeline.task_crashed")
    (folder / "ops.py").write_text(f"{OPS}# all is well")
    story.get_by_role("button", name="Retry this task").click()
    expect(page.get_by_role("button", name="look: Done. 4 of 4 done")).to_be_visible()  # live
    expect(page.get_by_role("region", name="What went wrong")).to_be_hidden()
    assert wait_for_end(server, broken)["state"] == "ready"
    expect(page.locator(".studio-head")).to_contain_text("Ready")


def test_a_deleted_video_comes_back_at_once_or_out_of_the_trash(page: Page, server: Server, broken: str):
    page.goto(f"{server.url}/studio/video/{broken}")
    expect(page.get_by_text("You can restore it for 7 days")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Bad news was deleted")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Bad news")

    page.goto(f"{server.url}/studio")
    row(page, "Bad news").get_by_role("button", name="More actions for Bad news").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(row(page, "Bad news")).to_be_hidden()
    page.get_by_role("tab", name="Trash").click()
    page.get_by_role("button", name="Restore Bad news").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    page.get_by_role("tab", name="Videos").click()
    expect(row(page, "Bad news")).to_be_visible()


def test_the_studio_is_for_the_owner(browser: Browser, server: Server, good: str):
    session = sign_up(server, "passer_by")
    for page in open_page(browser, server, session):
        page.goto(f"{server.url}/studio/video/{good}")
        expect(page.get_by_role("heading", level=1)).to_have_text("This video belongs to another account")
    task = server.get(f"{API}/videos/{good}/dag")["tasks"][0]["id"]
    assert server.request("POST", f"{API}/videos/{good}/dag/tasks/{task}/retry", token=session)[0] == 403
    for page in open_page(browser, server, None):
        for path in ("/studio", f"/studio/video/{good}"):
            page.goto(server.url + path)
            expect(page.get_by_text("Sign in to see this")).to_be_visible()
