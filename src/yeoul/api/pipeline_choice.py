"""Chooses the pipeline of a new video."""

from __future__ import annotations

from yeoul.api.deps import Parts
from yeoul.base.errors import InvalidError
from yeoul.catalog.schema.row.account import AccountRow

STANDARD = "standard"


def choose_pipeline(parts: Parts, requested: str | None, caller: AccountRow) -> str:
    """Returns the requested pipeline, else the account's default, else "standard". Raises InvalidError if it does not exist."""
    name = requested or caller["pipeline"] or STANDARD
    if name not in parts.pipelines:
        raise InvalidError(f"there is no pipeline {name}; choose one of {', '.join(sorted(parts.pipelines))}", field="pipeline")
    return name
