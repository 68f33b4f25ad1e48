"""Tokens of programs: made by name, shown once, listed, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Person
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import InvalidError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import session
from yeoul.identity.password import TOKEN_PREFIX, hash_token, make_token
from yeoul.model.right import Scope
from yeoul.upload.service import NO_NUL

router = APIRouter(tags=["accounts"])
Row = Mapping[str, Any]
_LONGEST_S = 100 * 365 * 86400.0


class NewToken(BaseModel):
    """expires_at: null for never. scopes: read and write are what the account itself may; admin adds what only admins may."""

    name: str = Field(min_length=1, max_length=100, pattern=NO_NUL)
    expires_at: AwareDatetime | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)] = [Scope.READ, Scope.WRITE]


class TokenView(BaseModel):
    """A token, without what opens."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class MadeToken(TokenView):
    """token: shown only now."""

    token: str


class TokenPage(BaseModel):
    """Tokens, newest first."""

    items: list[TokenView]
    next: str | None


@router.post("/tokens", status_code=201)
def post_token(body: NewToken, caller: Person, parts: PartsDep) -> MadeToken:
    """Make a token for a program; it goes where a session's token goes."""
    now_s = parts.clock.now()
    expires_at = None if body.expires_at is None else body.expires_at.timestamp()
    if expires_at is not None and not now_s < expires_at < now_s + _LONGEST_S:
        raise InvalidError("a token expires in the future, and within a hundred years", field="expires_at")
    token = make_token(TOKEN_PREFIX)
    row = {"id": new_id(now_s), "account_id": caller["id"], "name": body.name, "scopes": sorted(set(body.scopes)), "expires_at": expires_at}
    with parts.database.write() as connection:
        session.add_token(connection, {**row, "token_hash": hash_token(token)}, now_s)
    return MadeToken(**_view({**row, "created_at": now_s, "last_used_at": None}).model_dump(), token=token)


@router.get("/tokens")
def get_tokens(caller: Person, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> TokenPage:
    """The caller's tokens, also those that have expired."""
    with parts.database.read() as connection:
        rows = session.token_page(connection, caller["id"], read_cursor(cursor), limit + 1)
    return TokenPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.delete("/tokens/{token_id}", status_code=204)
def delete_token(token_id: str, caller: Person, parts: PartsDep) -> None:
    """Take a token back; it opens nothing from now on."""
    with parts.database.write() as connection:
        if not session.drop_token(connection, caller["id"], token_id):
            raise NotFoundError(f"there is no token {token_id}", token=token_id)


def _view(row: Row) -> TokenView:
    times = {name: rfc3339(row[name]) for name in ("expires_at", "last_used_at")}
    return TokenView(id=row["id"], name=row["name"], scopes=row["scopes"], created_at=rfc3339(row["created_at"]) or "", **times)
