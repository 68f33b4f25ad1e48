"""Builds the FastAPI application: routers, middleware and error responses."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request

from yeoul import __version__
from yeoul.api.account import accounts, analytics, mailed_links, sessions, tokens, webhooks
from yeoul.api.admin import accounts as admin_accounts
from yeoul.api.admin import queues as admin
from yeoul.api.admin import settings as admin_settings
from yeoul.api.client_address import client_address
from yeoul.api.concurrency_limit import ConcurrencyLimit
from yeoul.api.deps import Parts
from yeoul.api.file import blobs
from yeoul.api.identity import check_origin, is_authenticated
from yeoul.api.metrics import health
from yeoul.api.metrics.requests import API_PREFIX, RequestMetrics
from yeoul.api.nul_path import NulPathFilter
from yeoul.api.problem import add_problem_details, problem_responses
from yeoul.api.request_limit import RequestLimits
from yeoul.api.response_cache import ResponseCacheMiddleware
from yeoul.api.video import audio_tracks, captions, events, pipelines, posters, runs, trash, uploads, videos
from yeoul.api.watch import beacons, channels, discovery, embed, playlists, rss, watch_history
from yeoul.identity.attempt_throttle import make_address_key


def make_app(parts: Parts) -> FastAPI:
    """Returns the ASGI application built from the given parts."""
    app = FastAPI(title="Yeoul", version=__version__, openapi_url=f"{API_PREFIX}/openapi.json", docs_url=None, redoc_url=None)
    app.state.parts = parts
    add_problem_details(app)
    api_modules = (
        *(accounts, sessions, mailed_links, tokens, admin, admin_accounts, admin_settings, watch_history, webhooks),
        *(
            videos,
            trash,
            captions,
            audio_tracks,
            posters,
            runs,
            uploads,
            events,
            pipelines,
            discovery,
            channels,
            playlists,
            beacons,
            analytics,
        ),
    )
    for module in api_modules:
        app.include_router(module.router, prefix=API_PREFIX, responses=problem_responses(), dependencies=[Depends(check_origin)])
    app.include_router(embed.router, responses=problem_responses())
    for module in (blobs, health, rss):
        app.include_router(module.router)
    app.add_middleware(NulPathFilter)
    app.add_middleware(ResponseCacheMiddleware, get_cache=lambda: parts.response_cache)
    app.add_middleware(RequestLimits, is_authenticated=lambda request: is_authenticated(request, parts))
    app.add_middleware(ConcurrencyLimit, address_of=lambda scope: make_address_key(client_address(Request(scope), parts.settings.server)))
    app.add_middleware(RequestMetrics)
    return app
