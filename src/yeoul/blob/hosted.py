"""The optional protocol of stores whose presigned URLs are served by this server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from yeoul.blob.partial import Partial
from yeoul.blob.signature import Grant
from yeoul.blob.store import Bucket


@runtime_checkable
class HostedStore(Protocol):
    """A store whose presigned URLs are paths of this server (`/blob/...`), and whose blobs are files on this machine."""

    def check_url(self, method: str, bucket: str, key: str, query: Mapping[str, str], now_s: float) -> Grant:
        """Returns what a presigned URL allows. Raises SignatureError if the URL does not allow this request."""
        ...

    def open_put(self, bucket: Bucket, key: str) -> Partial:
        """Opens a new blob for writing in several steps."""
        ...

    def path(self, bucket: Bucket, key: str) -> Path:
        """Returns the path of a blob's file, which may not exist. Callers only read it."""
        ...

    def sweep_partials(self) -> int:
        """Deletes partial files of processes that were killed; returns the number of files."""
        ...
