"""`yeoul dag lint FILE`, `yeoul dag show NAME|FILE`: DAG definitions, without a server."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from yeoul.base.errors import DagError
from yeoul.bootstrap import read_definitions
from yeoul.cli.connection import EXIT_USAGE
from yeoul.pipeline.dag import Definition, parse_definition
from yeoul.pipeline.op_names import OP_NAMES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("lint").add_argument("definition", metavar="FILE")
    actions.add_parser("show").add_argument("definition", metavar="NAME|FILE")


def run(arguments: argparse.Namespace) -> int:
    try:
        definition = _read(arguments.definition)
    except DagError as error:
        print(f"yeoul: {error.message} ({error.code})", file=sys.stderr)
        return EXIT_USAGE
    print(f"{definition.name}: {len(definition.stages)} stages" if arguments.action == "lint" else _show(definition))
    return 0


def _read(name: str) -> Definition:
    built_in = read_definitions().get(name)
    if built_in is not None:
        return parse_definition(built_in, f"{name}.yaml", OP_NAMES)
    try:
        return parse_definition(Path(name).read_text(), name, OP_NAMES)
    except (OSError, UnicodeDecodeError) as error:
        raise DagError(f"{name}: cannot be read: {error}", file=name) from error


def _show(definition: Definition) -> str:
    """The stages, each after what it needs."""
    lines = [f"{definition.name} (highest rung {definition.ladder.max_height}p)"]
    for stage in definition.stages:
        needs = f"  after {', '.join(stage.needs)}" if stage.needs else ""
        when = f"  when {stage.when}" if stage.when else ""
        lines.append(f"  {stage.name:<12} {stage.op:<12} per {stage.scope}{needs}{when}{'  optional' if stage.optional else ''}")
    return "\n".join(lines)
