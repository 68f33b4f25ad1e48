"""The HTTP face as its users meet it: pages of lists, problem details, sessions, who may see what, caches and ranges, events."""

from __future__ import annotations

import gzip
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.server import Server
from tests.e2e.waiting import PATIENCE_S, wait_for
from tests.streams import make_source
from yeoul.base.sandbox.confine import PARTS
from yeoul.delivery.access import StreamAccess

API = "/api/v1"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("clip") / "clip.mp4", size="128x96", duration_s=4.0)


@pytest.fixture(scope="module")
def private(yeoul_server: Server, clip: Path) -> dict[str, Any]:
    """The result of a private upload."""
    return yeoul_server.upload(clip, "--title", "private")


@pytest.fixture(scope="module")
def public(yeoul_server: Server, clip: Path) -> dict[str, Any]:
    """The result of a public upload."""
    return yeoul_server.upload(clip, "--title", "public", "--visibility", "public")


@pytest.fixture(scope="module")
def stranger(yeoul_server: Server) -> str:
    """The token of somebody else."""
    return sign_up(yeoul_server, "somebody")


def sign_up(server: Server, handle: str) -> str:
    account = {"handle": handle, "email": f"{handle}@example.org", "password": PASSWORD}
    assert server.request("POST", f"{API}/accounts", account, token=None)[0] == 201
    return server.request("POST", f"{API}/sessions", account, token=None)[1]["token"]


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "retryable", "facts"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:yeoul:error:{code}"


# --- lists ---


def pages(server: Server, path: str, limit: int, token: str = "") -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    cursor = ""
    while True:
        status, page = server.request("GET", f"{path}limit={limit}{cursor}", token=token)
        assert status == 200, page
        found.append(page["items"])
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_own_videos_page_newest_first_without_loss(yeoul_server: Server, limit: int):
    token = sign_up(yeoul_server, f"pager{limit}")
    made = [yeoul_server.request("POST", f"{API}/videos", {"title": str(n)}, token=token)[1]["id"] for n in range(7)]
    found = pages(yeoul_server, f"{API}/videos?", limit, token)
    assert [video["id"] for page in found for video in page] == made[::-1]
    assert all(len(page) <= limit for page in found) and len(found) == -(-7 // limit)


def test_the_feed_pages_and_shows_public_videos_only(yeoul_server: Server, private: dict[str, Any], public: dict[str, Any]):
    ids = [video["id"] for page in pages(yeoul_server, f"{API}/feed?", 1, token="") for video in page]
    assert public["id"] in ids and private["id"] not in ids and len(ids) == len(set(ids))


def test_open_uploads_page(yeoul_server: Server):
    fingerprint = "0123456789abcdef" * 4
    made = []
    for _ in range(3):
        video = yeoul_server.request("POST", f"{API}/videos", {})[1]
        body = {"mode": "whole", "file_name": "a", "size_bytes": 5, "fingerprint": fingerprint}
        made.append(yeoul_server.request("POST", f"{API}/videos/{video['id']}/upload", body)[1]["id"])
    found = pages(yeoul_server, f"{API}/uploads?fingerprint={fingerprint}&", 2)
    assert [[upload["id"] for upload in page] for page in found] == [made[:0:-1], made[:1]]


def test_every_list_of_the_document_pages(yeoul_server: Server):
    document = yeoul_server.get(f"{API}/openapi.json")
    schemas = document["components"]["schemas"]
    lists = [schema for schema in schemas.values() if "items" in schema.get("properties", {})]
    assert lists and all("next" in schema["properties"] for schema in lists)


# --- errors ---


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "request.not_found"),
        ("GET", f"{API}/nothing", 404, "request.not_found"),
        ("GET", f"{API}/videos/none", 404, "request.not_found"),
        ("DELETE", f"{API}/videos/none", 404, "request.not_found"),
        ("GET", f"{API}/videos/none/events", 404, "request.not_found"),
        ("GET", f"{API}/videos/none/dag", 404, "request.not_found"),
        ("GET", f"{API}/uploads/none", 404, "request.not_found"),
        ("PUT", f"{API}/videos", 405, "request.bad_method"),
        ("DELETE", f"{API}/feed", 405, "request.bad_method"),
        ("GET", f"{API}/videos?limit=many", 422, "request.invalid"),
        ("GET", f"{API}/videos?cursor=forged", 422, "request.invalid"),
        ("GET", f"{API}/uploads?fingerprint=short", 422, "request.invalid"),
        ("GET", f"{API}/uploads", 422, "request.invalid"),
        ("POST", f"{API}/videos", 422, "request.invalid"),
        ("GET", "/stream/public/none/master.m3u8", 404, "request.not_found"),
        ("PUT", "/blob/original/a", 403, "storage.bad_signature"),
    ],
)
def test_every_error_is_a_problem(yeoul_server: Server, method: str, path: str, status: int, code: str):
    headers = {"Authorization": f"Bearer {yeoul_server.token}"}
    answer = httpx.request(method, yeoul_server.url + path, headers=headers)
    assert_problem(answer, status, code)
    if status == 405:
        assert answer.headers["allow"]


