"""Package: the last look before a video is called ready. Segments are CMAF already, so that packaging is checking that they join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from yeoul.base.errors import PieceMismatchError
from yeoul.model.rendition import Segment
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task_data import TaskInput, TaskOutput


def package(context: Context, task: TaskInput) -> TaskOutput:  # noqa: ARG001 (ops share one form)
    """Gives facts frames and segments. Raises PieceMismatchError when a track has a gap or rungs are not aligned."""
    tracks = _tracks(task)
    if not tracks:
        raise PieceMismatchError("nothing was encoded")
    for name, segments in tracks.items():
        _check_joined(name, segments)
    video = {name: segments for name, segments in tracks.items() if name != "audio"}
    shapes = {name: [(segment.start_ticks, segment.samples) for segment in segments] for name, segments in video.items()}
    first = next(iter(shapes.values()))
    for name, shape in shapes.items():
        if shape != first:
            raise PieceMismatchError(f"rung {name} is not aligned with the others", rung=name)
    return TaskOutput(facts={"frames": sum(samples for _, samples in first), "segments": len(first)})


def _tracks(task: TaskInput) -> Mapping[str, Sequence[Segment]]:
    """Segments by rendition, in order, of the rungs that no piece has dropped."""
    found: dict[str, list[Segment]] = {}
    broken: set[str] = set()
    for need in task.needs:
        if need.piece is None:
            continue
        if need.outputs is None:  # an optional encode failed: all its rungs fell
            broken |= {rung.name for rung in task.ladder[:-1]}
            continue
        output = TaskOutput.model_validate(need.outputs)
        broken |= set(output.dropped)
        for track in output.tracks:
            found.setdefault(track.rendition.name, []).extend(track.segments)
    return {name: sorted(segments, key=lambda segment: segment.index) for name, segments in found.items() if name not in broken}


def _check_joined(name: str, segments: Sequence[Segment]) -> None:
    for before, after in pairwise(segments):
        if after.index != before.index + 1 or after.start_ticks != before.start_ticks + before.duration_ticks:
            raise PieceMismatchError(f"rendition {name} has a gap before segment {after.index}", rendition=name, index=after.index)
