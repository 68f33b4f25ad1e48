"""Who may do what: every route of the API with every kind of caller, against somebody's private things. A new route needs a row here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

import pytest

from tests.contract.estate import ADMIN, ANN, API, GUEST, MARK, OPEN_VIDEO, VISITORS, Estate, Visitor, cookie_of
from yeoul.api.identity import Role, Scope
from yeoul.catalog.database import Database

SAFE = ("GET", "HEAD")


class May(Enum):
    """Who may call a route."""

    ALL = auto()  # it shows what is for everybody, or takes no account into account
    SIGNED_IN = auto()  # with an account; it reads and changes things of that account only
    PERSON = auto()  # the same, and no program's token
    MAKER = auto()  # with the right to upload
    SEES = auto()  # the owner of the thing and admins; others get 404, also guests
    OWNS = auto()  # the same; guests get 401
    UPLOADS = auto()  # the same, with the right to upload
    HOLDS = auto()  # the owner alone, and no program's token; others get 404, also admins
    ADMIN = auto()


@dataclass(frozen=True)
class Route:
    """A row of the table. body: what is sent; things: other names in the address; gives: statuses for who may, besides success."""

    may: May
    body: Any = None
    query: str = ""
    things: tuple[tuple[str, str], ...] = ()
    gives: tuple[int, ...] = ()


_SENT = (("video_id", OPEN_VIDEO),)
_ALREADY = (409,)  # the run of the video has ended well
# In the order in which the owner can use them all: what takes away comes last.
ROUTES = {
    "GET /feed": Route(May.ALL),
    "GET /trending": Route(May.ALL),
    "GET /search": Route(May.ALL, query="?q=hollyhock"),
    "GET /search/suggest": Route(May.ALL, query="?q=holly"),
    "GET /channels/{handle}": Route(May.ALL),
    "GET /channels/{handle}/videos": Route(May.ALL),
    "GET /avatars/{account_id}/{digest}.jpg": Route(May.ALL, gives=(404,)),
    "GET /pipelines": Route(May.ALL),
    "GET /oembed": Route(May.ALL, query="?url=http://testserver/watch/video", gives=(404,)),
    "POST /accounts": Route(May.ALL, {}, gives=(422,)),
    "POST /sessions": Route(May.ALL, {}, gives=(422,)),
    "POST /confirmations": Route(May.ALL, {"token": "x"}, gives=(410,)),
    "POST /password-resets": Route(May.ALL, {"email": "nobody@example.org"}),
    "POST /password-resets/confirm": Route(May.ALL, {}, gives=(422,)),
    "GET /videos/{video_id}": Route(May.SEES),
    "GET /videos/{video_id}/related": Route(May.SEES),
    "GET /videos/{video_id}/events": Route(May.SEES),
    "GET /playlists/{playlist_id}": Route(May.SEES),
    "GET /playlists/{playlist_id}/entries": Route(May.SEES),
    "GET /accounts/me": Route(May.SIGNED_IN),
    "PATCH /accounts/me": Route(May.SIGNED_IN, {"bio": "new"}),
    "POST /accounts/me/password": Route(May.PERSON, {}, gives=(422,)),
    "PUT /accounts/me/avatar": Route(May.SIGNED_IN, {}, gives=(422,)),
    "DELETE /accounts/me/avatar": Route(May.SIGNED_IN),
    "POST /confirmations/resend": Route(May.PERSON),
    "GET /sessions": Route(May.PERSON),
    "GET /tokens": Route(May.PERSON),
    "POST /tokens": Route(May.PERSON, {"name": "new"}),
    "GET /videos": Route(May.SIGNED_IN),
    "GET /uploads": Route(May.SIGNED_IN, query="?fingerprint=" + "1" * 64),
    "GET /history": Route(May.SIGNED_IN),
    "GET /playlists": Route(May.SIGNED_IN),
    "GET /subscriptions": Route(May.SIGNED_IN),
    "GET /subscriptions/feed": Route(May.SIGNED_IN),
    "PUT /channels/{handle}/subscription": Route(May.SIGNED_IN, gives=(409, 422)),  # not to oneself
    "DELETE /channels/{handle}/subscription": Route(May.SIGNED_IN),
    "POST /playlists": Route(May.SIGNED_IN, {"title": "new"}),
    "POST /videos": Route(May.MAKER, {"title": "new"}),
    "GET /videos/{video_id}/position": Route(May.OWNS),
    "PUT /videos/{video_id}/position": Route(May.OWNS, {"position_s": 1}),
    "GET /videos/{video_id}/source": Route(May.OWNS, gives=(404, 409)),
    "GET /videos/{video_id}/dag": Route(May.OWNS),
    "GET /videos/{video_id}/dag/stages": Route(May.OWNS),
    "GET /videos/{video_id}/dag/timeline": Route(May.OWNS),
    "GET /videos/{video_id}/dag/timeline.svg": Route(May.OWNS),
    "GET /videos/{video_id}/dag/stages.svg": Route(May.OWNS),
    "GET /videos/{video_id}/dag/history": Route(May.OWNS),
    "GET /videos/{video_id}/dag/tasks/{task_id}": Route(May.OWNS),
    "POST /videos/{video_id}/dag/tasks/{task_id}/retry": Route(May.OWNS, gives=_ALREADY),
    "POST /videos/{video_id}/retry": Route(May.OWNS, gives=_ALREADY),
    "PATCH /videos/{video_id}": Route(May.OWNS, {"description": "new"}),
    "POST /videos/{video_id}/process": Route(May.OWNS),
    "POST /videos/{video_id}/upload": Route(
        May.UPLOADS, {"mode": "whole", "file_name": "", "size_bytes": 12, "fingerprint": "1" * 64}, things=_SENT
    ),
    "GET /uploads/{upload_id}": Route(May.OWNS),
    "POST /uploads/{upload_id}/urls": Route(May.OWNS, {"pieces": [{"index": 0, "size_bytes": 12, "sha256": "0" * 64}]}),
    "POST /uploads/{upload_id}/landed": Route(May.OWNS, {"indexes": [0]}, gives=_ALREADY),
    "POST /uploads/{upload_id}/complete": Route(May.OWNS, {"pieces": 1}, gives=_ALREADY),
    "PATCH /playlists/{playlist_id}": Route(May.OWNS, {"description": "new"}),
    "POST /playlists/{playlist_id}/entries": Route(May.OWNS, {"video_id": OPEN_VIDEO}),
    "PATCH /playlists/{playlist_id}/entries/{entry_id}": Route(May.OWNS, {"after": None}),
    "GET /admin/queues": Route(May.ADMIN),
    "GET /admin/accounts": Route(May.ADMIN, query="?q=ann"),
    "PATCH /admin/accounts/{account_id}": Route(May.ADMIN, {"role": "maker"}),
    "GET /admin/storage": Route(May.ADMIN),
    "GET /admin/settings": Route(May.ADMIN),
    "PATCH /admin/settings": Route(May.ADMIN, {}),
    "GET /admin/audit": Route(May.ADMIN),
    "POST /admin/tasks/{task_id}/retry": Route(May.ADMIN, gives=_ALREADY),
    "POST /admin/tasks/{task_id}/cancel": Route(May.ADMIN, gives=_ALREADY),
    "POST /admin/tasks/{task_id}/priority": Route(May.ADMIN, {"priority": "first"}, gives=_ALREADY),
    "DELETE /history/{video_id}": Route(May.SIGNED_IN),
    "DELETE /history": Route(May.SIGNED_IN),
    "DELETE /playlists/{playlist_id}/entries/{entry_id}": Route(May.OWNS),
    "DELETE /playlists/{playlist_id}": Route(May.OWNS),
    "DELETE /tokens/{token_id}": Route(May.HOLDS),
    "DELETE /sessions/{session_id}": Route(May.HOLDS),
    "DELETE /sessions": Route(May.PERSON),
    "DELETE /videos/{video_id}": Route(May.OWNS),
}
_TO_THINGS = {May.SEES, May.OWNS, May.UPLOADS, May.HOLDS}


def find_refusal(may: May, who: Visitor, method: str) -> int | None:
    """The status by which a caller is turned away; None for who may."""
    if may is May.ALL:
        return None
    if who.role is None:
        return 404 if may is May.SEES else 401
    needed = Scope.READ if method in SAFE else Scope.WRITE
    if who.scopes is not None and (needed not in who.scopes or may in (May.PERSON, May.HOLDS)):
        return 403
    if who.role is Role.VIEWER and may in (May.MAKER, May.UPLOADS):
        return 403
    if may is May.ADMIN:
        return None if who.is_admin else 403
    if may in _TO_THINGS and not who.is_owner and (may is May.HOLDS or not who.is_admin):
        return 404
    return None


@pytest.fixture
def estate(database: Database, tmp_path: Path) -> Iterator[Estate]:
    made = Estate(database, tmp_path)
    yield made
    made.close()


def make_ask(estate: Estate, name: str, who: Visitor) -> tuple[str, str, dict[str, str], Any]:
    """A row of the table as a request."""
    method, path = name.split()
    route = ROUTES[name]
    filled = path.format(**{**estate.things, "digest": "0" * 32, **dict(route.things)})
    return method, ("" if path == "/oembed" else API) + filled + route.query, who.headers, route.body


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
        assert answer.status_code == 403 and "own pages" in answer.text, (name, sent, answer.text)
    assert look(estate) == before
    method, path, _, body = make_ask(estate, "PATCH /accounts/me", ANN)
    (own,) = estate.ask([(method, path, {**cookie_of(ANN), "origin": "http://testserver"}, body)])
    assert own.status_code == 200
