"""Answers presigned URLs of the embedded store: `PUT|GET /blob/{bucket}/{key}`."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from yeoul.api.deps import Parts, PartsDep
from yeoul.base.errors import NotFoundError, ReceivingError
from yeoul.blob.hosted import HostedStore
from yeoul.blob.receive import Reception, SignedPut
from yeoul.blob.store import Bucket
from yeoul.catalog.video import video

router = APIRouter(include_in_schema=False)
_FLUSH_BYTES = 1 << 20
_STALLED_S = 5.0
_receiving: dict[tuple[str, str], _Progress] = {}  # the open receptions of this process


def _get_hosted_store(parts: PartsDep) -> HostedStore:
    if not isinstance(parts.store, HostedStore):
        raise NotFoundError("this server does not host blobs; use the presigned URLs of its store")
    return parts.store


@router.put("/blob/{bucket}/{key:path}")
async def put_blob(bucket: str, key: str, request: Request, parts: PartsDep) -> Response:
    """Stores a body. It must be exactly what the URL was signed for."""
    length = request.headers.get("content-length", "")
    signed_put = SignedPut(bucket, key, request.query_params, int(length) if length.isdigit() else None)
    opening = await anyio.to_thread.run_sync(Reception, _get_hosted_store(parts), signed_put, parts.clock.now())
    with opening as reception, _exclusive_reception(bucket, key) as progress:
        buffer = bytearray()
        async for chunk in request.stream():
            progress.touch()
            buffer += chunk
            if len(buffer) >= _FLUSH_BYTES:
                await anyio.to_thread.run_sync(reception.write, bytes(buffer))
                buffer.clear()
        if buffer:
            await anyio.to_thread.run_sync(reception.write, bytes(buffer))
        await anyio.to_thread.run_sync(reception.commit)
    await anyio.to_thread.run_sync(_delete_if_orphaned, parts, Bucket(bucket), key)
    return Response(status_code=200)


class _Progress:
    """The progress of a reception: when it last received bytes, and the scope that cancels it."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.last_bytes_s = time.monotonic()

    def touch(self) -> None:
        self.last_bytes_s = time.monotonic()


@contextmanager
def _exclusive_reception(bucket: str, key: str) -> Generator[_Progress]:
    """Allows one reception of a blob at a time, so that there is only one partial file.

    A stalled earlier reception has probably lost its connection, and is cancelled. Raises ReceivingError if the earlier reception is
    active, and in the one that is cancelled.
    """
    if (earlier := _receiving.get((bucket, key))) is not None:
        if time.monotonic() - earlier.last_bytes_s < _STALLED_S:
            raise ReceivingError("another request is already sending this blob", key=key)
        earlier.scope.cancel()
    progress = _receiving[bucket, key] = _Progress()
    with progress.scope:
        try:
            yield progress
        finally:
            if _receiving.get((bucket, key)) is progress:
                del _receiving[bucket, key]
    if progress.scope.cancelled_caught:
        raise ReceivingError("another request has started to send this blob again", key=key)


def _delete_if_orphaned(parts: Parts, bucket: Bucket, key: str) -> None:
    """Deletes the files of a video that was deleted while this blob arrived, and raises NotFoundError."""
    video_id = key.partition("/")[0]
    with parts.database.read() as connection:
        is_deleted = video.find(connection, video_id) is None
    if is_deleted:
        parts.store.delete_prefix(bucket, f"{video_id}/")
        raise NotFoundError("the video was deleted", key=key)


@router.get("/blob/{bucket}/{key:path}")
def get_blob(bucket: str, key: str, request: Request, parts: PartsDep) -> Response:
    """Returns a blob. The URL must be presigned for it."""
    store = _get_hosted_store(parts)
    grant = store.check_url("GET", bucket, key, request.query_params, parts.clock.now())
    path = store.path(grant.bucket, grant.key)
    if not path.is_file():
        raise NotFoundError("there is no such blob", key=key)
    return FileResponse(path, media_type="application/octet-stream")
