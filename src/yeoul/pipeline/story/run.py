"""The story of a run, read from its rows: its timeline, and its history as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import attempt
from yeoul.catalog.queue import view as queue_view
from yeoul.model.rendition import Rung
from yeoul.model.source import Source
from yeoul.pipeline.dag.condition import make_facts
from yeoul.pipeline.dag.definition import PREPROCESSOR_STAGES, Definition
from yeoul.pipeline.run_book import make_task_id, read_history
from yeoul.pipeline.story.history import History, read_place
from yeoul.pipeline.story.stage_graph import StageGraph, make_stage_graph
from yeoul.pipeline.story.timeline import Timeline, make_timeline

Row = Mapping[str, Any]


def read_timeline(connection: Connection, run: Row, now_s: float) -> Timeline:
    """The timeline of a run as it stands now."""
    tasks = queue_view.of_run(connection, run["id"])
    return make_timeline(run, tasks, attempt.of_run(connection, run["id"]), attempt.needs_of_run(connection, run["id"]), now_s)


def read_stage_graph(connection: Connection, run: Row) -> StageGraph:
    """The stages of a run; those that take no part are left out once its source is known."""
    facts = None
    if run["ladder"] is not None:
        facts = make_facts(Source.model_validate(run["source"]), [Rung.model_validate(rung) for rung in run["ladder"]])
    first = queue_view.stages_among(connection, run["id"], PREPROCESSOR_STAGES)
    return make_stage_graph(Definition.model_validate(run["definition"]), facts, first)


def export_history(connection: Connection, run: Row) -> History:
    """The history of a run. Raises NotFoundError when it has none: not inspected yet, or run by a version that wrote none."""
    history = read_history(connection, run) if run["ladder"] is not None else None
    if history is None or not history.steps:
        raise NotFoundError(f"run {run['id']} has no history", run=run["id"])
    return history


def find_strays(connection: Connection, run: Row, history: History) -> list[str]:
    """Tasks that the rows have and the history does not, and the other way round; empty when all is well."""
    rows = {task["id"] for task in queue_view.of_run(connection, run["id"]) if task["stage"] not in PREPROCESSOR_STAGES}
    given = {make_task_id(run["id"], read_place(order["add"])) for step in history.steps for order in step.gave if "add" in order}
    return sorted(rows ^ given)
