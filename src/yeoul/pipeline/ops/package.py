"""Package: the last check before a video is ready. Segments already are CMAF, so packaging only checks that they are continuous."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from yeoul.base.errors import SegmentMismatchError
from yeoul.model.rendition import MAIN_AUDIO, Segment, parse_codec, parse_track_name
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Encoded, Ladder, Output, Packaged, Sound
from yeoul.pipeline.task.op import op


@op(version="1", publishes=True)
def package(context: Context, ladder: Ladder, encoded: list[Encoded | None], sound: list[Sound]) -> Packaged:  # noqa: ARG001 (ops need a context)
    """Returns the number of frames and segments.

    Raises SegmentMismatchError if a track has a gap, or if rungs of one codec, between which players switch, are not aligned.
    """
    tracks = _join([*encoded, *sound], ladder.dropped)
    video = {name: segments for name, segments in tracks.items() if parse_track_name(name) != MAIN_AUDIO}
    if not video:
        raise SegmentMismatchError("the video has no encoded segments")
    for name, segments in tracks.items():
        _check_continuous(name, segments)
    for group in _group_by_codec(video):
        _check_aligned(group)
    longest = max(video.values(), key=len)
    return Packaged(frames=sum(segment.samples for segment in longest), segments=len(longest))


def _group_by_codec(video: Mapping[str, Sequence[Segment]]) -> Sequence[Mapping[str, Sequence[Segment]]]:
    """Groups renditions by codec, as their names show it."""
    groups: dict[str, dict[str, Sequence[Segment]]] = {}
    for name, segments in video.items():
        groups.setdefault(parse_codec(name), {})[name] = segments
    return list(groups.values())


def _check_aligned(video: Mapping[str, Sequence[Segment]]) -> None:
    shapes = {name: [(segment.start_ticks, segment.samples) for segment in segments] for name, segments in video.items()}
    first = next(iter(shapes.values()))
    for name, shape in shapes.items():
        if shape != first:
            raise SegmentMismatchError(f"rung {name} is not aligned with the others", rung=name)


def _join(outputs: Sequence[Output | None], dropped: Collection[str]) -> Mapping[str, Sequence[Segment]]:
    """Returns the segments of each rendition in order, without those of dropped rungs."""
    tracks: dict[str, list[Segment]] = {}
    for output in outputs:
        for track in () if output is None else output.tracks:
            tracks.setdefault(track.rendition.name, []).extend(track.segments)
    return {name: sorted(segments, key=lambda segment: segment.index) for name, segments in tracks.items() if name not in dropped}


def _check_continuous(name: str, segments: Sequence[Segment]) -> None:
    for before, after in pairwise(segments):
        if after.index != before.index + 1 or after.start_ticks != before.start_ticks + before.duration_ticks:
            raise SegmentMismatchError(f"rendition {name} has a gap before segment {after.index}", rendition=name, index=after.index)
