"""Gzip compression of responses."""

from __future__ import annotations

import re
from functools import lru_cache
from gzip import compress
from pathlib import Path

_ACCEPTS_GZIP = re.compile(rb"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
_MAX_FILES = 256


def accepts_gzip(accept_encoding: bytes) -> bool:
    """True if a client accepts a response compressed with gzip. accept_encoding: the value of its header."""
    return _ACCEPTS_GZIP.search(accept_encoding) is not None


@lru_cache(_MAX_FILES)
def gzip_file(path: Path) -> bytes:
    """Returns a file compressed with gzip, cached. Only for files whose content never changes under the same name."""
    return compress(path.read_bytes(), 9, mtime=0)
