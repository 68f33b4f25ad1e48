"""`yeoul dag show VIDEO_ID|timeline|history|replay`: shows the stages, timeline and run log of a run, and replays it."""

from __future__ import annotations

import argparse
import json
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
from yeoul.pipeline.story.run import export_run_log, find_unmatched_tasks
from yeoul.pipeline.story.run_log import Difference, History, replay
from yeoul.pipeline.story.timeline import Timeline
from yeoul.pipeline.story.timeline_drawing import draw_timeline


def run(arguments: argparse.Namespace) -> int:
    """Shows a video's run from the server; `replay` reads the database or a file instead. Returns the exit code."""
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
    for stage in timeline.stages:
        mark = "  critical" if stage.critical else ""
        counts = f"{stage.done}/{stage.tasks} done, {stage.attempts} attempts"
        print(f"  {stage.stage:<14} {counts:<26} wait {stage.wait_s:8.2f} s  run {stage.run_s:8.2f} s  CPU {stage.cpu_s:8.2f} s{mark}")
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
    history = connection.get(f"videos/{arguments.id}/dag/history")
    if arguments.json:
        print(json.dumps(history, indent=1))
        return 0
    for number, step in enumerate(History.model_validate(history).steps, 1):
        print(f"{number:>5}  {_format_event(step.event):<36} {'; '.join(_format_order(order) for order in step.gave)}".rstrip())
    return 0


_ACTIONS = {"show": _show, "timeline": _timeline, "history": _history}


def _format_event(event: Mapping[str, Any]) -> str:
    rest = " ".join(str(value) for name, value in event.items() if name != "event")
    return f"{event['event']} {rest}".strip()


def _format_order(order: Mapping[str, Any]) -> str:
    if "add" not in order:
        return f"end: {order['end']}" + (f" by {order['by']}" if order["by"] else "")
    needs = order["needs"]
    return f"add {order['add']}" + (f" after {', '.join(needs[:3])}{' ...' if len(needs) > 3 else ''}" if needs else "")


def _replay(arguments: argparse.Namespace) -> int:
    history, strays = _read_file(Path(arguments.run)) if Path(arguments.run).is_file() else _read_run(arguments)
    count, difference = replay(history)
    if difference is not None:
        print("\n".join([f"{count} instructions are the same, then step {difference.number} differs", *_format_difference(difference)]))
        return EXIT_FAILED
    if strays:
        print(f"{count} instructions are the same, but the run log and the tasks do not match: {', '.join(strays)}")
        return EXIT_FAILED
    print(f"same {count} instructions from {len(history.steps)} steps")
    return 0


def _format_difference(difference: Difference) -> list[str]:
    def format_orders(orders: tuple[dict[str, Any], ...]) -> str:
        return "; ".join(_format_order(order) for order in orders) or "nothing"

    return [
        f"  event    {_format_event(difference.event)}",
        f"  recorded {format_orders(difference.recorded)}",
        f"  replayed {format_orders(difference.replayed)}",
    ]


def _read_file(path: Path) -> tuple[History, list[str]]:
    try:
        return History.model_validate_json(path.read_text()), []
    except (ValidationError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} is not a run log: {error}"[:500], field="RUN") from error


def _read_run(arguments: argparse.Namespace) -> tuple[History, list[str]]:
    """Returns a run's log from the database, and the names of tasks that do not match it."""
    database = bootstrap.make_database(bootstrap.open_settings(arguments.data))
    try:
        with database.read() as connection:
            row = run_rows.find(connection, arguments.run) or run_rows.find_of_video(connection, arguments.run)
            if row is None:
                raise NotFoundError(f"no run, video or file {arguments.run} was found", run=arguments.run)
            history = export_run_log(connection, row)
            return history, find_unmatched_tasks(connection, row, history)
    finally:
        database.close()
