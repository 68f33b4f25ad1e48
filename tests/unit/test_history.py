"""Histories of runs: what was fed to the scheduler of an older version gives the same instructions today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yeoul.cli.main import main
from yeoul.pipeline.dag.definition import Definition, Stage
from yeoul.pipeline.dag.scheduler import AddTask, EndRun, PieceLanded, Place, TaskEnded, TrackLanded, UploadClosed
from yeoul.pipeline.story.run_log import (
    Entry,
    History,
    Reopened,
    RunRecorder,
    Started,
    Step,
    read_entry,
    read_place,
    replay,
    write_entry,
    write_instruction,
    write_place,
)

HISTORIES = Path(__file__).parents[1] / "golden" / "histories"
PLAIN = Definition(
    name="plain",
    stages=(
        Stage(name="encode", op="x", scope="piece"),
        Stage(name="check", op="x", scope="piece", optional=True),
        Stage(name="package", op="x", scope="video", needs=("encode",)),
    ),
)


@pytest.mark.parametrize("path", sorted(HISTORIES.glob("*.json")), ids=lambda path: path.stem)
def test_a_recorded_run_is_scheduled_the_same_again(path: Path):
    """Files here are never written anew: they are what was. A version that schedules otherwise adds its own."""
    history = History.model_validate_json(path.read_text())
    instructions = [order for step in history.steps for order in step.gave]
    assert len(instructions) > 5
    assert "end" in instructions[-1]
    assert replay(history) == (len(instructions), None)


def test_all_kinds_of_runs_are_recorded():
    names = {path.stem.removeprefix("0.1.0-") for path in HISTORIES.glob("0.1.0-*.json")}
    assert names == {"standard-pieces", "standard-whole", "failed", "failed-and-retried", "group", "by-rung"}
    group = History.model_validate_json((HISTORIES / "0.1.0-group.json").read_text())
    assert any(stage.group for stage in group.definition.stages)
    rungs = History.model_validate_json((HISTORIES / "0.1.0-by-rung.json").read_text())
    assert any(order.get("add", "").endswith(".00001.240p") for step in rungs.steps for order in step.gave)


def test_a_track_that_comes_after_the_end_is_made_before_the_run_ends_again():
    definition = PLAIN.model_copy(update={"stages": (*PLAIN.stages, Stage(name="dub", op="x", scope="track", optional=True))})
    recording = RunRecorder(definition, {}, ())
    ends = [TaskEnded(Place(unit, piece), ok=True) for unit, piece in (("encode", 0), ("check", 0), ("package", None))]
    for entry in (Started(), PieceLanded(0), UploadClosed(1), *ends[:2]):
        recording.feed(entry)
    assert recording.feed(ends[2]) == [EndRun()]
    track = Place("dub", None, "audio-1")
    assert recording.feed(TrackLanded("audio-1")) == []
    (order,) = recording.feed(Reopened(()))
    assert isinstance(order, AddTask) and order.place == track and not recording.is_over
    assert recording.feed(TaskEnded(track, ok=False)) == [EndRun()]
    assert recording.feed(Reopened(())) == [EndRun()]  # nothing new


def test_the_first_difference_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = json.loads((HISTORIES / "0.1.0-standard-pieces.json").read_text())
    number, step = next((at, found) for at, found in enumerate(data["steps"], 1) if found["event"]["event"] == "upload_closed")
    step["gave"] = [order for order in step["gave"] if order.get("add") != "package"]
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(data))
    assert main(["dag", "replay", str(changed)]) == 3
    out = capsys.readouterr().out
    assert f"then step {number} differs" in out
    recorded, replayed = out.split("replayed")
    assert "add storyboard after tiles.00000" in recorded and "package" not in recorded
    assert "add storyboard after tiles.00000" in replayed and "add package after encode_low.00000" in replayed
    assert main(["dag", "replay", str(HISTORIES / "0.1.0-standard-pieces.json")]) == 0
    assert capsys.readouterr().out.startswith("same 22 instructions from ")


def test_what_is_no_history_is_refused(tmp_path: Path):
    file = tmp_path / "other.json"
    file.write_text('{"format": 2}')
    assert main(["dag", "replay", str(file)]) == 2
    assert main(["dag", "replay", "0" * 20, "--data", str(tmp_path / "data")]) == 2


@pytest.mark.parametrize(
    "entry",
    [
        Started(),
        PieceLanded(3),
        UploadClosed(12),
        TaskEnded(Place("encode", 3, "720p"), ok=False),
        Reopened((Place("package"), Place("encode", 100000))),
    ],
)
def test_entries_are_read_as_they_were_written(entry: Entry):
    assert read_entry(json.loads(json.dumps(write_entry(entry)))) == entry


def test_places_are_the_ends_of_task_ids():
    assert [write_place(place) for place in (Place("a"), Place("a", 7), Place("a", 7, "240p"))] == ["a", "a.00007", "a.00007.240p"]
    assert read_place("a.00007.240p") == Place("a", 7, "240p")


def test_a_run_that_is_opened_again_adds_nothing_twice_and_can_end_again():
    recording = RunRecorder(PLAIN, {}, ())
    steps: list[Step] = []

    def feed(entry: Entry) -> list[object]:
        given = recording.feed(entry)
        steps.append(Step(at=0.0, event=write_entry(entry), gave=tuple(write_instruction(order) for order in given)))
        return [order.place if isinstance(order, AddTask) else order for order in given]

    assert feed(Started()) == []
    assert feed(PieceLanded(0)) == [Place("encode", 0), Place("check", 0)]
    assert feed(UploadClosed(1)) == [Place("package")]
    assert feed(TaskEnded(Place("check", 0), ok=False)) == []
    assert feed(TaskEnded(Place("encode", 0), ok=False)) == [EndRun("encode")]
    assert recording.is_over
    assert feed(Reopened((Place("encode", 0),))) == []
    assert not recording.is_over
    assert feed(TaskEnded(Place("encode", 0), ok=False)) == [EndRun("encode")]
    assert feed(Reopened((Place("encode", 0),))) == []
    assert feed(TaskEnded(Place("encode", 0), ok=True)) == []
    assert feed(TaskEnded(Place("package"), ok=True)) == [EndRun()]
    history = History(definition=PLAIN, facts={}, rungs=(), steps=tuple(steps))
    assert replay(History.model_validate_json(history.model_dump_json(by_alias=True))) == (6, None)
