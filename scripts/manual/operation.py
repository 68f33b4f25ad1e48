"""docs/reference/operations.md: the ops that a DAG definition can name, read from their signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml

from scripts.manual.markdown import join_paragraphs, make_anchor, make_table
from scripts.manual.schema import write_schema, write_type
from yeoul.pipeline.dag.definition import GROUP_OP, PREPROCESSOR_STAGES
from yeoul.pipeline.ops.registry import BUILT_IN
from yeoul.pipeline.task.data import Output
from yeoul.pipeline.task.op import Input, Op

_HEAD = """\
# Operations

These ops come with Yeoul; a stage of a DAG definition names one of them in `op` and sets its parameters in `with`.
[Write a pipeline](../dags.md) explains definitions, scopes, and how to write ops of your own.

`yeoul dag lint FILE` checks that each stage gets the inputs that its op requires.
"""
_INTERNAL_HEAD = """\
## Internal ops

The server adds these itself: `split` and `inspect` run before a run has a graph, and `group` runs the stages of a group in one process.
A definition does not name them.
"""
_OUTPUTS_HEAD = """\
## What ops return

Each class adds its fields to those of `Output`. A stage receives what a needed stage returned in the parameter that has its class.
"""


def make_operations() -> str:
    """Returns the text of docs/reference/operations.md."""
    internal = {*PREPROCESSOR_STAGES, GROUP_OP}
    public = [op for name, op in sorted(BUILT_IN.items()) if name not in internal]
    rows = ((_link(op), f"`{op.output.__name__}`", ", ".join(_find_users(op))) for op in public)
    overview = make_table(("op", "returns", "used by"), rows)
    internal_rows = ((f"`{name}`", BUILT_IN[name].version, _summary(BUILT_IN[name])) for name in sorted(internal))
    parts = [_HEAD, overview, *(_make_op(op) for op in public), _make_outputs(public)]
    return "\n".join([*parts, _INTERNAL_HEAD, make_table(("op", "version", "what it does"), internal_rows)])


def _link(op: Op) -> str:
    return f"[`{op.name}`](#{make_anchor(op.name)})"


def _summary(op: Op) -> str:
    return join_paragraphs(op.function.__doc__).split("\n\n")[0]


def _find_users(op: Op) -> Iterator[str]:
    """Names of the built-in definitions that have a stage with this op."""
    for file in sorted(files("yeoul.pipeline.dags").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            definition: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
            if any(stage["op"] == op.name for stage in definition["stages"].values()):
                yield f"`{definition['name']}`"


def _make_op(op: Op) -> str:
    facts = [f"Version {op.version}.", f"Returns [`{op.output.__name__}`](#{make_anchor(_make_class_heading(op.output))})."]
    facts += ["Publishes files for viewers."] if op.publishes else []
    facts += ["Makes renditions: if it fails permanently, the video loses them."] if op.renditions else []
    inputs = make_table(("input", "type", "required"), map(_make_input, op.inputs))
    parameters = make_table(("parameter (`with`)", "type", "default"), _list_parameters(op))
    return f"## {op.name}\n\n{join_paragraphs(op.function.__doc__)}{' '.join(facts)}\n" + "".join(
        f"\n{table}" for table in (inputs, parameters) if table
    )


def _make_input(found: Input) -> tuple[str, str, str]:
    kind = f"{found.kind.__name__} | None" if found.is_optional else found.kind.__name__
    return f"`{found.name}`", f"`{f'list[{kind}]' if found.is_list else kind}`", "no" if found.is_optional else "yes"


def _list_parameters(op: Op) -> Iterator[tuple[str, str, str]]:
    schema = op.parameters.model_json_schema()
    for name, field in schema.get("properties", {}).items():
        default = "required" if name in schema.get("required", ()) else f"`{json.dumps(field.get('default'))}`"
        yield f"`{name}`", write_type(field), default


def _make_outputs(ops: list[Op]) -> str:
    kinds = dict(sorted((op.output.__name__, op.output) for op in ops))
    parts = [
        _OUTPUTS_HEAD,
        *(_make_output(kind) for kind in {"Output": Output, **kinds}.values()),
    ]
    return "\n".join(parts)


def _make_class_heading(kind: type[Output]) -> str:
    return f"Class `{kind.__name__}`"


def _make_output(kind: type[Output]) -> str:
    inherited = set() if kind is Output else set(Output.model_fields)
    schema = kind.model_json_schema()
    own = {**schema, "properties": {name: field for name, field in schema["properties"].items() if name not in inherited}}
    return f"### {_make_class_heading(kind)}\n\n{join_paragraphs(kind.__doc__)}{write_schema(own)}"
