"""Audio tracks beside a video's own, on both databases: made with the rest or later, taken away, tried again, counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.pipeline_world import DEFINITIONS, EXPIRE_S, VIDEO, World, fail_with, filled, sha256
from yeoul.base.errors import ChecksumError, ConflictError, InvalidError, PieceMissingError, QuotaExceededError, UnreadableError
from yeoul.blob.store import Bucket
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.video import audio_track
from yeoul.delivery.catalogue_view import make_presentation
from yeoul.model.sound import SoundFile
from yeoul.model.source import TimeBase
from yeoul.upload.track_service import NewTrack

pytestmark = [pytest.mark.slow, pytest.mark.either]

OF_FILE = SoundFile(tick=TimeBase(num=1, den=48_000))


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


def make_ready(world: World, mode: Any = "pieces") -> None:
    world.upload_all(mode)
    world.work()
    assert world.state() == "ready"
    world.ops.ended.clear()


def sounds(world: World) -> list[str]:
    """The names of the audio tracks that players are offered, in order."""
    with world.database.read() as connection:
        rows = audio_track.of_video(connection, VIDEO)
    made = make_presentation(world.video(), world.stored(), (), rows, 4.0)
    return [] if made is None else [track.name for track in made.audios]


def used_bytes(world: World) -> int:
    with world.database.read() as connection:
        return int(account.get(connection, "a")["used_bytes"])


def test_a_track_that_comes_before_the_upload_ends_is_there_when_the_video_is_ready(world: World):
    upload_id = world.open()
    world.land(upload_id, 0)
    name = world.add_track(b"korean", sound=OF_FILE)
    world.work()
    assert world.state() == "playable" and sounds(world) == ["audio"]
    for index in range(1, world.pieces):
        world.land(upload_id, index)
    world.work()
    assert not any("more_audio" in task for task in world.ops.ended)  # it is cut at the borders of all pieces
    world.uploads.complete(upload_id, world.pieces)
    world.work()
    assert world.state() == "ready" and sounds(world) == ["audio", name]


def test_a_track_of_a_ready_video_is_made_alone_and_nobody_is_disturbed(world: World):
    make_ready(world)
    before = world.video()
    name = world.add_track(b"korean")
    world.settle()
    assert world.state() == "ready" and sounds(world) == ["audio"]
    world.work()
    assert [task.partition(".")[2] for task in world.ops.ended] == [f"more_audio.{name}"]
    assert sounds(world) == ["audio", name]
    assert (world.video()["edition"], world.video()["ready_at"]) == (before["edition"], before["ready_at"])


def test_tracks_follow_one_another_and_survive_the_dispatcher(world: World):
    make_ready(world)
    names = [world.add_track(b"one")]
    world.work()
    names.append(world.add_track(b"two"))
    world.settle()
    world.restart()
    names.append(world.add_track(b"three"))
    world.work()
    assert sounds(world) == ["audio", *names]


def test_a_track_that_cannot_be_made_fails_alone_and_is_named(world: World):
    world.ops.faults = fail_with(UnreadableError("no sound"), "audio_track")
    upload_id = world.open()
    name = world.add_track(b"no sound", sound=OF_FILE)
    for index in range(world.pieces):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, world.pieces)
    world.work()
    row = world.video()
    assert row["state"] == "ready" and sounds(world) == ["audio"]
    assert row["dropped"][name]["code"] == "media.unreadable" and filled(row["notice"])["facts"]["rungs"] == [name]
    world.track_service.remove(VIDEO, name)
    world.work()
    assert world.video()["dropped"] == {} and world.video()["notice"] is None


@pytest.mark.parametrize("mode", ["pieces", "whole"])
def test_a_track_that_failed_is_tried_again(mode: str, world: World):
    """Its file is kept, also beside a video that was sent as a whole file."""
    make_ready(world, mode)
    world.ops.faults = fail_with(UnreadableError("no sound"), "audio_track")
    name = world.add_track(b"korean")
    world.work()
    assert world.state() == "ready" and sounds(world) == ["audio"] and name in world.video()["dropped"]
    world.ops.faults = lambda _: None
    world.retry(rung=name)
    world.work()
    assert world.state() == "ready" and sounds(world) == ["audio", name]
    assert world.video()["dropped"] == {} and world.video()["notice"] is None


def test_a_removed_track_is_gone_and_its_name_is_not_given_again(world: World):
    make_ready(world)
    free = used_bytes(world)
    name = world.add_track(b"korean")
    world.work()
    assert used_bytes(world) > free
    world.track_service.remove(VIDEO, name)
    assert sounds(world) == ["audio"]
    world.work()
    world.wait(7 * 3600.0)
    world.settle()
    assert not [key for bucket in (Bucket.ORIGINAL, Bucket.ENCODED) for key in world.blobs(bucket) if name in key.rpartition("/init/")[0]]
    assert used_bytes(world) == free
    assert world.add_track(b"korean") != name
    world.work()
    assert len(sounds(world)) == 2


def test_a_track_removed_while_it_waits_holds_nothing_up(world: World):
    upload_id = world.open()
    name = world.add_track(b"korean", sound=OF_FILE)
    for index in range(world.pieces):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, world.pieces)
    world.settle()
    world.track_service.remove(VIDEO, name)
    world.work()
    assert world.state() == "ready" and sounds(world) == ["audio"]


def test_processing_again_keeps_the_tracks_and_makes_none_anew(world: World):
    make_ready(world)
    name = world.add_track(b"korean")
    world.work()
    world.ops.ended.clear()
    world.process("standard")
    world.work()
    assert world.video()["edition"] == 2 and sounds(world) == ["audio", name]
    assert not any("more_audio" in task for task in world.ops.ended)


def test_a_video_of_an_older_pipeline_is_processed_again_for_its_first_track(database: Database):
    old = {name: one.model_copy(update={"stages": tuple(s for s in one.stages if s.scope != "track")}) for name, one in DEFINITIONS.items()}
    world = World(database, definitions=old)
    make_ready(world)
    world.definitions.update(DEFINITIONS)
    world.restart()
    name = world.add_track(b"korean")
    world.work()
    assert world.video()["edition"] == 2 and sounds(world) == ["audio", name]
    world.dispatcher.close()


def test_the_same_bytes_are_one_track(world: World):
    world.open()
    first = world.add_track(b"korean")
    row, signed, is_new = world.track_service.open(VIDEO, NewTrack(size_bytes=6, sha256=sha256(b"korean")), 0)
    assert (row["name"], signed, is_new) == (first, None, False)


def test_what_is_not_there_does_not_land(world: World):
    world.open()
    name = world.add_track(b"korean", lands=False)
    with pytest.raises(PieceMissingError):
        world.track_service.land(VIDEO, name)
    with world.database.read() as connection:
        key = audio_track.get(connection, VIDEO, name)["key"]
    assert key is not None
    world.store.put_bytes(Bucket.ORIGINAL, key, b"other bytes")
    with pytest.raises(ChecksumError):
        world.track_service.land(VIDEO, name)


def test_bounds_of_tracks(world: World):
    with pytest.raises(ConflictError):
        world.add_track(b"before there is an upload")
    world.open()
    for number in range(15):
        world.add_track(b"%d" % number)
    with pytest.raises(ConflictError):
        world.add_track(b"one too many")
    with pytest.raises(InvalidError):
        world.track_service.open(VIDEO, NewTrack(size_bytes=2**40, sha256="0" * 64), 0)


def test_the_sound_of_the_video_itself_stays(world: World):
    make_ready(world)
    with pytest.raises(ConflictError):
        world.track_service.remove(VIDEO, "audio")
    assert sounds(world) == ["audio"]


def test_a_track_counts_towards_the_quota(world: World):
    world.open()
    with pytest.raises(QuotaExceededError):
        world.track_service.open(VIDEO, NewTrack(size_bytes=1000, sha256="0" * 64), 500)
    with world.database.read() as connection:
        assert audio_track.of_video(connection, VIDEO) == []


def test_a_track_that_never_comes_is_forgotten(world: World):
    make_ready(world)
    free = used_bytes(world)
    world.add_track(b"never sent", lands=False)
    world.wait(EXPIRE_S + 1000.0)
    world.settle()
    with world.database.read() as connection:
        assert [row["name"] for row in audio_track.of_video(connection, VIDEO)] == ["audio"]
    assert used_bytes(world) == free
