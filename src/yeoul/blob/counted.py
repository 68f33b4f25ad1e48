"""A store for one attempt that counts the bytes read and written and records the stored blobs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from yeoul.blob.store import BlobInfo, BlobStore, Bucket, SignedRequest


class CountingStore:
    """Wraps a BlobStore and counts its traffic.

    read_bytes, written_bytes: total size of the blobs read or fetched, and stored; traffic: both by name. made: SHA-256 of each stored
    blob, by key.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self.read_bytes = 0
        self.written_bytes = 0
        self.sha256_by_key: dict[str, str] = {}

    @property
    def traffic(self) -> dict[str, int]:
        return {"read_bytes": self.read_bytes, "written_bytes": self.written_bytes}

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        self._store.put_bytes(bucket, key, data)
        self.written_bytes += len(data)
        self.sha256_by_key[key] = hashlib.sha256(data).hexdigest()

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        with path.open("rb") as file:  # read first: put_file may move the file
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size_bytes = file.tell()
        self._store.put_file(bucket, key, path)
        self.written_bytes += size_bytes
        self.sha256_by_key[key] = digest

    def copy(self, bucket: Bucket, key: str, new_key: str) -> None:
        self._store.copy(bucket, key, new_key)

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
