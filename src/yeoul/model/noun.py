"""The base of all nouns that travel: frozen, strict about unknown fields, JSON both ways."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value; `model_dump(mode="json")` and `model_validate` are its wire form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
