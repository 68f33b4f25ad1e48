"""Pages of lists. An opaque cursor identifies the last row of a page."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query

from yeoul.base.errors import InvalidError

PAGE_MAX = 100
PageSize = Annotated[int, Query(ge=1, le=PAGE_MAX)]


def next_cursor(rows: Sequence[Mapping[str, Any]], limit: int, key: str = "created_at", row_id: str = "id") -> str | None:
    """Returns the cursor of the next page, or None at the end. rows: up to `limit` + 1 rows; key: the column that orders the list."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return base64.urlsafe_b64encode(json.dumps([last[key], last[row_id]]).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[float, str] | None:
    """Returns (sort key, id) of the last row of the previous page, or None for the first page. Raises InvalidError for a bad cursor."""
    if cursor is None:
        return None
    key, row_id = _decode(cursor)
    try:
        sort_key = float(key)
    except (ValueError, TypeError, OverflowError) as error:
        raise _bad_cursor() from error
    if not math.isfinite(sort_key) or abs(sort_key) > 2**62:
        raise _bad_cursor()
    return sort_key, row_id


def read_text_cursor(cursor: str | None) -> tuple[str, str] | None:
    """Returns (sort key, id) like `read_cursor`, for a list that is ordered by text."""
    if cursor is None:
        return None
    key, row_id = _decode(cursor)
    if not isinstance(key, str) or "\0" in key:
        raise _bad_cursor()
    return key.encode(errors="replace").decode(), row_id


def _decode(cursor: str) -> tuple[Any, str]:
    try:
        key, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise _bad_cursor() from error
    if not isinstance(row_id, str) or not row_id.isascii() or "\0" in row_id:
        raise _bad_cursor()
    return key, row_id


def _bad_cursor() -> InvalidError:
    return InvalidError("this cursor is not valid", field="cursor")
