"""docs/reference/http-api.md: all routes, from the OpenAPI document, the table of rights that the tests check, and the code."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from scripts.api_types import openapi
from scripts.manual.api_error import COMMON, find_errors
from scripts.manual.markdown import escape_html, join_paragraphs, make_anchor, make_table
from scripts.manual.schema import list_fields, make_type_heading, write_limits, write_schema, write_type
from tests.contract.route_table import ROUTES, May
from yeoul.api.app import make_app
from yeoul.api.deps import Parts
from yeoul.api.file.receiver import BLOB_PATH
from yeoul.api.metrics.requests import API_PREFIX
from yeoul.api.stream_app import STREAM_PATHS

Schema = Mapping[str, Any]
_HEAD = f"""\
# HTTP API

All addresses below `{API_PREFIX}` take and return JSON unless stated otherwise. A running server describes them at
`{API_PREFIX}/openapi.json` (OpenAPI 3.1), for tools that generate clients.

## Conventions

- **Authentication.** Send `Authorization: Bearer TOKEN` with the token of a login session or an API token. Browsers use the cookie of
  `POST {API_PREFIX}/sessions`; their writes must come from the server's own pages (`Origin`). See [Accounts](../accounts.md).
- **Values.** Times are RFC 3339 in UTC, sizes are in bytes, durations in seconds. Ignore fields that you do not know.
- **Lists.** `limit` sets the size of a page. `next` in the answer is the `cursor` of the next page, or null after the last one.
- **Repeated writes.** Some routes accept the header `Idempotency-Key`. A repeated request with the same key returns the first answer and
  does nothing else.
- **Caching.** Answers with an `ETag` accept `If-None-Match` and then return 304 without a body.

## Errors

Every error is a problem document (RFC 9457, `application/problem+json`):

| field | meaning |
|---|---|
| `type`, `title` | the code as a URN, and its short name |
| `status` | the HTTP status |
| `detail` | what happened, in words for people; the words may change |
| `code` | the stable code, listed in [Errors](../errors.md) |
| `retryable` | true if the same request can succeed later |
| `facts` | more fields, such as the name of the wrong field |

%(common)s

## Who may call

