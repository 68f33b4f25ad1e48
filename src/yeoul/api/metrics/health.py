"""`/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import text

from yeoul.api.deps import PartsDep
from yeoul.base.errors import UnavailableError

router = APIRouter(include_in_schema=False)
_DATABASE_UP = Gauge("yeoul_database_up", "Whether the database could be reached at this scrape, 0 or 1.")


@router.get("/healthz")
def get_health(parts: PartsDep) -> dict[str, str]:
    """200 when the server answers and its database does."""
    with parts.database.read() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}


@router.get("/readyz")
def get_readiness(parts: PartsDep) -> dict[str, Any]:
    """The same, and which parts of a sandbox this machine lacks (docs/security.md)."""
    return {**get_health(parts), "sandbox": {"lacks": list(parts.sandbox_lacks)}}


@router.get("/metrics")
def get_metrics(parts: PartsDep) -> Response:
    """Prometheus metrics of this process and of the pipeline; without a database, of this process alone."""
    try:
        pipeline = parts.metrics.render(parts.clock.now())
        _DATABASE_UP.set(1)
    except UnavailableError:
        pipeline = b""
        _DATABASE_UP.set(0)
    return Response(generate_latest() + pipeline, media_type=CONTENT_TYPE_LATEST)
