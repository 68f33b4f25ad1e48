"""The whole site: every page with something on it, with nothing on it, and as a guest has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from bench.server import Server
from tests.e2e.waiting import wait_for_end

API = "/api/v1"
PASSWORD = "correct horse battery"
# What a page asks for is counted, so that one can wait for the last answer; what moves by itself is written down.
WATCH_IT = """
window.asked = 0;
window.shifts = [];
const ask = window.fetch;
window.fetch = async (...words) => { window.asked += 1; try { return await ask(...words); } finally { window.asked -= 1; } };
const name = (node) => node?.nodeType === 1 ? `${node.localName}.${node.className}` : 'text';
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push({ by: entry.value, of: entry.sources.map((source) => name(source.node)) });
}).observe({ type: 'layout-shift', buffered: true });
"""
_PLAIN = "upload trending subscriptions history login signup confirm reset settings studio admin"
_QUIET_FRAMES = 6
# Longer than what is shown of it at first.
_DESCRIPTION = "\n".join(("Water over stones.", "https://example.org", *(f"0:0{second} Stone {second}" for second in range(5))))
_IS_QUIET = f"""() => {{
  const waits = document.readyState !== 'complete' || window.asked > 0 || document.querySelector('.skeleton') !== null;
  window.quiet = waits ? 0 : (window.quiet ?? 0) + 1;
  return window.quiet > {_QUIET_FRAMES};
}}"""


@dataclass(frozen=True)
class Site:
    """A server whose pages all have something to show to its admin, and nothing of their own to a newcomer."""

    server: Server
    video_id: str
    failed_id: str
    playlist_id: str
    newcomer: str

    def ask(self, method: str, path: str, body: Any = None, token: str | None = "") -> Any:
        status, answer = self.server.request(method, API + path, body, token)
        assert status < 300, (method, path, status, answer)
        return answer

    def addresses(self) -> dict[str, str]:
        """An address of each page, by the address that src/yeoul/api/file/pages.py knows it by."""
        video = {f"/{page}/{{video_id}}": f"/{page}/{self.video_id}" for page in ("watch", "embed", "studio/video")}
        plain = ["/", *(f"/{name}" for name in _PLAIN.split())]
        named = {"/search": "/search?q=river", "/c/{handle}": "/c/admin", "/playlist/{playlist_id}": f"/playlist/{self.playlist_id}"}
        return {**video, **named, **{path: path for path in plain}}

    def deeper(self) -> tuple[str, ...]:
        """Parts of pages that are shown by addresses of their own."""
        settings = (f"/settings?tab={tab}" for tab in ("security", "tokens", "webhooks", "appearance"))
        studio = (f"/studio/video/{self.video_id}?tab={tab}" for tab in ("processing", "captions", "analytics"))
        runs = (f"/studio/video/{self.video_id}?tab=processing&view={view}" for view in ("list", "timeline"))
        admin = (f"/admin?tab={tab}" for tab in ("people", "storage", "settings", "audit"))
        failed = (f"/studio/video/{self.failed_id}?tab=processing", f"/watch/{self.failed_id}")
        return (
            *settings,
            *studio,
            *runs,
            *admin,
            *failed,
            "/studio?tab=trash",
            "/studio?tab=analytics",
            "/c/admin?tab=playlists",
            "/c/admin?tab=about",
        )


def sign_up(server: Server, handle: str, **more: Any) -> str:
    """A new account's token."""
    account = {"handle": handle, "email": f"{handle}@example.org", "password": PASSWORD, **more}
    assert server.request("POST", f"{API}/accounts", account, token=None)[0] == 201
    return str(server.request("POST", f"{API}/sessions", account, token=None)[1]["token"])


def make_site(server: Server, clip: Path, broken: Path) -> Site:
    """Fill a server: a video that is ready, one that has failed, one in the trash, and what accounts keep beside them."""
    words = ("--title", "A river in spring", "--visibility", "public")
    video_id, failed_id = (str(server.upload(file, *words)["id"]) for file in (clip, broken))
    wait_for_end(server, video_id)
    site = Site(server, video_id, failed_id, "", sign_up(server, "site_newcomer"))
    site.ask("PATCH", f"/videos/{video_id}", {"description": _DESCRIPTION, "tags": ["river", "여울"]})
    track = {"language": "en", "label": "English", "webvtt": "WEBVTT\n\n00:00.000 --> 00:05.000\nA dipper sings\n"}
    site.ask("PUT", f"/videos/{video_id}/captions/en", track)
    draft = site.ask("POST", "/videos", {"title": "A draft"})["id"]
    site.ask("DELETE", f"/videos/{site.ask('POST', '/videos', {'title': 'Thrown away'})['id']}")
    site.ask("PUT", f"/videos/{video_id}/position", {"position_s": 1})
    follower = sign_up(server, "site_follower", display_name="A follower")
    site.ask("PUT", "/channels/admin/subscription", token=follower)
    site.ask("PUT", "/channels/site_follower/subscription")
    playlist_id = site.ask("POST", "/playlists", {"title": "Water", "description": "All of it", "visibility": "public"})["id"]
    for one in (video_id, draft):
        site.ask("POST", f"/playlists/{playlist_id}/entries", {"video_id": one})
    site.ask("POST", "/webhooks", {"url": "https://hooks.example.org/yeoul", "events": ["video.ready"]})
    return Site(server, video_id, failed_id, str(playlist_id), site.newcomer)


def settle(page: Page) -> None:
    """Wait until a page has its answers and has drawn them."""
    page.wait_for_function(_IS_QUIET, polling="raf")
