"""A connection to a server: requests that end in our errors, tried again where that is safe and helps."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from yeoul.base.errors import StorageFullError, UnavailableError, YeoulError, from_dict

_PATIENCE_S = 90.0
_FIRST_CONTACT_S = 3.0  # an address where nobody has answered yet is probably wrong
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
API = "/api/v1/"


class Connection:
    """One server, one token; safe to share between threads."""

    def __init__(self, server: str, token: str | None = None, patience_s: float = _PATIENCE_S) -> None:
        """patience_s: how long a server that has answered before is tried again when it cannot be reached."""
        self.server = server.rstrip("/")
        self.patience_s = patience_s
        self._met = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.server, headers=headers, timeout=httpx.Timeout(60.0, connect=10.0))
        self._plain = httpx.Client(timeout=httpx.Timeout(120.0, connect=10.0))  # presigned URLs carry their own right; no token goes there

    def close(self) -> None:
        self._http.close()
        self._plain.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET below /api/v1."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        """POST below /api/v1. All our POSTs may be repeated; `key` is the Idempotency-Key of those that make something."""
        return self._call("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})

    def put(self, path: str, body: Any) -> dict[str, Any]:
        """The JSON of an API path (below /api/v1) that has been given a body."""
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> dict[str, Any]:
        """PATCH below /api/v1."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """DELETE below /api/v1."""
        self._call("DELETE", path)

    def put_signed(self, url: str, headers: Mapping[str, str], body: Iterable[bytes], size_bytes: int) -> None:
        """Send a body to a presigned URL, once. Raises UnavailableError when the store cannot be reached, else the store's error."""
        try:
            answer = self._plain.put(url, content=body, headers={**headers, "Content-Length": str(size_bytes)})
        except httpx.HTTPError as error:
            raise UnavailableError(f"the store cannot be reached: {error}") from error
        _check(answer)

    def events(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Server-sent events as (name, data), until the server ends the stream. Raises UnavailableError when it breaks."""
        try:
            with self._http.stream("GET", API + path, timeout=httpx.Timeout(60.0, connect=10.0)) as answer:
                if answer.status_code != 200:
                    answer.read()
                    _check(answer)
                yield from _parse_events(answer.iter_lines())
        except httpx.HTTPError as error:
            raise UnavailableError(f"the stream of events broke: {error}") from error

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        for pause_s in retry_pauses(self.patience_s if self._met else min(self.patience_s, _FIRST_CONTACT_S)):
            try:
                return self._try(method, path, **options)
            except StorageFullError:
                raise  # may last; who called knows how to wait for it
            except YeoulError as error:
                if pause_s is None or not error.retryable:
                    raise
                time.sleep(pause_s)
        raise AssertionError

    def _try(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, API + path, **options)
        except httpx.TransportError as error:
            raise UnavailableError(f"{self.server} cannot be reached: {error}") from error
        self._met = True
        _check(answer)
        return answer.json() if answer.content else {}


def retry_pauses(patience_s: float) -> Iterator[float | None]:
    """Growing pauses with jitter, `patience_s` in all; then None, once. Only pauses count: an attempt may take as long as it needs."""
    pause_s, left_s = _FIRST_PAUSE_S, patience_s
    while left_s > 0:
        jittered_s = pause_s * random.uniform(0.5, 1.0)
        left_s -= jittered_s
        yield jittered_s
        pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
    yield None


def _check(answer: httpx.Response) -> None:
    """Raise the error that an answer tells."""
    if answer.is_success or answer.is_redirect:
        return
    try:
        problem = answer.json()
        data = {"code": problem["code"], "message": problem.get("detail") or problem.get("title"), "facts": problem.get("facts")}
    except (ValueError, KeyError, TypeError):
        if answer.status_code >= 500:
            raise UnavailableError(f"the server answered {answer.status_code}") from None
        raise YeoulError(f"the server answered {answer.status_code}", status=answer.status_code) from None
    raise from_dict(data)


def _parse_events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """WHATWG server-sent events, as far as our server uses them."""
    name = ""
    for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            yield name, json.loads(value)
