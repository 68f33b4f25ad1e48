"""What admins see and do of accounts: roles, quotas, who may not come in; and what the store holds of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Admin
from yeoul.api.metrics.requests import sent_bytes
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.view import make_avatar_path
from yeoul.base.clock import rfc3339
from yeoul.base.errors import ConflictError
from yeoul.catalog.account import account, audit, session, usage
from yeoul.model.right import Role
from yeoul.upload.service import NO_NUL

router = APIRouter(prefix="/admin", tags=["admin"])
Row = Mapping[str, Any]
_SHOWN = 20


class AdminAccountView(BaseModel):
    """An account as admins see it. quota_bytes: its own; null where the setting holds."""

    id: str
    handle: str
    display_name: str
    avatar: str | None
    email: str
    confirmed: bool
    role: str
    disabled: bool
    used_bytes: int
    quota_bytes: int | None
    created_at: str


class AdminAccountPage(BaseModel):
    """Accounts, newest first."""

    items: list[AdminAccountView]
    next: str | None


class AdminAccountChange(BaseModel):
    """Fields to change; what is left out stays. quota_bytes: null goes back to the setting, 0 is nothing at all."""

    role: Role = Role.MAKER
    quota_bytes: int | None = Field(default=None, ge=0, le=2**62)
    disabled: bool = False


class StorageOwner(BaseModel):
    """What somebody uses."""

    id: str
    handle: str
    used_bytes: int
    quota_bytes: int | None


class StorageView(BaseModel):
    """Bytes by bucket (uploads as they were opened; streams and pictures of ready videos), the largest owners, and what is free.

    free_bytes: null where the store does not say. sent_bytes: of answers by this process since it started, by what was asked for.
    """

    buckets: dict[str, int]
    owners: list[StorageOwner]
    free_bytes: int | None
    sent_bytes: dict[str, int]


@router.get("/accounts")
def get_accounts(
    parts: PartsDep,
    _admin: Admin,
    q: Annotated[str, Query(max_length=100, pattern=NO_NUL)] = "",
    cursor: str | None = None,
    limit: PageSize = 24,
) -> AdminAccountPage:
    """Accounts. q: how the handle or the address begins."""
    with parts.database.read() as connection:
        rows = account.page(connection, like=q.strip(), before=read_cursor(cursor), limit=limit + 1)
    return AdminAccountPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.patch("/accounts/{account_id}")
def patch_account(account_id: str, body: AdminAccountChange, parts: PartsDep, admin: Admin) -> AdminAccountView:
    """Change role or quota, disable or enable. Who is disabled is logged out at once."""
    now_s = parts.clock.now()
    said = body.model_dump(mode="json", exclude_unset=True)
    with parts.database.write() as connection:
        row = account.lock(connection, account_id)
        if account_id == admin["id"] and (said.get("disabled") or said.get("role", Role.ADMIN) != Role.ADMIN):
            raise ConflictError("you cannot take your own rights away; another admin can", account=account_id)
        values = {name: said[name] for name in ("role", "quota_bytes") if name in said}
        if "disabled" in said:
            values["disabled_at"] = (row["disabled_at"] or now_s) if said["disabled"] else None
        if values:
            account.change(connection, account_id, values)
            audit.note(connection, admin, "account.change", account_id, {"handle": row["handle"], **said}, now_s)
        if said.get("disabled"):
            session.drop_all(connection, account_id)
        return _view(account.get(connection, account_id))


@router.get("/storage")
def get_storage(parts: PartsDep, _admin: Admin) -> StorageView:
    """What the store holds, and of whom."""
    with parts.database.read() as connection:
        totals, owners = usage.totals(connection), account.largest(connection, _SHOWN)
    names = ("id", "handle", "used_bytes", "quota_bytes")
    return StorageView(
        buckets={"original": totals["original_bytes"], "encoded": totals["encoded_bytes"], "temp": totals["temp_bytes"]},
        owners=[StorageOwner(**{name: row[name] for name in names}) for row in owners if row["used_bytes"] > 0],
        free_bytes=parts.store.free_bytes(),
        sent_bytes=sent_bytes(),
    )


def _view(row: Row) -> AdminAccountView:
    same = ("id", "handle", "email", "role", "used_bytes", "quota_bytes")
    return AdminAccountView(
        **{name: row[name] for name in same},
        display_name=row["display_name"] or row["handle"],
        avatar=make_avatar_path(row["id"], row["avatar"]),
        confirmed=row["confirmed_at"] is not None,
        disabled=row["disabled_at"] is not None,
        created_at=rfc3339(row["created_at"]) or "",
    )
