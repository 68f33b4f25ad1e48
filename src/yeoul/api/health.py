"""`/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from yeoul.api.deps import PartsDep

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
@router.get("/readyz")
def get_health(parts: PartsDep) -> dict[str, str]:
    """200 when the server answers and its database does."""
    with parts.database.read() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}


@router.get("/metrics")
def get_metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
