"""The optional protocol of stores whose presigned URLs are served by this server."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from yeoul.blob.receive import ReceivingStore
from yeoul.blob.store import BlobStore, Bucket


@runtime_checkable
class HostedStore(ReceivingStore, BlobStore, Protocol):
    """A store whose presigned URLs are paths of this server (`/blob/...`), and whose blobs are files on this machine."""

    def path(self, bucket: Bucket, key: str) -> Path:
        """Returns the path of a blob's file, which may not exist. Callers only read it."""
        ...

    def sweep_partials(self) -> int:
        """Deletes partial files of processes that were killed; returns the number of files."""
        ...
