"""Answers every error with RFC 9457 problem details: type, title, status, detail, plus our stable `code` and `facts`."""

from __future__ import annotations

import json
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from yeoul.base.errors import BodyTooLargeError, InvalidError, MethodError, NotFoundError, RequestTooSlowError, YeoulError

log = logging.getLogger("yeoul.api")
_ERROR_OF_STATUS: dict[int, type[YeoulError]] = {
    400: InvalidError,
    404: NotFoundError,
    405: MethodError,
    408: RequestTooSlowError,
    413: BodyTooLargeError,
}


class Problem(BaseModel):
    """Problem details (RFC 9457) with the stable code of the error and its facts."""

    type: str = Field(examples=["urn:yeoul:error:request.not_found"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Listed in docs/errors.md.")
    retryable: bool
    facts: dict[str, Any]


class ProblemResponse(JSONResponse):
    """A response with problem details, in ASCII: an error can quote text that UTF-8 cannot encode."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, default=str).encode("ascii")


def make_problem(error: YeoulError, status: int | None = None) -> ProblemResponse:
    """Returns the response for an error. status: replaces the error's own status."""
    body = {
        "type": f"urn:yeoul:error:{error.code}",
        "title": type(error).__name__.removesuffix("Error"),
        "status": status or error.http_status,
        "detail": error.message,
        "code": error.code,
        "retryable": error.retryable,
        "facts": error.facts,
    }
    headers = {"Retry-After": "5"} if error.http_status in (503, 507) else {}
    if error.http_status == 429:
        headers["Retry-After"] = str(error.facts.get("retry_after_s", 5))
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return ProblemResponse(body, status or error.http_status, headers=headers)


def problem_responses() -> dict[int | str, dict[str, Any]]:
    """Returns the error responses of the OpenAPI document. They are the same for all operations."""
    content = {ProblemResponse.media_type: {"schema": Problem.model_json_schema()}}
    return {
        "4XX": {"description": "The request failed; `code` gives the reason.", "content": content},
        "5XX": {"description": "The server cannot handle the request now. Try again if `retryable` is true.", "content": content},
    }


def _make_invalid_error(error: RequestValidationError) -> YeoulError:
    first: dict[str, Any] = dict(error.errors()[0])
    field = ".".join(str(part) for part in first["loc"])
    return InvalidError(f"{field}: {first['msg']}", field=field)


def _make_framework_problem(error: HTTPException) -> ProblemResponse:
    """Returns the response for an error that the framework raised."""
    error_class = _ERROR_OF_STATUS.get(error.status_code, YeoulError)
    response = make_problem(error_class(str(error.detail)), error.status_code)
    response.headers.update(error.headers or {})
    return response


def add_problem_details(app: FastAPI) -> None:
    """Registers error handlers that answer with problem details."""

    async def handle_yeoul_error(_request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, YeoulError)
        return make_problem(error)

    async def handle_validation_error(_request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, RequestValidationError)
        return make_problem(_make_invalid_error(error))

    async def handle_http_error(_request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, HTTPException)
        return _make_framework_problem(error)

    async def handle_disconnect(_request: Request, error: Exception) -> ProblemResponse:
        return make_problem(InvalidError(f"the client disconnected before it had sent the whole body: {error}"), 400)

    async def handle_unexpected_error(request: Request, error: Exception) -> ProblemResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return make_problem(YeoulError("something went wrong on the server"))

    app.add_exception_handler(YeoulError, handle_yeoul_error)
    app.add_exception_handler(RequestValidationError, handle_validation_error)
    app.add_exception_handler(HTTPException, handle_http_error)
    app.add_exception_handler(ClientDisconnect, handle_disconnect)
    app.add_exception_handler(Exception, handle_unexpected_error)
