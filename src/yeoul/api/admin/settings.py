"""Settings that admins can change at run time, and the audit log of actions by admins and moderators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Admin
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import InvalidError
from yeoul.base.settings import LIVE_SETTINGS, apply_changes
from yeoul.catalog.account import audit, setting
from yeoul.catalog.schema.row.account import AuditRow
from yeoul.upload.service import NO_NUL

router = APIRouter(prefix="/admin", tags=["admin"])
Word = Annotated[str, Query(max_length=200, pattern=NO_NUL)]
Value = bool | int | float | str


class SettingView(BaseModel):
    """A setting that can be changed at run time.

    default: the built-in value; started: the value that the server started with; changed: true if an admin has changed it.
    """

    name: str
    description: str
    value: Value
    default: Value
    started: Value
    changed: bool


class SettingList(BaseModel):
    """All settings that can be changed at run time, on one page."""

    items: list[SettingView]
    next: None = None


class AuditEntry(BaseModel):
    """One action of an admin or moderator. action: noun.verb; detail: the parameters of the action."""

    id: str
    at: str
    actor: str
    action: str
    target: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """One page of audit log entries, newest first."""

    items: list[AuditEntry]
    next: str | None


@router.get("/settings")
def get_settings(parts: PartsDep, _admin: Admin) -> SettingList:
    """Lists the settings that can be changed at run time, with their values."""
    with parts.database.read() as connection:
        return _view(parts, setting.all_overrides(connection))


@router.patch("/settings")
def patch_settings(body: dict[str, Value | None], parts: PartsDep, admin: Admin) -> SettingList:
    """Changes settings by name. null restores the value that the server started with. An invalid value changes nothing."""
    now_s = parts.clock.now()
    if unknown := sorted(set(body) - set(LIVE_SETTINGS)):
        raise InvalidError(f"{unknown[0]} cannot be changed while the server runs", field=unknown[0][:100])
    with parts.database.write() as connection:
        old = setting.all_overrides(connection)
        new = {name: value for name, value in {**old, **body}.items() if value is not None}
        apply_changes(parts.settings, new)
        for name, value in body.items():
            (setting.delete_override(connection, name) if value is None else setting.set_override(connection, name, value))
            audit.record(connection, admin, "setting.change", name, {"from": old.get(name), "to": value}, now_s)
        return _view(parts, new)


@router.get("/audit")
def get_audit(
    parts: PartsDep,
    _admin: Admin,
    actor: Word = "",
    action: Word = "",
    target: Word = "",
    cursor: str | None = None,
    limit: PageSize = 24,
) -> AuditPage:
    """Lists the audit log. actor: a handle; action: noun.verb; target: an id or name. Filters match exactly; empty ones match all."""
    filters = {"actor_handle": actor.strip(), "action": action.strip(), "target": target.strip()}
    with parts.database.read() as connection:
        rows = audit.page(connection, read_cursor(cursor), limit + 1, {name: value for name, value in filters.items() if value})
    return AuditPage(items=[_entry(row) for row in rows[:limit]], next=next_cursor(rows, limit))


def _entry(row: AuditRow) -> AuditEntry:
    what = {"action": row["action"], "target": row["target"]}
    return AuditEntry(id=row["id"], **what, detail=row["detail"], at=rfc3339(row["created_at"]) or "", actor=row["actor_handle"])


def _view(parts: Parts, changed: dict[str, Any]) -> SettingList:
    current = apply_changes(parts.settings, changed)
    items: list[SettingView] = []
    for name in LIVE_SETTINGS:
        section, _, field = name.partition(".")
        started: BaseModel = getattr(parts.settings, section)
        field_info: FieldInfo = type(started).model_fields[field]
        values = {"value": getattr(getattr(current, section), field), "started": getattr(started, field), "default": field_info.default}
        items.append(SettingView(name=name, description=field_info.description or "", changed=name in changed, **values))
    return SettingList(items=items)
