"""Who may do what: every route of the API with every kind of caller, against somebody's private things."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.estate import ADMIN, ANN, API, GUEST, MARK, VISITORS, Estate, Visitor, cookie_of
from tests.contract.route_table import ROUTES, May, make_ask
from yeoul.model.right import Role, Scope

SAFE = ("GET", "HEAD")
# Rights are decided above the database, so that one is enough.
pytestmark = [pytest.mark.parametrize("databases", ["sqlite"], indirect=True), pytest.mark.slow]
STRANGERS = [who for who in VISITORS if who.role in (None, Role.VIEWER, Role.MAKER) and not who.is_owner]


_OF_OWNERS = {May.KEEPS, May.TELLS, May.HOLDS}
_OF_OWNERS_AND_ADMINS = {May.SEES, May.OWNS, May.UPLOADS}


def find_refusal(may: May, who: Visitor, method: str) -> int | None:
    """The status by which a caller is turned away; None for who may."""
    if may is May.ALL:
        return None
    if who.role is None:
        return 404 if may is May.SEES else 401
    needed = Scope.READ if method in SAFE else Scope.WRITE
    if who.scopes is not None and (needed not in who.scopes or may in (May.PERSON, May.HOLDS)):
        return 403
    if who.role is Role.VIEWER and may in (May.MAKER, May.UPLOADS, May.TELLS):
        return 403
    if may is May.ADMIN:
        return None if who.is_admin else 403
    if not who.is_owner and (may in _OF_OWNERS or (may in _OF_OWNERS_AND_ADMINS and not who.is_admin)):
        return 404
    return None


def test_every_route_is_in_the_table(estate: Estate):
    paths: dict[str, dict[str, Any]] = estate.app.openapi()["paths"]
    assert {f"{method.upper()} {path.removeprefix(API)}" for path, methods in paths.items() for method in methods} == set(ROUTES)


def test_who_may_not_is_turned_away_and_learns_nothing(estate: Estate):
    """The owner's things are the same afterwards; whoever asks for things of an own account finds nothing of the owner's."""
    before = look(estate)
    pairs = [(name, who) for who in VISITORS for name in ROUTES if not name.endswith("/events") or find(name, who) is not None]
    asked = [(name, who) for name, who in pairs if find(name, who) is not None or not (who.is_owner or who.is_admin)]
    answers = estate.ask(make_ask(estate, name, who) for name, who in asked)
    for (name, who), answer in zip(asked, answers, strict=True):
        refusal = find(name, who)
        told = name, who.name, answer.status_code, answer.text[:200]
        assert refusal is None or answer.status_code == refusal, told
        assert refusal is not None or ROUTES[name].may is May.ALL or answer.status_code not in (401, 403, 404), told
        assert answer.status_code < 500 and MARK not in answer.text, told
    assert look(estate) == before


def find(name: str, who: Visitor) -> int | None:
    return find_refusal(ROUTES[name].may, who, name.partition(" ")[0])


def look(estate: Estate) -> list[str]:
    """All that the owner can see."""
    names = [name for name in ROUTES if name.startswith("GET ") and not name.endswith("/events") and ROUTES[name].may is not May.ADMIN]
    return [answer.text for answer in estate.ask(make_ask(estate, name, ANN) for name in names)]


def test_who_may_does(estate: Estate):
    """An admin reads all things, then the owner uses every route; otherwise the refusals above would show nothing."""
    reads = [name for name in ROUTES if name.startswith("GET ") and ROUTES[name].may in (May.SEES, May.OWNS)]
    asked = [(name, ADMIN) for name in reads] + [(name, ADMIN if ROUTES[name].may is May.ADMIN else ANN) for name in ROUTES]
    asked = [(name, who) for name, who in asked if not name.endswith("/events")]  # that goes on until the reader goes
    for (name, who), answer in zip(asked, estate.ask(make_ask(estate, name, who) for name, who in asked), strict=True):
        assert answer.is_success or answer.status_code in ROUTES[name].gives, (name, who.name, answer.status_code, answer.text)


def test_what_is_hidden_or_in_the_trash_is_not_there_for_others(estate: Estate):
    """To strangers it is as what is private."""
    names = [name for name in ROUTES if "{video_id}" in name and ROUTES[name].may in (May.SEES, May.OWNS) and not name.endswith("/events")]
    asked = [(name, who, thing) for name in names for who in STRANGERS for thing in ("hidden", "trashed")]
    answers = estate.ask(make_ask(estate, name, who, video_id=thing) for name, who, thing in asked)
    for (name, who, thing), answer in zip(asked, answers, strict=True):
        assert answer.status_code == find(name, who) and MARK not in answer.text, (name, who.name, thing, answer.text)


def test_what_is_not_in_the_document_shows_nothing_of_what_is_private(estate: Estate):
    """Pages, feeds, streams and blobs, with a token that anybody can write."""
    things = {
        **estate.things,
        "token": "public",
        "name": "240p",
        "index": "0",
        "sheet": "0",
        "bucket": "encoded",
        "key": "video/init/240p.mp4",
    }
    paths = {str(getattr(route, "path", "")) for route in estate.app.routes if not getattr(route, "include_in_schema", True)}
    for path in sorted(paths):
        bare = re.sub(r":\w+}", "}", path).format(**things)
        answer, beyond = estate.ask([("GET", bare, GUEST.headers, None), ("GET", bare, Visitor("maker", Role.MAKER).headers, None)])
        for one in (answer, beyond):
            assert one.status_code < 500 and MARK not in one.text, path
            assert not path.startswith(("/stream/", "/blob/")) or one.status_code in (400, 403, 404), (path, one.status_code)


_FOREIGN = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver.evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {},  # a browser names the origin of a write; a cookie without it comes from something that hides it
)


def test_no_other_site_writes_with_the_cookie_of_who_visits_it(estate: Estate):
    unsafe = [name for name in ROUTES if name.split()[0] not in SAFE]
    asked = [(name, sent) for name in unsafe for sent in _FOREIGN]
    asks: list[Any] = []
    for name, sent in asked:
        method, path, _, body = make_ask(estate, name, ANN)
        asks.append((method, path, {**cookie_of(ANN), **sent}, body))
    before = look(estate)
    for (name, sent), answer in zip(asked, estate.ask(asks), strict=True):
        assert answer.status_code == 403 and "Origin header" in answer.text, (name, sent, answer.text)
    assert look(estate) == before
    method, path, _, body = make_ask(estate, "PATCH /accounts/me", ANN)
    (own,) = estate.ask([(method, path, {**cookie_of(ANN), "origin": "http://testserver"}, body)])
    assert own.status_code == 200
