"""What a store can do besides if this server answers its signed URLs: an optional ability, which only some stores have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from yeoul.blob.partial import Partial
from yeoul.blob.signature import Grant
from yeoul.blob.store import Bucket


@runtime_checkable
class HostedStore(Protocol):
    """A store whose signed URLs are paths of this server (`/blob/...`), and whose blobs are files of this machine."""

    def check_url(self, method: str, bucket: str, key: str, query: Mapping[str, str], now_s: float) -> Grant:
        """Returns what a request to a signed URL may do. Raises SignatureError."""
        ...

    def open_put(self, bucket: Bucket, key: str) -> Partial:
        """Opens a blob that is written in steps."""
        ...

    def path(self, bucket: Bucket, key: str) -> Path:
        """Returns the file of a blob, to be read only; it may not exist."""
        ...

    def sweep_partials(self) -> int:
        """Deletes what killed processes left behind; returns how many files."""
        ...
