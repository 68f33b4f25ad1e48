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
    try:
        created_at, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = float(created_at), str(row_id)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise InvalidError("this cursor is not one of ours", field="cursor") from error
    if not math.isfinite(place[0]) or abs(place[0]) > 2**62 or not place[1].isascii() or "\0" in place[1]:
        raise InvalidError("this cursor is not one of ours", field="cursor")
    return place
