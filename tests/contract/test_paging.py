"""Every list of the API is walked while rows come and go: what was there all the time is seen once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from sqlalchemy import Connection, delete, update

from tests.contract.estate import ADMIN, API, Estate, Visitor
from tests.contract.test_discovery import add as add_video
from yeoul.catalog.account import account, audit, channel, session, webhook, webhook_delivery
from yeoul.catalog.database import Database
from yeoul.catalog.schema.account import account as account_table
from yeoul.catalog.schema.account import audit as audit_table
from yeoul.catalog.schema.outgoing import webhook_delivery as delivery_table
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.catalog.video import trash, upload, video
from yeoul.catalog.watch import playlist, watch_history
from yeoul.identity.password import hash_token
from yeoul.model.right import Role
from yeoul.model.video import VideoState

pytestmark = [pytest.mark.slow, pytest.mark.either]

MAKER = Visitor("maker", Role.MAKER)
VIEWER = Visitor("viewer", Role.VIEWER)
_PAGE = 3


@dataclass(frozen=True)
class Listed:
    """A list. add(connection, name, time), drop(connection, name); tell: the name of an item; videos: the names are of maker's videos."""

    add: Callable[[Connection, str, float], object]
    drop: Callable[[Connection, str], object]
    tell: Callable[[Any], str] = lambda item: item["id"]
    who: Visitor = MAKER
    query: str = ""
    videos: bool = False


def _end_video(connection: Connection, name: str) -> None:
    video.change_state(connection, name, VideoState.DELETED, 2e9)


def _add_channel(connection: Connection, name: str, now_s: float) -> None:
    account.add_account(connection, name, name, f"{name}@example.org", "hash", Role.VIEWER, now_s)
    channel.subscribe(connection, MAKER.account_id, name, now_s)


def _add_session(connection: Connection, name: str, now_s: float) -> None:
    row = {"id": name, "token_hash": hash_token(name), "account_id": MAKER.account_id, "expires_at": now_s + 1e6}
    session.add(connection, {**row, "user_agent": "", "ip": ""}, now_s)


def _add_token(connection: Connection, name: str, now_s: float) -> None:
    row = {"id": name, "token_hash": hash_token(name), "account_id": MAKER.account_id, "expires_at": None, "name": name, "scopes": ["read"]}
    session.add_token(connection, row, now_s)


def _add_upload(connection: Connection, name: str, now_s: float) -> None:
    row = {"id": name, "video_id": name, "mode": "whole", "file_name": "", "size_bytes": 1, "fingerprint": "2" * 64, "source": None}
    upload.add(connection, row, now_s)


def _add_playlist(connection: Connection, name: str, now_s: float) -> None:
    row = {"id": name, "owner_id": MAKER.account_id, "kind": "list", "title": name, "description": "", "visibility": "private"}
    playlist.add(connection, row, now_s)


def _note(connection: Connection, name: str, now_s: float) -> None:
    audit.record(connection, cast("AccountRow", {"id": "admin", "handle": "admin"}), "test.note", name, {}, now_s)


def _add_webhook(connection: Connection, name: str, now_s: float) -> None:
    row = {"id": name, "account_id": MAKER.account_id, "url": "https://example.org/", "host": "example.org", "events": ["video.ready"]}
    webhook.add(connection, row, now_s)


def _add_delivery(connection: Connection, name: str, now_s: float) -> None:
    made = webhook_delivery.add(connection, "walked", "video.ready", {}, now_s)
    connection.execute(update(delivery_table).where(delivery_table.c.id == made).values(id=name))


def _drop_delivery(connection: Connection, name: str) -> None:
    connection.execute(delete(delivery_table).where(delivery_table.c.id == name))


def _nothing(*_: object) -> None:
    """The video itself is the item."""


