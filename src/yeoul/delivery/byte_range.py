"""Byte ranges of HTTP requests (RFC 9110, 14). Pure."""

from __future__ import annotations

import re

_RANGE = re.compile(rb"bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.IGNORECASE)


def find_range(header: bytes, size_bytes: int) -> range | None:
    """Returns the requested bytes of a representation; an empty range if it is unsatisfiable: it begins behind the end, or has no bytes.

    Returns None if the header is invalid or has several ranges: such a header is ignored, as 14.2 allows.
    """
    match = _RANGE.fullmatch(header)
    if match is None or match.group(1) == match.group(2) == b"":
        return None
    first, last = match.groups()
    if first == b"":
        return range(max(0, size_bytes - int(last)), size_bytes)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size_bytes) if last else size_bytes)
