"""Every error as RFC 9457 problem details: type, title, status, detail, plus our stable `code` and `facts`."""

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
_OF_STATUS: dict[int, type[YeoulError]] = {
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
    """Problem details on the wire, in ASCII: what an error cites may be no text that UTF-8 can hold."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, default=str).encode("ascii")


def make_problem(error: YeoulError, status: int | None = None) -> ProblemResponse:
    """The answer that tells an error."""
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


def problem_answers() -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of errors: the same form for all."""
    content = {ProblemResponse.media_type: {"schema": Problem.model_json_schema()}}
    return {
        "4XX": {"description": "The request cannot be done as it is; `code` says why.", "content": content},
        "5XX": {"description": "The server cannot do it now; try again where `retryable` says so.", "content": content},
    }


def _invalid(error: RequestValidationError) -> YeoulError:
    first: dict[str, Any] = dict(error.errors()[0])
    field = ".".join(str(part) for part in first["loc"])
    return InvalidError(f"{field}: {first['msg']}", field=field)


def _plain(error: HTTPException) -> ProblemResponse:
    """What the framework itself refuses."""
    known = _OF_STATUS.get(error.status_code, YeoulError)
    answer = make_problem(known(str(error.detail)), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def add_problem_details(app: FastAPI) -> None:
    """Answer all errors of an application in this form."""

    async def ours(_request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, YeoulError)
        return make_problem(error)

    async def validation(_request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, RequestValidationError)
        return make_problem(_invalid(error))

    async def http(_request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, HTTPException)
        return _plain(error)

    async def hung_up(_request: Request, error: Exception) -> ProblemResponse:
        return make_problem(InvalidError(f"the request ended before its body did: {error}"), 400)

    async def unexpected(request: Request, error: Exception) -> ProblemResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return make_problem(YeoulError("something went wrong on our side"))

    app.add_exception_handler(YeoulError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientDisconnect, hung_up)
    app.add_exception_handler(Exception, unexpected)
