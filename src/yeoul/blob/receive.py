"""The receiving end of signed PUT URLs, whatever HTTP server carries them."""

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
    """What receiving asks of a store."""

    def check_url(self, method: str, bucket: str, key: str, query: Mapping[str, str], now_s: float) -> Grant: ...
    def open_put(self, bucket: Bucket, key: str) -> Partial: ...


@dataclass(frozen=True)
class SignedPut:
    """A PUT as it came: bucket, key and query of its URL, and its Content-Length if it has one."""

    bucket: str
    key: str
    query: Mapping[str, str]
    length: int | None


class Reception:
    """One signed PUT in progress: `write` the body as it comes, then `commit`; leaving the `with` block earlier drops it.

    Raises SignatureError at once for a URL that does not allow this; ChecksumError as soon as the body cannot be what was signed.
    """

    def __init__(self, store: ReceivingStore, put: SignedPut, now_s: float) -> None:
        self._grant = store.check_url("PUT", put.bucket, put.key, put.query, now_s)
        if put.length is not None and put.length != self._grant.size_bytes:
            raise self._wrong_size(put.length)
        self._partial = store.open_put(self._grant.bucket, self._grant.key)

    def write(self, data: bytes) -> None:
        size_bytes = self._partial.size_bytes + len(data)
        if size_bytes > self._grant.size_bytes:
            raise self._wrong_size(size_bytes)
        self._partial.write(data)

    def commit(self) -> None:
        """Store the body; durable when it returns."""
        self._partial.commit(self._grant.size_bytes, self._grant.sha256_hex)

    def _wrong_size(self, found_bytes: int) -> ChecksumError:
        declared = self._grant.size_bytes
        return ChecksumError("the body has another size than signed", declared_bytes=declared, found_bytes=found_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._partial.abort()


def receive(store: ReceivingStore, put: SignedPut, chunks: Iterable[bytes], now_s: float) -> None:
    """Take a whole signed PUT, for servers that give the body as an iterable."""
    with Reception(store, put, now_s) as reception:
        for chunk in chunks:
            reception.write(chunk)
        reception.commit()
