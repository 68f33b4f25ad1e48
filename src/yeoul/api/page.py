"""Pages of lists: an opaque cursor stands for the last row of a page."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query

from yeoul.base.errors import InvalidError

Row = Mapping[str, Any]
PAGE_MAX = 100
PageSize = Annotated[int, Query(ge=1, le=PAGE_MAX)]


def next_cursor(rows: Sequence[Row], limit: int, key: str = "created_at", row_id: str = "id") -> str | None:
    """The cursor of the page after these rows, of which one more than `limit` was asked for; None at the end. key: what orders them."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return base64.urlsafe_b64encode(json.dumps([last[key], last[row_id]]).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[float, str] | None:
    """(created_at or what else orders the list, id) of the last row seen; raises InvalidError for what is not a cursor of ours."""
    if cursor is None:
        return None
    key, row_id = _read(cursor)
    try:
        place = float(key)
    except (ValueError, TypeError, OverflowError) as error:
        raise _foreign() from error
    if not math.isfinite(place) or abs(place) > 2**62:
        raise _foreign()
    return place, row_id


def read_text_cursor(cursor: str | None) -> tuple[str, str] | None:
    """The same of a list that is ordered by a text."""
    if cursor is None:
        return None
    key, row_id = _read(cursor)
    if not isinstance(key, str) or "\0" in key:
        raise _foreign()
    return key.encode(errors="replace").decode(), row_id


def _read(cursor: str) -> tuple[Any, str]:
    try:
        key, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise _foreign() from error
    if not isinstance(row_id, str) or not row_id.isascii() or "\0" in row_id:
        raise _foreign()
    return key, row_id


def _foreign() -> InvalidError:
    return InvalidError("this cursor is not one of ours", field="cursor")