%(callers)s
"""
_CALLERS = {
    May.ALL: ("Anyone", "No account is needed."),
    May.SIGNED_IN: ("Signed in", "Any account, for its own things. Guests get 401."),
    May.PERSON: ("Signed-in person", "Any account with a login session. API tokens get 403, guests 401."),
    May.MAKER: ("Uploader", "Accounts that may upload (roles maker, moderator, admin). Others get 403, guests 401."),
    May.SEES: ("Who can see it", "Anyone if it is public or unlisted; if it is private, its owner and admins. Others get 404."),
    May.OWNS: ("Owner", "The owner and admins. Others get 404 if they cannot see it, or 403; guests get 401."),
    May.UPLOADS: ("Owner who may upload", "As Owner, and the account must have the right to upload."),
    May.KEEPS: ("Owner only", "The owner. Others get 404, also admins; guests get 401."),
    May.TELLS: ("Owner only, who may upload", "As Owner only, and the account must have the right to upload."),
    May.HOLDS: ("Owner in person", "As Owner only, with a login session; API tokens get 403."),
    May.ADMIN: ("Admin", "Admins. An API token needs the scope `admin`. Others get 403, guests 401."),
}
_COMMON_TEXT = """\
Each route below lists the codes that its own code can answer with. Any route can also answer with {codes}. Routes that take parameters
or a body can answer with `request.invalid` and `request.too_large`. `account.forbidden` also means that an API token lacks the scope.
"""
_IMPLIED = {"request.invalid", "request.too_large"}


@dataclass(frozen=True)
class Endpoint:
    """A route of the OpenAPI document. functions: its handler and the dependencies that decide who may call it."""

    method: str
    path: str
    operation: Schema
    functions: list[Callable[..., Any]]

    @property
    def tag(self) -> str:
        return str(self.operation["tags"][0])

    @property
    def heading(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def caller(self) -> May:
        return ROUTES[f"{self.method} {self.path.removeprefix(API_PREFIX)}"].may


def make_http_api() -> str:
    """Returns the text of docs/reference/http-api.md."""
    document = openapi()
    types = cast("Mapping[str, Schema]", document["components"]["schemas"])
    endpoints = list(_list_endpoints(document))
    tags = list(dict.fromkeys(endpoint.tag for endpoint in endpoints))
    head = _HEAD % {
        "common": textwrap.fill(_COMMON_TEXT.format(codes=", ".join(f"`{code}`" for code in sorted(COMMON))), 140),
        "callers": make_table(("caller", "meaning"), _CALLERS.values()).rstrip(),
    }
    sections = [_make_section(tag, [endpoint for endpoint in endpoints if endpoint.tag == tag], types) for tag in tags]
    return "\n".join([head, _make_overview(endpoints, tags), *sections, _make_others(), _make_types(types)])


def _all_routes() -> list[tuple[str, APIRoute]]:
    """(path, route) of every route of the application."""
    included = [entry for entry in make_app(cast("Parts", None)).routes if hasattr(entry, "original_router")]
    return [
        (entry.include_context.prefix + route.path, route)
        for entry in cast("list[Any]", included)
        for route in entry.original_router.routes
        if isinstance(route, APIRoute)
    ]


def _list_endpoints(document: Schema) -> Iterator[Endpoint]:
    routes = {(method, path): route for path, route in _all_routes() for method in route.methods or ()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            route = routes[method.upper(), path]
            yield Endpoint(method.upper(), path, operation, list(_list_functions(route.dependant)))


def _list_functions(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None and dependant.call.__name__ != "check_origin":
        yield dependant.call
    for dependency in dependant.dependencies:
        yield from _list_functions(dependency)


def _make_overview(endpoints: list[Endpoint], tags: list[str]) -> str:
    rows = (
        (tag.capitalize(), f"[`{endpoint.heading}`](#{make_anchor(endpoint.heading)})", _summary(endpoint), _CALLERS[endpoint.caller][0])
        for tag in tags
        for endpoint in endpoints
        if endpoint.tag == tag
    )
    return f"## All routes\n\n{make_table(('section', 'route', 'what it does', 'caller'), rows)}"


def _summary(endpoint: Endpoint) -> str:
    return join_paragraphs(endpoint.operation.get("description", "")).split("\n\n")[0]


def _make_section(tag: str, endpoints: list[Endpoint], types: Mapping[str, Schema]) -> str:
    return f"## {tag.capitalize()}\n\n" + "\n".join(_make_endpoint(endpoint, types) for endpoint in endpoints)


def _make_endpoint(endpoint: Endpoint, types: Mapping[str, Schema]) -> str:
    operation = endpoint.operation
    name, _ = _CALLERS[endpoint.caller]
    parts = [
        f"### `{endpoint.heading}`\n\n{join_paragraphs(operation.get('description', ''))}Caller: {name}.\n",
        make_table(("parameter", "in", "type", "default", "limits and meaning"), _list_parameters(operation, types)),
        _make_body(operation, types),
        make_table(("answer", "body"), _list_answers(operation, types)),
        _make_errors(endpoint),
    ]
    return "\n".join(part for part in parts if part)


def _list_parameters(operation: Schema, types: Mapping[str, Schema]) -> Iterator[tuple[str, ...]]:
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        has_default = schema.get("default") not in (None, "")
        required = "required" if parameter.get("required") else f"`{json.dumps(schema['default'])}`" if has_default else ""
        words = ". ".join(filter(None, (write_limits(schema), escape_html(str(parameter.get("description", "")).rstrip(".")))))
        yield f"`{parameter['name']}`", parameter["in"], write_type(schema, types), required, words


def _make_body(operation: Schema, types: Mapping[str, Schema]) -> str:
    """The body of a request: a table of its fields if it is one JSON object, else its kinds."""
    content: Mapping[str, Schema] = operation.get("requestBody", {}).get("content", {})
    if not content:
        return ""
    kinds = [(kind, media.get("schema", {})) for kind, media in content.items()]
    if len(kinds) == 1 and kinds[0][0] == "application/json":
        schema = kinds[0][1]
        body = types.get(str(schema.get("$ref", "")).rsplit("/", 1)[-1], schema)
        if "properties" in body:
            table = make_table(("body field", "type", "default", "limits and meaning"), list_fields(body, types))
            return join_paragraphs(body.get("description", "")) + table
    return "Body: " + "; or ".join(_write_content(kind, schema, types) for kind, schema in kinds) + ".\n"


def _write_content(kind: str, schema: Schema, types: Mapping[str, Schema]) -> str:
    return write_type(schema, types) if kind == "application/json" else f"`{kind}`"


def _list_answers(operation: Schema, types: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    for status, answer in operation["responses"].items():
        if str(status)[0] in "23":
            content: Mapping[str, Schema] = answer.get("content", {})
            bodies = [_write_content(kind, media.get("schema", {}), types) for kind, media in content.items()]
            described = "" if answer["description"] == "Successful Response" else escape_html(answer["description"])
            yield f"`{status}`", ". ".join(filter(None, (" or ".join(bodies) or "no body", described)))


def _make_errors(endpoint: Endpoint) -> str:
    codes = {cls.code: cls.http_status for cls in find_errors(endpoint.functions) if cls.code not in _IMPLIED}
    words = ", ".join(f"{status} `{code}`" for code, status in sorted(codes.items(), key=lambda pair: (pair[1], pair[0])))
    return f"Errors: {words}.\n" if words else ""


def _make_others() -> str:
    """Addresses that are not in the OpenAPI document: streams, presigned URLs, health, pages, feeds."""
    rows = [(f"`GET {path}`", text) for path, text in STREAM_PATHS.items()]
    rows.append((f"`PUT {BLOB_PATH}`", "Stores a body. It must be exactly what the URL was signed for."))
    rows += [
        (f"`{method} {path}`", join_paragraphs(route.endpoint.__doc__).split("\n\n")[0])
        for path, route in _all_routes()
        for method in sorted((route.methods or set()) - {"HEAD"})
        if not route.include_in_schema
    ]
    return "## Other addresses\n\nThese are not in the OpenAPI document.\n\n" + make_table(("address", "what it returns"), rows)


def _make_types(types: Mapping[str, Schema]) -> str:
    parts = [
        f"### {make_type_heading(name)}\n\n{join_paragraphs(schema.get('description', ''))}{write_schema(schema, types)}"
        for name, schema in sorted(types.items())
    ]
    return "\n".join(["## Types\n", *parts])
