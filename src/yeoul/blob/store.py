"""The seam: what every blob store does, and which keys it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from yeoul.base.errors import BlobMissingError, InvalidError

_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,200}")
_MAX_KEY_CHARACTERS = 900  # S3 allows 1024 bytes; the rest is left to path prefixes of the store itself


class Bucket(StrEnum):
    """The three storages of the house: what users sent, what work leaves behind, what viewers get."""

    ORIGINAL = "original"
    TEMP = "temp"
    ENCODED = "encoded"


@dataclass(frozen=True)
class BlobInfo:
    """What a store knows about a blob without reading it; `modified_s` is seconds since 1970."""

    key: str
    size_bytes: int
    modified_s: float


@dataclass(frozen=True)
class SignedRequest:
    """A request that anyone may send as it is: `headers` must be sent as given, besides the usual Host and Content-Length."""

    method: str
    url: str
    headers: dict[str, str]


class BlobStore(Protocol):
    """Synchronous and safe for threads; reads see a whole blob of one version or none.

    Keys are `a/b/c` of [A-Za-z0-9._-]; a key is never also the folder of another. Raises InvalidError for any other key,
    BlobMissingError where a blob must exist, StorageFullError without room, StorageError for what may work later.
    """

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        """Store or replace; durable when it returns."""
        ...

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        """Store or replace with a file's content; the file may be gone afterwards."""
        ...

    def copy(self, bucket: Bucket, key: str, new_key: str) -> None:
        """Store or replace a blob with what another one of the bucket holds."""
        ...

    def get_bytes(self, bucket: Bucket, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes [start, end), cut at the end of the blob like a slice; 0 <= start."""
        ...

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:
        """A local file with the content, to be read only; stores without files of their own write it below `scratch`."""
        ...

    def find(self, bucket: Bucket, key: str) -> BlobInfo | None: ...

    def list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        """All blobs below the folder `prefix` ("" for all), sorted by key."""
        ...

    def delete(self, bucket: Bucket, key: str) -> None:
        """Remove; a missing blob is fine."""
        ...

    def delete_prefix(self, bucket: Bucket, prefix: str) -> int:
        """Remove all below the folder `prefix`, which cannot be empty; returns how many blobs there were."""
        ...

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        """A request that stores exactly these bytes and no others."""
        ...

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest: ...

    def free_bytes(self) -> int | None:
        """How much can still be put; None where unlimited."""
        ...


def check_key(key: str) -> str:
    """The key itself; raises InvalidError unless it is a plain relative path that every store can hold."""
    segments = key.split("/")
    plain = all(_SEGMENT.fullmatch(segment) and segment not in (".", "..") for segment in segments)
    if not plain or len(key) > _MAX_KEY_CHARACTERS:
        raise InvalidError("a key is segments of A-Z a-z 0-9 . _ - between single slashes", field="key", key=key[:100])
    return key


def check_prefix(prefix: str) -> str:
    """The folder without its closing slash, "" for the whole bucket; raises InvalidError like `check_key`."""
    return check_key(prefix.removesuffix("/")) if prefix else ""


def missing(bucket: Bucket, key: str) -> BlobMissingError:
    """The error for a blob that does not exist."""
    return BlobMissingError(f"{bucket}/{key} does not exist", bucket=str(bucket), key=key)
