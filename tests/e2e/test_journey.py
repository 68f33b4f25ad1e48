"""One person's way through the whole site, from signing up to taking back what was deleted, as it is done with mouse and keys."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bench.server import Server
from tests.e2e.uploading import UploadPage
from tests.e2e.waiting import wait_for, wait_for_end
from tests.e2e.watching import WatchPage, open_context
from yeoul.media.binaries import ffmpeg_path

# Nothing is looked at well until the test says so, in the one file of ours that an op can read: its own.
OPS = """
from pathlib import Path

from yeoul.pipeline.ops import Context, Output, Piece, op


@op(version="1", publishes=True)
def look(context: Context, piece: Piece) -> Output:
    if not Path(__file__).read_text().endswith("# all is well"):
        raise ValueError("picture 51 is upside down")
    return Output()
"""
DAG = """
name: looked-at
stages:
  look: {op: look, scope: piece, retries: 0}
  encode: {op: encode, scope: piece, slots: {cpu: 1, memory_mb: 700}}
  audio: {op: audio, scope: piece, when: has_audio}
  package: {op: package, scope: video, needs: [encode, audio]}
"""
TITLE = "Spring by the river, 봄날의 강가"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that knows a pipeline that fails."""
    (tmp_path / "ops.py").write_text(OPS)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "looked-at.yaml").write_text(DAG)
    settings = {"YEOUL_PIPELINE__OPS": str(tmp_path / "ops.py"), "YEOUL_PIPELINE__DAGS": str(tmp_path / "dags")}
    with Server(tmp_path / "data", YEOUL_ENGINE__WORKERS="2", YEOUL_MEDIA__PIECE_S="4", **settings) as server:
        yield server


@pytest.fixture
def clip(tmp_path: Path, media_dir: Path) -> Path:
    """12 s of a film with sound, in four pieces."""
    path = tmp_path / "spring.mp4"
    words = ["-i", str(media_dir / "bunny-480p-30s.mp4"), "-t", "12", "-vf", "scale=-2:360", "-c:v", "libx264", "-preset", "ultrafast"]
    words += ["-force_key_frames", "expr:gte(t,n_forced*2)", "-flags", "+cgop", "-c:a", "copy", str(path)]
    subprocess.run([ffmpeg_path(), "-v", "error", *words], check=True)
    return path


def read_mailed_link(server: Server, address: str) -> str:
    """The link, without the site's address, of the mail that went to an address; without a mail server, mails are files."""

    def find() -> str | None:
        for file in (server.data / "mail").glob("*.eml"):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if mail["To"] == address and (found := re.search(r"http://[^/]+(/confirm\?token=\S+)", mail.get_content())):
                return found[1]
        return None

    return wait_for(find, f"a mail to {address}")


def sign_up(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("banner").get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Handle", exact=True).fill("walker")
    page.get_by_label("E-mail").fill("walker@example.org")
    page.get_by_label("Password", exact=True).fill("a long way to go")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("We sent a link to walker@example.org")).to_be_visible()
    page.goto(server.url + read_mailed_link(server, "walker@example.org"))
    expect(page.get_by_text("Your e-mail address is confirmed")).to_be_visible()


def upload_and_watch_meanwhile(browser: Browser, page: Page, server: Server, clip: Path) -> str:
    """All pieces but the first are held back until the video plays; its id."""
    held: list[Route] = []
    seen: set[str] = set()

    def hold(route: Route) -> None:
        if route.request.method == "PUT":
            seen.add(route.request.url.partition("?")[0])
        if route.request.method == "PUT" and len(seen) > 1:
            held.append(route)
        else:
            route.continue_()

    page.context.route("**/blob/**", hold)
    sending = UploadPage(browser, server, page.context)
    sending.choose(clip)
    video_id = sending.video_id(clip)
    watching = WatchPage(page.context.new_page(), f"{server.url}/watch/{video_id}").open()
    watching.until("player.media.currentTime > 0.5")
    assert watching.stats()["growing"] is True
    for route in held:
        route.continue_()
    page.context.unroute("**/blob/**")
    sending.wait_for(clip, "done")
    sending.page.close()
    watching.page.close()
    assert wait_for_end(server, video_id)["state"] == "ready"
    assert sending.troubles == watching.troubles == []
    return video_id


