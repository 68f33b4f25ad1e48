"""An in-memory BlobStore for tests."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

from yeoul.base.clock import Clock
from yeoul.blob.signature import UrlSigner
from yeoul.blob.store import BlobInfo, Bucket, SignedRequest, check_key, check_prefix, make_missing_error


class MemoryStore:
    """A BlobStore in a dictionary. Its presigned URLs are well formed, but no server answers them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._blobs: dict[tuple[Bucket, str], tuple[bytes, float]] = {}
        self._signer = UrlSigner("memory://here", secrets.token_bytes(16))

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        with self._lock:
            self._blobs[bucket, check_key(key)] = (bytes(data), self._clock.now())

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        self.put_bytes(bucket, key, path.read_bytes())

    def copy(self, bucket: Bucket, key: str, new_key: str) -> None:
        self.put_bytes(bucket, new_key, self.get_bytes(bucket, key))

    def get_bytes(self, bucket: Bucket, key: str, start: int = 0, end: int | None = None) -> bytes:
        with self._lock:
            blob = self._blobs.get((bucket, check_key(key)))
        if blob is None:
            raise make_missing_error(bucket, key)
        return blob[0][start:end]

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:
        data = self.get_bytes(bucket, key)
        path = scratch / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def find(self, bucket: Bucket, key: str) -> BlobInfo | None:
        with self._lock:
            blob = self._blobs.get((bucket, check_key(key)))
        return BlobInfo(key, len(blob[0]), blob[1]) if blob else None

    def list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        start = f"{folder}/" if (folder := check_prefix(prefix)) else ""
        with self._lock:
            blobs = sorted((key, blob) for (place, key), blob in self._blobs.items() if place == bucket and key.startswith(start))
        return (BlobInfo(key, len(data), modified_s) for key, (data, modified_s) in blobs)

    def delete(self, bucket: Bucket, key: str) -> None:
        with self._lock:
            self._blobs.pop((bucket, check_key(key)), None)

    def delete_prefix(self, bucket: Bucket, prefix: str) -> int:
        keys = [info.key for info in self.list(bucket, check_key(check_prefix(prefix)))]
        for key in keys:
            self.delete(bucket, key)
        return len(keys)

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        return self._signer.sign_put(bucket, key, size_bytes, sha256_hex, expires_at_s)

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest:
        return self._signer.sign_get(bucket, key, expires_at_s)

    def free_bytes(self) -> int | None:
        return None
