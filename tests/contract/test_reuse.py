"""Processing again and results by content, on both databases: what is the same is not made again, and viewers notice nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.contract.pipeline_world import DEFINITIONS, VIDEO, World, changed, fail_with, filled
from yeoul.base.errors import ConflictError, MediaError
from yeoul.blob.store import Bucket
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.pipeline.dag.compile import parse_definition
from yeoul.pipeline.ops.registry import BUILT_IN

pytestmark = [pytest.mark.slow, pytest.mark.either]

WATCHED_S = 6 * 3600.0


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


def stages(names: list[str]) -> list[str]:
    """Stages, with pieces where they have any, of task ids; without what looks at a file before there are stages."""
    places = [name.split(".")[1:] for name in names]
    return sorted(".".join(part.lstrip("0") or "0" for part in place) for place in places if place[0] not in ("inspect", "split"))


def make_ready(world: World, mode: Any = "pieces") -> None:
    world.upload_all(mode)
    world.work()
    assert world.state() == "ready"
    world.ops.ended.clear()


def upgrade(world: World, op: str) -> None:
    """Another program takes over, with another version of an op."""
    for name, definition in world.definitions.items():
        stages = tuple(one.model_copy(update={"version": "new"}) if one.op == op else one for one in definition.stages)
        world.definitions[name] = definition.model_copy(update={"stages": stages})
    world.restart()


def test_nothing_is_made_again_where_nothing_changed(world: World):
    make_ready(world)
    before, blobs = world.stored(), world.blobs(Bucket.ENCODED)
    world.process("standard")
    world.work()
    assert stages(world.ops.ended) == []
    assert world.video()["edition"] == 2
    assert [track.segments for track in world.stored()] == [track.segments for track in before]
    assert {track.listed for track in world.stored()} == {True}
    assert world.blobs(Bucket.ENCODED) == blobs
    assert world.video()["state"] == "ready" and world.video()["poster_key"] and world.video()["storyboard"]


@pytest.mark.parametrize(
    ("stage", "again"),
    [
        ("storyboard", ["storyboard"]),
        ("poster", ["poster"]),
        ("tiles", ["tiles.0", "tiles.1", "tiles.2"]),
        ("audio", ["audio.0", "audio.1", "audio.2"]),
    ],
)
def test_only_the_changed_stage_runs(world: World, stage: str, again: list[str]):
    """What a stage gives is the same as before, so that nothing below it has to run."""
    make_ready(world)
    world.definitions["standard"] = changed(stage, version="new")
    world.process("standard")
    world.work()
    assert stages(world.ops.ended) == again
    assert world.video()["edition"] == 2


def test_what_depends_on_a_changed_result_runs_too(world: World):
    make_ready(world)
    world.ops.media = b"other media"
    world.definitions["standard"] = changed("audio", version="new")
    world.process("standard")
    world.work()
    assert stages(world.ops.ended) == ["audio.0", "audio.1", "audio.2", "package"]


def test_the_old_edition_plays_until_the_new_one_is_whole(world: World):
    make_ready(world)
    before = world.stored()
    world.definitions["standard"] = changed("encode", version="new")
    world.process("standard")
    world.settle()
    while world.engine.running():
        world.engine.end_all(world.ops)
        if world.video()["edition"] == 1:
            assert world.stored() == before and world.state() == "ready"
        world.settle()
    assert world.video()["edition"] == 2
    assert [segment.key for track in world.stored() for segment in track.segments] != [
        segment.key for track in before for segment in track.segments
    ]


@pytest.mark.parametrize("landed", [1, 2])
def test_an_upload_that_is_open_during_an_upgrade_is_encoded_by_one_version(landed: int, world: World):
    """What was made stays to be watched until what the new version makes is whole; the old and the new are never mixed."""
    upload_id = world.open()
    for index in range(landed):
        world.land(upload_id, index)
    world.work()
    assert world.state() == "playable"
    old = world.stored(1)
    world.ops.ended.clear()
    upgrade(world, "encode")
    world.work()
    assert world.state() == "playable" and world.stored() == old and world.video()["edition"] == 1
    for index in range(landed, 3):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, 3)
    world.work()
    assert world.state() == "ready" and world.video()["edition"] == 2
    assert {name.split(".")[2] for name in world.ops.ended if ".encode" in name} == {"00000", "00001", "00002"}
    assert not {segment.key for track in old for segment in track.segments if track.rendition.kind == "video"} & {
        segment.key for track in world.stored() for segment in track.segments
    }


@pytest.mark.parametrize("mode", ["pieces", "whole"])
def test_a_run_that_nobody_watches_yet_begins_anew_after_an_upgrade(mode: str, world: World):
    world.upload_all(mode)
    world.settle()
    upgrade(world, "encode")
    world.work()
    assert world.state() == "ready" and world.video()["edition"] == 2
    assert world.stored(1) == () and world.blobs(Bucket.TEMP) == set()


def test_a_restart_without_an_upgrade_goes_on(world: World):
    world.upload_all()
    world.settle()
    world.restart()
    world.work()
    assert world.state() == "ready" and world.video()["edition"] == 1


def test_who_watches_goes_on_for_hours(world: World):
    make_ready(world)
    old = {segment.key for track in world.stored() for segment in track.segments}
    world.definitions["standard"] = changed("encode", version="new")
    world.process("standard")
    world.work()
    assert world.stored(1) and old <= world.blobs(Bucket.ENCODED)
    world.wait(WATCHED_S + 1)
    world.work()
    assert world.stored(1) == ()
    new = {segment.key for track in world.stored() for segment in track.segments}
    left = world.blobs(Bucket.ENCODED)
    assert new <= left and old - left == old - new


def test_a_whole_file_is_split_again(world: World):
    make_ready(world, "whole")
    assert world.blobs(Bucket.TEMP) == set()
    world.process("standard")
    world.work()
    assert world.ops.ended == [name for name in world.ops.ended if name.endswith(".split")] and len(world.ops.ended) == 1
    assert world.video()["edition"] == 2 and world.blobs(Bucket.TEMP) == set()


def test_another_definition_makes_what_is_new(world: World):
    make_ready(world)
    world.process("premium")
    world.work()
    assert {name.split(".")[0] for name in stages(world.ops.ended)} >= {"hevc", "vp9", "av1"}
    assert not {name for name in stages(world.ops.ended) if name.startswith(("encode_low", "audio", "poster"))}
    assert world.video()["pipeline"] == "premium" and "720p-hevc" in world.listed()


def test_a_failure_leaves_what_was_there(world: World):
    make_ready(world)
    before = world.stored()
    world.definitions["standard"] = changed("audio", version="new")
    world.ops.faults = fail_with(MediaError("broken"), "audio")
    world.process("standard")
    world.work()
    row = world.video()
    notice = filled(row["notice"])
    assert (row["state"], row["edition"], notice["code"], notice["stage"]) == ("ready", 1, "media.invalid", "audio")
    assert world.stored() == before
    world.ops.faults = lambda _: None
    world.retry()
    world.work()
    assert (world.video()["edition"], world.video()["notice"]) == (2, None)


def test_a_rung_that_is_dropped_again_stays_until_then(world: World):
    make_ready(world)
    world.definitions["standard"] = changed("encode", version="new")
    world.ops.faults = fail_with(MediaError("broken"), "encode", rungs="others")
    world.process("standard")
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    assert world.video()["dropped"] == {} and "720p" in world.listed()
    world.work()
    assert set(world.video()["dropped"]) == {"720p", "480p"} and world.listed() == {"240p", "audio"}


def test_a_failed_video_is_processed_by_another_definition(world: World):
    world.ops.faults = fail_with(MediaError("broken"), "audio")
    world.upload_all()
    world.work()
    assert world.state() == "failed"
    world.ops.faults = lambda _: None
    world.definitions["other"] = DEFINITIONS["standard"].model_copy(update={"name": "other"})
    world.process("other")
    world.work()
    row = world.video()
    assert (row["state"], row["error"], row["edition"], row["pipeline"]) == ("ready", None, 2, "other")


def test_only_once_at_a_time(world: World):
    world.upload_all()
    with pytest.raises(ConflictError):
        world.process("standard")
    world.work()
    world.process("standard")
    world.process("standard")  # before anybody has begun with the first
    world.settle()
    with pytest.raises(ConflictError):
        world.process("standard")
    world.work()
    assert world.video()["edition"] == 2


def test_what_is_gone_is_made_again(world: World):
    make_ready(world)
    lost = next(key for key in sorted(world.blobs(Bucket.ENCODED)) if ".audio.00001-" in key)
    world.store.delete(Bucket.ENCODED, lost)
    world.process("standard")
    world.work()
    assert stages(world.ops.ended) == ["audio.1"]
    assert {segment.key for track in world.stored() for segment in track.segments} <= world.blobs(Bucket.ENCODED)


def second(world: World, owner: str = "a", visibility: str = "public") -> list[str]:
    """Stages that ran for another video of the same bytes."""
    if owner != "a":
        with world.database.write() as connection:
            account.add_account(connection, owner, "bob", "bob@example.org", "hash", "user", world.clock.now())
    world.add_video("second", owner, visibility)
    world.upload_all(video_id="second")
    world.work()
    assert world.video("second")["state"] == "ready"
    return stages(world.ops.ended)


def test_the_same_bytes_are_encoded_once_for_their_owner(world: World):
    make_ready(world)
    assert second(world) == []
    keys = {key for key in world.blobs(Bucket.ENCODED) if key.startswith("second/")}
    world.delete()
    world.work()
    assert world.blobs(Bucket.ENCODED) == keys, "either may be deleted without the other"
    assert keys


@pytest.mark.parametrize("other", [{"owner": "b"}, {"visibility": "private"}, {"visibility": "unlisted"}])
def test_never_across_owners_or_visibilities(world: World, other: Mapping[str, str]):
    make_ready(world)
    assert len(second(world, **other)) > 5


def test_never_of_a_deleted_video(world: World):
    make_ready(world)
    world.delete()
    world.work()
    assert len(second(world)) > 5


def test_a_result_that_is_not_whole_is_not_reused(world: World):
    """Nothing that a rung was missing in is known: the next video gets another chance to have it."""
    world.ops.faults = fail_with(MediaError("broken"), "encode", rungs="others")
    world.upload_all()
    world.work()
    assert set(world.video()["dropped"]) == {"720p", "480p"}
    world.ops.faults = lambda _: None
    world.ops.ended.clear()
    assert [name for name in second(world) if name.startswith("encode")] == ["encode.0", "encode.1", "encode.2"]
    assert world.video("second")["dropped"] == {}


def test_every_built_in_op_says_what_it_looks_at():
    text = "name: x\nstages:\n  a: {op: encode, scope: piece}\n  p: {op: package, scope: video, needs: [a]}\n"
    made = parse_definition(text, "x.yaml", BUILT_IN)
    assert {stage.name: stage.looks_at for stage in made.stages} == {"a": ("ladder", "piece", "rung", "source"), "p": ("ladder",)}
    assert {name: set(found.looks_at) for name, found in BUILT_IN.items() if "task" in found.looks_at} == {
        "split": {"task"},
        "inspect": {"task"},
        "group": {"task"},
    }


def test_a_video_without_a_run_cannot_be_processed_again(world: World):
    with pytest.raises(ConflictError, match=VIDEO):
        world.process("standard")
