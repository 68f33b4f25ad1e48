"""The web app's types are those of the API as it is."""

from __future__ import annotations

from scripts.api_types import TYPES, make_type, make_types, openapi


def test_the_web_apps_types_are_current():
    assert TYPES.read_text(encoding="utf-8") == make_types(openapi()), "run scripts/api_types.py"


def test_schemas_become_types():
    cases = {
        "string | null": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        '("a" | "b")[]': {"type": "array", "items": {"enum": ["a", "b"]}},
        "Record<string, number>": {"type": "object", "additionalProperties": {"type": "integer"}},
        "[number, string]": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]},
        "VideoView": {"$ref": "#/components/schemas/VideoView"},
        "unknown": {},
    }
    assert {make_type(schema): schema for schema in cases.values()} == cases
