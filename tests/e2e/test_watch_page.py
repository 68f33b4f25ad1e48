"""The watch page and the embedded player as their viewers use them; how playing itself goes is in test_player.py."""

from __future__ import annotations

import functools
import re
import threading
import urllib.request
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bench.server import Server
from tests.e2e.test_pages import ADDRESSES
from tests.e2e.watching import WatchPage, open_context
from tests.media.test_chapters import make_clip

TITLE = 'Say "hi" </title><script>window.broken=1</script>'


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor's own window; at the end no page may have done what its policy forbids, nor raised an error."""
    context = open_context(browser, viewport={"width": 1280, "height": 800}, locale="en-GB")
    refused: list[str] = []
    context.expose_binding("tellRefused", lambda source, what: refused.append(f"{source['page'].url}: {what}"))
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (event) =>"
        " tellRefused(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"
        "addEventListener('error', (event) => event.message && tellRefused(event.message));"
    )
    yield context
    context.close()
    assert refused == []


@pytest.fixture(scope="module")
def video(yeoul_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A short public video of two chapters."""
    clip = make_clip(tmp_path_factory.mktemp("watch"), "mp4", (0, 2000, "Beginning"), (2000, 5000, "<b>Middle</b> & end"))
    video = yeoul_server.upload(clip, "--title", TITLE, "--visibility", "public")
    words = {"description": "The end: 0:04\nMore at https://example.org/a?b=1.", "tags": ["wave"]}
    assert yeoul_server.request("PATCH", f"/api/v1/videos/{video['id']}", words)[0] == 200
    return video


@pytest.fixture(scope="module")
def bunny(yeoul_server: Server, media_dir: Path) -> dict[str, Any]:
    """Half a minute on several rungs; unlisted as in other tests, so that it is made once for all."""
    return yeoul_server.upload(media_dir / "bunny-480p-30s.mp4", "--visibility", "unlisted")


def watch(context: BrowserContext, server: Server, video: dict[str, Any], query: str = "", *, goes_on: bool = False) -> WatchPage:
    """The watch page, playing. goes_on: to the next video at the end, as it does unless the viewer wants less motion."""
    page = context.new_page()
    if not goes_on:
        page.emulate_media(reduced_motion="reduce")
    return WatchPage(page, f"{server.url}/watch/{video['id']}{query}").play()


def read_page(server: Server, path: str) -> str:
    with urllib.request.urlopen(server.url + path) as answer:
        return answer.read().decode()


def test_the_first_frame_does_not_wait_for_the_controls(context: BrowserContext, yeoul_server: Server, video: dict[str, Any]):
    """The controls come right after it, complete and with the state that playback has by then."""
    context.add_init_script(
        "window.order = [];"
        "addEventListener('loadeddata', () => order.push('frame'), {capture: true, once: true});"
        "customElements.whenDefined('media-controller').then(() => order.push('controls'));"
    )
    page = watch(context, yeoul_server, video)
    assert page.page.evaluate("order") == ["frame", "controls"]
    expect(page.page.locator("media-settings-menu-button")).to_be_visible()
    expect(page.page.locator(".big-play")).to_be_hidden()
    expect(page.page.locator(".poster")).to_be_hidden()
    assert page.page.locator("media-controller").get_attribute("mediapaused") is None
    boxes = [page.page.locator(selector).bounding_box() for selector in ("media-controller", ".bar")]
    frame, bar = (box for box in boxes if box is not None)
    assert bar["y"] + bar["height"] == pytest.approx(frame["y"] + frame["height"], abs=1), "the bar is at the bottom"


def test_an_open_menu_stays_above_the_card_of_the_next_video(
    context: BrowserContext, yeoul_server: Server, video: dict[str, Any], tmp_path: Path
):
    yeoul_server.upload(make_clip(tmp_path, "mkv"), "--visibility", "public", "--title", "One more")
    page = watch(context, yeoul_server, video)
    page.page.locator("media-controller").evaluate("one => one.setAttribute('autohide', '-1')")
    page.page.mouse.move(300, 200)
    page.page.locator("media-settings-menu-button").click()
    page.until_ended()
    expect(page.page.get_by_role("group", name="Up next")).to_be_visible()
    page.page.locator("media-settings-menu-item", has_text="Speed").first.click()
    page.page.get_by_role("menuitemradio", name=re.compile(r"^0\.5")).click()
    page.until("player.media.playbackRate === 0.5")


def test_no_page_needs_what_its_policy_forbids(context: BrowserContext, yeoul_server: Server, video: dict[str, Any]):
    page = watch(context, yeoul_server, video)
    page.choose("Speed", "1.5")
    # An inner style of media-chrome: while it plays, the button shows one icon of two.
    icon = "getComputedStyle(document.querySelector('media-play-button').shadowRoot.querySelector('slot[name=play]')).display"
    assert page.page.evaluate(icon) == "none"
    other = context.new_page()
    for address in (*ADDRESSES, "/upload", "/studio", f"/embed/{video['id']}"):
        answer = other.goto(yeoul_server.url + address)
        policy = answer.headers["content-security-policy"] if answer is not None else ""
        assert "unsafe" not in policy and "*" not in policy.replace("frame-ancestors *", ""), address


def test_other_sites_are_told_what_a_public_video_is(yeoul_server: Server, video: dict[str, Any]):
    text = read_page(yeoul_server, f"/watch/{video['id']}")
    escaped = "Say &quot;hi&quot; &lt;/title&gt;&lt;script&gt;window.broken=1&lt;/script&gt;"
    assert f"<title>{escaped} · Yeoul</title>" in text and "<script>window" not in text
    for tag in (f'property="og:title" content="{escaped}"', f'name="twitter:player" content="{yeoul_server.url}/embed/{video["id"]}"'):
        assert f"<meta {tag}>" in text
    told = re.findall(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', text)
    status, embed = yeoul_server.request("GET", told[0].replace("&amp;", "&"), token=None)
    assert status == 200 and embed["title"] == TITLE


def test_pages_say_nothing_of_private_hidden_and_unknown_videos(yeoul_server: Server, tmp_path: Path):
    secret = yeoul_server.upload(make_clip(tmp_path, "mp4"), "--title", "My secret", "--visibility", "private", "--wait", "playable")
    address = f"/api/v1/videos/{secret['id']}"
    for change in ({}, {"visibility": "public", "hidden": True}):
        assert yeoul_server.request("PATCH", address, change)[0] == 200
        for page in ("watch", "embed"):
            unknown = read_page(yeoul_server, f"/{page}/0nosuchvideo0")
            assert read_page(yeoul_server, f"/{page}/{secret['id']}") == unknown
            assert "<title>Yeoul</title>" in unknown and "og:" not in unknown


def test_the_picture_and_the_first_segments_are_there_before_the_player(
    context: BrowserContext, yeoul_server: Server, bunny: dict[str, Any]
):
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/stream/")[2].partition("/")[2]))
    player = WatchPage(page, f"{yeoul_server.url}/watch/{bunny['id']}").play()
    first = [one for one in asked if one.endswith(".m4s")]
    rung = player.stats()["activeRung"].split("x")[1]
    # What is fetched ahead is what is played first: nothing is fetched in vain.
    assert first[0].endswith(f"/{rung}p/0.m4s"), (first, rung)
    assert [one for one in first if one.endswith("p/0.m4s") and not one.endswith(f"/{rung}p/0.m4s")] == []
    sources = "() => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('p/0.m4s')).map((one) => one.transferSize)"
    sizes = page.evaluate(sources)
    assert len(sizes) == 2 and sizes[1] == 0, "the player fetched it anew"
    assert page.locator("yeoul-player img.poster").count() == 1


def test_chapters_times_and_addresses_lead_on(context: BrowserContext, yeoul_server: Server, video: dict[str, Any]):
    page = watch(context, yeoul_server, video)
    page.press("k")
    about = page.page.locator("#about")
    expect(about.get_by_role("region", name="Chapters").get_by_role("listitem")).to_have_count(2)
    about.get_by_role("link", name="0:02").click()
    page.until("player.media.currentTime >= 2 && player.media.currentTime < 2.1")
    expect(page.text(".chapter-title")).to_have_text("<b>Middle</b> & end")
    about.get_by_role("link", name="0:04").click()
    page.until("player.media.currentTime >= 4 && player.media.currentTime < 4.1")
    expect(about.get_by_role("link", name="example.org")).to_have_attribute("href", "https://example.org/a?b=1")
    expect(about.get_by_role("link", name="#wave")).to_have_attribute("href", "/search?q=wave")
    page.page.mouse.move(400, 300)
    page.text(".chapter").click()
    page.page.get_by_role("menuitemradio", name="Beginning").click()
    page.until("player.media.currentTime < 0.1")
    assert page.page.evaluate("window.broken") is None


def test_choices_hold_on_the_next_page(context: BrowserContext, yeoul_server: Server, bunny: dict[str, Any], video: dict[str, Any]):
    page = watch(context, yeoul_server, bunny, goes_on=True)
    page.press(">")
    page.choose("Data saver", "On")
    page.page.get_by_role("switch", name="Autoplay").click()
    page.press("2")
    page.until("player.media.currentTime > 6.1")
    page.press("k")
    page.until("player.media.paused")
    page.page.goto(f"{yeoul_server.url}/watch/{video['id']}")
    page.until("player.media.playbackRate === 1.25 && player.media.currentTime > 0.1")
    expect(page.page.get_by_role("switch", name="Autoplay")).to_have_attribute("aria-checked", "false")
    assert page.page.evaluate(
        "document.querySelector('yeoul-player').playback.shaka.getConfiguration().abr.restrictions.maxPixels < 500_000"
    )
    # Where a video was left, it goes on.
    page.page.goto(f"{yeoul_server.url}/watch/{bunny['id']}")
    page.until("player.media.currentTime > 6")
    page.page.goto(f"{yeoul_server.url}/watch/{bunny['id']}?t=0m20s")
    page.until("player.media.currentTime > 20")


def test_captions_look_as_chosen(context: BrowserContext, yeoul_server: Server, media_dir: Path):
    video = yeoul_server.upload(media_dir / "with-srt-subtitles.mkv", "--visibility", "unlisted")
    page = watch(context, yeoul_server, video)
    page.press("k")
    page.press("c")
    page.page.mouse.move(300, 200)
    page.text("media-settings-menu-button").click()
    page.text(".caption-style").click()
    dialog = page.page.get_by_role("dialog", name="Caption style")
    dialog.get_by_label("Size").select_option("Large")
    dialog.get_by_label("Text").select_option("Yellow")
    page.page.reload()
    page.until("[...player.media.textTracks].some((track) => track.kind === 'captions' && track.mode === 'showing')")
    rule = page.page.evaluate("[...document.adoptedStyleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).join()")
    assert "::cue" in rule and "150%" in rule and "rgb(255, 255, 0)" in rule


def test_the_next_of_a_playlist_follows(context: BrowserContext, yeoul_server: Server, video: dict[str, Any], tmp_path: Path):
    other = yeoul_server.upload(make_clip(tmp_path, "mkv"), "--visibility", "public", "--title", "The second of two")
    _, made = yeoul_server.request("POST", "/api/v1/playlists", {"title": "Two in a row", "visibility": "public"})
    for one in (video, other):
        yeoul_server.request("POST", f"/api/v1/playlists/{made['id']}/entries", {"video_id": one["id"]})
    page = watch(context, yeoul_server, video, f"?list={made['id']}&t=4", goes_on=True)
    expect(page.page.get_by_role("region", name="Two in a row").locator("[aria-current]")).to_contain_text("Say")
    card = page.page.get_by_role("group", name="Up next")
    expect(card).to_contain_text("The second of two")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_be_hidden()
    page.press("Shift+N")
    page.page.wait_for_url(f"**/watch/{other['id']}?list={made['id']}")


def test_sharing_gives_link_and_frame(context: BrowserContext, yeoul_server: Server, video: dict[str, Any]):
    page = watch(context, yeoul_server, video)
    page.press("k")
    page.press("?")
    keys = page.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Picture-in-picture")
    keys.get_by_role("button", name="Close").click()
    page.seek(3.2)
    page.page.get_by_role("button", name="Share").click()
    dialog = page.page.get_by_role("dialog", name="Share")
    dialog.get_by_label("Start at 0:03").check()
    expect(dialog.get_by_label("Link")).to_have_value(f"{yeoul_server.url}/watch/{video['id']}?t=3")
    frame = dialog.get_by_label("Embed").input_value()
    assert f'src="{yeoul_server.url}/embed/{video["id"]}?t=3" title="Say &quot;hi&quot; &lt;/title>' in frame


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """Another site, which serves the files of the test's folder."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_plays_inside_another_site(
    context: BrowserContext, yeoul_server: Server, video: dict[str, Any], elsewhere: ThreadingHTTPServer, tmp_path: Path
):
    address = f"{yeoul_server.url}/embed/{video['id']}"
    frames = f'<iframe id="still" src="{address}"></iframe><iframe id="on" src="{address}?autoplay=1&muted=1&loop=1&t=2"></iframe>'
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Elsewhere</title>{frames}", encoding="utf-8")
    page: Page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.frame.url == address else None)
    page.goto(f"http://localhost:{elsewhere.server_address[1]}/")
    playing = page.frame_locator("#on").locator("yeoul-player")
    state = "(player) => ({muted: player.media.muted, loop: player.media.loop, at: player.media.currentTime})"
    expect(playing).to_have_class("begun")
    seen = playing.evaluate(state)
    assert seen["muted"] and seen["loop"] and seen["at"] >= 2
    # The other has its picture and title, and fetches nothing of the video until it is wanted.
    still = page.frame_locator("#still")
    expect(still.get_by_role("link", name="Watch on Yeoul")).to_have_attribute("href", f"/watch/{video['id']}")
    assert [one for one in asked if ".m4s" in one or ".m3u8" in one or ".mpd" in one] == []
    still.locator("yeoul-player").evaluate("(player) => player.togglePlay()")
    expect(still.locator("yeoul-player")).to_have_class("begun")
    assert context.cookies() == []


