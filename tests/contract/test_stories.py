"""The stories that rows tell of runs: histories that replay, attempts, timelines, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, select

from tests.contract.pipeline_world import VIDEO, World, fail_with, filled
from yeoul.api.metrics.pipeline import PipelineMetrics
from yeoul.base.errors import MediaToolError, StorageFullError, UnreadableError
from yeoul.catalog.database import Database
from yeoul.catalog.queue import attempt, run
from yeoul.catalog.schema.pipeline import attempt as attempt_table
from yeoul.catalog.schema.row.pipeline import AttemptRow
from yeoul.pipeline.story.run import export_run_log, find_unmatched_tasks, read_timeline
from yeoul.pipeline.story.run_log import History, replay
from yeoul.pipeline.story.timeline import Timeline

pytestmark = [pytest.mark.slow, pytest.mark.either]


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


def history_of(world: World) -> History:
    """The run's history; it replays, and the rows agree with it."""
    with world.database.read() as connection:
        row = run.find_of_video(connection, VIDEO)
        assert row is not None
        history = export_run_log(connection, row)
        assert find_unmatched_tasks(connection, row, history) == []
    instructions = sum(len(step.gave) for step in history.steps)
    assert replay(history) == (instructions, None)
    return History.model_validate_json(history.model_dump_json(by_alias=True))


def timeline_of(world: World) -> Timeline:
    with world.database.read() as connection:
        row = run.find_of_video(connection, VIDEO)
        assert row is not None
        return read_timeline(connection, row, world.clock.now())


def attempts_of(world: World, task_id: str) -> list[AttemptRow]:
    with world.database.read() as connection:
        return attempt.of_task(connection, task_id)


def events_of(history: History) -> list[str]:
    return [step.event["event"] for step in history.steps]


def test_every_event_is_recorded_once_and_replays(world: World):
    upload_id = world.open()
    for index in (1, 0, 2):
        world.land(upload_id, index)
        world.work()
    world.uploads.complete(upload_id, 3)
    world.work()
    history = history_of(world)
    assert world.state() == "ready"
    tasks = [task for task in world.tasks() if task["stage"] != "inspect"]
    assert sorted(events_of(history)) == sorted(["started", "upload_closed", *["piece_landed"] * 3, *["task_ended"] * len(tasks)])
    assert history.steps[-1].gave == ({"end": "done", "by": None},)


def test_a_whole_file_replays(world: World):
    world.upload_all("whole")
    world.work()
    assert events_of(history_of(world))[:5] == ["started", *["piece_landed"] * 3, "upload_closed"]


def test_dispatchers_that_are_killed_leave_one_history(world: World):
    upload_id = world.open()
    for index in range(3):
        world.land(upload_id, index)
        world.settle()
        world.engine.end_all(world.ops)
        world.restart()
    world.uploads.complete(upload_id, 3)
    world.work()
    assert world.state() == "ready"
    history = history_of(world)
    texts = [str(step.event) for step in history.steps]
    assert len(texts) == len(set(texts))
    assert "reopened" not in events_of(history)


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_that_failed_and_was_retried_replays(world: World, times: int):
    """Also when the same task fails again before anything else has happened."""
    world.ops.faults = fail_with(UnreadableError("garbage"), "audio", times=times, piece=1)
    world.upload_all()
    world.work()
    for _ in range(times):
        assert world.state() == "failed"
        history_of(world)
        world.retry()
        world.work()
    assert world.state() == "ready"
    history = history_of(world)
    assert events_of(history).count("reopened") == times
    assert [step.gave[-1]["end"] for step in history.steps if step.gave and "end" in step.gave[-1]] == [*["failed"] * times, "done"]


def test_the_story_of_a_task_that_had_bad_luck(world: World):
    """Failed, without room, lost with its dispatcher, and done at last: each attempt has its row."""
    errors = [MediaToolError("crashed"), StorageFullError("full")]

    def fault(work: Any) -> None:
        if work.op == "poster" and errors:
            raise errors.pop(0)

    world.ops.faults = fault
    world.upload_all()
    world.work()
    for _ in range(20):
        world.clock.advance(10)
        world.settle()
        if world.task("poster")["state"] == "running":
            if world.task("poster")["attempt"] == 3:
                break
            world.work()
    world.restart()
    world.work()
    task = world.task("poster")
    assert (task["state"], task["attempt"]) == ("done", 4)
    story = attempts_of(world, task["id"])
    assert [(row["number"], row["outcome"]) for row in story] == [(1, "failed"), (2, "put_back"), (3, "lost"), (4, "done")]
    assert [row["error"] and row["error"]["code"] for row in story] == ["media.tool_failed", "storage.full", None, None]
    assert all(row["ready_at"] <= row["started_at"] <= filled(row["ended_at"]) for row in story)
    assert all(row["worker"] == "memory" for row in story)
    assert (story[0]["cpu_s"], story[3]["cpu_s"]) == (1.0, 1.0)
    assert story[2]["ready_at"] > filled(story[1]["ended_at"])  # the pause before a retry is no wait for room


