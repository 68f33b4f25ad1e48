"""Receives bodies at presigned URLs: `PUT /blob/{bucket}/{key}`, as an ASGI application in front of the API.

An upload arrives in hundreds of thousands of small chunks, so nothing but one loop handles each of them. Blocks of chunks are hashed and
written by a few threads, while the next block arrives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from yeoul.api.body_pace import find_due_s
from yeoul.api.concurrency_limit import Turn, Turns
from yeoul.api.metrics.requests import RouteMetrics
from yeoul.api.problem import make_problem
from yeoul.base.clock import Clock
from yeoul.base.errors import NotFoundError, ReceivingError, RequestTooSlowError, YeoulError
from yeoul.blob.hosted import HostedStore
from yeoul.blob.receive import Reception, SignedPut
from yeoul.blob.store import Bucket
from yeoul.catalog.database import Database
from yeoul.catalog.video import video

T = TypeVar("T")

_PREFIX: Final = "/blob/"
BLOB_PATH: Final = "/blob/{bucket}/{key:path}"
_BLOCK_BYTES: Final = 1 << 20
_THREADS: Final = 8
_STALLED_S: Final = 5.0
_LOOK_EVERY_S: Final = 1.0
_CLIENT_GONE: Final = 499


class _Disconnected(Exception):  # noqa: N818 (nobody is left to be told of an error)
    """The client has closed the connection."""


class _Arrival:
    """A body that is arriving, in the current task."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._began_s = self._last_s = time.monotonic()
        self._received_bytes = 0
        self.reason: YeoulError | None = None
        self.waiting_since_s: float | None = None  # for more of the body

    def note(self, size_bytes: int) -> None:
        """Notes that bytes have arrived."""
        self._received_bytes += size_bytes
        self._last_s = time.monotonic()
        self.waiting_since_s = None

    def cancel(self, reason: YeoulError) -> None:
        """Ends the reception with an error."""
        if self._task is not None and self.reason is None:
            self.reason = reason
            self._task.cancel()

    @property
    def pause_s(self) -> float:
        """Seconds since bytes arrived."""
        return time.monotonic() - self._last_s

    @property
    def is_too_slow(self) -> bool:
        """True if the client is to blame: the server waits for it, and not for its own disk."""
        now_s = time.monotonic()
        return self.waiting_since_s is not None and now_s > find_due_s(self._began_s, self._received_bytes, self.waiting_since_s)


