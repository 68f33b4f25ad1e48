"""The pipeline of a new video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yeoul.api.deps import Parts
from yeoul.base.errors import InvalidError

Row = Mapping[str, Any]
STANDARD = "standard"


def choose_pipeline(parts: Parts, wanted: str | None, caller: Row) -> str:
    """The pipeline that is asked for, else the account's own, else "standard". Raises InvalidError when there is none of that name."""
    name = wanted or caller["pipeline"] or STANDARD
    if name not in parts.pipelines:
        raise InvalidError(f"there is no pipeline {name}; there are {', '.join(sorted(parts.pipelines))}", field="pipeline")
    return name
