"""Settings that admins change while the server runs, and the audit log of all that admins and moderators do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Admin
from yeoul.api.live_settings import overlay
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import InvalidError
from yeoul.base.settings import LIVE_SETTINGS, AccountSettings
from yeoul.catalog import audit, setting

router = APIRouter(prefix="/admin", tags=["admin"])
Row = Mapping[str, Any]
Value = bool | int | float | str


class SettingView(BaseModel):
    """A setting that can be changed at run time. started: its value in the server's files; changed: another one holds."""

    name: str
    description: str
    value: Value
    started: Value
    changed: bool


class SettingList(BaseModel):
    """All of them, on one page."""

    items: list[SettingView]
    next: None = None


class AuditEntry(BaseModel):
    """Who did what to what, and when. action: noun.verb; detail: what was said."""

    id: str
    at: str
    actor: str
    action: str
    target: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """Entries, newest first."""

    items: list[AuditEntry]
    next: str | None


@router.get("/settings")
def get_settings(parts: PartsDep, _admin: Admin) -> SettingList:
    """What can be changed, and what it is."""
    with parts.database.read() as connection:
        return _view(parts, setting.changed(connection))


@router.patch("/settings")
def patch_settings(body: dict[str, Value | None], parts: PartsDep, admin: Admin) -> SettingList:
    """Set values by name; null goes back to what the server was started with. All of them or none."""
    now_s = parts.clock.now()
    if unknown := sorted(set(body) - set(LIVE_SETTINGS)):
        raise InvalidError(f"{unknown[0]} cannot be changed while the server runs", field=unknown[0][:100])
    with parts.database.write() as connection:
        old = setting.changed(connection)
        new = {name: value for name, value in {**old, **body}.items() if value is not None}
        overlay(parts.settings.account, new)
        for name, value in body.items():
            (setting.reset(connection, name) if value is None else setting.change(connection, name, value))
            audit.note(connection, admin, "setting.change", name, {"from": old.get(name), "to": value}, now_s)
        return _view(parts, new)


@router.get("/audit")
def get_audit(parts: PartsDep, _admin: Admin, cursor: str | None = None, limit: PageSize = 24) -> AuditPage:
    """Who changed what, and when."""
    with parts.database.read() as connection:
        rows = audit.page(connection, read_cursor(cursor), limit + 1)
    return AuditPage(items=[_entry(row) for row in rows[:limit]], next=next_cursor(rows, limit))


def _entry(row: Row) -> AuditEntry:
    same = ("id", "action", "target", "detail")
    return AuditEntry(**{name: row[name] for name in same}, at=rfc3339(row["created_at"]) or "", actor=row["actor_handle"])


def _view(parts: Parts, changed: dict[str, Any]) -> SettingList:
    now = overlay(parts.settings.account, changed)
    items: list[SettingView] = []
    for name in LIVE_SETTINGS:
        field = name.partition(".")[2]
        description = AccountSettings.model_fields[field].description or ""
        started = getattr(parts.settings.account, field)
        items.append(SettingView(name=name, description=description, value=getattr(now, field), started=started, changed=name in changed))
    return SettingList(items=items)