class Receiver:
    """The application. It receives one body of a blob at a time, so that there is only one partial file.

    A body holds a turn of its address only while a thread works for it: taking turns for each chunk would cost as much as the chunk.
    """

    def __init__(self, store: HostedStore, database: Database, clock: Clock, turns: Turns) -> None:
        self._store = store
        self._database = database
        self._clock = clock
        self._turns = turns
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="receive")
        self._arrivals: dict[tuple[str, str], _Arrival] = {}
        self._metrics = RouteMetrics()

    @staticmethod
    def is_for(scope: Scope) -> bool:
        """True if a request sends a blob."""
        return scope["method"] == "PUT" and scope["path"].startswith(_PREFIX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = time.perf_counter()
        status = 500
        try:
            status = await self._answer(scope, receive, send)
        finally:
            self._metrics.note(BLOB_PATH, "PUT", status, time.perf_counter() - began_s)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        try:
            await self._receive(scope, receive)
        except _Disconnected:
            return _CLIENT_GONE
        except YeoulError as error:
            response = make_problem(error)
            if isinstance(error, RequestTooSlowError):
                response.headers["Connection"] = "close"  # the server does not wait for the rest of the body
            await response(scope, receive, send)
            return response.status_code
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return 200

    async def _receive(self, scope: Scope, receive: Receive) -> None:
        bucket, _, key = scope["path"].removeprefix(_PREFIX).partition("/")
        length = dict[bytes, bytes](scope["headers"]).get(b"content-length", b"")
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        now_s = self._clock.now()
        # Before a thread has to work for somebody without a valid URL, or twice for the same body.
        self._store.check_url("PUT", bucket, key, query, now_s)
        self._refuse_second(bucket, key)
        put = SignedPut(bucket, key, query, int(length) if length.isdigit() and len(length) < 16 else None)
        turn = self._turns.open(scope)
        try:
            await turn.acquire()
            with await self._run(lambda: Reception(self._store, put, now_s)) as reception, self._arrive(bucket, key) as arrival:
                await self._read_body(reception, receive, arrival, turn)
                await turn.acquire()
                await self._run(reception.commit)
            await self._run(lambda: self._delete_if_orphaned(Bucket(bucket), key))
        finally:
            turn.close()

    async def _read_body(self, reception: Reception, receive: Receive, arrival: _Arrival, turn: Turn) -> None:
        chunks: list[bytes] = []
        size_bytes, has_more = 0, True
        writing: asyncio.Future[None] | None = None
        turn.release()
        try:
            while has_more:
                arrival.waiting_since_s = time.monotonic()
                message = await receive()
                if message["type"] != "http.request":
                    raise _Disconnected
                chunk, has_more = message.get("body", b""), message.get("more_body", False)
                arrival.note(len(chunk))
                chunks.append(chunk)
                size_bytes += len(chunk)
                if size_bytes < _BLOCK_BYTES and has_more:
                    continue
                if writing is not None:
                    await asyncio.shield(writing)
                await turn.acquire()
                writing = self._write(reception, b"".join(chunks), turn)
                chunks, size_bytes = [], 0
            if writing is not None:
                await asyncio.shield(writing)
        finally:
            if writing is not None and not writing.done():
                await asyncio.wait([writing])  # the thread uses the file, which is closed next

    def _write(self, reception: Reception, block: bytes, turn: Turn) -> asyncio.Future[None]:
        writing = asyncio.get_running_loop().run_in_executor(self._threads, reception.write, block)
        writing.add_done_callback(lambda _: turn.release())
        return writing

    async def _run(self, function: Callable[[], T]) -> T:
        """Runs a function in one of the threads, to its end."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, function)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    @contextmanager
    def _arrive(self, bucket: str, key: str) -> Generator[_Arrival]:
        """Allows one reception of a blob at a time, and ends it if the body arrives too slowly.

        A stalled earlier reception has probably lost its connection, and is cancelled. Raises ReceivingError if the earlier reception is
        active, and in the one that is cancelled.
        """
        self._refuse_second(bucket, key)
        if (earlier := self._arrivals.get((bucket, key))) is not None:
            earlier.cancel(ReceivingError("another request has started to send this blob again", key=key))
        arrival = self._arrivals[bucket, key] = _Arrival()
        looking = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look, bucket, key, arrival)
        try:
            yield arrival
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if arrival.reason is None or task is None:
                raise
            task.uncancel()
            raise arrival.reason from None
        finally:
            looking.cancel()
            if self._arrivals.get((bucket, key)) is arrival:
                del self._arrivals[bucket, key]

    def _refuse_second(self, bucket: str, key: str) -> None:
        """Raises ReceivingError if the same blob is arriving from somebody else."""
        earlier = self._arrivals.get((bucket, key))
        if earlier is not None and earlier.pause_s < _STALLED_S:
            raise ReceivingError("another request is already sending this blob", key=key)

    def _look(self, bucket: str, key: str, arrival: _Arrival) -> None:
        if self._arrivals.get((bucket, key)) is not arrival:
            return
        if arrival.is_too_slow:
            arrival.cancel(RequestTooSlowError("the body arrived too slowly"))
            return
        asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look, bucket, key, arrival)

    def _delete_if_orphaned(self, bucket: Bucket, key: str) -> None:
        """Deletes the files of a video that was deleted while this blob arrived, and raises NotFoundError."""
        video_id = key.partition("/")[0]
        with self._database.read() as connection:
            is_deleted = video.find(connection, video_id) is None
        if is_deleted:
            self._store.delete_prefix(bucket, f"{video_id}/")
            raise NotFoundError("the video was deleted", key=key)

    def close(self) -> None:
        """Ends the threads when they have finished their work."""
        self._threads.shutdown()
