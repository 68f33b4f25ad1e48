"""Pictures of every page with good-looking content: `scripts/screenshots.py FOLDER`, in both themes and at three widths.

Takes a few minutes: real clips are uploaded first. Korean titles need a Korean font (fonts-nanum) on the machine.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser, Page, sync_playwright

from bench.server import Server
from tests.clips.collection import find_clip
from tests.e2e.site import WATCH_IT, Site, settle, sign_up
from tests.e2e.watching import launch

WIDTHS = {390: 844, 1280: 800, 1920: 1080}
THEMES = ("dark", "light")
# Clip, title, tags.
FILMS = (
    ("bunny-480p-30s.mp4", "Big Buck Bunny: a morning by the river", "animation film"),
    ("rabbit-480p-8s.mp4", "봄날의 토끼", "봄 animation"),
    ("cars-12fps-30s.mp4", "Evening traffic from the bridge", "city timelapse"),
    ("crystal-vp8.webm", "Light in a crystal", "light macro"),
    ("hdr10-av1-portrait.mp4", "세로로 찍은 저녁 하늘", "HDR 하늘"),
)
_SHOWS = """() => document.querySelector('yeoul-player').media.currentTime > 3
  || document.querySelector('.stage-title')?.checkVisibility()"""
DESCRIPTION = "Filmed in one take.\n\n0:00 Beginning\n0:04 In the middle of it\n\n#yeoul"


def fill(server: Server) -> Site:
    """Videos, a playlist, followers and what was watched."""

    def upload(film: tuple[str, str, str]) -> str:
        clip, title, tags = film
        done = server.upload(find_clip(clip), "--title", title, "--visibility", "public")
        body = {"description": DESCRIPTION, "tags": tags.split()}
        assert server.request("PATCH", f"/api/v1/videos/{done['id']}", body)[0] == 200
        return str(done["id"])

    with ThreadPoolExecutor(2) as pool:
        ids = list(pool.map(upload, FILMS))
    failed_id = str(server.upload(find_clip("bad-garbage.mp4"), "--title", "Holiday, half copied")["id"])
    site = Site(server, ids[0], failed_id, "", sign_up(server, "haru", display_name="하루"))
    site.ask("PATCH", "/accounts/me", {"display_name": "River Films", "bio": "Short films from along the river. 강가의 짧은 영상들."})
    site.ask("PUT", "/channels/admin/subscription", token=site.newcomer)
    site.ask("PUT", "/channels/haru/subscription")
    playlist = {"title": "강가에서", "description": "What to watch by the water", "visibility": "public"}
    playlist_id = site.ask("POST", "/playlists", playlist)["id"]
    for place, video_id in enumerate(ids[:4]):
        site.ask("POST", f"/playlists/{playlist_id}/entries", {"video_id": video_id})
        site.ask("PUT", f"/videos/{video_id}/position", {"position_s": 2 + place})
    return Site(server, ids[0], failed_id, str(playlist_id), site.newcomer)


def picture_name(site: Site, address: str) -> str:
    """The words of an address."""
    for known, word in ((site.video_id, "one"), (site.failed_id, "failed"), (site.playlist_id, "one")):
        address = address.replace(known, word)
    return re.sub(r"[^a-z]+", "-", address).strip("-") or "home"


def show(page: Page, address: str) -> None:
    """Open a page, and have a picture of the film in its player."""
    page.goto(address)
    settle(page)
    if "/watch/" in address:
        page.evaluate("void document.querySelector('yeoul-player').media.play().catch(() => undefined)")
        page.wait_for_function(_SHOWS)
        page.evaluate("document.querySelector('yeoul-player').media.pause()")
    page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)))")


def take(browser: Browser, site: Site, folder: Path) -> None:
    names = {address: picture_name(site, address) for address in (*site.addresses().values(), *site.deeper())}
    for theme in THEMES:
        for width, height in WIDTHS.items():
            options = {"viewport": {"width": width, "height": height}, "color_scheme": theme, "locale": "en-GB"}
            context = browser.new_context(**options)
            context.add_init_script(WATCH_IT)
            context.add_cookies([{"name": "yeoul_session", "value": site.server.token, "url": site.server.url}])
            page = context.new_page()
            for address, name in names.items():
                show(page, site.server.url + address)
                page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
            context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium is not None, "Chromium is not installed"
    with tempfile.TemporaryDirectory() as data, Server(Path(data) / "data") as server, sync_playwright() as playwright:
        take(launch(playwright.chromium, Path(chromium)), fill(server), folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
