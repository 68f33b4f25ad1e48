"""Pipelines (the DAG definitions that users can choose by name), and the download of source files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Caller, check_edit
from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.blob.store import BlobStore, Bucket
from yeoul.catalog.queue import run
from yeoul.catalog.schema.row.pipeline import PieceRow
from yeoul.catalog.video import upload, video

router = APIRouter(tags=["pipelines"])
_CHUNK_BYTES = 1 << 20


class PipelineView(BaseModel):
    """A DAG definition. whole: it needs the source as one file, not in pieces."""

    name: str
    description: str
    whole: bool


class PipelineList(BaseModel):
    """All pipelines by name, on one page."""

    items: list[PipelineView]
    next: None = None


@router.get("/pipelines")
def get_pipelines(parts: PartsDep) -> PipelineList:
    """Lists the pipelines that a new video can use."""
    items = [PipelineView(name=name, description=note.description, whole=note.whole) for name, note in sorted(parts.pipelines.items())]
    return PipelineList(items=items)


@router.get("/videos/{video_id}/source", response_class=StreamingResponse)
def get_source(video_id: str, caller: Caller, parts: PartsDep) -> StreamingResponse:
    """Downloads the source file, if it was uploaded as a whole. Only for callers who may edit the video."""
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
        current_run = run.find_of_video(connection, video_id)
        if current_run is None:
            raise NotFoundError(f"video {video_id} has no file yet", video=video_id)
        upload_row = upload.get(connection, current_run["upload_id"])
        pieces = upload.pieces(connection, upload_row["id"], "part")
    if upload_row["mode"] != "whole":
        raise ConflictError("the source was uploaded in pieces, so it is not stored as one file; upload it whole", mode=upload_row["mode"])
    headers = {
        "Content-Length": str(sum(piece["size_bytes"] for piece in pieces)),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(upload_row['file_name'], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_read(parts.store, pieces), media_type="application/octet-stream", headers=headers)


def _read(store: BlobStore, pieces: Sequence[PieceRow]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, piece["size_bytes"], _CHUNK_BYTES):
            yield store.get_bytes(Bucket.ORIGINAL, piece["key"], start, start + _CHUNK_BYTES)
