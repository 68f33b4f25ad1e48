"""Input that is wrong, damaged or hostile: each gets its own clear code, and nothing of it stays behind."""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
import sqlite3
import struct
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.evidence import read_made
from bench.server import Server
from tests.e2e.raw_upload import API, Cut, RawUpload
from tests.e2e.waiting import PATIENCE_S, delete_unfinished, wait_for, wait_for_end, wait_until_clean
from tests.harness.examples import count_examples
from tests.streams import make_source
from yeoul.blob.signature import UrlSigner
from yeoul.blob.store import Bucket
from yeoul.media.binaries import ffmpeg_path

BIG = 10**30


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 s, two pieces."""
    return make_source(tmp_path_factory.mktemp("clip") / "clip.mp4", size="128x96", duration_s=4.0)


@pytest.fixture(scope="module")
def cut(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    return Cut(clip, tmp_path_factory.mktemp("pieces"))


@pytest.fixture(autouse=True)
def clean(yeoul_server: Server) -> Iterator[None]:
    """After each test: no process, file or row of work is left of what failed or was given up, and the server is well."""
    yield
    delete_unfinished(yeoul_server)
    wait_until_clean(yeoul_server)
    assert yeoul_server.request("GET", "/healthz", token=None)[0] == 200


# --- files ---


def make(target: Path, *arguments: str) -> Path:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *arguments, str(target)], check=True)
    return target


def make_bomb(folder: Path) -> Path:
    """A movie of small JPEG pictures whose own headers, and the container's, say 16000x16000."""
    plain = make(folder / "plain.avi", "-f", "lavfi", "-i", "color=s=64x64:d=1:r=5", "-c:v", "mjpeg")
    small, huge = struct.pack(">HH", 64, 64), struct.pack(">HH", 16000, 16000)
    data = plain.read_bytes().replace(b"\xff\xc0\x00\x11\x08" + small, b"\xff\xc0\x00\x11\x08" + huge)
    start = data.index(b"strf") + 12
    bomb = folder / "bomb.avi"
    bomb.write_bytes(data[:start] + struct.pack("<ii", 16000, 16000) + data[start + 8 :])
    return bomb


def make_claim(clip: Path, folder: Path) -> Path:
    """The clip with headers that claim five hours."""
    data = bytearray(clip.read_bytes())
    for kind, offset in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        at = data.find(kind)
        while at >= 0:
            scale = struct.unpack_from(">I", data, at + 16)[0] if kind == b"mdhd" else 1000
            struct.pack_into(">I", data, at + 4 + offset, min(18_000 * scale, 2**32 - 1))
            at = data.find(kind, at + 4)
    claim = folder / "claim.mp4"
    claim.write_bytes(data)
    return claim