_VIDEOS = Listed(_nothing, _end_video, videos=True)
LISTS = {
    "/feed": _VIDEOS,
    "/trending": _VIDEOS,
    "/search": Listed(_nothing, _end_video, query="&q=river", videos=True),
    "/channels/maker/videos": _VIDEOS,
    "/subscriptions/feed": Listed(_nothing, _end_video, who=VIEWER, videos=True),
    "/videos": _VIDEOS,
    "/uploads": Listed(_add_upload, _end_video, query="&fingerprint=" + "2" * 64, videos=True),
    "/history": Listed(
        lambda c, name, now_s: watch_history.set_position(c, VIEWER.account_id, name, 1.0, now_s),
        lambda c, name: watch_history.delete_history(c, VIEWER.account_id, name),
        lambda item: item["video"]["id"],
        VIEWER,
        videos=True,
    ),
    "/playlists/walked/entries": Listed(
        lambda c, name, now_s: playlist.append(c, "walked", name, name, now_s),
        lambda c, name: playlist.remove_entry(c, "walked", name, 2e9),
        videos=True,
    ),
    "/playlists": Listed(_add_playlist, playlist.delete_playlist),
    "/sessions": Listed(_add_session, lambda c, name: session.revoke(c, MAKER.account_id, name)),
    "/tokens": Listed(_add_token, lambda c, name: session.revoke_token(c, MAKER.account_id, name)),
    "/subscriptions": Listed(_add_channel, lambda c, name: channel.unsubscribe(c, MAKER.account_id, name), lambda item: item["handle"]),
    "/trash": Listed(
        trash.move_to_trash, lambda c, name: trash.delete_permanently(c, name, 2e9), lambda item: item["video"]["id"], videos=True
    ),
    "/webhooks": Listed(_add_webhook, lambda c, name: webhook.delete_webhook(c, MAKER.account_id, name)),
    "/webhooks/walked/deliveries": Listed(_add_delivery, _drop_delivery),
    "/admin/accounts": Listed(
        lambda c, name, now_s: account.add_account(c, name, name, f"{name}@example.org", "hash", Role.VIEWER, now_s),
        lambda c, name: c.execute(delete(account_table).where(account_table.c.id == name)),
        who=ADMIN,
    ),
    "/admin/audit": Listed(
        _note, lambda c, name: c.execute(delete(audit_table).where(audit_table.c.target == name)), lambda item: item["target"], ADMIN
    ),
}


def test_every_list_is_walked(estate: Estate):
    paths: dict[str, Any] = estate.app.openapi()["paths"]
    lists = {path for path, told in paths.items() if any(one["name"] == "cursor" for one in told.get("get", {}).get("parameters", ()))}
    assert lists == {API + _pattern(path) for path in LISTS}


def _pattern(path: str) -> str:
    for named, pattern in (
        ("s/maker", "s/{handle}"),
        ("playlists/walked", "playlists/{playlist_id}"),
        ("webhooks/walked", "webhooks/{webhook_id}"),
    ):
        path = path.replace(named, pattern)
    return path


def _grow(database: Database, listed: Listed, names: Iterable[str]) -> None:
    """Add rows, some of one moment."""
    for name in names:
        at_s = 1_800_000_000.0 + int(name[-2:]) // 2
        if listed.videos:
            add_video(database, name, "River", owner=MAKER.account_id, at=at_s, source=None)
        with database.write() as connection:
            listed.add(connection, name, at_s)


def _shrink(database: Database, listed: Listed, names: Iterable[str]) -> None:
    with database.write() as connection:
        for name in names:
            listed.drop(connection, name)


def _read(estate: Estate, path: str, cursor: str) -> tuple[list[str], str | None]:
    """(names of the items, cursor of the next page)."""
    listed = LISTS[path]
    (answer,) = estate.ask([("GET", f"{API}{path}?limit={_PAGE}{listed.query}{cursor}", listed.who.headers, None)])
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert len(page["items"]) <= _PAGE
    return [listed.tell(item) for item in page["items"]], page["next"]


def _walk_while_rows_come_and_go(estate: Estate, path: str, names: list[str]) -> None:
    """The row by which the next page is found goes, and one that was not seen yet; others come at both ends."""
    database, listed = estate.world.database, LISTS[path]
    first = names[2:-2]
    _grow(database, listed, first)
    seen, cursor = _read(estate, path, "")
    gone = {seen[-1], next(name for name in first if name not in seen)}
    _shrink(database, listed, gone)
    _grow(database, listed, (*names[:2], *names[-2:]))
    while cursor is not None:
        more, cursor = _read(estate, path, f"&cursor={cursor}")
        assert not gone.intersection(more), path
        seen += more
    assert len(seen) == len(set(seen)), path
    assert set(first) - gone <= set(seen), path
    _shrink(database, listed, set(names) - gone)


def test_lists_are_stable_while_rows_come_and_go(estate: Estate):
    with estate.world.database.write() as connection:
        channel.subscribe(connection, VIEWER.account_id, MAKER.account_id, 1.0)
        _add_playlist(connection, "walked", 1.0)
        _add_webhook(connection, "walked", 1.0)
    for number, path in enumerate(LISTS):
        _walk_while_rows_come_and_go(estate, path, [f"row{number:02}{at:02}" for at in range(13)])