def test_a_body_that_is_too_large_is_a_problem(yeoul_server: Server):
    headers = {"Authorization": f"Bearer {yeoul_server.token}", "Content-Type": "application/json"}
    assert_problem(httpx.post(f"{yeoul_server.url}{API}/videos", content=b" " * (17 << 20), headers=headers), 413, "request.too_large")


def test_the_document_lists_every_route_with_its_errors(yeoul_server: Server):
    document = yeoul_server.get(f"{API}/openapi.json")
    found = {(method.upper(), path.removeprefix(API)) for path, methods in document["paths"].items() for method in methods}
    promised = "POST accounts|POST sessions|POST videos|GET videos/{}|PATCH videos/{}|DELETE videos/{}|GET videos/{}/events|GET feed"
    promised += "|POST videos/{}/upload|POST uploads/{}/urls|GET uploads/{}|POST uploads/{}/complete|GET videos|POST videos/{}/retry"
    plain = {(method, re.sub(r"\{\w+\}", "{}", path).lstrip("/")) for method, path in found}
    assert {tuple(one.split(" ")) for one in promised.split("|")} <= plain
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for kind in ("4XX", "5XX"):
                content = operation["responses"][kind]["content"]
                assert "code" in content["application/problem+json"]["schema"]["properties"], (method, path)
            assert operation["description"], (method, path)


def test_health_and_metrics(yeoul_server: Server):
    assert httpx.get(f"{yeoul_server.url}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{yeoul_server.url}/readyz").json()
    assert ready["status"] == "ok"
    assert set(ready["sandbox"]["lacks"]) <= set(PARTS)
    httpx.get(f"{yeoul_server.url}{API}/feed")
    text = httpx.get(f"{yeoul_server.url}/metrics").text
    assert re.search(r'^yeoul_http_requests_total\{method="GET",route="/api/v1/feed",status="200"\} [1-9]', text, re.MULTILINE), text[
        -2000:
    ]


# --- sessions ---


