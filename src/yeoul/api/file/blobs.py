"""The receiving end of presigned URLs on the embedded store: `PUT|GET /blob/{bucket}/{key}`."""

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
_SILENT_S = 5.0
_receiving: dict[tuple[str, str], _Progress] = {}  # of this process


def _hosted(parts: PartsDep) -> HostedStore:
    if not isinstance(parts.store, HostedStore):
        raise NotFoundError("the store of this server has addresses of its own")
    return parts.store


@router.put("/blob/{bucket}/{key:path}")
async def put_blob(bucket: str, key: str, request: Request, parts: PartsDep) -> Response:
    """Take a body that is exactly what the URL was signed for."""
    length = request.headers.get("content-length", "")
    put = SignedPut(bucket, key, request.query_params, int(length) if length.isdigit() else None)
    opened = await anyio.to_thread.run_sync(Reception, _hosted(parts), put, parts.clock.now())
    with opened as reception, _only_reception(bucket, key) as progress:
        waiting = bytearray()
        async for chunk in request.stream():
            progress.hear()
            waiting += chunk
            if len(waiting) >= _FLUSH_BYTES:
                await anyio.to_thread.run_sync(reception.write, bytes(waiting))
                waiting.clear()
        if waiting:
            await anyio.to_thread.run_sync(reception.write, bytes(waiting))
        await anyio.to_thread.run_sync(reception.commit)
    await anyio.to_thread.run_sync(_drop_orphan, parts, Bucket(bucket), key)
    return Response(status_code=200)


class _Progress:
    """A reception that goes on: when it was last heard, and how it is ended."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.heard_s = time.monotonic()

    def hear(self) -> None:
        self.heard_s = time.monotonic()


@contextmanager
def _only_reception(bucket: str, key: str) -> Generator[_Progress]:
    """One reception of a blob at a time, so that one address holds one partial file.

    An earlier one that has been silent has lost its line, and is ended. Raises ReceivingError where it goes on, and in one that is ended.
    """
    if (earlier := _receiving.get((bucket, key))) is not None:
        if time.monotonic() - earlier.heard_s < _SILENT_S:
            raise ReceivingError("these bytes are being received already", key=key)
        earlier.scope.cancel()
    progress = _receiving[bucket, key] = _Progress()
    with progress.scope:
        try:
            yield progress
        finally:
            if _receiving.get((bucket, key)) is progress:
                del _receiving[bucket, key]
    if progress.scope.cancelled_caught:
        raise ReceivingError("these bytes are being sent anew by another request", key=key)


def _drop_orphan(parts: Parts, bucket: Bucket, key: str) -> None:
    """Raises NotFoundError for a blob of a video that was deleted while it came, and keeps nothing of it."""
    video_id = key.partition("/")[0]
    with parts.database.read() as connection:
        is_deleted = video.find(connection, video_id) is None
    if is_deleted:
        parts.store.delete_prefix(bucket, f"{video_id}/")
        raise NotFoundError("the video was deleted", key=key)


@router.get("/blob/{bucket}/{key:path}")
def get_blob(bucket: str, key: str, request: Request, parts: PartsDep) -> Response:
    """Send a blob to whoever has a signed URL for it."""
    store = _hosted(parts)
    grant = store.check_url("GET", bucket, key, request.query_params, parts.clock.now())
    path = store.path(grant.bucket, grant.key)
    if not path.is_file():
        raise NotFoundError("there is no such blob", key=key)
    return FileResponse(path, media_type="application/octet-stream")