def test_an_embed_fetches_all_that_it_begins_with_at_once_when_play_is_pressed(
    context: BrowserContext, yeoul_server: Server, bunny: dict[str, Any]
):
    page = WatchPage(context.new_page(), f"{yeoul_server.url}/embed/{bunny['id']}").open()
    page.until("player.video !== null")
    page.text(".big-play").click()
    page.until("player.media.currentTime > 0.2")
    asked = page.page.evaluate(
        "() => performance.getEntriesByType('resource').filter((one) => /\\.(mpd|m3u8|m4s)$|init.mp4$/.test(one.name))"
        ".map((one) => [one.name.split('/').slice(6).join('/'), one.transferSize])"
    )
    rung = page.stats()["activeRung"].split("x")[1]
    ahead = [name for name, _ in asked[:5]]
    assert sorted(ahead) == sorted(["manifest.mpd", f"{rung}p/init.mp4", f"{rung}p/0.m4s", "audio/init.mp4", "audio/0.m4s"]), asked
    assert [name for name, size in asked[5:] if name in ahead and size > 0] == [], "the player fetched them anew"


def test_says_in_korean_that_there_is_nothing(browser: Browser, yeoul_server: Server):
    context = open_context(browser, locale="ko-KR")
    page = context.new_page()
    page.goto(f"{yeoul_server.url}/watch/0nosuchvideo0")
    expect(page.locator(".stage-title")).to_have_text("동영상을 찾을 수 없습니다")
    expect(page.get_by_role("button", name="전체 화면")).to_be_attached()
    context.close()