@pytest.fixture
def browser(yeoul_server: Server) -> httpx.Client:
    """A client with the cookie of a new account."""
    handle = f"browser{time.monotonic_ns()}"
    sign_up(yeoul_server, handle)
    client = httpx.Client(base_url=yeoul_server.url)
    answer = client.post(f"{API}/sessions", json={"handle": handle, "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    return client


def test_a_cookie_reads_and_writes_from_our_own_pages_only(yeoul_server: Server, browser: httpx.Client):
    assert browser.get(f"{API}/accounts/me").status_code == 200
    own, foreign = yeoul_server.url, "http://evil.example"
    assert browser.post(f"{API}/videos", json={"title": "own"}, headers={"Origin": own}).status_code == 201
    for headers in ({"Origin": foreign}, {}, {"Origin": "null"}, {"Origin": "http://["}, {"Origin": f"{own}.evil.example"}):
        assert_problem(browser.post(f"{API}/videos", json={"title": "forged"}, headers=headers), 403, "account.forbidden")
    assert [video["title"] for video in browser.get(f"{API}/videos").json()["items"]] == ["own"]
    assert browser.delete(f"{API}/sessions/current", headers={"Origin": own}).status_code == 204
    assert_problem(browser.get(f"{API}/accounts/me"), 401, "account.unauthenticated")


def test_a_session_that_ended_is_over_for_who_kept_its_token(yeoul_server: Server):
    token = sign_up(yeoul_server, "leaver")
    assert yeoul_server.request("DELETE", f"{API}/sessions/current", token=token)[0] == 204
    assert yeoul_server.request("GET", f"{API}/accounts/me", token=token)[0] == 401


def test_wrong_passwords_and_taken_handles(yeoul_server: Server, stranger: str):
    for handle, password in (("somebody", "wrong password"), ("nobody-here", PASSWORD)):
        status, problem = yeoul_server.request("POST", f"{API}/sessions", {"handle": handle, "password": password}, token=None)
        assert (status, problem["code"]) == (401, "account.bad_credentials")
    account = {"handle": "somebody", "email": "other@example.org", "password": PASSWORD}
    assert yeoul_server.request("POST", f"{API}/accounts", account, token=None)[1]["code"] == "account.taken"


# --- who may see what ---


def test_a_private_video_is_there_for_its_owner_alone(yeoul_server: Server, private: dict[str, Any], stranger: str):
    path = f"{API}/videos/{private['id']}"
    for token in (stranger, None):
        for what in ("", "/events", "/dag"):
            assert yeoul_server.request("GET", path + what, token=token)[0] == (401 if token is None and what == "/dag" else 404)
    for method, body in (("PATCH", {"title": "mine"}), ("DELETE", None)):
        assert yeoul_server.request(method, path, body, token=stranger)[0] == 404
    assert yeoul_server.get(path)["title"] == "private"
    playlist = f"/stream/public/{private['id']}/master.m3u8"
    assert yeoul_server.request("GET", playlist, token=None)[1]["code"] == "storage.bad_signature"


def test_a_public_video_is_seen_and_not_changed_by_others(yeoul_server: Server, public: dict[str, Any], stranger: str):
    path = f"{API}/videos/{public['id']}"
    assert yeoul_server.request("GET", path, token=None)[0] == 200
    assert yeoul_server.request("PATCH", path, {"title": "mine"}, token=stranger)[1]["code"] == "account.forbidden"
    assert yeoul_server.request("DELETE", path, token=stranger)[1]["code"] == "account.forbidden"


def test_a_signed_stream_needs_no_login_and_expires(yeoul_server: Server, private: dict[str, Any], public: dict[str, Any]):
    assert yeoul_server.request("GET", private["hls"], token=None)[0] == 200
    access = StreamAccess((yeoul_server.data / "secret.key").read_bytes())
    good = private["hls"].split("/")[4]
    tokens = {
        "expired": access.make_token(private["id"], "private", 1_700_000_000.0),
        "of another video": access.make_token(public["id"], "private", time.time()),
        "prolonged": "9" + good,
        "cut": good[:-1],
        "empty expiry": "-" + good.split("-")[1],
        "public": "public",
    }
    for name, token in tokens.items():
        status, problem = yeoul_server.request("GET", f"/stream/{token}/{private['id']}/master.m3u8", token=None)
        assert (status, problem["code"]) == (403, "storage.bad_signature"), name
    for line in playlist_lines(yeoul_server, private["hls"]):
        assert yeoul_server.request("GET", private["hls"].rpartition("/")[0] + "/" + line, token=None)[0] == 200


@pytest.mark.parametrize(("which", "scope"), [("private", "private"), ("public", "public")])
def test_shared_caches_keep_only_what_everybody_may_see(yeoul_server: Server, request: pytest.FixtureRequest, which: str, scope: str):
    result = request.getfixturevalue(which)
    base = result["hls"].rpartition("/")[0]
    video = yeoul_server.get(f"{API}/videos/{result['id']}")
    lists = [f"{base}/{line}" for line in playlist_lines(yeoul_server, result["hls"])]
    files = [f"{one.rpartition('/')[0]}/{name}" for one in lists for name in ("init.mp4", playlist_lines(yeoul_server, one)[0])]
    others = [yeoul_server.url + video["poster"], result["dash"], f"{base}/storyboard.vtt", f"{base}/storyboard-0.jpg"]
    for address in (result["hls"], *lists, *files, *others):
        answer = httpx.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"].split(",")[0] == scope, address
    assert len(files) >= 2


def playlist_lines(server: Server, url: str) -> list[str]:
    return [line for line in server.request("GET", url, token=None)[1].splitlines() if line and not line.startswith("#")]


def test_what_becomes_private_is_closed_at_once(yeoul_server: Server, clip: Path):
    result = yeoul_server.upload(clip, "--visibility", "unlisted")
    assert yeoul_server.request("GET", result["hls"], token=None)[0] == 200
    assert yeoul_server.request("PATCH", f"{API}/videos/{result['id']}", {"visibility": "private"})[0] == 200
    wait_for(lambda: yeoul_server.request("GET", result["hls"], token=None)[0] == 403, "the stream to be closed")


# --- caches and ranges ---


def test_playlists_are_compressed_and_not_sent_again(public: dict[str, Any]):
    for url, media_type in ((public["hls"], "application/vnd.apple.mpegurl"), (public["dash"], "application/dash+xml")):
        plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
        assert plain.headers["content-type"] == media_type
        assert "content-encoding" not in plain.headers and "Accept-Encoding" in plain.headers["vary"]
        packed = httpx.get(url, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip" and packed.text == plain.text
        known = httpx.get(url, headers={"If-None-Match": plain.headers["etag"]})
        assert known.status_code == 304 and known.content == b""
        assert httpx.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_gzip_that_is_refused_is_not_sent(public: dict[str, Any]):
    answer = httpx.get(public["hls"], headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in answer.headers


def test_segments_come_in_ranges_and_stay_the_same(yeoul_server: Server, public: dict[str, Any]):
    base = public["hls"].rpartition("/")[0]
    media = next(line for line in playlist_lines(yeoul_server, public["hls"]) if "audio" not in line)
    segment = playlist_lines(yeoul_server, f"{base}/{media}")[0]
    url = f"{base}/{media.rpartition('/')[0]}/{segment}"
    whole = httpx.get(url)
    assert whole.headers["content-type"] == "video/mp4"
    assert "immutable" in whole.headers["cache-control"] and whole.headers["accept-ranges"] == "bytes"
    part = httpx.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    tail = httpx.get(url, headers={"Range": "bytes=-5"})
    assert (tail.status_code, tail.content) == (206, whole.content[-5:])
    assert httpx.get(url, headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416
    assert httpx.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    head = httpx.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(whole.content)), b"")


# --- events ---


def test_events_tell_the_whole_story_in_order(yeoul_server: Server, clip: Path):
    video = yeoul_server.request("POST", f"{API}/videos", {"title": "followed"})[1]
    headers = {"Authorization": f"Bearer {yeoul_server.token}"}
    states: list[str] = []
    progress: list[float] = []
    tasks: dict[str, list[str]] = {}
    with httpx.stream("GET", f"{yeoul_server.url}{API}/videos/{video['id']}/events", headers=headers, timeout=PATIENCE_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        kind = ""
        for line in lines:
            field, _, value = line.partition(": ")
            if field == "event":
                kind = value
            elif field == "data" and kind == "video":
                told = json.loads(value)
                states += [told["state"]] if states[-1:] != [told["state"]] else []
                progress.append(told["progress"])
                if states == ["created"] and len(progress) == 1:
                    send_whole(yeoul_server, video["id"], clip)
                if told["state"] in ("ready", "failed"):
                    break
            elif field == "data" and kind == "task":
                told = json.loads(value)
                tasks.setdefault(told["stage"], []).append(told["state"])
    order = ["created", "uploading", "processing", "playable", "ready"]
    assert states[0] == "created" and states[-1] == "ready"
    assert states == [state for state in order if state in states], states
    assert progress[-1] == 1.0
    assert {"split", "encode_low", "audio", "package"} <= set(tasks)
    assert all("done" in seen for stage, seen in tasks.items() if stage in ("split", "encode_low")), tasks


def send_whole(server: Server, video_id: str, path: Path) -> None:
    """Upload a file whole by plain requests, as curl would."""
    import hashlib

    body = path.read_bytes()
    sha256 = hashlib.sha256(body).hexdigest()
    opened = {"mode": "whole", "file_name": path.name, "size_bytes": len(body), "fingerprint": sha256}
    upload = server.request("POST", f"{API}/videos/{video_id}/upload", opened)[1]
    part = {"index": 0, "size_bytes": len(body), "sha256": sha256}
    url = server.request("POST", f"{API}/uploads/{upload['id']}/urls", {"pieces": [part]})[1]["urls"][0]
    assert server.request("PUT", url["url"], body, token=None, headers=url["headers"])[0] == 200
    assert server.request("POST", f"{API}/uploads/{upload['id']}/landed", {"indexes": [0]})[0] == 204
    assert server.request("POST", f"{API}/uploads/{upload['id']}/complete", {"pieces": 1})[0] == 200


def test_others_hear_no_tasks(yeoul_server: Server, public: dict[str, Any]):
    with httpx.stream("GET", f"{yeoul_server.url}{API}/videos/{public['id']}/events", timeout=PATIENCE_S) as answer:
        kinds = [line for line in read_until(answer, "event: video") if line.startswith("event")]
    assert kinds == ["event: video"]


def test_events_end_when_the_follower_may_no_longer_see_the_video(yeoul_server: Server):
    video = yeoul_server.request("POST", f"{API}/videos", {"title": "open", "visibility": "unlisted"})[1]
    with httpx.stream("GET", f"{yeoul_server.url}{API}/videos/{video['id']}/events", timeout=PATIENCE_S) as answer:
        lines = answer.iter_lines()
        assert any('"title":"open"' in line for line in lines)
        change = {"title": "closed", "visibility": "private"}
        assert yeoul_server.request("PATCH", f"{API}/videos/{video['id']}", change)[0] == 200
        rest = list(lines)
    assert "event: gone" in rest and "closed" not in "".join(rest)


def read_until(answer: httpx.Response, last: str) -> list[str]:
    found: list[str] = []
    for line in answer.iter_lines():
        found.append(line)
        if line == last:
            break
    return found


def test_events_stay_open_while_nothing_happens(yeoul_server: Server, public: dict[str, Any]):
    url = f"{yeoul_server.url}{API}/videos/{public['id']}/events"
    for _ in range(5):
        with httpx.stream("GET", url, timeout=httpx.Timeout(PATIENCE_S, read=1.0)) as answer, pytest.raises(httpx.ReadTimeout):
            for _ in answer.iter_bytes():  # ends by itself only if the server hangs up
                pass


def test_gzip_bodies_unpack_to_the_same(public: dict[str, Any]):
    with httpx.stream("GET", public["hls"], headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == httpx.get(public["hls"]).content
