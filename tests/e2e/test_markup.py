"""Text of users is text wherever it stands: no page runs it, loads what it names or links to it; feeds, drawings and frames escape it.

The browser leaves the content security policy aside, so that what is looked at is the pages themselves.
"""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bench.server import Server
from tests.e2e.watching import launch, open_context
from tests.media.test_chapters import make_clip
from yeoul.api.file import pages
from yeoul.media.binaries import ffmpeg_path

API = "/api/v1"
MARK = "Hostile"
_LOAD = "<img src=/hostile onerror=ran(1)>"
EVIL = f"""{MARK} "'></title></script><script>ran(1)</script>{_LOAD}<svg/onload=ran(1)>\u202e{{{{ran(1)}}}}${{ran(1)}}"""
SHORT = f"{MARK}<b>{_LOAD}"[:40]
LINKS = f"{MARK} javascript:ran(1) [x](javascript:ran(1)) <a href='javascript:ran(1)'>x</a> {_LOAD}"
_BLANK = {"/login", "/signup", "/confirm", "/reset", "/upload", "/admin"}  # pages that show nothing of users at first
_QUERIES = {
    "/search": f"?q={MARK}",
    "/login": f"?next={quote('javascript:ran(1)')}",
    "/confirm": f"?token={quote(EVIL)}",
    "/reset": f"?token={quote(EVIL)}",
}
_SHOWN = """mark => document.body.textContent.includes(mark)
  || [...document.querySelectorAll('input, textarea')].some(one => one.value.includes(mark))"""
# Elements and links of users would be in the document of the page, or in a shadow root of it.
_FOUND = """() => {
  const roots = [document], bad = [];
  for (const root of roots) for (const one of root.querySelectorAll('*')) {
    if (one.shadowRoot) roots.push(one.shadowRoot);
    for (const {name, value} of one.attributes) {
      const leads = ['href', 'src', 'action', 'data', 'srcdoc'].includes(name) && /^\\s*(javascript|vbscript|data:text)/i.test(value);
      if (name.startsWith('on') || leads) bad.push(one.outerHTML);
    }
  }
  return [...bad, ...(window.hostile ?? [])];
}"""


@pytest.fixture
def context(chromium: Path) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser: Browser = launch(playwright.chromium, chromium)
        context = open_context(browser, bypass_csp=True)
        context.add_init_script("window.ran = (what) => (window.hostile ??= []).push(`ran ${what}`)")
        yield context
        browser.close()


def make_hostile_clip(folder: Path) -> Path:
    """A file whose name, chapters and subtitles are hostile."""
    plain = make_clip(folder, "mkv", (0, 2000, "Beginning"), (2000, 5000, EVIL))
    cues = folder / "cues.srt"
    cues.write_text(f"1\n00:00:00,000 --> 00:00:05,000\n<c.x onclick=ran(1)>{EVIL}</c>\n")
    path = folder / f"{SHORT.replace('/', '')}.mkv"
    words = ["-i", str(plain), "-i", str(cues), "-map", "0", "-map", "1", "-map_chapters", "0", "-c", "copy", "-c:s", "srt", str(path)]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words], check=True)
    return path


def ask(server: Server, method: str, path: str, body: Any = None, token: str | None = "") -> Any:
    status, answer = server.request(method, API + path, body, token)
    assert status < 300, (method, path, status, answer)
    return answer


