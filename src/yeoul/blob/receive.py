"""Receives the bodies of presigned PUT requests, independently of the HTTP server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from yeoul.base.errors import ChecksumError
from yeoul.blob.partial import Partial
from yeoul.blob.signature import Grant
from yeoul.blob.store import Bucket


class ReceivingStore(Protocol):
    """The methods of a store that receiving needs."""

    def check_url(self, method: str, bucket: str, key: str, query: Mapping[str, str], now_s: float) -> Grant: ...
    def open_put(self, bucket: Bucket, key: str) -> Partial: ...


@dataclass(frozen=True)
class SignedPut:
    """A PUT request: bucket, key and query of its URL, and its Content-Length if it has one."""

    bucket: str
    key: str
    query: Mapping[str, str]
    length: int | None


class Reception:
    """One presigned PUT in progress: `write` the body as it arrives, then `commit`. Leaving the `with` block earlier discards the body.

    Raises SignatureError immediately if the URL does not allow this request, and ChecksumError as soon as the body differs from the
    signed size or SHA-256.
    """

    def __init__(self, store: ReceivingStore, put: SignedPut, now_s: float) -> None:
        self._grant = store.check_url("PUT", put.bucket, put.key, put.query, now_s)
        if put.length is not None and put.length != self._grant.size_bytes:
            raise self._make_size_error(put.length)
        self._partial = store.open_put(self._grant.bucket, self._grant.key)

    def write(self, data: bytes) -> None:
        size_bytes = self._partial.size_bytes + len(data)
        if size_bytes > self._grant.size_bytes:
            raise self._make_size_error(size_bytes)
        self._partial.write(data)

    def commit(self) -> None:
        """Stores the body durably."""
        self._partial.commit(self._grant.size_bytes, self._grant.sha256_hex)

    def _make_size_error(self, found_bytes: int) -> ChecksumError:
        message = "the size of the body differs from the signed size"
        return ChecksumError(message, declared_bytes=self._grant.size_bytes, found_bytes=found_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._partial.abort()


def receive(store: ReceivingStore, put: SignedPut, chunks: Iterable[bytes], now_s: float) -> None:
    """Receives a complete presigned PUT, for servers that provide the body as an iterable."""
    with Reception(store, put, now_s) as reception:
        for chunk in chunks:
            reception.write(chunk)
        reception.commit()
