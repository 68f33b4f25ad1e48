"""What the edge, a server that only delivers streams, answers besides: `/healthz` and `/metrics`."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp


def make_probes() -> ASGIApp:
    """Returns the application. `/healthz` does not ask the database: streams of ready videos are delivered without it."""
    return Starlette(routes=[Route("/healthz", _get_health), Route("/metrics", _get_metrics)])


def _get_health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _get_metrics(_request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
