"""A connection to a server, which retries requests if that is safe and may help, and raises YeoulError."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from yeoul.base.errors import StorageFullError, UnavailableError, YeoulError, from_dict

_PATIENCE_S = 90.0
_FIRST_CONTACT_S = 3.0  # if no server has answered yet, the URL is probably wrong
_FIRST_PAUSE_S = 0.2
_MAX_PAUSE_S = 5.0
API = "/api/v1/"


class Connection:
    """A thread-safe connection to one server with one token."""

    def __init__(self, server: str, token: str | None = None, patience_s: float = _PATIENCE_S) -> None:
        """patience_s: how long to retry if the server cannot be reached, after it has answered once."""
        self.server = server.rstrip("/")
        self.patience_s = patience_s
        self._has_answered = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.server, headers=headers, timeout=httpx.Timeout(60.0, connect=10.0))
        self._store_http = httpx.Client(timeout=httpx.Timeout(120.0, connect=10.0))  # for presigned URLs, which must not get the token

    def close(self) -> None:
        self._http.close()
        self._store_http.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Sends a GET to a path below /api/v1 and returns the JSON."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        """Sends a POST to a path below /api/v1 and returns the JSON. key: the Idempotency-Key, for requests that create something."""
        return self._call("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})

    def put(self, path: str, body: Any) -> dict[str, Any]:
        """Sends a PUT to a path below /api/v1 and returns the JSON."""
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> dict[str, Any]:
        """Sends a PATCH to a path below /api/v1 and returns the JSON."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Sends a DELETE to a path below /api/v1."""
        self._call("DELETE", path)

    def put_signed(self, url: str, headers: Mapping[str, str], body: Iterable[bytes], size_bytes: int) -> None:
        """Sends a body to a presigned URL, without retries. Raises UnavailableError or the store's error."""
        try:
            response = self._store_http.put(url, content=body, headers={**headers, "Content-Length": str(size_bytes)})
        except httpx.HTTPError as error:
            raise UnavailableError(f"the store cannot be reached: {error}") from error
        _raise_for_error(response)

    def events(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields server-sent events as (name, data) until the server closes the stream. Raises UnavailableError if it is interrupted."""
        try:
            with self._http.stream("GET", API + path, timeout=httpx.Timeout(60.0, connect=10.0)) as response:
                if response.status_code != 200:
                    response.read()
                    _raise_for_error(response)
                yield from _parse_events(response.iter_lines())
        except httpx.HTTPError as error:
            raise UnavailableError(f"the event stream was interrupted: {error}") from error

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        for pause_s in retry_pauses(self.patience_s if self._has_answered else min(self.patience_s, _FIRST_CONTACT_S)):
            try:
                return self._request(method, path, **options)
            except StorageFullError:
                raise  # this can take long; the caller decides how to wait
            except YeoulError as error:
                if pause_s is None or not error.retryable:
                    raise
                time.sleep(pause_s)
        raise AssertionError

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, API + path, **options)
        except httpx.TransportError as error:
            raise UnavailableError(f"{self.server} cannot be reached: {error}") from error
        self._has_answered = True
        _raise_for_error(response)
        return response.json() if response.content else {}


def retry_pauses(patience_s: float) -> Iterator[float | None]:
    """Yields growing pauses with jitter, `patience_s` in total, then None once. The duration of attempts does not count."""
    pause_s, remaining_s = _FIRST_PAUSE_S, patience_s
    while remaining_s > 0:
        jittered_s = pause_s * random.uniform(0.5, 1.0)
        remaining_s -= jittered_s
        yield jittered_s
        pause_s = min(_MAX_PAUSE_S, pause_s * 2)
    yield None


def _raise_for_error(response: httpx.Response) -> None:
    """Raises the error that a response contains, if it is not successful."""
    if response.is_success or response.is_redirect:
        return
    try:
        problem = response.json()
        data = {"code": problem["code"], "message": problem.get("detail") or problem.get("title"), "facts": problem.get("facts")}
    except (ValueError, KeyError, TypeError):
        if response.status_code >= 500:
            raise UnavailableError(f"the server answered {response.status_code}") from None
        raise YeoulError(f"the server answered {response.status_code}", status=response.status_code) from None
    raise from_dict(data)


def _parse_events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Parses WHATWG server-sent events, limited to the fields that the server uses."""
    name = ""
    for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            yield name, json.loads(value)
