"""The upload page in a real browser, as somebody has it before him who uploads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Request, expect

from bench.server import Server
from tests.e2e.watching import open_context


class UploadPage:
    """One open upload page of the admin's.

    puts: requests that sent bytes to the store, with their sizes, all that were answered; begun: the addresses of all.
    """

    def __init__(self, browser: Browser, server: Server, context: BrowserContext | None = None) -> None:
        self.server = server
        self.context = context or log_in(browser, server)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.puts: list[tuple[str, int]] = []
        self.begun: set[str] = set()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._note_begun)
        self.page.on("requestfinished", self._note)
        self.page.goto(f"{server.url}/upload", wait_until="domcontentloaded")

    def _note_begun(self, request: Request) -> None:
        if request.method == "PUT":
            self.begun.add(request.url.partition("?")[0])

    def _note(self, request: Request) -> None:
        if request.method == "PUT":
            self.puts.append((request.url.partition("?")[0], int(request.headers.get("content-length", 0))))

    def choose(self, *files: Path) -> None:
        self.page.set_input_files("#files", list(files))

    def row(self, file: Path) -> Locator:
        return self.page.locator("li.upload", has_text=file.name)

    def wait_for(self, file: Path, state: str) -> None:
        expect(self.row(file)).to_have_attribute("data-state", state)

    def video_id(self, file: Path) -> str:
        """The video that the link to watch leads to; it is there while the upload runs."""
        link = self.row(file).get_by_role("link", name="Watch")
        expect(link).to_be_visible()
        return str(link.get_attribute("href")).rpartition("/")[2]

    def choose_again(self, file: Path) -> None:
        """Give a file to the list of those that an earlier tab did not finish."""
        self.page.get_by_label(f"Choose file {file.name} again").set_input_files(file)

    def upload(self, file: Path) -> dict[str, Any]:
        """Send a file to its end; the video as the server has it then."""
        self.choose(file)
        return self.finish(file)

    def finish(self, file: Path) -> dict[str, Any]:
        """Wait for the end of an upload; the video as the server has it then."""
        self.wait_for(file, "done")
        assert self.troubles == []
        return self.server.get(f"/api/v1/videos/{self.video_id(file)}")


def log_in(browser: Browser, server: Server, **options: Any) -> BrowserContext:
    """A window of its own in which the admin is logged in."""
    context = open_context(browser, **options)
    context.add_cookies([{"name": "yeoul_session", "value": server.token, "url": server.url, "httpOnly": True}])
    return context
