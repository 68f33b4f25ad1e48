"""Keys of results: equal for what gives the same, different for what may not."""

from __future__ import annotations

from typing import Any

import pytest

from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rung
from yeoul.pipeline.dag.definition import Stage
from yeoul.pipeline.ops.reuse import make_digest
from yeoul.pipeline.task.data import NeedOutput, TaskInput
from yeoul.pipeline.task.result_key import find_keys, make_key

STAGE = Stage(name="a", op="encode", scope="piece", version="1", looks_at=("ladder", "piece"))
LADDER = (Rung(name="240p", width=426, height=240, crf=23, maxrate_bps=1000),)


def landed(sha256: str = "a" * 64, key: str = "v/original/0", start_pts: int = 0) -> LandedPiece:
    return LandedPiece(piece=Piece(index=0, start_pts=start_pts, end_pts=9), bucket="original", key=key, size_bytes=1, sha256=sha256)


def need(outputs: dict[str, Any] | None = None) -> NeedOutput:
    return NeedOutput(stage="x", op="x", piece=0, outputs=outputs)


INPUT = TaskInput(video_id="v", piece=landed(), ladder=LADDER, needs=(need({}),))


def key(task: TaskInput = INPUT, stage: Stage = STAGE, digests: tuple[str | None, ...] = ("d",)) -> str | None:
    return make_key(stage.op, [stage], task.model_dump(mode="json"), digests)


@pytest.mark.parametrize(
    "same",
    [
        {"video_id": "other", "piece": landed(key="other/original/7")},
        {"file_name": "renamed.mp4"},
        {"max_height": 480},
        {"pieces": (landed("b" * 64),)},
        {"needs": (need({"key": "another/attempt/of/the/same"}),)},
    ],
)
def test_what_an_op_does_not_look_at_does_not_count(same: dict[str, Any]):
    assert key(INPUT.model_copy(update=same)) == key()
    assert key(stage=STAGE.model_copy(update={"name": "b", "optional": True, "retries": 1})) == key()


@pytest.mark.parametrize(
    "other",
    [
        {"piece": landed("c" * 64)},
        {"piece": landed(start_pts=1)},
        {"ladder": (LADDER[0].model_copy(update={"crf": 24.0}),)},
        {"dropped": frozenset({"240p"})},
        {"needs": (need(None),)},
    ],
)
def test_what_it_looks_at_does(other: dict[str, Any]):
    assert key(INPUT.model_copy(update=other)) != key()


@pytest.mark.parametrize("change", [{"version": "2"}, {"parameters": {"rungs": "all"}}, {"op": "audio"}])
def test_the_op_its_version_and_its_parameters_do(change: dict[str, Any]):
    assert key(stage=STAGE.model_copy(update=change)) != key()


def test_inputs_count_by_their_content():
    assert key(digests=("other",)) != key()
    assert key(digests=(None,)) is None, "what came before results were known has no key"


def test_an_op_that_may_look_at_everything_has_everything_in_its_key():
    stage = STAGE.model_copy(update={"looks_at": ("task",)})
    assert key(INPUT.model_copy(update={"file_name": "renamed.mp4"}), stage) != key(stage=stage)


def outputs(video: str, attempt: str) -> dict[str, Any]:
    track = {"rendition": {"name": "240p", "init_key": f"{video}/init/240p-abc.mp4"}, "segments": [{"key": f"{video}/{attempt}/240p.m4s"}]}
    return {"tracks": [track], "text": "no/key"}


def test_digests_are_of_content_wherever_it_lies():
    one = make_digest(outputs("v", "r.a-1"), "v", {"v/r.a-1/240p.m4s": "sha"})
    assert one == make_digest(outputs("w", "q.b-3"), "w", {"w/q.b-3/240p.m4s": "sha"})
    assert one != make_digest(outputs("v", "r.a-1"), "v", {"v/r.a-1/240p.m4s": "other"})


def test_keys_are_found_but_not_those_of_dropped_renditions():
    made = {"members": {"encode": outputs("v", "r.a-1")}, "poster_key": "v/r.b-1/poster.jpg"}
    assert find_keys(made, "v") == {"v/init/240p-abc.mp4", "v/r.a-1/240p.m4s", "v/r.b-1/poster.jpg"}
    assert find_keys(made, "v", {"240p"}) == {"v/r.b-1/poster.jpg"}
