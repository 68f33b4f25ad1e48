"""Answers presigned URLs of the embedded store for reading: `GET /blob/{bucket}/{key}`. `receiver.py` answers those for writing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from yeoul.api.deps import PartsDep
from yeoul.base.errors import NotFoundError
from yeoul.blob.hosted import HostedStore

router = APIRouter(include_in_schema=False)


@router.get("/blob/{bucket}/{key:path}")
def get_blob(bucket: str, key: str, request: Request, parts: PartsDep) -> Response:
    """Returns a blob. The URL must be presigned for it."""
    if not isinstance(parts.store, HostedStore):
        raise NotFoundError("this server does not host blobs; use the presigned URLs of its store")
    grant = parts.store.check_url("GET", bucket, key, request.query_params, parts.clock.now())
    path = parts.store.path(grant.bucket, grant.key)
    if not path.is_file():
        raise NotFoundError("there is no such blob", key=key)
    return FileResponse(path, media_type="application/octet-stream")
