"""What no form would send, to every route and every field of it: refused or taken, and never an error of the server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.estate import ADMIN, ANN, Estate
from tests.contract.route_table import ROUTES, Ask, make_ask, path_of

# The stricter of the two databases: what it takes, both take.
pytestmark = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
ODD_PARTS = ("%00", "later%00", "%FF", "%ED%A0%80", "%E2%80%AE", "..%2F..", "%0A", "9" * 40, "x" * 3000)
ODD_TEXTS = ("\0", "a\0b", "\u202egnp.exe", "\uffff\U0001f600", "9" * 400)
ODD_BODIES = (
    b"",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b"NaN",
    b"1" * 10_000,
    b'{"title": "a", "title": [], "": 1}',
    b'{"title": "\xed\xa0\x80"}',
)
ODD_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "x")
ODD_VALUES = (None, -1, 2**70, 1e308, [], {}, [None])


def _cursor(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


ODD_CURSORS = tuple(_cursor(place) for place in ([1e308, "x"], [1, "\0"], [1, "\ud800"], ["1", "x"], [True, None], [[1], {}], [-1e18, "x"]))


def make_odd_asks(estate: Estate, name: str, document: dict[str, Any]) -> Iterator[Ask]:
    """Each name in the address in turn, each parameter behind it, and each field of the body."""
    who = ADMIN if " /admin/" in name else ANN
    method, path = path_of(name)
    told = document["paths"][path][method.lower()]
    method, plain, headers, body = make_ask(estate, name, who)
    for one in told.get("parameters", ()):
        if one["in"] == "path":
            yield from (make_ask(estate, name, who, **{one["name"]: odd}) for odd in ODD_PARTS)
        elif one["in"] == "query":
            start = plain + ("&" if "?" in plain else "?") + one["name"] + "="
            yield from ((method, start + odd, headers, body) for odd in (*ODD_PARTS, *ODD_CURSORS))
    content = told.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        yield from ((method, plain, headers, odd) for odd in (*ODD_VALUES, *ODD_BODIES))
        yield from ((method, plain, {**headers, "content-type": odd}, body) for odd in ODD_TYPES)
        for field in _fields(document, content["schema"]):
            yield from ((method, plain, headers, {**(body or {}), field: odd}) for odd in (*ODD_TEXTS, *ODD_VALUES))


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Names of the fields of a body."""
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            return list(document["components"]["schemas"][one["$ref"].rpartition("/")[2]]["properties"])
    return []


@pytest.mark.slow
def test_no_input_is_an_error_of_the_server(estate: Estate):
    document = estate.app.openapi()
    asks = [ask for name in ROUTES if not name.endswith("/events") for ask in make_odd_asks(estate, name, document)]
    for ask, answer in zip(asks, estate.ask(asks), strict=True):
        assert answer.status_code < 500 or (answer.status_code, ask[1].partition("?")[0]) == (501, "/oembed"), (ask, answer.text)
    (alive,) = estate.ask([make_ask(estate, "GET /accounts/me", ANN)])
    assert alive.status_code == 200