def seed(server: Server, clip: Path) -> tuple[dict[str, str], str]:
    """Everything of the admin is hostile, and a reader follows it: (names in addresses, the reader's token)."""
    video_id = str(server.upload(clip, "--visibility", "public")["id"])
    ask(server, "PATCH", f"/videos/{video_id}", {"title": EVIL[:200], "description": LINKS, "tags": [SHORT]})
    track = {"language": "en", "label": SHORT, "webvtt": f"WEBVTT\n\n00:00.000 --> 00:05.000\n{EVIL}\n"}
    ask(server, "PUT", f"/videos/{video_id}/captions/added", track)
    ask(server, "PATCH", "/accounts/me", {"display_name": EVIL[:80], "bio": LINKS})
    listed = ask(server, "POST", "/playlists", {"title": EVIL[:200], "description": LINKS, "visibility": "public"})["id"]
    ask(server, "POST", f"/playlists/{listed}/entries", {"video_id": video_id})
    ask(server, "PUT", f"/videos/{video_id}/position", {"position_s": 2})
    ask(server, "POST", "/tokens", {"name": EVIL[:100]})
    trashed = ask(server, "POST", "/videos", {"title": EVIL[:200]})["id"]
    ask(server, "DELETE", f"/videos/{trashed}")
    reader = {"handle": "reader", "email": "reader@example.org", "password": "long enough"}
    ask(server, "POST", "/accounts", {**reader, "display_name": EVIL[:80]}, None)
    token = str(ask(server, "POST", "/sessions", {"handle": "reader", "password": "long enough"}, None)["token"])
    ask(server, "PUT", "/channels/admin/subscription", None, token)
    return {"video_id": video_id, "playlist_id": listed, "handle": "admin"}, token


def look(page: Page, server: Server, path: str, things: dict[str, str]) -> None:
    """A page with all its tabs."""
    page.goto(server.url + path.format(**things) + _QUERIES.get(path, ""))
    if path not in _BLANK:
        page.wait_for_function(_SHOWN, arg=MARK)
    expect(page.locator("main, yeoul-player").first).to_be_attached()
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(page.get_by_role("tabpanel").first).to_be_attached()
    assert page.evaluate(_FOUND) == [], path


def check_texts(server: Server, things: dict[str, str]) -> None:
    """What other programs read: feeds, frames for other pages, drawings, heads of pages."""
    for path in ("/feed.xml", "/channels/admin/feed.xml"):
        told = ET.fromstring(server.request("GET", path)[1])
        assert (told.findtext("channel/item/title") or "").startswith(f"{MARK} \"'></title></script><script>")
    for name in ("timeline", "stages"):
        drawing = ET.fromstring(server.request("GET", f"{API}/videos/{things['video_id']}/dag/{name}.svg")[1])
        assert drawing.tag.endswith("svg") and not [one for one in drawing.iter() if one.tag.endswith(("script", "foreignObject"))]
    watch = f"{server.url}/watch/{things['video_id']}"
    frame = str(server.request("GET", f"/oembed?url={quote(watch)}")[1]["html"])
    assert _tags(frame) == ["iframe"]
    for path in (f"/watch/{things['video_id']}", "/c/admin", f"/playlist/{things['playlist_id']}", f"/search?q={quote(EVIL)}"):
        page = str(server.request("GET", path)[1])
        assert "<script>" not in page and _LOAD not in page and not {"svg", "b"}.intersection(_tags(page)), path
    video = server.get(f"{API}/videos/{things['video_id']}")
    # Captions that an owner adds are WebVTT already, in which unknown tags are nothing; these were other text.
    for address in (video["playback"]["chapters"], *(one["url"] for one in video["playback"]["captions"] if "/added" not in one["url"])):
        assert "<script" not in server.request("GET", address)[1], address


def _tags(text: str) -> list[str]:
    return re.findall(r"<([a-z]\w*)", text)


def test_no_page_takes_text_for_markup(context: BrowserContext, make_server: Callable[..., Server], tmp_path: Path):
    server = make_server()
    things, token = seed(server, make_hostile_clip(tmp_path))
    page = context.new_page()
    troubles: list[str] = []
    page.on("request", lambda request: troubles.append(f"{page.url}: {request.url}") if request.url.endswith("/hostile") else None)
    for path, _ in pages.PAGES:
        whose = token if path == "/subscriptions" else server.token
        context.add_cookies([{"name": "yeoul_session", "value": whose, "url": server.url}])
        look(page, server, path, things)
    assert troubles == []
    page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", EVIL)
    assert page.evaluate(_FOUND) != []  # what is looked for is found where it is
    check_texts(server, things)
