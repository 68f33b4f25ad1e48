"""`/readyz`, `/metrics`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from yeoul.api.deps import PartsDep
from yeoul.base.errors import UnavailableError

router = APIRouter(include_in_schema=False)
_DATABASE_UP = Gauge("yeoul_database_up", "1 if the database could be reached at this scrape, else 0.")


@router.get("/readyz")
def get_readiness(parts: PartsDep) -> dict[str, Any]:
    """Returns 200 if the database responds, and the sandbox features that this machine does not have (docs/security.md)."""
    parts.database.ping()
    return {"status": "ok", "sandbox": {"lacks": list(parts.missing_sandbox_features)}}


@router.get("/metrics")
def get_metrics(parts: PartsDep) -> Response:
    """Returns Prometheus metrics of this process and of the pipeline. Without a database, only those of this process."""
    try:
        pipeline_metrics = parts.metrics.render(parts.clock.now())
        _DATABASE_UP.set(1)
    except UnavailableError:
        pipeline_metrics = b""
        _DATABASE_UP.set(0)
    return Response(generate_latest() + pipeline_metrics, media_type=CONTENT_TYPE_LATEST)
