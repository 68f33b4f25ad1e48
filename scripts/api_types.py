"""Writes web/src/api/schema.d.ts, the types of our OpenAPI document: `.venv/bin/python scripts/api_types.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from yeoul.api.app import make_app
from yeoul.api.deps import Parts
from yeoul.api.metrics.requests import API_PREFIX

TYPES = Path(__file__).parents[1] / "web" / "src" / "api" / "schema.d.ts"
_METHODS = ("get", "post", "put", "patch", "delete")
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_HEAD = """\
/** The API's types. Made from its OpenAPI document by scripts/api_types.py: change the API, then `npm run types`. */

"""
Schema = Mapping[str, Any]


def openapi() -> dict[str, Any]:
    """The API's own description; no server is needed for it."""
    return make_app(cast("Parts", None)).openapi()


def make_type(schema: Schema) -> str:
    """A JSON schema as a TypeScript type."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(make_type(part) for part in schema[union]))
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object":
        return _object(schema)
    return _PLAIN.get(str(schema.get("type")), "unknown")


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(make_type(part) for part in schema['prefixItems'])}]"
    item = make_type(schema.get("items", {}))
    return f"({item})[]" if " | " in item else f"{item}[]"


def _object(schema: Schema) -> str:
    if "properties" in schema:
        return "{ " + " ".join(_fields(schema, answers=True)) + " }"
    more = schema.get("additionalProperties", {})
    return f"Record<string, {make_type(more if isinstance(more, dict) else {})}>"


def _fields(schema: Schema, *, answers: bool) -> Iterator[str]:
    """The fields of an object. What has a default may be left out of a request, and is always in an answer."""
    needed = schema.get("required", ())
    for name, field in schema["properties"].items():
        optional = name not in needed and not (answers and "default" in field)
        yield f"{name}{'?' if optional else ''}: {make_type(field)};"


def _refs(node: Any) -> Iterator[str]:
    """Names of all schemas that a part of the document points at."""
    if isinstance(node, dict):
        fields = cast("dict[str, Any]", node)
        if isinstance(fields.get("$ref"), str):
            yield fields["$ref"].rsplit("/", 1)[1]
        for value in fields.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for value in cast("list[Any]", node):
            yield from _refs(value)


def _reachable(schemas: Schema, start: Iterator[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in found:
            found.add(name)
            waiting.extend(_refs(schemas[name]))
    return found


def _interfaces(schemas: Schema, answered: set[str]) -> Iterator[str]:
    for name in sorted(schemas):
        schema = schemas[name]
        if "properties" not in schema:
            yield f"export type {name} = {make_type(schema)};\n"
            continue
        fields = "".join(f"  {line}\n" for line in _fields(schema, answers=name in answered))
        yield f"export interface {name} {{\n{fields}}}\n"


def _content(holder: Schema) -> str | None:
    """The type of a body: of JSON, a Blob of all else, or either; None where there is none."""
    content: Mapping[str, Schema] = holder.get("content", {})
    kinds = [make_type(media.get("schema", {})) if kind == "application/json" else "Blob" for kind, media in content.items()]
    return " | ".join(dict.fromkeys(kinds)) or None


def _answer(operation: Schema) -> str:
    good = [answer for status, answer in operation["responses"].items() if str(status).startswith("2")]
    kinds = [_content(answer) or "void" for answer in good]
    return " | ".join(dict.fromkeys(kinds)) or "void"


def _operations(paths: Schema) -> Iterator[tuple[str, Schema]]:
    """("GET /feed", operation) of every path under the API's prefix."""
    for path in sorted(paths):
        for method in _METHODS:
            if path.startswith(API_PREFIX) and method in paths[path]:
                yield f"{method.upper()} {path.removeprefix(API_PREFIX)}", paths[path][method]


def make_types(document: Schema) -> str:
    """The whole file."""
    schemas = document["components"]["schemas"]
    operations = list(_operations(document["paths"]))
    answered = _reachable(schemas, (name for _, operation in operations for name in _refs(operation["responses"])))
    asked = {name for _, operation in operations for name in _refs(operation.get("requestBody", {}))}
    lines = list(_interfaces(schemas, answered - asked))
    lines.append("/** What each operation is sent and answers. */\nexport interface Operations {\n")
    for name, operation in operations:
        body = _content(operation.get("requestBody", {})) or "undefined"
        lines.append(f'  "{name}": {{ body: {body}; answer: {_answer(operation)} }};\n')
    return _HEAD + "\n".join(lines[: -len(operations) - 1]) + "\n" + "".join(lines[-len(operations) - 1 :]) + "}\n"


if __name__ == "__main__":
    TYPES.write_text(make_types(openapi()), encoding="utf-8")
