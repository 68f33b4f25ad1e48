"""The base of all nouns: frozen, without unknown fields, with finite numbers, and convertible to and from JSON."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value. `model_dump(mode="json")` writes its JSON form, and `model_validate` reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def with_values(self, **values: Any) -> Self:
        """Returns a copy with other values. Raises ValidationError if a value is invalid, which `model_copy` does not check."""
        return self.model_validate({**dict(self), **values})
