"""Every error as RFC 9457 problem details: type, title, status, detail, plus our stable `code` and `facts`."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from yeoul.base.errors import InvalidError, NotFoundError, YeoulError

log = logging.getLogger("yeoul.api")


def make_problem(error: YeoulError) -> JSONResponse:
    """The answer that tells an error."""
    body = {
        "type": f"urn:yeoul:error:{error.code}",
        "title": type(error).__name__.removesuffix("Error"),
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "retryable": error.retryable,
        "facts": error.facts,
    }
    headers = {"Retry-After": "5"} if error.http_status in (503, 507) else {}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, error.http_status, headers=headers, media_type="application/problem+json")


def _invalid(error: RequestValidationError) -> YeoulError:
    first: dict[str, Any] = dict(error.errors()[0])
    field = ".".join(str(part) for part in first["loc"])
    return InvalidError(f"{field}: {first['msg']}", field=field)


def _plain(error: HTTPException) -> JSONResponse:
    if error.status_code == 404:
        return make_problem(NotFoundError("there is nothing at this address"))
    body = {"type": "about:blank", "title": str(error.detail), "status": error.status_code, "code": f"http.{error.status_code}"}
    return JSONResponse(body, error.status_code, headers=error.headers, media_type="application/problem+json")


def add_problem_details(app: FastAPI) -> None:
    """Answer all errors of an application in this form."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, YeoulError)
        return make_problem(error)

    async def validation(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return make_problem(_invalid(error))

    async def http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return _plain(error)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        return make_problem(YeoulError("something went wrong on our side"))

    app.add_exception_handler(YeoulError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