def test_an_account_goes_on_where_it_was_and_keeps_videos(context: BrowserContext, yeoul_server: Server, bunny: dict[str, Any]):
    handle, password = "watch_page_reader", "a long password"
    body = {"handle": handle, "email": "watch_page_reader@example.org", "password": password}
    assert yeoul_server.request("POST", "/api/v1/accounts", body, token=None)[0] == 201
    api = f"{yeoul_server.url}/api/v1"
    assert context.request.post(f"{api}/sessions", data={"handle": handle, "password": password}).ok
    page = watch(context, yeoul_server, bunny)
    page.press("5")
    page.until("player.media.currentTime > 15.1")
    with page.page.expect_response(lambda answer: answer.request.method == "PUT" and answer.url.endswith("/position")) as kept:
        page.press("k")
    assert kept.value.status == 204
    page.page.reload()
    page.until("player.media.currentTime > 15")
    page.page.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.page.get_by_role("button", name="Subscribed", exact=True)).to_be_visible()
    page.page.get_by_role("button", name="Save").click()
    page.page.get_by_role("dialog").get_by_role("button", name="Watch later").click()
    expect(page.page.get_by_text("Saved to Watch later")).to_be_visible()
    assert context.request.get(f"{api}/playlists/later/entries").json()["items"][0]["video"]["id"] == bunny["id"]
