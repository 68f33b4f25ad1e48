"""Ids: short, URL-safe, and sorted by creation time, which keeps database indexes compact."""

from __future__ import annotations

import re
import secrets
from typing import NewType

VideoId = NewType("VideoId", str)
UploadId = NewType("UploadId", str)
AccountId = NewType("AccountId", str)
RunId = NewType("RunId", str)
TaskId = NewType("TaskId", str)
WorkerId = NewType("WorkerId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def make_id(now_s: float, random_bits: int) -> str:
    """Returns a 20-character id: 9 characters of milliseconds since 1970, then 11 of `random_bits` (55 bits). Pure."""
    value = (int(now_s * 1000) & (2**45 - 1)) << 55 | (random_bits & (2**55 - 1))
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(95, -1, -5))


def new_id(now_s: float) -> str:
    """Returns a new id with randomness from the operating system."""
    return make_id(now_s, secrets.randbits(55))


def is_id(name: str) -> bool:
    """True if a name has the form of an id."""
    return re.fullmatch(r"[0-9a-z]{20}", name) is not None
