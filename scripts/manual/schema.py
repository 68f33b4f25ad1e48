"""JSON schemas as Markdown: a type in words, and a table of an object's fields."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from scripts.manual.markdown import escape_html, make_anchor, make_table

Schema = Mapping[str, Any]
_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches `{}`",
    "format": "{}",
}


def make_type_heading(name: str) -> str:
    """Returns the heading of a type, which no other heading of the page has."""
    return f"Type `{name}`"


def write_type(schema: Schema, linked: Collection[str] = ()) -> str:
    """Returns a schema's type in words: "integer or null", "list of [PieceView](#type-pieceview)".

    linked: names of the types that the page describes below a heading of `make_type_heading`.
    """
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[1]
        return f"[{name}](#{make_anchor(make_type_heading(name))})" if name in linked else f"`{name}`"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(write_type(part, linked) for part in schema[union]))
    if schema.get("type") == "array":
        return _write_list(schema, linked)
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {write_type(schema['additionalProperties'], linked)}"
    return str(schema.get("type", "any JSON value"))


def _write_list(schema: Schema, linked: Collection[str]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(write_type(part, linked) for part in schema['prefixItems'])}]"
    return f"list of {write_type(schema.get('items', {}), linked)}"


def write_limits(schema: Schema) -> str:
    """Returns the limits of a value in words: "≥ 0, ≤ 100"."""
    options = [schema, *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    texts = [text.format(_write_number(option[name])) for option in options for name, text in _BOUNDS.items() if name in option]
    return ", ".join(dict.fromkeys(texts))


def _write_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def list_fields(schema: Schema, linked: Collection[str] = ()) -> Iterator[tuple[str, str, str, str]]:
    """Returns (name, type, default or "required", limits and description) of each field of an object."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        words = ". ".join(filter(None, (write_limits(field), escape_html(str(field.get("description", "")).rstrip(".")))))
        yield f"`{name}`", write_type(field, linked), _write_default(field, is_required=name in required), words


def _write_default(field: Schema, *, is_required: bool) -> str:
    if is_required:
        return "required"
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""


def write_schema(schema: Schema, linked: Collection[str] = ()) -> str:
    """Returns the table of an object's fields, or the type of any other schema."""
    if "properties" not in schema:
        return f"{write_type(schema, linked)}\n"
    return make_table(("field", "type", "default", "limits and meaning"), list_fields(schema, linked))
