"""Sends texts and blobs of streams over ASGI: conditional requests, ranges, and files without a copy through Python."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
from pathlib import Path
from typing import Final

from starlette.types import Scope, Send

from yeoul.api.compression import accepts_gzip
from yeoul.base.errors import NotFoundError
from yeoul.base.machine import own_memory_bytes
from yeoul.blob.hosted import HostedStore
from yeoul.blob.store import BlobStore, Bucket
from yeoul.delivery.byte_range import find_range
from yeoul.delivery.stream_index import Blob, StreamIndex, Text

Headers = list[tuple[bytes, bytes]]

_SHORT, _LONG = b"max-age=60", b"max-age=31536000, immutable"
_BODY_BYTES: Final = 1 << 20  # the largest body that is sent from memory
_BODIES_BYTES: Final = 256 * 2**20  # memory of all of them
_WAIT_S: Final = 0.1


class BodyBudget:
    """Limits the memory of bodies that the HTTP server has accepted: it keeps them, without a limit, until the clients have read them."""

    def __init__(self) -> None:
        self._most_bytes = own_memory_bytes() + _BODIES_BYTES
        self._left_bytes = _BODIES_BYTES

    def renew(self) -> None:
        """Looks how much memory the process has. Call it several times a second."""
        self._left_bytes = self._most_bytes - own_memory_bytes()

    def take(self, size_bytes: int) -> bool:
        """True if a body of this size may be handed over now."""
        if size_bytes > self._left_bytes:
            return False
        self._left_bytes -= size_bytes
        return True


class StreamSender:
    """Sends the answers of stream indexes. Blobs of a store on this machine are sent from their files, others in blocks."""

    def __init__(self, store: BlobStore, budget: BodyBudget) -> None:
        self._store = store
        self._hosted = store if isinstance(store, HostedStore) else None
        self._budget = budget

    async def send_text(self, index: StreamIndex, text: Text, scope: Scope, send: Send) -> None:
        """Sends a text, compressed if the client accepts gzip. Caches may keep it if the video is ready."""
        headers = _make_headers(index, text.etag.encode(), _SHORT)
        if not index.is_ready:
            headers[1] = (b"cache-control", b"no-cache")
        headers += [(b"vary", b"Accept-Encoding"), (b"x-content-type-options", b"nosniff")]  # captions contain text from users
        requested = dict[bytes, bytes](scope["headers"])
        if _matches(text.etag.removeprefix("W/").encode(), requested.get(b"if-none-match")):
            await send_all(send, 304, headers, b"")
            return
        body = text.gzipped
        if accepts_gzip(requested.get(b"accept-encoding", b"")):
            headers.append((b"content-encoding", b"gzip"))
        else:
            body = gzip.decompress(body)
        headers += [(b"content-type", text.media_type.encode()), (b"content-length", b"%d" % len(body))]
        await send_all(send, 200, headers, b"" if scope["method"] == "HEAD" else body)

    async def send_blob(self, index: StreamIndex, blob: Blob, scope: Scope, send: Send) -> None:
        """Sends a blob or a range of it. Raises NotFoundError if its file was deleted, StorageError if the store cannot be reached."""
        etag = b'"%b"' % hashlib.sha256(blob.key.encode()).hexdigest()[:32].encode()
        headers = _make_headers(index, etag, _LONG)
        requested = dict[bytes, bytes](scope["headers"])
        if _matches(etag, requested.get(b"if-none-match")):
            await send_all(send, 304, headers, b"")
            return
        path = None if self._hosted is None else str(self._hosted.path(Bucket.ENCODED, blob.key))
        size_bytes = await self._find_size(blob.key) if path is None else _file_size(path)
        if size_bytes is None:
            raise NotFoundError("this file does not exist any more", key=blob.key)
        found = None
        if b"range" in requested and scope["method"] == "GET" and _matches(etag, requested.get(b"if-range", etag)):
            found = find_range(requested[b"range"], size_bytes)
            if found is not None and path is not None and len(found) < size_bytes and not self._fits(len(found)):
                found = None  # a server may ignore a range; a whole file needs no memory
        sent = range(size_bytes) if found is None else found
        headers += [(b"accept-ranges", b"bytes"), (b"content-type", blob.media_type.encode()), (b"content-length", b"%d" % len(sent))]
        if blob.is_foreign:
            headers.append((b"x-content-type-options", b"nosniff"))
        if found is not None:
            where = b"%d-%d" % (sent.start, sent.stop - 1) if sent else b"*"
            headers.append((b"content-range", b"bytes %b/%d" % (where, size_bytes)))
        status = 200 if found is None else 206 if found else 416
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["method"] == "HEAD" or not sent:
            await send({"type": "http.response.body", "body": b""})
        elif path is None:
            await self._send_blocks(send, blob.key, sent)
        else:
            await self._send_file(send, path, sent, size_bytes, has_pathsend="http.response.pathsend" in scope.get("extensions", ()))

    def _fits(self, size_bytes: int) -> bool:
        return size_bytes <= _BODY_BYTES and self._budget.take(size_bytes)

    async def _find_size(self, key: str) -> int | None:
        info = await asyncio.to_thread(self._store.find, Bucket.ENCODED, key)
        return None if info is None else info.size_bytes

    async def _send_file(self, send: Send, path: str, sent: range, size_bytes: int, *, has_pathsend: bool) -> None:
        """Sends bytes of a file. Reads small files here if they are in the page cache, because `pathsend` costs twice the CPU time."""
        body = None
        if len(sent) < size_bytes or not has_pathsend:
            body = await asyncio.to_thread(_read, path, sent)
        elif self._fits(size_bytes):
            body = _read_from_page_cache(path, size_bytes)
        if body is None:
            await send({"type": "http.response.pathsend", "path": path})
        else:
            await send({"type": "http.response.body", "body": body})

    async def _send_blocks(self, send: Send, key: str, sent: range) -> None:
        """Sends bytes of a blob of a store on another host. Waits while too many bytes wait for clients."""
        for start in range(sent.start, sent.stop, _BODY_BYTES):
            end = min(start + _BODY_BYTES, sent.stop)
            while not self._budget.take(end - start):
                await asyncio.sleep(_WAIT_S)
                self._budget.renew()
            block = await asyncio.to_thread(self._store.get_bytes, Bucket.ENCODED, key, start, end)
            await send({"type": "http.response.body", "body": block, "more_body": end < sent.stop})


async def send_all(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Sends a whole response."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _make_headers(index: StreamIndex, etag: bytes, max_age: bytes) -> Headers:
    """Returns the headers that all answers have. No shared cache may keep an answer about a video that only some may see."""
    cache = (b"private, " if index.is_private else b"public, ") + max_age
    return [(b"etag", etag), (b"cache-control", cache), (b"access-control-allow-origin", b"*")]


def _matches(etag: bytes, condition: bytes | None) -> bool:
    """True if a list of entity tags in a header contains an entity tag."""
    return condition is not None and (etag in condition or condition.strip() == b"*")


def _file_size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116 (a Path would cost more than the call)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read_from_page_cache(path: str, size_bytes: int) -> bytes | None:
    """Returns the bytes of a file; None if that would wait for a disk. Tries the first and the last page."""
    no_wait = getattr(os, "RWF_NOWAIT", None)  # Linux
    if no_wait is None or not size_bytes:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        page = [bytearray(1)]
        if all(os.preadv(descriptor, page, at, no_wait) == 1 for at in (0, size_bytes - 1)):
            return os.pread(descriptor, size_bytes, 0)
    except OSError:  # EAGAIN; EOPNOTSUPP of file systems that cannot tell
        pass
    finally:
        os.close(descriptor)
    return None


def _read(path: str, sent: range) -> bytes:
    with Path(path).open("rb", buffering=0) as file:
        return os.pread(file.fileno(), len(sent), sent.start)
