"""A store that counts the bytes that pass through it, for one attempt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yeoul.blob.store import BlobInfo, BlobStore, Bucket, SignedRequest


class CountedStore:
    """As the store behind it. read_bytes, written_bytes: of blobs read or fetched, and put."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self.read_bytes = 0
        self.written_bytes = 0

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        self._store.put_bytes(bucket, key, data)
        self.written_bytes += len(data)

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        size_bytes = path.stat().st_size  # the file may be gone afterwards
        self._store.put_file(bucket, key, path)
        self.written_bytes += size_bytes

    def get_bytes(self, bucket: Bucket, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = self._store.get_bytes(bucket, key, start, end)
        self.read_bytes += len(data)
        return data

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:
        path = self._store.fetch(bucket, key, scratch)
        self.read_bytes += path.stat().st_size
        return path

    def find(self, bucket: Bucket, key: str) -> BlobInfo | None:
        return self._store.find(bucket, key)

    def list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        return self._store.list(bucket, prefix)

    def delete(self, bucket: Bucket, key: str) -> None:
        self._store.delete(bucket, key)

    def delete_prefix(self, bucket: Bucket, prefix: str) -> int:
        return self._store.delete_prefix(bucket, prefix)

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        return self._store.sign_put(bucket, key, size_bytes, sha256_hex, expires_at_s)

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest:
        return self._store.sign_get(bucket, key, expires_at_s)

    def free_bytes(self) -> int | None:
        return self._store.free_bytes()
