"""Pipelines: the DAG definitions that uploads may choose by name, and the uploaded file that some are there to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Caller, check_edit
from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.blob.store import BlobStore, Bucket
from yeoul.catalog.queue import run
from yeoul.catalog.video import upload, video

router = APIRouter(tags=["pipelines"])
Row = Mapping[str, Any]
_CHUNK_BYTES = 1 << 20


class PipelineView(BaseModel):
    """A DAG definition; whole: it wants files as they are, not in pieces."""

    name: str
    description: str
    whole: bool


class PipelineList(BaseModel):
    """All of them, by name, on one page."""

    items: list[PipelineView]
    next: None = None


@router.get("/pipelines")
def get_pipelines(parts: PartsDep) -> PipelineList:
    """What `pipeline` of a new video may be."""
    items = [PipelineView(name=name, description=note.description, whole=note.whole) for name, note in sorted(parts.pipelines.items())]
    return PipelineList(items=items)


@router.get("/videos/{video_id}/source", response_class=StreamingResponse)
def get_source(video_id: str, caller: Caller, parts: PartsDep) -> StreamingResponse:
    """The uploaded file, for who may edit the video. Only what was sent whole is kept as one file."""
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
        current = run.find_of_video(connection, video_id)
        if current is None:
            raise NotFoundError(f"video {video_id} has no file yet", video=video_id)
        sent = upload.get(connection, current["upload_id"])
        pieces = upload.pieces(connection, sent["id"], "part")
    if sent["mode"] != "whole":
        raise ConflictError("the file was sent in pieces, and is kept in pieces; send it whole to fetch it again", mode=sent["mode"])
    headers = {
        "Content-Length": str(sum(piece["size_bytes"] for piece in pieces)),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(sent['file_name'], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_read(parts.store, pieces), media_type="application/octet-stream", headers=headers)


def _read(store: BlobStore, pieces: Sequence[Row]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, piece["size_bytes"], _CHUNK_BYTES):
            yield store.get_bytes(Bucket.ORIGINAL, piece["key"], start, start + _CHUNK_BYTES)
