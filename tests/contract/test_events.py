"""What followers of a video are told of its tasks, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import update

from tests.contract.pipeline_world import VIDEO, World
from yeoul.api.deps import Parts
from yeoul.api.identity import CallerRow
from yeoul.api.metrics.pipeline import PipelineMetrics
from yeoul.api.response_cache import ResponseCache
from yeoul.api.video.events import _Follower
from yeoul.api.video.followers import Followers
from yeoul.base.errors import TooManyRequestsError
from yeoul.base.settings import Settings
from yeoul.catalog.database import Database
from yeoul.catalog.schema.pipeline import task
from yeoul.catalog.video import video
from yeoul.delivery.access import StreamAccess
from yeoul.delivery.stream_cache import StreamCache
from yeoul.insight.collector import BeaconCollector
from yeoul.media.picture.drawing import Drawing


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


@pytest.fixture
def follower(world: World, tmp_path: Path) -> _Follower:
    parts = Parts(
        settings=Settings(),
        database=world.database,
        store=world.store,
        uploads=world.uploads,
        tracks=world.track_service,
        access=StreamAccess(b"secret"),
        streams=StreamCache(world.database, world.clock, 6.0, 2**20),
        clock=world.clock,
        web=tmp_path,
        pipelines={},
        metrics=PipelineMetrics(world.database, world.clock.now()),
        secret=b"secret",
        response_cache=ResponseCache(world.database),
        beacons=BeaconCollector(world.database, world.clock, b"secret"),
        followers=Followers(world.database),
        drawing=Drawing(),
        missing_sandbox_features=(),
    )
    with world.database.read() as connection:
        owner = cast("CallerRow", {"id": video.get(connection, VIDEO)["owner_id"], "role": "maker", "scopes": None})
    return _Follower(parts, VIDEO, is_known=True, find=lambda: owner)


def told(follower: _Follower) -> dict[str, Any]:
    """The tasks that the follower is told of now, by id."""
    events = [one.split("data: ", 1)[1] for one in follower.new_events() if one.startswith("event: task")]
    return {event["task"]: event for event in map(json.loads, events)}


def test_every_change_is_told_once(world: World, follower: _Follower):
    world.upload_all()
    states: dict[str, list[str]] = {}
    while True:
        world.settle()
        for task_id, event in told(follower).items():
            states.setdefault(task_id, []).append(event["state"])
        assert told(follower) == {}
        if not world.engine.end_all(world.ops):
            break
    assert set(states) == {row["id"] for row in world.tasks()}
    assert all(seen[-1] == "done" and len(seen) == len(set(seen)) for seen in states.values()), states


def test_what_is_committed_late_is_told_too(world: World, follower: _Follower):
    """A transaction notes its time when it begins; one that began later may be committed first."""
    world.upload_all()
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    told(follower)
    early, late = [row["id"] for row in world.tasks() if row["state"] in ("ready", "waiting", "running")][:2]
    began_s = world.clock.now() + 1

    def change(connection: Any, task_id: str, at_s: float) -> None:
        connection.execute(update(task).where(task.c.id == task_id).values(progress=0.5, updated_at=at_s))

    if world.database.is_sqlite:  # one writer at a time: the first waits for the lock with its time in hand
        with world.database.write() as connection:
            change(connection, late, began_s + 1)
        assert set(told(follower)) == {late}
        with world.database.write() as connection:
            change(connection, early, began_s)
    else:
        with world.database.write() as first:
            change(first, early, began_s)
            with world.database.write() as second:
                change(second, late, began_s + 1)
            assert set(told(follower)) == {late}
    news = told(follower)
    assert set(news) == {early} and news[early]["progress"] == 0.5


def test_followers_are_counted_by_address_and_share_one_watch(database: Database, monkeypatch: pytest.MonkeyPatch):
    watches: list[object] = []
    watch = database.watch
    monkeypatch.setattr(database, "watch", lambda tables: watches.append(None) or watch(tables))
    followers = Followers(database, max_streams=5, max_streams_of_address=3)
    for _ in range(3):
        followers.join("a")
    with pytest.raises(TooManyRequestsError) as refused:
        followers.join("a")
    assert refused.value.facts["retry_after_s"] > 0
    followers.join("b")
    followers.join("b")
    with pytest.raises(TooManyRequestsError):
        followers.join("c")
    followers.leave("a")
    followers.join("c")
    assert len(watches) == 1
    for address in ("a", "a", "b", "b", "c"):
        followers.leave(address)
    followers.join("a")
    assert len(watches) == 2
    followers.leave("a")
