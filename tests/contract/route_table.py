"""All routes of the API: who may call each, and with what. A new route needs a row here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from tests.contract.estate import API, OPEN_VIDEO, Estate, Visitor


class May(Enum):
    """Who may call a route."""

    ALL = auto()  # it shows what is for everybody, or takes no account into account
    SIGNED_IN = auto()  # with an account; it reads and changes things of that account only
    PERSON = auto()  # the same, and no program's token
    MAKER = auto()  # with the right to upload
    SEES = auto()  # the owner of the thing and admins; others get 404, also guests
    OWNS = auto()  # the same; guests get 401
    UPLOADS = auto()  # the same, with the right to upload
    KEEPS = auto()  # the owner alone; others get 404, also admins
    TELLS = auto()  # the same, with the right to upload
    HOLDS = auto()  # as KEEPS, and no program's token
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
_TRACK = (("name", "audio-1"),)
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
    "POST /beacons": Route(May.ALL, {}, gives=(422,)),
    "GET /videos/{video_id}": Route(May.SEES),
    "GET /videos/{video_id}/related": Route(May.SEES),
    "GET /videos/{video_id}/events": Route(May.SEES),
    "GET /videos/{video_id}/captions": Route(May.SEES),
    "GET /videos/{video_id}/captions/{name}": Route(May.SEES),
    "GET /videos/{video_id}/audio": Route(May.SEES),
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
    "GET /trash": Route(May.SIGNED_IN),
    "GET /analytics": Route(May.SIGNED_IN),
    "GET /webhooks": Route(May.SIGNED_IN),
    "GET /history": Route(May.SIGNED_IN),
    "GET /playlists": Route(May.SIGNED_IN),
    "GET /subscriptions": Route(May.SIGNED_IN),
    "GET /subscriptions/feed": Route(May.SIGNED_IN),
    "PUT /channels/{handle}/subscription": Route(May.SIGNED_IN, gives=(409, 422)),  # not to oneself
    "DELETE /channels/{handle}/subscription": Route(May.SIGNED_IN),
    "POST /playlists": Route(May.SIGNED_IN, {"title": "new"}),
    "POST /videos": Route(May.MAKER, {"title": "new"}),
    "POST /uploads/probe": Route(May.MAKER, {"first": "AAAA", "last": "AAAA", "size_bytes": 6}),
    "POST /webhooks": Route(May.MAKER, {"url": "https://93.184.215.14/"}),
    "GET /videos/{video_id}/position": Route(May.OWNS),
    "PUT /videos/{video_id}/position": Route(May.OWNS, {"position_s": 1}),
    "GET /videos/{video_id}/source": Route(May.OWNS, gives=(404, 409)),
    "GET /videos/{video_id}/analytics": Route(May.OWNS),
    "GET /videos/{video_id}/posters": Route(May.OWNS),
    "PUT /videos/{video_id}/poster": Route(May.OWNS, {}, gives=(422,)),
    "POST /videos/{video_id}/captions/read": Route(May.OWNS, {"data": "V0VCVlRUCgowMDowMS4wMDAgLS0+IDAwOjAyLjAwMAp4Cg=="}),
    "PUT /videos/{video_id}/captions/{name}": Route(May.OWNS, {"language": "en", "label": "new", "webvtt": "WEBVTT\n"}),
    "POST /videos/{video_id}/audio": Route(May.UPLOADS, {"size_bytes": 5, "sha256": "2" * 64}),
    "PATCH /videos/{video_id}/audio/{name}": Route(May.OWNS, {"label": "new"}, things=_TRACK),
    "POST /videos/{video_id}/audio/{name}/landed": Route(May.OWNS, things=_TRACK, gives=_ALREADY),
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
    "GET /webhooks/{webhook_id}/deliveries": Route(May.KEEPS),
    "PATCH /webhooks/{webhook_id}": Route(May.KEEPS, {"active": True}),
    "POST /webhooks/{webhook_id}/test": Route(May.TELLS),
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": Route(May.TELLS),
    "POST /videos/{video_id}/restore": Route(May.OWNS),
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
    "DELETE /videos/{video_id}/poster": Route(May.OWNS),
    "DELETE /videos/{video_id}/captions/{name}": Route(May.OWNS),
    "DELETE /videos/{video_id}/audio/{name}": Route(May.OWNS, things=_TRACK),
    "DELETE /playlists/{playlist_id}/entries/{entry_id}": Route(May.OWNS),
    "DELETE /playlists/{playlist_id}": Route(May.OWNS),
    "DELETE /webhooks/{webhook_id}": Route(May.KEEPS),
    "DELETE /tokens/{token_id}": Route(May.HOLDS),
    "DELETE /sessions/{session_id}": Route(May.HOLDS),
    "DELETE /sessions": Route(May.PERSON),
    "DELETE /videos/{video_id}": Route(May.OWNS),
}


Ask = tuple[str, str, dict[str, str], Any]


def path_of(name: str) -> tuple[str, str]:
    """(method, path in the document) of a row."""
    method, path = name.split()
    return method, path if path == "/oembed" else API + path


def make_ask(estate: Estate, name: str, who: Visitor, /, **things: str) -> Ask:
    """A row of the table as a request; `things` are other names in its address."""
    method, path = path_of(name)
    route = ROUTES[name]
    filled = path.format(**{**estate.things, "digest": "0" * 32, **dict(route.things), **things})
    return method, filled + route.query, who.headers, route.body
