"""The protocol of blob stores, and the rules for keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from yeoul.base.errors import BlobMissingError, InvalidError

_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,200}")
_MAX_KEY_CHARACTERS = 900  # S3 allows 1024 bytes; the rest is reserved for a store's own prefixes


class Bucket(StrEnum):
    """The three buckets: uploaded files, intermediate results, and files for viewers."""

    ORIGINAL = "original"
    TEMP = "temp"
    ENCODED = "encoded"


@dataclass(frozen=True)
class BlobInfo:
    """The metadata of a blob; `modified_s` is in seconds since 1970."""

    key: str
    size_bytes: int
    modified_s: float


@dataclass(frozen=True)
class SignedRequest:
    """A presigned request that needs no credentials. The client sends `headers` unchanged, and the usual Host and Content-Length."""

    method: str
    url: str
    headers: dict[str, str]


class BlobStore(Protocol):
    """A store of blobs by bucket and key: synchronous and thread-safe. A read returns a complete version of a blob, never a mixture.

    Keys are paths like `a/b/c` of [A-Za-z0-9._-]; no key is also the folder of another key. Methods raise InvalidError for other keys,
    BlobMissingError if the blob does not exist, StorageFullError if there is no space, and StorageError if a retry may help.
    """

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        """Stores or replaces a blob durably."""
        ...

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        """Stores or replaces a blob with the content of a file. The store may move the file."""
        ...

    def copy(self, bucket: Bucket, key: str, new_key: str) -> None:
        """Copies a blob to another key of its bucket; replaces an existing blob."""
        ...

    def get_bytes(self, bucket: Bucket, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Returns the bytes [start, end), cut off at the end of the blob like a slice; start must be >= 0."""
        ...

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:
        """Returns a local file with the blob's content. Remote stores write it below `scratch`. Callers only read it."""
        ...

    def find(self, bucket: Bucket, key: str) -> BlobInfo | None: ...

    def list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        """Lists all blobs below the folder `prefix` ("" for all), sorted by key."""
        ...

    def delete(self, bucket: Bucket, key: str) -> None:
        """Deletes a blob; does nothing if it does not exist."""
        ...

    def delete_prefix(self, bucket: Bucket, prefix: str) -> int:
        """Deletes all blobs below the folder `prefix`, which must not be empty; returns their number."""
        ...

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        """Returns a presigned request that stores a body with exactly this size and SHA-256."""
        ...

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest: ...

    def free_bytes(self) -> int | None:
        """Returns the number of bytes that can still be stored; None if unlimited."""
        ...


def check_key(key: str) -> str:
    """Returns the key unchanged. Raises InvalidError if it is not a plain relative path that every store supports."""
    segments = key.split("/")
    is_plain = all(_SEGMENT.fullmatch(segment) and segment not in (".", "..") for segment in segments)
    if not is_plain or len(key) > _MAX_KEY_CHARACTERS:
        message = "a key consists of segments of A-Z a-z 0-9 . _ - separated by single slashes"
        raise InvalidError(message, field="key", key=key[:100])
    return key


def check_prefix(prefix: str) -> str:
    """Returns the folder without its trailing slash; "" for the whole bucket. Raises InvalidError like `check_key`."""
    return check_key(prefix.removesuffix("/")) if prefix else ""


def make_missing_error(bucket: Bucket, key: str) -> BlobMissingError:
    """Returns the error for a blob that does not exist."""
    return BlobMissingError(f"{bucket}/{key} does not exist", bucket=str(bucket), key=key)