def test_deleting_a_video_ends_the_story(world: World):
    world.upload_all()
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    running = [task["id"] for task in world.tasks() if task["state"] == "running"]
    world.delete()
    world.work()
    story = [attempts_of(world, task_id)[-1] for task_id in running]
    assert running and [row["outcome"] for row in story] == ["cancelled"] * len(running)
    assert [row["cpu_s"] for row in story] == [1.0] * len(running)  # said by the engine when they were dead


def test_every_attempt_has_ended_when_the_run_has(world: World):
    world.ops.faults = fail_with(MediaToolError("crashed"), "encode", times=3)
    world.upload_all()
    for _ in range(12):
        world.work()
        world.clock.advance(60)
    assert world.state() == "ready"
    with world.database.read() as connection:
        rows = [dict(row) for row in connection.execute(select(attempt_table)).mappings()]
    assert {row["outcome"] for row in rows} == {"done", "failed"}
    assert {(row["task_id"], row["number"]) for row in rows} == {(task, number) for task, number in world.engine.started}


def test_a_timeline_counts_wait_and_run_and_finds_the_critical_path(world: World):
    world.upload_all()
    world.settle()
    while world.engine.open_keys():
        world.clock.advance(2)
        world.engine.end(world.engine.open_keys()[0], world.ops)
        world.settle()
    timeline = timeline_of(world)
    assert timeline.state == "done"
    assert len(timeline.bars) == len(world.tasks())
    assert timeline.ended_s - timeline.began_s == pytest.approx(2.0 * len(timeline.bars))
    by_task = {bar.task: bar for bar in timeline.bars}
    path = [by_task[task] for task in timeline.critical]
    assert path[0].stage == "inspect" and path[0].ready_s == timeline.began_s
    assert path[-1].ended_s == timeline.ended_s
    for one, other in pairwise(path):
        assert other.ready_s == one.ended_s  # nothing lies between: the path explains all of the run's time
    assert timeline.critical_wait_s + timeline.critical_run_s == pytest.approx(timeline.ended_s - timeline.began_s)
    assert sum(found.attempts for found in timeline.stages) == len(timeline.bars)
    for lane in {bar.lane for bar in timeline.bars}:
        own = sorted((bar for bar in timeline.bars if bar.lane == lane), key=lambda bar: bar.started_s)
        assert all(one.ended_s is not None and one.ended_s <= other.started_s for one, other in pairwise(own))


def test_a_run_that_is_going_on_has_a_timeline(world: World):
    upload_id = world.open()
    world.land(upload_id, 0)
    world.settle()
    world.clock.advance(3)
    (bar,) = timeline_of(world).bars
    assert (bar.stage, bar.outcome, bar.run_s, bar.ended_s) == ("inspect", None, 3.0, None)


# --- figures ---


def samples(metrics: PipelineMetrics, world: World) -> dict[tuple[str, frozenset[str]], float]:
    """Values by name and label values."""
    text = metrics.render(world.clock.now()).decode()
    families = text_string_to_metric_families(text)
    return {(sample.name, frozenset(sample.labels.values())): sample.value for family in families for sample in family.samples}


def test_what_has_ended_is_counted_once_also_when_it_is_committed_late(world: World):
    metrics = PipelineMetrics(world.database, world.clock.now() - 1)
    other = PipelineMetrics(world.database, world.clock.now() - 1)
    world.upload_all()
    world.settle()
    found = samples(metrics, world)
    assert found["yeoul_tasks", frozenset({"running", "inspect"})] == 1
    assert (found["yeoul_running_cpu_cores", frozenset()], found["yeoul_runs", frozenset({"open"})]) == (1.0, 1.0)
    assert found["yeoul_uploads_completed_bytes_total", frozenset({"pieces"})] == 12
    world.work()
    for _ in range(3):
        found = samples(metrics, world)
        assert found["yeoul_task_attempts_total", frozenset({"audio", "done"})] == 3
        assert found["yeoul_task_cpu_seconds_total", frozenset({"audio"})] == 3.0
        assert found["yeoul_video_ready_delay_seconds_count", frozenset()] == 1
        world.clock.advance(40)
    with world.database.write() as connection:  # as by a dispatcher whose transaction took 30 s
        late = attempts_of(world, world.task("audio", 0)["id"])[0]
        connection.execute(insert(attempt_table).values({**late, "number": 2, "ended_at": world.clock.now() - 30}))
    world.clock.advance(40)
    for _ in range(3):
        assert samples(metrics, world)["yeoul_task_attempts_total", frozenset({"audio", "done"})] == 4
        world.clock.advance(40)
    assert samples(other, world)["yeoul_task_attempts_total", frozenset({"audio", "done"})] == 4
    assert not [key for key in samples(metrics, world) if key[0] == "yeoul_tasks"]
