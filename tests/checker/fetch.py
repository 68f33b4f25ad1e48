"""Where the bytes come from: a folder or a server; and what HTTP says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from tests.checker.rules import Expect, Finding

_TYPES = {
    "m3u8": {"application/vnd.apple.mpegurl"},
    "mpd": {"application/dash+xml"},
    "mp4": {"video/mp4", "audio/mp4"},
    "m4s": {"video/mp4", "audio/mp4", "video/iso.segment"},
    "vtt": {"text/vtt"},
    "jpg": {"image/jpeg"},
}


@dataclass(frozen=True)
class Answer:
    """status 404 where there is nothing. headers: lower-case names; None where the bytes did not come by HTTP."""

    status: int
    body: bytes
    headers: dict[str, str] | None = None


Fetch = Callable[[str], Answer]


def folder_fetch(uri: str) -> Answer:
    """Files on disk; `uri` is a path."""
    path = Path(unquote(uri))
    return Answer(200, path.read_bytes()) if path.is_file() else Answer(404, b"")


def http_fetch(client: httpx.Client) -> Fetch:
    """Files of a server, fetched with the client's cookies and headers."""

    def fetch(uri: str) -> Answer:
        answer = client.get(uri, headers={"accept-encoding": "gzip"})
        return Answer(answer.status_code, answer.content, {name.lower(): value for name, value in answer.headers.items()})

    return fetch


@dataclass
class Reader:
    """Fetches each file once and keeps what was found wrong, one finding per rule, file and detail."""

    base: str
    fetch: Fetch
    expect: Expect
    findings: list[Finding] = field(default_factory=list)
    _kept: dict[str, bytes | None] = field(default_factory=dict)

    def add(self, rule: str, where: str, detail: str) -> None:
        finding = Finding(rule, where, detail)
        if finding not in self.findings:
            self.findings.append(finding)

    def get(self, uri: str) -> bytes | None:
        """The file at `uri`, relative to the base; None, with a finding, where it is missing."""
        if uri not in self._kept:
            answer = self.fetch(resolve(self.base, uri))
            self._kept[uri] = answer.body if answer.status == 200 else None
            if answer.status != 200:
                self.add("stream.fetch", uri, f"status {answer.status}")
            elif answer.headers is not None:
                self._check_headers(uri, answer.headers)
        return self._kept[uri]

    def text(self, uri: str) -> str | None:
        body = self.get(uri)
        return None if body is None else body.decode("utf-8")

    def _check_headers(self, uri: str, headers: dict[str, str]) -> None:
        suffix = urlsplit(uri).path.rpartition(".")[2]
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if kind not in _TYPES.get(suffix, {kind}):
            self.add("http.type", uri, f"content-type {kind!r}")
        if suffix in ("m3u8", "mpd") and headers.get("content-encoding") != "gzip":
            self.add("http.gzip", uri, f"content-encoding {headers.get('content-encoding')!r}")


def resolve(base: str, uri: str) -> str:
    """A reference against a base that is a URL or a folder."""
    base = base.rstrip("/") + "/"
    return urljoin(base, uri) if "://" in base else base + uri


def below(playlist: str, uri: str) -> str:
    """A reference inside `playlist`, as a path from the base."""
    return urljoin(f"http://x/{playlist}", uri).removeprefix("http://x/")
