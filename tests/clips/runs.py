"""Long lists of numbers or letters as short text: "1024*44 2560 1024" and "I P*59", and bytes as hex whose runs are counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

_LONG = 8


def write_runs(values: Iterable[object]) -> str:
    """Each value once, with how often it follows itself."""
    counted = [(str(value), len(list(group))) for value, group in groupby(values)]
    return " ".join(value if count == 1 else f"{value}*{count}" for value, count in counted)


def read_runs(text: str) -> list[str]:
    """The values of `write_runs`, as text."""
    found: list[str] = []
    for part in text.split():
        value, _, count = part.partition("*")
        found += [value] * int(count or 1)
    return found


def read_numbers(text: str) -> list[int]:
    return [int(value) for value in read_runs(text)]


def write_hex(data: bytes) -> str:
    """Hex; a byte that follows itself 8 times or more is written once, with its count in brackets."""
    parts = [(value, len(list(group))) for value, group in groupby(data)]
    return "".join(f"{value:02x}({count})" if count >= _LONG else f"{value:02x}" * count for value, count in parts)


def read_hex(text: str) -> bytes:
    return bytes.fromhex(re.sub(r"(..)\((\d+)\)", lambda found: found[1] * int(found[2]), text))
