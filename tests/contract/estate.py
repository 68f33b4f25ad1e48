"""Somebody's private things, all marked, and everybody who comes to look at them: over HTTP, without a server between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from tests.contract.pipeline_world import SOURCE, VIDEO, World
from yeoul.api.identity import COOKIE
from yeoul.base.settings import Settings
from yeoul.bootstrap import make_api, make_site
from yeoul.catalog.account import account, session, webhook, webhook_delivery
from yeoul.catalog.database import Database
from yeoul.catalog.video import caption, upload, video
from yeoul.catalog.watch import playlist, watch_history
from yeoul.identity.password import TOKEN_PREFIX, hash_password, hash_token
from yeoul.model.right import Role, Scope
from yeoul.model.video import VideoState
from yeoul.pipeline.resource.manager import Policy

API = "/api/v1"
MARK = "hollyhock"
PASSWORD = "the owner's own"
OWNER = "a"
TASK = "inspect"
OPEN_VIDEO = "sent"  # its upload is open, the other's is complete

# Videos that could be watched, and which no list for all shows.
_UNSHOWN: Mapping[str, Mapping[str, Any]] = {
    "unlisted": {"visibility": "unlisted"},
    "hidden": {"hidden": True},
    "trashed": {"trashed_at": 1.0},
}


@dataclass(frozen=True)
class Visitor:
    """Who asks. role: None for a guest; scopes: of a program's token, None for a session."""

    name: str
    role: Role | None = None
    scopes: tuple[Scope, ...] | None = None
    is_owner: bool = False

    @property
    def account_id(self) -> str:
        return OWNER if self.is_owner else f"{self.role}"

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.role is None else {"authorization": f"Bearer {self.secret}"}

    @property
    def secret(self) -> str:
        return self.name if self.scopes is None else TOKEN_PREFIX + self.name

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN and (self.scopes is None or Scope.ADMIN in self.scopes)


GUEST = Visitor("guest")
ANN = Visitor("owner", Role.MAKER, is_owner=True)
ADMIN = Visitor("admin", Role.ADMIN)
VISITORS = (
    GUEST,
    *(Visitor(role, role) for role in (Role.VIEWER, Role.MAKER, Role.MODERATOR)),
    ADMIN,
    Visitor("admin-without-scope", Role.ADMIN, (Scope.READ, Scope.WRITE)),
    Visitor("admin-with-scope", Role.ADMIN, tuple(Scope)),
    ANN,
    *(Visitor(f"owner-{scope}", Role.MAKER, (scope,), is_owner=True) for scope in Scope),
)


class Estate:
    """The application over a database with all of it. `things` names what is in addresses."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.world = World(database, policy=Policy())
        self.world.upload_all()
        self.world.work()
        self.things = {"video_id": VIDEO, "task_id": self._find_task(), "handle": "ann", "account_id": OWNER}
        self._fill(database)
        self.app = make_api(Settings(data=folder), database, self.world.store, self.world.clock)
        self.site = make_site(self.app)

    def close(self) -> None:
        self.app.state.parts.response_cache.close()
        self.app.state.parts.streams.close()
        self.world.dispatcher.close()

    def ask(self, asks: Iterable[tuple[str, str, Mapping[str, str], Any]]) -> list[Response]:
        """The answers to (method, path, headers, JSON body), one after the other."""

        async def send() -> list[Response]:
            async with AsyncClient(transport=ASGITransport(self.site), base_url="http://testserver") as client:
                sent: list[Response] = []
                for method, path, headers, body in asks:
                    client.cookies.clear()
                    sent.append(
                        await client.request(method, path, headers={"content-type": "application/json", **headers}, content=_json(body))
                    )
                return sent

        return asyncio.run(send())

    def _find_task(self) -> str:
        return next(task["id"] for task in self.world.tasks() if task["stage"] == TASK)

    def _fill(self, database: Database) -> None:
        now_s, hashed = self.world.clock.now(), hash_password(PASSWORD)
        marked = {"title": f"{MARK} title", "description": f"{MARK} text", "tags": [f"{MARK} tag"], "visibility": "private"}
        for video_id in (OPEN_VIDEO, *_UNSHOWN):
            self.world.add_video(video_id, OWNER)
        with database.write() as connection:
            account.change(
                connection, OWNER, {"role": Role.MAKER, "password_hash": hashed, "email": f"{MARK}@example.org", "confirmed_at": now_s}
            )
            for role in Role:
                account.add_account(connection, role, role, f"{role}@example.org", hashed, role, now_s)
            for visitor in VISITORS:
                _let_in(connection, visitor, now_s)
            _let_in(connection, Visitor("elsewhere", Role.MAKER, is_owner=True), now_s)
            _let_in(connection, Visitor("robot", Role.MAKER, (Scope.READ,), is_owner=True), now_s)
            self.things |= {"session_id": "elsewhere", "token_id": "robot"}
            for video_id in (VIDEO, OPEN_VIDEO):
                video.change(connection, video_id, marked, now_s)
            for video_id, values in _UNSHOWN.items():
                video.change_state(connection, video_id, VideoState.UPLOADING, now_s)
                video.change_state(connection, video_id, VideoState.PLAYABLE, now_s, source=SOURCE.model_dump(mode="json"))
                video.change(connection, video_id, {**marked, "visibility": "public", **values}, now_s)
            for video_id in (VIDEO, *_UNSHOWN):
                said = {"name": "en", "language": "en", "label": MARK, "webvtt": f"WEBVTT\n\n00:00.000 --> 00:01.000\n{MARK}\n"}
                caption.put(connection, video_id, said, now_s)
            self.things["name"] = "en"
            row = {"id": "open", "video_id": OPEN_VIDEO, "mode": "whole", "file_name": f"{MARK}.mp4", "size_bytes": 12}
            upload.add(connection, {**row, "fingerprint": "1" * 64, "source": None}, now_s)
            self.things["upload_id"] = "open"
            listed = {
                "id": "list",
                "owner_id": OWNER,
                "kind": "list",
                "title": f"{MARK} list",
                "description": MARK,
                "visibility": "private",
            }
            playlist.add(connection, listed, now_s)
            playlist.append(connection, "list", "entry", VIDEO, now_s)
            self.things |= {"playlist_id": "list", "entry_id": "entry"}
            hook = {"id": "hook", "account_id": OWNER, "url": f"https://{MARK}.example/", "host": MARK, "events": ["video.ready"]}
            webhook.add(connection, hook, now_s)
            self.things |= {"webhook_id": "hook", "delivery_id": webhook_delivery.add(connection, "hook", "video.ready", {}, now_s)}
            watch_history.set_position(connection, OWNER, VIDEO, 5.0, now_s)


def _json(body: Any) -> bytes | None:
    """In ASCII, since odd text is not always UTF-8; bytes as they are."""
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def _let_in(connection: Any, visitor: Visitor, now_s: float) -> None:
    """Make the session or token that a visitor comes with."""
    who = MARK if visitor.is_owner else "someone"
    row = {"id": visitor.name, "token_hash": hash_token(visitor.secret), "account_id": visitor.account_id, "expires_at": now_s + 1e6}
    if visitor.scopes is not None:
        session.add_token(connection, {**row, "name": who, "scopes": list(visitor.scopes), "last_used_at": now_s}, now_s)
    elif visitor.role is not None:
        session.add(connection, {**row, "user_agent": who, "ip": ""}, now_s)


def cookie_of(visitor: Visitor) -> dict[str, str]:
    """What a browser sends of a session."""
    return {"cookie": f"{COOKIE}={visitor.secret}"}
