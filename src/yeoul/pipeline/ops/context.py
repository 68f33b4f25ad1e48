"""What an op may touch: its scratch folder, its inputs in the store, and keys below its attempt's prefix."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yeoul.base.errors import ChecksumError
from yeoul.blob.store import BlobStore, Bucket
from yeoul.media.limits import Limits
from yeoul.model.piece import LandedPiece

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Context:
    """One attempt's surroundings. progress takes a share from 0 to 1. piece_s: target length of pieces in seconds."""

    store: BlobStore
    scratch: Path
    limits: Limits
    output_prefix: str
    video_id: str
    piece_s: float
    progress: Callable[[float], None]

    def fetch_piece(self, landed: LandedPiece) -> Path:
        """A piece's file, its bytes checked. Raises ChecksumError when the store no longer holds what landed."""
        path = self.store.fetch(Bucket(landed.bucket), landed.key, self.scratch)
        check_sha256(path, landed.sha256, landed.key)
        return path

    def put_file(self, name: str, path: Path, bucket: Bucket = Bucket.ENCODED) -> str:
        """Store an output of this attempt; the key."""
        key = self.output_prefix + name
        self.store.put_file(bucket, key, path)
        return key

    def put_bytes(self, name: str, data: bytes, bucket: Bucket = Bucket.ENCODED) -> str:
        """Store an output of this attempt; the key."""
        key = self.output_prefix + name
        self.store.put_bytes(bucket, key, data)
        return key

    def put_init(self, rendition: str, init: bytes) -> str:
        """Store an init segment under the address of its content, shared by all pieces of a rendition; the key."""
        key = f"{self.video_id}/init/{rendition}-{hashlib.sha256(init).hexdigest()[:16]}.mp4"
        if self.store.find(Bucket.ENCODED, key) is None:
            self.store.put_bytes(Bucket.ENCODED, key, init)
        return key


def check_sha256(path: Path, expected: str, name: str) -> None:
    """Raises ChecksumError when a file's SHA-256 is not `expected` (lower-case hex)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        raise ChecksumError("stored bytes are not what landed", key=name, expected=expected, found=digest.hexdigest())
