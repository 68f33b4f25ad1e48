"""What the edge, a server that only delivers streams, answers besides: `/metrics`."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp


def make_probes() -> ASGIApp:
    """Returns the application."""
    return Starlette(routes=[Route("/metrics", _get_metrics)])


def _get_metrics(_request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
