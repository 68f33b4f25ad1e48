"""Gzip compression of responses."""

from __future__ import annotations

import re
from functools import lru_cache
from gzip import compress
from pathlib import Path

from fastapi import Request

_ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
_MAX_FILES = 256


def accepts_gzip(request: Request) -> bool:
    """True if the client accepts a response compressed with gzip."""
    return _ACCEPTS_GZIP.search(request.headers.get("accept-encoding", "")) is not None


@lru_cache(_MAX_FILES)
def gzip_file(path: Path) -> bytes:
    """Returns a file compressed with gzip, cached. Only for files whose content never changes under the same name."""
    return compress(path.read_bytes(), 9, mtime=0)
