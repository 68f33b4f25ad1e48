"""The part of the blob store that uploads use."""

from __future__ import annotations

from typing import Protocol

from yeoul.blob.store import BlobInfo, Bucket, SignedRequest


class Store(Protocol):
    """A store that signs PUT requests and reports which blobs have landed."""

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest: ...
    def find(self, bucket: Bucket, key: str) -> BlobInfo | None: ...
    def free_bytes(self) -> int | None: ...
