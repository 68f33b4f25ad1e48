"""The base of all nouns that travel: frozen, strict about unknown fields, finite in all numbers, JSON both ways."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value; `model_dump(mode="json")` and `model_validate` are its wire form."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def with_values(self, **values: Any) -> Self:
        """Returns a copy with other values. Raises ValidationError for one that does not fit; `model_copy` would take it."""
        return self.model_validate({**dict(self), **values})
