"""API tokens: create, list and revoke."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from yeoul.api.deps import PartsDep
from yeoul.api.identity import SessionCaller
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import InvalidError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import session
from yeoul.catalog.schema.row.account import ApiTokenRow
from yeoul.identity.password import TOKEN_PREFIX, hash_token, make_token
from yeoul.model.right import Scope
from yeoul.upload.service import NO_NUL

router = APIRouter(tags=["accounts"])
_MAX_LIFETIME_S = 100 * 365 * 86400.0


class NewToken(BaseModel):
    """A new API token. expires_at: null means never; scopes: read and write allow what the account may do, admin adds actions of admins."""

    name: str = Field(min_length=1, max_length=100, pattern=NO_NUL)
    expires_at: AwareDatetime | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)] = [Scope.READ, Scope.WRITE]


class TokenView(BaseModel):
    """An API token, without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class MadeToken(TokenView):
    """A new API token. token: its secret, shown only once."""

    token: str


class TokenPage(BaseModel):
    """One page of API tokens, newest first."""

    items: list[TokenView]
    next: str | None


@router.post("/tokens", status_code=201)
def post_token(body: NewToken, caller: SessionCaller, parts: PartsDep) -> MadeToken:
    """Creates an API token. Programs send it as the bearer token."""
    now_s = parts.clock.now()
    expires_at = None if body.expires_at is None else body.expires_at.timestamp()
    if expires_at is not None and not now_s < expires_at < now_s + _MAX_LIFETIME_S:
        raise InvalidError("expires_at must be in the future, and at most 100 years from now", field="expires_at")
    token = make_token(TOKEN_PREFIX)
    row: dict[str, Any] = {
        "id": new_id(now_s),
        "account_id": caller["id"],
        "name": body.name,
        "scopes": sorted(set(body.scopes)),
        "expires_at": expires_at,
    }
    row["token_hash"] = hash_token(token)
    with parts.database.write() as connection:
        session.add_token(connection, row, now_s)
    view = _view(cast("ApiTokenRow", {**row, "created_at": now_s, "last_used_at": None}))
    return MadeToken(**view.model_dump(), token=token)


@router.get("/tokens")
def get_tokens(caller: SessionCaller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> TokenPage:
    """Lists the caller's API tokens, including expired ones."""
    with parts.database.read() as connection:
        rows = session.token_page(connection, caller["id"], read_cursor(cursor), limit + 1)
    return TokenPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.delete("/tokens/{token_id}", status_code=204)
def delete_token(token_id: str, caller: SessionCaller, parts: PartsDep) -> None:
    """Revokes an API token immediately."""
    with parts.database.write() as connection:
        if not session.revoke_token(connection, caller["id"], token_id):
            raise NotFoundError(f"there is no token {token_id}", token=token_id)


def _view(row: ApiTokenRow) -> TokenView:
    times = {name: rfc3339(row[name]) for name in ("expires_at", "last_used_at")}
    return TokenView(id=row["id"], name=row["name"], scopes=row["scopes"], created_at=rfc3339(row["created_at"]) or "", **times)
