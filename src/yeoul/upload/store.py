"""What uploads need of the blob store."""

from __future__ import annotations

from typing import Protocol

from yeoul.blob.store import BlobInfo, Bucket, SignedRequest


class Store(Protocol):
    """Signed PUT requests, and a look at what landed."""

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest: ...
    def find(self, bucket: Bucket, key: str) -> BlobInfo | None: ...
    def free_bytes(self) -> int | None: ...
