"""`yeoul dag show VIDEO_ID|timeline|history|replay`: what became of a run."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from yeoul import bootstrap
from yeoul.base.errors import InvalidError, NotFoundError, YeoulError
from yeoul.catalog.queue import run as run_rows
from yeoul.cli.connection import EXIT_FAILED, exit_code_of, open_connection
from yeoul.client.connection import Connection
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.story.dag_drawing import draw_run
from yeoul.pipeline.story.history import Difference, History, replay
from yeoul.pipeline.story.run import export_history, find_strays
from yeoul.pipeline.story.timeline import Timeline
from yeoul.pipeline.story.timeline_drawing import draw_timeline


def is_id(name: str) -> bool:
    """Whether a word can be the id of a video or run."""
    return re.fullmatch(r"[0-9a-z]{20}", name) is not None


def run(arguments: argparse.Namespace) -> int:
    """Ask the server for a video's run; `replay` alone reads the database or a file."""
    if arguments.action == "replay":
        return _replay(arguments)
    connection = open_connection(arguments, patience_s=10.0)
    try:
        return _ACTIONS[arguments.action](connection, arguments)
    except YeoulError as error:
        print(f"yeoul: {error.message} ({error.code})", file=sys.stderr)
        return exit_code_of(error)
    finally:
        connection.close()


def _show(connection: Connection, arguments: argparse.Namespace) -> int:
    definition = Definition.model_validate(connection.get(f"videos/{arguments.definition}/dag")["definition"])
    timeline = _get_timeline(connection, arguments.definition)
    print(f"{definition.name}: run {timeline.run} is {timeline.state}")
    for found in timeline.stages:
        mark = "  critical" if found.critical else ""
        counts = f"{found.done}/{found.tasks} done, {found.attempts} attempts"
        print(f"  {found.stage:<14} {counts:<26} wait {found.wait_s:8.2f} s  run {found.run_s:8.2f} s  CPU {found.cpu_s:8.2f} s{mark}")
    if arguments.svg is not None:
        arguments.svg.write_text(draw_run(definition, timeline))
    return 0


def _timeline(connection: Connection, arguments: argparse.Namespace) -> int:
    timeline = _get_timeline(connection, arguments.id)
    if arguments.svg is not None:
        arguments.svg.write_text(draw_timeline(timeline))
    else:
        print(timeline.model_dump_json(indent=1))
    return 0


def _get_timeline(connection: Connection, video_id: str) -> Timeline:
    return Timeline.model_validate(connection.get(f"videos/{video_id}/dag/timeline"))


def _history(connection: Connection, arguments: argparse.Namespace) -> int:
    found = connection.get(f"videos/{arguments.id}/dag/history")
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    for number, step in enumerate(History.model_validate(found).steps, 1):
        print(f"{number:>5}  {_say_event(step.event):<36} {'; '.join(_say_order(order) for order in step.gave)}".rstrip())
    return 0


_ACTIONS = {"show": _show, "timeline": _timeline, "history": _history}


def _say_event(event: Mapping[str, Any]) -> str:
    rest = " ".join(str(value) for name, value in event.items() if name != "event")
    return f"{event['event']} {rest}".strip()


def _say_order(order: Mapping[str, Any]) -> str:
    if "add" not in order:
        return f"end: {order['end']}" + (f" by {order['by']}" if order["by"] else "")
    needs = order["needs"]
    return f"add {order['add']}" + (f" after {', '.join(needs[:3])}{' ...' if len(needs) > 3 else ''}" if needs else "")


def _replay(arguments: argparse.Namespace) -> int:
    history, strays = _read_file(Path(arguments.run)) if Path(arguments.run).is_file() else _read_run(arguments)
    same, difference = replay(history)
    if difference is not None:
        print("\n".join([f"{same} instructions are the same, then step {difference.number} differs", *_say_difference(difference)]))
        return EXIT_FAILED
    if strays:
        print(f"the same {same} instructions, but tasks and history do not agree on {', '.join(strays)}")
        return EXIT_FAILED
    print(f"same {same} instructions from {len(history.steps)} steps")
    return 0


def _say_difference(difference: Difference) -> list[str]:
    def say(orders: tuple[dict[str, Any], ...]) -> str:
        return "; ".join(_say_order(order) for order in orders) or "nothing"

    return [
        f"  event    {_say_event(difference.event)}",
        f"  recorded {say(difference.recorded)}",
        f"  replayed {say(difference.replayed)}",
    ]


def _read_file(path: Path) -> tuple[History, list[str]]:
    try:
        return History.model_validate_json(path.read_text()), []
    except (ValidationError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} is no history: {error}"[:500], field="RUN") from error


def _read_run(arguments: argparse.Namespace) -> tuple[History, list[str]]:
    """A run's history from the database, and tasks that do not belong to it."""
    database = bootstrap.make_database(bootstrap.open_settings(arguments.data))
    try:
        with database.read() as connection:
            row = run_rows.find(connection, arguments.run) or run_rows.find_of_video(connection, arguments.run)
            if row is None:
                raise NotFoundError(f"there is no run, video or file {arguments.run}", run=arguments.run)
            history = export_history(connection, row)
            return history, find_strays(connection, row, history)
    finally:
        database.close()
