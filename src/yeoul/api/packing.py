"""Text packed for the way to those who take it so."""

from __future__ import annotations

import re
from functools import lru_cache
from gzip import compress
from pathlib import Path

from fastapi import Request

_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
_FILES = 256


def takes_gzip(request: Request) -> bool:
    """Whether who asks takes an answer packed by gzip."""
    return _TAKES_GZIP.search(request.headers.get("accept-encoding", "")) is not None


@lru_cache(_FILES)
def packed_file(path: Path) -> bytes:
    """A file by gzip, packed once; for files that never change under their name."""
    return compress(path.read_bytes(), 9, mtime=0)