def make_files(clip: Path, folder: Path, web: str) -> dict[str, tuple[Path, str]]:
    """By name: a file and the code that it must end with."""
    secret = make(folder / "secret.ts", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg2video")
    sound = make(folder / "sound.mp4", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")
    texts = {
        "ffconcat": f"ffconcat version 1.0\nfile '{secret}'\nfile '{web}/a.ts'\n",
        "playlist": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{web}/a.ts\n#EXT-X-ENDLIST\n",
        "master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{web}/a.m3u8\n",
    }
    bodies = {**{name: text.encode() for name, text in texts.items()}, "garbage": os.urandom(50_000), "text": b"just words\n"}
    files = {name: (folder / f"{name}.mp4", "media.unreadable") for name in bodies}
    for name, body in bodies.items():
        files[name][0].write_bytes(body)
    half = folder / "half.mp4"
    half.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    return {
        **files,
        "cut off": (half, "media.truncated"),
        "sound": (sound, "media.no_video"),
        "bomb": (make_bomb(folder), "media.too_large"),
    }


def test_bad_files_fail_with_their_code_and_touch_nothing(yeoul_server: Server, clip: Path, tmp_path: Path):
    """None of them can be split by a client, so all go up whole, with and without --whole; the server says what they are."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        files = make_files(clip, tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}")
        running = {name: yeoul_server.start_upload(file) for name, (file, _) in files.items()}
        ends = {name: yeoul_server.end_upload(upload) for name, upload in running.items()}
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert {name: (end["exit"], end["state"], end["error"]["code"]) for name, end in ends.items()} == {
        name: (3, "failed", code) for name, (_, code) in files.items()
    }
    for end in ends.values():
        assert len(end["error"]["message"]) > 10 and str(tmp_path) not in end["error"]["message"]
        assert yeoul_server.get(f"/api/v1/videos/{end['id']}")["error"]["code"] == end["error"]["code"]


@pytest.mark.parametrize("options", [(), ("--whole",)])
def test_nothing_to_send(yeoul_server: Server, tmp_path: Path, options: tuple[str, ...]):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    before = len(yeoul_server.get("/api/v1/videos?limit=100")["items"])
    result = yeoul_server.upload(empty, *options)
    assert (result["exit"], result["id"], result["error"]["code"]) == (3, None, "media.unreadable")
    assert yeoul_server.upload(tmp_path, *options)["exit"] == 2
    assert len(yeoul_server.get("/api/v1/videos?limit=100")["items"]) == before


@pytest.mark.parametrize("options", [(), ("--whole",)])
def test_a_claim_of_five_hours_is_not_believed(yeoul_server: Server, clip: Path, tmp_path: Path, options: tuple[str, ...]):
    result = yeoul_server.upload(make_claim(clip, tmp_path), *options)
    assert (result["exit"], result["state"]) == (0, "ready"), result
    assert result["source"]["frames"] == 120
    assert result["source"]["duration_s"] == pytest.approx(4.0, abs=0.2)


# --- metadata ---

TEXTS = {
    "quotes": "\"double\" 'single' `back` \\",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "sql": "'; DROP TABLE video; --",
    "right to left": "\u202eabc \u05d0\u05d1 \u0627\u0644",
    "emoji": "👩‍👩‍👧‍👦 여울 🏞️",
    "lines": "a\r\nb\tc\u2028d",
    "template": "{{7*7}} ${7*7} %s %n {0}",
    "longest": "x" * 200,
    "empty": "",
}


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_is_kept_as_it_is(yeoul_server: Server, name: str):
    text = TEXTS[name]
    status, made = yeoul_server.request("POST", f"{API}/videos", {"title": text, "description": text})
    assert status == 201
    found = yeoul_server.get(f"{API}/videos/{made['id']}")
    assert (found["title"], found["description"]) == (text, text)


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "a\\u0000b"}',
        b'{"description": "\\u0000"}',
        b'{"title": "\\ud800"}',
        b'{"title": "\\udfff\\ud800"}',
        b'{"visibility": "\\ud800"}',
        json.dumps({"title": "x" * 201}).encode(),
        json.dumps({"description": "x" * 10_241}).encode(),
        b'{"title": 5}',
        b'{"title": null}',
        b'{"title": "\xff"}',
        b'{"title": NaN}',
        b"[]",
        b"{",
        b"",
        b"[" * 100_000,
        b'{"title": 1' + b"0" * 10_000 + b"}",
    ],
)
def test_text_that_is_none_is_refused(yeoul_server: Server, body: bytes):
    status, problem = yeoul_server.request("POST", f"{API}/videos", body, headers={"Content-Type": "application/json"})
    assert status in (400, 422) and problem["code"] == "request.invalid", (status, problem)


def test_a_body_without_end_is_cut_short(yeoul_server: Server):
    status, problem = yeoul_server.request(
        "POST", f"{API}/videos", b'{"title": "' + b"x" * (17 << 20) + b'"}', headers={"Content-Type": "application/json"}
    )
    assert (status, problem["code"]) == (413, "request.too_large")


def test_hostile_captions_stay_captions(yeoul_server: Server, cut: Cut):
    label = '",URI="x" #EXT-X-EVIL:1 <Evil attr="x">&'
    captions = [{"language": "en", "label": label, "webvtt": "WEBVTT\n\n00:00.000 --> 00:01.000\n<script>alert(1)</script>\n"}]
    upload = RawUpload.open(yeoul_server, cut, captions=captions)
    for index in range(len(cut.pieces)):
        upload.send(cut, index)
    assert upload.complete(len(cut.pieces))[0] == 200
    video = wait_for_end(yeoul_server, upload.video_id)
    assert video["state"] == "ready", video["error"]
    status, master = yeoul_server.request("GET", video["playback"]["hls"])
    assert status == 200 and not [line for line in master.splitlines() if line.startswith("#EXT-X-EVIL")]
    status, mpd = yeoul_server.request("GET", video["playback"]["dash"])
    assert status == 200 and not [element for element in ET.fromstring(mpd).iter() if "Evil" in element.tag]
    status, text = yeoul_server.request("GET", video["playback"]["captions"][0]["url"])
    assert status == 200 and text.startswith("WEBVTT")


@pytest.mark.parametrize(
    "caption",
    [
        {"label": "a", "webvtt": "no webvtt"},
        {"label": "a", "webvtt": "WEBVTT\0"},
        {"label": "a", "webvtt": 5},
        {"label": "a" * 201, "webvtt": "WEBVTT"},
        {"label": "a", "language": "x" * 36, "webvtt": "WEBVTT"},
        {"label": "a", "language": 'en"\n#EXT-X-EVIL', "webvtt": "WEBVTT"},
        {"label": '"\n#EXT-X-EVIL:1', "language": "en", "webvtt": "WEBVTT"},
        {"label": "a", "webvtt": "WEBVTT\n\n00:02.000 --> 00:01.000\nbackwards\n"},
        {"label": "a"},
        "WEBVTT",
    ],
)
def test_captions_that_are_none_are_refused(yeoul_server: Server, cut: Cut, caption: Any):
    status, problem, _ = RawUpload.try_open(yeoul_server, cut, captions=[caption])
    assert (status, problem["code"]) == (422, "request.invalid")


# --- signed addresses ---


def test_a_signed_address_takes_what_it_was_signed_for_and_nothing_else(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    body, other = cut.bodies[0], cut.bodies[1]
    url = upload.sign(cut.declared(0))
    far = upload.sign(cut.declared(1))
    changed = bytes([body[0] ^ 1]) + body[1:]
    forged = {
        "signature": url["url"][:-1] + ("0" if url["url"][-1] != "0" else "1"),
        "expiry": url["url"].replace("expires=", "expires=9"),
        "other key": url["url"].replace("piece-00000", "piece-00001"),
        "other query": url["url"].split("?")[0] + "?" + far["url"].split("?")[1],
        "other bucket": url["url"].replace("/original/", "/encoded/"),
        "no query": url["url"].split("?")[0],
        "up and out": url["url"].replace("/original/", "/original/../"),
    }
    for name, address in forged.items():
        status, problem = upload.put({**url, "url": address}, body)
        assert (status, problem["code"]) in [(403, "storage.bad_signature"), (404, "request.not_found")], name
    assert yeoul_server.request("GET", url["url"], token=None)[1]["code"] == "storage.bad_signature"
    for wrong in (changed, body[:-1], body + b"x", b"", other):
        status, problem = upload.put(url, wrong)
        assert (status, problem["code"]) == (400, "storage.checksum_mismatch")
    assert upload.post("landed", {"indexes": [0]})[1]["code"] == "upload.piece_missing"
    assert upload.put(url, body)[0] == 200


def test_a_signed_address_names_this_server_and_no_other(yeoul_server: Server, cut: Cut):
    """Programs get a whole address, pages one below that of the page; a made-up `Host` stands in neither."""
    upload = RawUpload.open(yeoul_server, cut)
    for host in ("evil.example", urlsplit(yeoul_server.url).netloc):
        answer = upload.post("urls", {"pieces": [cut.declared(0)]}, headers={"Host": host})[1]["urls"][0]
        assert answer["path"].startswith("/blob/original/")
        assert answer["url"] == yeoul_server.url + answer["path"]


def test_an_expired_address_is_refused_and_a_fresh_one_is_given(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    declared = cut.declared(0)
    fresh = upload.sign(declared)
    key = fresh["url"].split("/blob/original/")[1].split("?")[0]
    signer = UrlSigner(yeoul_server.url, (yeoul_server.data / "secret.key").read_bytes())
    old = signer.sign_put(Bucket.ORIGINAL, key, declared["size_bytes"], declared["sha256"], 1_700_000_000)
    status, problem = upload.put({"url": old.url, "headers": old.headers}, cut.bodies[0])
    assert (status, problem["code"]) == (403, "storage.bad_signature") and "expired" in problem["detail"]
    assert upload.put(upload.sign(declared), cut.bodies[0])[0] == 200


def test_pieces_are_not_declared_anew_without_end(yeoul_server: Server, cut: Cut):
    """Each time gives an address of its own, and what was sent to the earlier ones stays."""
    upload = RawUpload.open(yeoul_server, cut)
    answers: list[Any] = []
    while not answers or (answers[-1][0] == 200 and len(answers) < 9):
        declared = {**cut.declared(0), "size_bytes": 30 * 2**20, "sha256": f"{len(answers):064x}"}
        answers.append(upload.post("urls", {"pieces": [declared]}))
    assert [status for status, _ in answers] == [200, 200, 200, 409]


def test_a_piece_is_received_once_at_a_time(yeoul_server: Server, cut: Cut):
    """A client that lost its line sends again while the server still waits for the rest of before: that is over then, and holds nothing."""
    upload = RawUpload.open(yeoul_server, cut)
    url, body = upload.sign(cut.declared(0)), cut.bodies[0]
    place = urlsplit(url["url"])
    partials = yeoul_server.data / "blob" / ".partial"
    head = "".join(f"{name}: {value}\r\n" for name, value in {**url["headers"], "Host": place.netloc, "Content-Length": len(body)}.items())
    request = f"PUT {place.path}?{place.query} HTTP/1.1\r\n{head}\r\n".encode()
    with ExitStack() as lines:

        def begin() -> socket.socket:
            line = lines.enter_context(socket.create_connection((place.hostname or "", place.port or 80)))
            line.sendall(request + body[:10])
            return line

        first = begin()
        wait_for(lambda: len([*partials.iterdir()]) == 1, "a partial file")
        for line in [begin() for _ in range(5)]:
            assert line.recv(65536).startswith(b"HTTP/1.1 409 "), "one at a time"
        assert len([*partials.iterdir()]) == 1
        status, _ = wait_for(lambda: answer if (answer := upload.put(url, body))[0] != 409 else None, "the silent one to be given up")
        assert status == 200
        assert first.recv(65536).startswith(b"HTTP/1.1 409 ")
    wait_for(lambda: not [*partials.iterdir()], "no partial file to be left")


# --- order, repetition, absence ---


def test_pieces_may_come_twice_and_in_any_order(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    for index in reversed(range(len(cut.pieces))):
        upload.send(cut, index)
    again = upload.sign(cut.declared(0))
    assert again["url"] is None, "what has landed is not asked for again"
    assert upload.post("landed", {"indexes": [0, 0, 1]})[0] == 204
    assert [upload.complete(2)[0] for _ in range(2)] == [200, 200]
    assert wait_for_end(yeoul_server, upload.video_id)["state"] == "ready"
    made = read_made(yeoul_server.data, upload.video_id)
    assert made.samples["96p"] == 120 and made.indexes["96p"] == [0, 1]


def test_complete_names_what_is_missing(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    upload.send(cut, 1)
    status, problem = upload.complete(2)
    assert (status, problem["code"], problem["facts"]["missing"]) == (409, "upload.incomplete", [0])
    assert upload.complete(0)[1]["code"] == "upload.incomplete"
    assert upload.complete(100_000)[1]["facts"]["count"] == 100_000
    assert upload.complete(-1)[1]["code"] == "request.invalid"
    assert upload.complete(BIG)[1]["code"] == "request.invalid"
    assert upload.post("landed", {"indexes": [7]})[1]["code"] == "upload.piece_missing"


def test_nothing_is_taken_after_complete(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    for index in range(2):
        upload.send(cut, index)
    assert upload.complete(2)[0] == 200
    assert upload.post("urls", {"pieces": [cut.declared(0)]})[1]["code"] == "upload.closed"
    assert wait_for_end(yeoul_server, upload.video_id)["state"] == "ready"


def test_a_landed_piece_does_not_change(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    upload.send(cut, 0)
    status, problem = upload.post("urls", {"pieces": [cut.declared(0, b"other")]})
    assert (status, problem["code"]) == (409, "upload.piece_conflict")
    twice = [cut.declared(1), cut.declared(1, b"other")]
    assert upload.post("urls", {"pieces": twice})[1]["code"] == "request.invalid"


def test_an_upload_belongs_to_who_opened_it(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    stranger = sign_up(yeoul_server, "stranger")
    calls = [("urls", {"pieces": [cut.declared(0)]}), ("landed", {"indexes": [0]}), ("complete", {"pieces": 2})]
    for what, body in calls:
        assert upload.post(what, body, token=stranger)[1]["code"] == "request.not_found"
        assert upload.post(what, body, token=None)[1]["code"] == "account.unauthenticated"
        assert upload.post(what, body, token="forged")[1]["code"] == "account.unauthenticated"
    assert yeoul_server.request("GET", f"{API}/uploads/{upload.id}", token=stranger)[0] == 404
    fingerprint = "ab" * 32
    assert yeoul_server.request("GET", f"{API}/uploads?fingerprint={fingerprint}", token=stranger)[1]["items"] == []
    end_sessions(yeoul_server, stranger)
    assert yeoul_server.request("GET", f"{API}/accounts/me", token=stranger)[1]["code"] == "account.unauthenticated"


def sign_up(server: Server, handle: str) -> str:
    """The token of a new account."""
    account = {"handle": handle, "email": f"{handle}@example.org", "password": "correct horse"}
    assert server.request("POST", f"{API}/accounts", account, token=None)[0] == 201
    return server.request("POST", f"{API}/sessions", account, token=None)[1]["token"]


def end_sessions(server: Server, token: str) -> None:
    """Let a token expire."""
    with closing(sqlite3.connect(server.data / "yeoul.db", timeout=PATIENCE_S)) as connection:
        connection.execute("UPDATE session SET expires_at = 1 WHERE token_hash = ?", (hashlib.sha256(token.encode()).hexdigest(),))
        connection.commit()


def test_mode_and_content_must_agree(yeoul_server: Server, cut: Cut):
    upload = RawUpload.open(yeoul_server, cut)
    part = {name: value for name, value in cut.declared(0).items() if name != "piece"}
    assert upload.post("urls", {"pieces": [part]})[1]["code"] == "request.invalid"
    whole = RawUpload.open(yeoul_server, cut, mode="whole", source=None)
    assert whole.post("urls", {"pieces": [cut.declared(0)]})[1]["code"] == "request.invalid"
    assert RawUpload.try_open(yeoul_server, cut, mode="stream")[1]["code"] == "request.invalid"
    assert RawUpload.try_open(yeoul_server, cut, source=None)[1]["code"] == "request.invalid"


def test_parts_must_add_up(yeoul_server: Server, cut: Cut):
    whole = RawUpload.open(yeoul_server, cut, mode="whole", source=None, size_bytes=1000)
    body = b"x" * 999
    part = {"index": 0, "size_bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    assert whole.put(whole.sign(part), body)[0] == 200
    assert whole.post("landed", {"indexes": [0]})[0] == 204
    status, problem = whole.complete(1)
    assert (status, problem["code"], problem["facts"]["promised_bytes"]) == (422, "request.invalid", 1000)


# --- manifests that lie ---

PIECE_LIES: dict[str, dict[str, Any]] = {
    "ends before it starts": {"end_pts": -5},
    "is empty": {"end_pts": 0},
    "overflows": {"end_pts": 2**63},
    "overflows more": {"end_pts": BIG},
    "base overflows": {"base": -BIG},
    "audio base overflows": {"audio_base": 2**70},
    "no frames": {"frames": 0},
    "negative frames": {"frames": -1},
    "more frames than ticks": {"frames": 2**60},
    "anchor overflows": {"audio": {"anchor_sample": BIG}},
    "another index": {"index": 1},
    "negative index": {"index": -1},
    "another container": {"container": "hls"},
    "unknown field": {"command": "-i /etc/passwd"},
    "text for a number": {"start_pts": "0; rm -rf"},
    "not a number": {"start_pts": math.nan},
    "does not begin with the source": {"start_pts": 1},
    "ends after the source": {"end_pts": 10**9},
}


@pytest.mark.parametrize("lie", PIECE_LIES)
def test_a_manifest_that_cannot_be_true_is_refused_at_once(yeoul_server: Server, cut: Cut, lie: str):
    upload = RawUpload.open(yeoul_server, cut)
    status, problem = upload.post("urls", {"pieces": [cut.declared(0, **PIECE_LIES[lie])]})
    assert (status, problem["code"]) == (422, "request.invalid"), problem


@pytest.mark.parametrize("shift", [1, -1, 1000, -1000])
def test_gaps_and_overlaps_are_refused_at_complete(yeoul_server: Server, cut: Cut, shift: int):
    upload = RawUpload.open(yeoul_server, cut)
    upload.send(cut, 0)
    upload.send(cut, 1, start_pts=cut.pieces[1]["start_pts"] + shift)
    status, problem = upload.complete(2)
    assert (status, problem["code"]) == (422, "request.invalid") and "does not start where" in problem["detail"]


SOURCE_LIES: dict[str, tuple[dict[str, Any], str]] = {
    "rotation": ({"rotation_deg": 45}, "request.invalid"),
    "shape of nothing": ({"sar": {"num": 0, "den": 0}}, "request.invalid"),
    "shape of a division by zero": ({"sar": {"num": 1, "den": 0}}, "request.invalid"),
    "shape of a thread": ({"sar": {"num": 2**31 - 1, "den": 1}}, "media.too_large"),
    "time stands still": ({"time_base": {"num": 0, "den": 1}}, "request.invalid"),
    "time divided by zero": ({"time_base": {"num": 1, "den": 0}}, "request.invalid"),
    "time runs back": ({"time_base": {"num": -1, "den": 1000}}, "request.invalid"),
    "huge": ({"width": 10**9}, "media.too_large"),
    "huger": ({"width": 10**18, "height": BIG}, "request.invalid"),
    "negative": ({"height": -480}, "request.invalid"),
    "none": ({"width": 0}, "request.invalid"),
    "rate is no number": ({"frame_rate": math.nan}, "request.invalid"),
    "rate without end": ({"frame_rate": math.inf}, "request.invalid"),
    "frames": ({"frames": -1}, "request.invalid"),
    "depth": ({"bit_depth": 0}, "request.invalid"),
    "name with a NUL": ({"codec": "h264\0"}, "request.invalid"),
    "name without end": ({"codec": "h" * 5000}, "request.invalid"),
    "filter in a name": ({"pix_fmt": ["a"]}, "request.invalid"),
    "filter in the pixels": ({"pix_fmt": "yuv420p,movie=/etc/passwd"}, "request.invalid"),
    "filter in the primaries": ({"colour_primaries": "bt709[x];movie=/etc/passwd,metadata=print:file=/tmp/x[x]"}, "request.invalid"),
    "filter in the transfer": ({"colour_transfer": "bt709,movie=http\\://127.0.0.1/"}, "request.invalid"),
    "filter in the matrix": ({"colour_matrix": "bt709:range=pc"}, "request.invalid"),
    "filter in the range": ({"colour_range": "tv,null"}, "request.invalid"),
    "colour that nobody knows": ({"colour_primaries": "mauve"}, "request.invalid"),
}


@pytest.mark.parametrize("lie", SOURCE_LIES)
def test_a_source_that_cannot_be_is_refused_at_once(yeoul_server: Server, cut: Cut, lie: str):
    change, code = SOURCE_LIES[lie]
    source = {**cut.source, "video": {**cut.source["video"], **change}}
    status, problem, _ = RawUpload.try_open(yeoul_server, cut, source=source)
    assert (status, problem["code"]) == (422, code), problem


def test_a_duration_that_cannot_be_is_refused(yeoul_server: Server, cut: Cut):
    for value in (math.nan, math.inf, -1, "for ever"):
        status, problem, _ = RawUpload.try_open(yeoul_server, cut, source={**cut.source, "duration_s": value})
        assert (status, problem["code"]) == (422, "request.invalid")


def video_lie(cut: Cut, **change: Any) -> dict[str, Any]:
    return {"source": {**cut.source, "video": {**cut.source["video"], **change}}}


MISMATCH = ("media.piece_mismatch", "media.truncated")
FOUND_OUT: dict[str, tuple[Callable[[Cut], dict[str, Any]], dict[str, Any], bytes | None, tuple[str, ...]]] = {
    # what is said of the file, what is said of the last piece, its body, codes that tell the truth
    "another codec": (lambda cut: video_lie(cut, codec="hevc"), {}, None, MISMATCH),
    "another width": (lambda cut: video_lie(cut, width=1920), {}, None, MISMATCH),
    "another height": (lambda cut: video_lie(cut, height=98), {}, None, MISMATCH),
    "another sound": (lambda cut: {"source": {**cut.source, "audio": {**cut.source["audio"], "codec": "mp3"}}}, {}, None, MISMATCH),
    "no sound": (lambda cut: {"source": {**cut.source, "audio": None}}, {}, None, MISMATCH),
    "eternity": (lambda cut: {"source": {**cut.source, "duration_s": 1e7}}, {}, None, ("media.too_large",)),
    "many frames more": (lambda _: {}, {"frames": 90}, None, MISMATCH),
    "one frame less": (lambda _: {}, {"frames": 59}, None, MISMATCH),
    "frames from elsewhere": (lambda _: {}, {"base": 10**9}, None, MISMATCH),
    "a piece of garbage": (lambda _: {}, {}, os.urandom(20_000), (*MISMATCH, "media.unreadable")),
    "a piece of text": (lambda _: {}, {}, b"ffconcat version 1.0\nfile '/etc/passwd'\n", (*MISMATCH, "media.unreadable")),
}


@pytest.mark.parametrize("lie", FOUND_OUT)
def test_a_lie_is_found_out_by_looking(yeoul_server: Server, cut: Cut, lie: str):
    said, manifest, body, codes = FOUND_OUT[lie]
    upload = RawUpload.open(yeoul_server, cut, **said(cut))
    upload.send(cut, 0)
    if yeoul_server.get(f"{API}/videos/{upload.video_id}")["state"] != "failed":
        status, url = upload.post("urls", {"pieces": [cut.declared(1, body, **manifest)]})
        if status == 200:
            sent = cut.bodies[1] if body is None else body
            assert upload.put(url["urls"][0], sent)[0] == 200
            assert upload.post("landed", {"indexes": [1]})[0] in (204, 409)
            assert upload.complete(2)[0] in (200, 409)
        else:
            assert url["code"] == "upload.closed", "the video has failed meanwhile"
    video = wait_for_end(yeoul_server, upload.video_id)
    assert video["state"] == "failed"
    assert video["error"]["code"] in codes, video["error"]


# --- anything at all ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def mutated(valid: dict[str, Any], keys: list[tuple[str, ...]]) -> st.SearchStrategy[Any]:
    """The valid document with one to three of its values replaced by anything."""

    def replace(changes: list[tuple[tuple[str, ...], Any]]) -> Any:
        document = json.loads(json.dumps(valid))
        for path, value in changes:
            place = document
            for key in path[:-1]:
                place = place.get(key) if isinstance(place, dict) else None
            if isinstance(place, dict):
                place[path[-1]] = value
        return document

    odd = JSON | st.sampled_from([0, -1, 2**31, 2**63, BIG, 1e308, math.nan, "", "\0", "\ud800", [], {}])
    return st.lists(st.tuples(st.sampled_from(keys), odd), min_size=1, max_size=3).map(replace)


def paths(document: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where every value of a document is."""
    if not isinstance(document, dict):
        return []
    return [(*above, key) for key in document] + [path for key, value in document.items() for path in paths(value, (*above, key))]


FUZZ = settings(
    max_examples=count_examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZ
@given(data=st.data())
def test_no_request_for_urls_breaks_the_server(yeoul_server: Server, cut: Cut, data: st.DataObject):
    upload = fuzzed(yeoul_server, cut)
    declared = cut.declared(0)
    item = data.draw(mutated(declared, paths(declared)) | JSON)
    body = data.draw(st.sampled_from([{"pieces": [item]}, {"pieces": item}, item]))
    status, answer = upload.post("urls", body)
    assert status < 500, (status, answer)
    assert status == 200 or answer["code"].count(".") == 1


@FUZZ
@given(data=st.data())
def test_no_request_for_an_upload_breaks_the_server(yeoul_server: Server, cut: Cut, data: st.DataObject):
    upload = fuzzed(yeoul_server, cut)
    valid = {"mode": "pieces", "file_name": "a", "size_bytes": 9, "fingerprint": "cd" * 32, "source": cut.source}
    body = data.draw(mutated(valid, paths(valid)) | JSON)
    status, answer = yeoul_server.request("POST", f"{API}/videos/{upload.video_id}/upload", body)
    assert status < 500, (status, answer)


_FUZZED: dict[str, RawUpload] = {}


def fuzzed(server: Server, cut: Cut) -> RawUpload:
    """One upload for all examples."""
    if server.url not in _FUZZED:
        _FUZZED[server.url] = RawUpload.open(server, cut)
    return _FUZZED[server.url]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/videos/%00",
        "/api/v1/videos/%ff%fe",
        "/api/v1/videos/" + "x" * 5000,
        "/api/v1/videos/..%2f..%2fetc",
        "/api/v1/videos?cursor=%00",
        "/api/v1/videos?cursor=W05hTiwgIngiXQ",
        "/api/v1/videos?cursor=" + "W1tb" * 3000,
        "/api/v1/videos?limit=0",
        "/api/v1/videos?limit=" + "9" * 5000,
        "/stream/public/x/master.m3u8",
        "/stream/" + "9" * 5000 + "-a/x/master.m3u8",
        "/blob/original/x?expires=" + "9" * 5000,
        "/blob/secret/x",
        "/assets/..%2f..%2fbase%2ferrors.py",
        "/watch/../../etc/passwd",
    ],
)
def test_no_address_breaks_the_server(yeoul_server: Server, path: str):
    status, answer = yeoul_server.request("GET", path)
    assert 400 <= status < 500, (status, answer)
    assert answer["code"].count(".") == 1
