"""Accounts and storage for admins: roles, quotas, disabled accounts, and stored bytes by owner."""

from __future__ import annotations

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
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.model.right import Role
from yeoul.upload.service import NO_NUL

router = APIRouter(prefix="/admin", tags=["admin"])
_MAX_OWNERS = 20


class AdminAccountView(BaseModel):
    """An account as admins see it. quota_bytes: its own quota; null means the server's setting."""

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
    """One page of accounts, newest first."""

    items: list[AdminAccountView]
    next: str | None


class AdminAccountChange(BaseModel):
    """Fields to change. Omitted fields stay as they are. quota_bytes: null means the server's setting, 0 allows no storage."""

    role: Role = Role.MAKER
    quota_bytes: int | None = Field(default=None, ge=0, le=2**62)
    disabled: bool = False


class StorageOwner(BaseModel):
    """An account and the bytes that it stores."""

    id: str
    handle: str
    used_bytes: int
    quota_bytes: int | None


class StorageView(BaseModel):
    """Stored bytes by bucket, the largest owners, and free space.

    buckets: sources count with their declared size; streams and pictures count when the video is ready. free_bytes: null if the store
    does not report it. sent_bytes: bytes that this process has sent since it started, by kind (media, other).
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
    """Lists accounts. q: the start of the handle or e-mail address."""
    with parts.database.read() as connection:
        rows = account.page(connection, prefix=q.strip(), before=read_cursor(cursor), limit=limit + 1)
    return AdminAccountPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.patch("/accounts/{account_id}")
def patch_account(account_id: str, body: AdminAccountChange, parts: PartsDep, admin: Admin) -> AdminAccountView:
    """Changes role or quota, disables or enables an account. Disabling an account ends its login sessions."""
    now_s = parts.clock.now()
    changes = body.model_dump(mode="json", exclude_unset=True)
    with parts.database.write() as connection:
        row = account.lock(connection, account_id)
        if account_id == admin["id"] and (changes.get("disabled") or changes.get("role", Role.ADMIN) != Role.ADMIN):
            raise ConflictError("you cannot remove your own admin rights; ask another admin", account=account_id)
        values = {name: changes[name] for name in ("role", "quota_bytes") if name in changes}
        if "disabled" in changes:
            values["disabled_at"] = (row["disabled_at"] or now_s) if changes["disabled"] else None
        if values:
            account.change(connection, account_id, values)
            audit.record(connection, admin, "account.change", account_id, {"handle": row["handle"], **changes}, now_s)
        if changes.get("disabled"):
            session.revoke_all(connection, account_id)
        return _view(account.get(connection, account_id))


@router.get("/storage")
def get_storage(parts: PartsDep, _admin: Admin) -> StorageView:
    """Returns the stored bytes by bucket and by owner."""
    with parts.database.read() as connection:
        totals, owners = usage.totals(connection), account.largest(connection, _MAX_OWNERS)
    return StorageView(
        buckets={"original": totals["original_bytes"], "encoded": totals["encoded_bytes"], "temp": totals["temp_bytes"]},
        owners=[_owner(row) for row in owners if row["used_bytes"] > 0],
        free_bytes=parts.store.free_bytes(),
        sent_bytes=sent_bytes(),
    )


def _owner(row: AccountRow) -> StorageOwner:
    return StorageOwner(id=row["id"], handle=row["handle"], used_bytes=row["used_bytes"], quota_bytes=row["quota_bytes"])


def _view(row: AccountRow) -> AdminAccountView:
    names = ("id", "handle", "email", "role", "used_bytes", "quota_bytes")
    fields: dict[str, Any] = {name: row[name] for name in names}
    return AdminAccountView(
        **fields,
        display_name=row["display_name"] or row["handle"],
        avatar=make_avatar_path(row["id"], row["avatar"]),
        confirmed=row["confirmed_at"] is not None,
        disabled=row["disabled_at"] is not None,
        created_at=rfc3339(row["created_at"]) or "",
    )
