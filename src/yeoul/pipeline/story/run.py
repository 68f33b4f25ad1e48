"""Reads the timeline, the stage graph and the run log of a run from its rows."""

from __future__ import annotations

from sqlalchemy import Connection

from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import attempt
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import RunRow
from yeoul.model.rendition import Rung
from yeoul.model.source import Source
from yeoul.pipeline.dag.condition import make_facts
from yeoul.pipeline.dag.definition import PREPROCESSOR_STAGES, Definition
from yeoul.pipeline.scheduler_cache import make_task_id, read_run_log
from yeoul.pipeline.story.run_log import History, read_place
from yeoul.pipeline.story.stage_graph import StageGraph, make_stage_graph
from yeoul.pipeline.story.timeline import Timeline, make_timeline


def read_timeline(connection: Connection, run: RunRow, now_s: float) -> Timeline:
    """Returns the current timeline of a run."""
    tasks = queue_view.of_run(connection, run["id"])
    return make_timeline(run, tasks, attempt.of_run(connection, run["id"]), attempt.needs_of_run(connection, run["id"]), now_s)


def read_stage_graph(connection: Connection, run: RunRow) -> StageGraph:
    """Returns the stages of a run. Once its source is known, stages whose conditions do not hold are left out."""
    facts = None
    if run["ladder"] is not None:
        facts = make_facts(Source.model_validate(run["source"]), [Rung.model_validate(rung) for rung in run["ladder"]])
    first = queue_view.stages_with_tasks(connection, run["id"], PREPROCESSOR_STAGES)
    return make_stage_graph(Definition.model_validate(run["definition"]), facts, first)


def export_run_log(connection: Connection, run: RunRow) -> History:
    """Returns the run log of a run. Raises NotFoundError if it has none: its source is not inspected yet, or an old version ran it."""
    history = read_run_log(connection, run) if run["ladder"] is not None else None
    if history is None or not history.steps:
        raise NotFoundError(f"run {run['id']} has no run log", run=run["id"])
    return history


def find_unmatched_tasks(connection: Connection, run: RunRow, history: History) -> list[str]:
    """Returns the ids of tasks that are only in the rows or only in the run log, sorted."""
    rows = {task["id"] for task in queue_view.of_run(connection, run["id"]) if task["stage"] not in PREPROCESSOR_STAGES}
    logged = {make_task_id(run["id"], read_place(order["add"])) for step in history.steps for order in step.gave if "add" in order}
    return sorted(rows ^ logged)
