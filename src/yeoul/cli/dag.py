"""`yeoul dag lint FILE`, `yeoul dag show NAME|FILE`, `yeoul dag run NAME|FILE INPUT`: DAG definitions, without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from yeoul.base.errors import DagError
from yeoul.bootstrap import op_files, open_settings, read_definitions
from yeoul.cli import dag_run
from yeoul.cli.connection import EXIT_USAGE
from yeoul.pipeline.dag import Definition
from yeoul.pipeline.dag_compile import compile_definition
from yeoul.pipeline.op import Op
from yeoul.pipeline.ops.registry import load_ops


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("lint").add_argument("definition", metavar="FILE")
    actions.add_parser("show").add_argument("definition", metavar="NAME|FILE")
    runner = actions.add_parser("run", help="run a definition over a file, in a temporary folder")
    runner.add_argument("definition", metavar="NAME|FILE")
    runner.add_argument("input", type=Path, metavar="INPUT")
    runner.add_argument("--out", type=Path, required=True, help="folder for playlists, segments and sidecars")
    runner.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(arguments: argparse.Namespace) -> int:
    try:
        ops = load_ops(op_files(open_settings()))
        definition = _read(arguments.definition, ops)
    except DagError as error:
        problems: list[str] = error.facts.get("problems", [error.message])
        print("\n".join([*problems, f"yeoul: {len(problems)} problem{'s' * (len(problems) > 1)} ({error.code})"]), file=sys.stderr)
        return EXIT_USAGE
    if arguments.action == "run":
        return dag_run.run(definition, arguments.input, arguments.out, as_json=arguments.json)
    print(f"{definition.name}: {len(definition.stages)} stages" if arguments.action == "lint" else _show(definition))
    return 0


def _read(name: str, ops: Mapping[str, Op]) -> Definition:
    """A definition by its name, or by its file. Raises DagError with all problems."""
    known = read_definitions(open_settings()).get(name)
    try:
        text, file = (known, f"{name}.yaml") if known is not None else (Path(name).read_text(), name)
    except (OSError, UnicodeDecodeError) as error:
        raise DagError(f"{name}: cannot be read: {error}", file=name) from error
    definition, problems = compile_definition(text, file, ops)
    if definition is None:
        raise DagError(str(problems[0]), file=file, problems=[str(problem) for problem in problems])
    return definition


def _show(definition: Definition) -> str:
    """The stages, each after what it needs."""
    lines = [f"{definition.name} (highest rung {definition.ladder.max_height}p)"]
    for stage in definition.stages:
        needs = f"  after {', '.join(stage.needs)}" if stage.needs else ""
        when = f"  when {stage.when}" if stage.when else ""
        lines.append(f"  {stage.name:<12} {stage.op:<12} per {stage.scope}{needs}{when}{'  optional' if stage.optional else ''}")
    return "\n".join(lines)
