"""`yeoul dag`: `lint`, `show`, `diff` and `run` definitions without a server; `show`, `timeline`, `history` and `replay` runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from yeoul.base.errors import DagError
from yeoul.base.ids import is_id
from yeoul.bootstrap import network_ops, op_files, open_settings, read_definitions
from yeoul.cli.connection import EXIT_USAGE, add_connection_arguments
from yeoul.pipeline.dag.compile import compile_definition
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.dag.diff import compare, draw_diff, write_diff
from yeoul.pipeline.ops.registry import load_ops
from yeoul.pipeline.story.dag_drawing import draw_definition
from yeoul.pipeline.task.op import Op


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("lint", help="check a definition").add_argument("definition", metavar="FILE")
    show = actions.add_parser("show", help="show the stages of a definition, or of a video's run with times and critical path")
    show.add_argument("definition", metavar="NAME|FILE|VIDEO_ID")
    _add_svg(show)
    add_connection_arguments(show)
    diff = actions.add_parser("diff", help="compare two definitions")
    diff.add_argument("definition", metavar="OLD")
    diff.add_argument("other", metavar="NEW")
    _add_svg(diff)
    runner = actions.add_parser("run", help="process a file with a definition, in a temporary folder")
    runner.add_argument("definition", metavar="NAME|FILE")
    runner.add_argument("input", type=Path, metavar="INPUT")
    runner.add_argument("--out", type=Path, required=True, help="folder for playlists, segments, sidecars and the timeline")
    runner.add_argument("--json", action="store_true", help="print one JSON object")
    timeline = actions.add_parser("timeline", help="show when each attempt of a video's run waited and ran, as JSON or SVG")
    history = actions.add_parser("history", help="show the run log: events and instructions of a run's scheduler")
    history.add_argument("--json", action="store_true", help="print JSON, as input for `replay`")
    for command in (timeline, history):
        command.add_argument("id", metavar="VIDEO_ID")
        add_connection_arguments(command)
    _add_svg(timeline)
    replay = actions.add_parser("replay", help="replay a run log through the scheduler and compare the instructions")
    replay.add_argument("run", metavar="RUN|VIDEO_ID|FILE")
    replay.add_argument("--data", type=Path, metavar="DIR", help="data folder of the server that has the run")


def _add_svg(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a drawing to this file")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action in {"timeline", "history", "replay"}:
        return _run_module("yeoul.cli.dag_story", arguments)
    try:
        settings = open_settings()
        ops = load_ops(op_files(settings), network_ops(settings))
        if arguments.action == "show" and _is_video(arguments.definition):
            return _run_module("yeoul.cli.dag_story", arguments)
        definition = _read(arguments.definition, ops)
        other = _read(arguments.other, ops) if arguments.action == "diff" else None
    except DagError as error:
        problems: list[str] = error.facts.get("problems", [error.message])
        print("\n".join([*problems, f"yeoul: {len(problems)} problem{'s' * (len(problems) > 1)} ({error.code})"]), file=sys.stderr)
        return EXIT_USAGE
    if arguments.action == "run":
        return _run_module("yeoul.cli.dag_run", arguments, definition)
    if other is not None:
        return _diff(definition, other, arguments.svg)
    if arguments.action == "show" and arguments.svg is not None:
        arguments.svg.write_text(draw_definition(definition))
    print(f"{definition.name}: {len(definition.stages)} stages" if arguments.action == "lint" else _format_definition(definition))
    return 0


def _run_module(name: str, *parameters: object) -> int:
    """Calls `run` of the module of an action, which is imported only then: `lint` and `diff` need no database."""
    run: Callable[..., int] = import_module(name).run
    return run(*parameters)


def _is_video(name: str) -> bool:
    """True if the name has the form of an id and is not a definition or file."""
    return is_id(name) and name not in read_definitions(open_settings()) and not Path(name).exists()


def _read(name: str, ops: Mapping[str, Op]) -> Definition:
    """Returns a definition by its name or file. Raises DagError with all problems."""
    stored = read_definitions(open_settings()).get(name)
    try:
        text, file = (stored, f"{name}.yaml") if stored is not None else (Path(name).read_text(), name)
    except (OSError, UnicodeDecodeError) as error:
        raise DagError(f"{name}: cannot be read: {error}", file=name) from error
    definition, problems = compile_definition(text, file, ops)
    if definition is None:
        raise DagError(str(problems[0]), file=file, problems=[str(problem) for problem in problems])
    return definition


def _format_definition(definition: Definition) -> str:
    """Returns a text with one line per stage."""
    lines = [f"{definition.name} (highest rung {definition.ladder.max_height}p)"]
    for stage in definition.stages:
        needs = f"  after {', '.join(stage.needs)}" if stage.needs else ""
        when = f"  when {stage.when}" if stage.when else ""
        lines.append(f"  {stage.name:<12} {stage.op:<12} per {stage.scope}{needs}{when}{'  optional' if stage.optional else ''}")
    return "\n".join(lines)


def _diff(old: Definition, new: Definition, svg: Path | None) -> int:
    if svg is not None:
        svg.write_text(draw_diff(old, new))
    print("\n".join(write_diff(compare(old, new))) or f"{old.name} and {new.name} have the same stages")
    return 0
