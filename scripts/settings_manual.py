"""Writes yeoul.sample.toml and docs/settings.md from src/yeoul/base/settings.py: `.venv/bin/python scripts/settings_manual.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from yeoul.base.settings import Settings

REPOSITORY = Path(__file__).parents[1]
SAMPLE = REPOSITORY / "yeoul.sample.toml"
MANUAL = REPOSITORY / "docs" / "settings.md"

_SAMPLE_HEAD = """\
# Yeoul's settings, each with its default. Copy this file to yeoul.toml and take the # off what you change.
# YEOUL_SECTION__KEY in the environment (YEOUL_SERVER__PORT=9000) goes before the file.
"""
_MANUAL_HEAD = """\
# Settings

Yeoul reads its settings once, at start: defaults, then `yeoul.toml`, then the environment, then options of the command line.
The later one wins.
A name that is not listed here, or a value that does not fit, stops the start with a message that names the setting.
`yeoul.sample.toml` holds the same list as a file to copy. Sizes are in bytes, times in seconds.
"""


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every section's name with its class, in the order in which they are defined."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def top_fields() -> Iterator[tuple[str, FieldInfo]]:
    """The fields that stand outside of any section."""
    inside = {name for name, _ in sections()}
    return ((name, field) for name, field in Settings.model_fields.items() if name not in inside)


def toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:_}" if value >= 100_000 else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str | Path):
        return f'"{value}"'
    raise TypeError(f"no TOML form is known for {value!r}")


def limits(field: FieldInfo) -> str:
    """What values are taken: ">= 0, <= 65535"; empty for any."""
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    return ", ".join(f"{sign} {getattr(bound, name)}" for bound in field.metadata for name, sign in signs.items() if hasattr(bound, name))


def _sample_lines(fields: Iterator[tuple[str, FieldInfo]]) -> str:
    return "".join(f"# {field.description}\n# {name} = {toml_value(field.default)}\n" for name, field in fields)


def make_sample() -> str:
    """The text of yeoul.sample.toml."""
    parts = [_SAMPLE_HEAD, _sample_lines(top_fields())]
    parts += [f"# {section.__doc__}\n[{name}]\n{_sample_lines(iter(section.model_fields.items()))}" for name, section in sections()]
    return "\n".join(parts)


def uncomment(sample: str) -> str:
    """The sample with every setting switched on."""
    return re.sub(r"^# (?=\w+ = )", "", sample, flags=re.MULTILINE)


def _manual_table(prefix: str, fields: Iterator[tuple[str, FieldInfo]]) -> str:
    rows = "".join(
        f"| `{name}` | `YEOUL_{prefix}{name.upper()}` | `{toml_value(field.default)}` | {limits(field)} | {field.description} |\n"
        for name, field in fields
    )
    return f"| setting | environment | default | allowed | what it is |\n|---|---|---|---|---|\n{rows}"


def make_manual() -> str:
    """The text of docs/settings.md."""
    parts = [_MANUAL_HEAD, _manual_table("", top_fields())]
    for name, section in sections():
        table = _manual_table(f"{name.upper()}__", iter(section.model_fields.items()))
        parts.append(f"## [{name}]\n\n{section.__doc__}\n\n{table}")
    return "\n".join(parts)


def main() -> None:
    SAMPLE.write_text(make_sample())
    MANUAL.write_text(make_manual())


if __name__ == "__main__":
    main()
