"""The pages around the player: how they come, what they weigh, and the way in and out by them."""

from __future__ import annotations

import gzip
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bench.server import Server
from tests.e2e.watching import open_context
from yeoul.api.file import pages
from yeoul.bootstrap import web_folder

ADDRESSES = (
    *("/", "/search?q=a", "/trending", "/subscriptions", "/c/someone", "/playlist/p", "/history"),
    *("/login", "/signup", "/confirm", "/reset", "/settings", "/admin", "/studio", "/studio/video/v"),
)
MAX_SCRIPT_BYTES = {"watch.html": 350_000, "embed.html": 350_000, "others": 60_000}


def first_tag(server: Server, **headers: str) -> str:
    request = urllib.request.Request(server.url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(request) as answer:
        return re.findall(r"<html[^>]*>", answer.read().decode())[0]


def test_pages_come_in_the_readers_language_and_theme(yeoul_server: Server):
    assert first_tag(yeoul_server) == '<html lang="en">'
    assert first_tag(yeoul_server, Accept_Language="fr, ko-KR;q=0.8, en;q=0.5") == '<html lang="ko">'
    chosen = first_tag(yeoul_server, Cookie="yeoul_language=ko; yeoul_theme=light; yeoul_session=x", Accept_Language="en")
    assert chosen == '<html lang="ko" data-theme="light" data-session>'
    assert first_tag(yeoul_server, Cookie="yeoul_language=\"><b>; yeoul_theme='><b>") == '<html lang="en">'


def measure_scripts(folder: Path, file: str) -> dict[str, int]:
    """Bytes, gzipped, of the scripts that a page loads by itself."""
    waiting = re.findall(r"/assets/([\w.-]+\.js)", (folder / file).read_text())
    sizes: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        if name not in sizes:
            script = (folder / "assets" / name).read_bytes()
            sizes[name] = len(gzip.compress(script))
            waiting += re.findall(r'(?:import|from)\s*"\./([\w.-]+\.js)"', script.decode())
    return sizes


@pytest.mark.parametrize("file", sorted({file for _, file in pages.PAGES}))
def test_scripts_stay_small(file: str):
    sizes = measure_scripts(web_folder(), file)
    assert 5_000 < sum(sizes.values()) <= MAX_SCRIPT_BYTES.get(file, MAX_SCRIPT_BYTES["others"]), sizes


def test_scripts_come_packed_to_browsers_that_take_them_so(yeoul_server: Server):
    script = max((web_folder() / "assets").glob("*.js"), key=lambda path: path.stat().st_size)
    for wish, packing in (("gzip, deflate, br", "gzip"), ("gzip;q=0", None)):
        request = urllib.request.Request(f"{yeoul_server.url}/assets/{script.name}", headers={"Accept-Encoding": wish})
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (packing, "Accept-Encoding")
        assert (gzip.decompress(body) if packing else body) == script.read_bytes()


def test_every_page_draws_itself_without_errors_on_a_small_phone(browser: Browser, yeoul_server: Server):
    context = open_context(browser, viewport={"width": 360, "height": 740}, locale="ko-KR")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    for address in ADDRESSES:
        page.goto(yeoul_server.url + address)
        expect(page.get_by_role("link", name="여울 홈")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    context.close()
    assert errors == []


def test_one_signs_up_and_out_by_the_pages(browser: Browser, yeoul_server: Server):
    context = open_context(browser, viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{yeoul_server.url}/signup?next=/trending")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Handle", exact=True)).to_be_focused()
    page.get_by_label("Handle", exact=True).fill("page_reader")
    page.get_by_label("E-mail").fill("page_reader@example.org")
    page.get_by_label("Password", exact=True).fill("a long password")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/trending")
    page.get_by_role("button", name="Account", exact=True).click()
    page.get_by_role("menuitemradio", name="Light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.get_by_role("button", name="Account", exact=True).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
    page.goto(f"{yeoul_server.url}/login?next=//elsewhere.example/")
    page.get_by_label("Handle", exact=True).fill("page_reader")
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong handle or password.")
    page.get_by_label("Password", exact=True).fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{yeoul_server.url}/")
    context.close()