def upload_what_fails(browser: Browser, page: Page, server: Server, clip: Path) -> str:
    """The pipeline is an account's choice; the id of what came of it."""
    (session,) = (cookie.get("value") for cookie in page.context.cookies() if cookie.get("name") == "yeoul_session")
    assert server.request("PATCH", "/api/v1/accounts/me", {"pipeline": "looked-at"}, session)[0] == 200
    sending = UploadPage(browser, server, page.context)
    video_id = str(sending.upload(clip)["id"])
    sending.page.close()
    assert wait_for_end(server, video_id)["state"] == "failed"
    return video_id


def edit_in_the_studio(page: Page, server: Server, video_id: str) -> None:
    page.goto(f"{server.url}/studio")
    page.get_by_role("table", name="Videos").get_by_role("link", name="spring").first.click()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.locator("label", has_text="Everyone").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    assert server.get(f"/api/v1/videos/{video_id}")["visibility"] == "public"


def choose_a_quality(page: Page, server: Server, video_id: str) -> None:
    watching = WatchPage(page, f"{server.url}/watch/{video_id}").play()
    watching.choose("Quality", "240p")
    watching.until("player.media.videoHeight === 240")
    assert watching.troubles == []


def show_captions(page: Page, server: Server, video_id: str) -> None:
    watching = WatchPage(page, f"{server.url}/watch/{video_id}").play()
    watching.press("c")
    watching.until("[...player.media.textTracks].some((track) => track.mode === 'showing' && track.cues?.length > 0)")
    assert watching.troubles == []


def find_by_words(page: Page, server: Server, words: str) -> None:
    page.goto(server.url)
    page.get_by_role("combobox", name="Search").fill(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_role("link", name=TITLE).first).to_be_visible()


def keep_in_a_playlist(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/c/walker?tab=playlists")
    page.get_by_role("button", name="New playlist").click()
    page.get_by_label("Name", exact=True).fill("강")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("강")
    page.goto(f"{server.url}/c/walker")
    page.get_by_role("button", name=f"More actions for {TITLE}").click()
    page.get_by_role("menuitem", name="Save to playlist").click()
    page.get_by_role("dialog").get_by_role("button", name="강").click()
    expect(page.get_by_text("Saved to 강")).to_be_visible()
    page.goto(f"{server.url}/c/walker?tab=playlists")
    page.get_by_role("link", name="강").first.click()
    expect(page.get_by_role("main").get_by_role("link", name=TITLE).first).to_be_visible()


def retry_what_failed(page: Page, server: Server, video_id: str, ops: Path) -> None:
    page.goto(f"{server.url}/studio/video/{video_id}?tab=processing")
    expect(page.get_by_role("region", name="What went wrong")).to_contain_text("A processing step failed unexpectedly.")
    story = page.get_by_role("region", name="look, piece 1")
    expect(story).to_contain_text("picture 51 is upside down")
    ops.write_text(f"{OPS}# all is well")
    story.get_by_role("button", name="Retry this task").click()
    expect(page.locator(".studio-head")).to_contain_text("Ready")


def delete_and_take_back(page: Page, server: Server, video_id: str) -> None:
    page.goto(f"{server.url}/studio/video/{video_id}")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name=f"{TITLE} was deleted")).to_be_visible()
    page.goto(f"{server.url}/watch/{video_id}")
    expect(page.locator(".stage-title")).to_be_visible()
    page.goto(f"{server.url}/studio?tab=trash")
    page.get_by_role("button", name=f"Restore {TITLE}").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    WatchPage(page, f"{server.url}/watch/{video_id}").play()


def test_from_signing_up_to_taking_back_what_was_deleted(browser: Browser, server: Server, clip: Path, media_dir: Path, tmp_path: Path):
    with open_context(browser, viewport={"width": 1280, "height": 800}, locale="en-GB") as context:
        page = context.new_page()
        sign_up(page, server)
        video_id = upload_and_watch_meanwhile(browser, page, server, clip)
        choose_a_quality(page, server, video_id)
        edit_in_the_studio(page, server, video_id)
        for words in ("river", "강가"):
            find_by_words(page, server, words)
        keep_in_a_playlist(page, server)
        captioned_id = upload_what_fails(browser, page, server, media_dir / "with-srt-subtitles.mkv")
        retry_what_failed(page, server, captioned_id, tmp_path / "ops.py")
        show_captions(page, server, captioned_id)
        delete_and_take_back(page, server, video_id)
