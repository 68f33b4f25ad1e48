"""Publishing: what a task made becomes visible, in the transaction that ends the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import PieceMismatchError
from yeoul.catalog import stream, video
from yeoul.pipeline.task_data import Output, Track


def publish(connection: Connection, video_id: str, output: Output, now_s: float) -> None:
    """Add tracks, poster, storyboard and sidecars. Raises PieceMismatchError when a piece cannot share its rendition's init segment.

    Pieces of a rung that was dropped stay out: half a rendition must not come back.
    """
    row = video.find(connection, video_id) if output.tracks or output.sidecars else None
    tracks = [track for track in output.tracks if row is not None and track.rendition.name not in row["dropped"]]
    if tracks:
        _check_inits(connection, video_id, tracks)
    for track in tracks:
        stream.add_rendition(connection, video_id, track.rendition, track.declared_bps)
        for segment in track.segments:
            stream.add_segment(connection, video_id, track.rendition.name, segment)
    values: dict[str, Any] = {}
    if output.poster_key is not None:
        values["poster_key"] = output.poster_key
    if output.storyboard is not None:
        values["storyboard"] = output.storyboard.model_dump(mode="json")
    if output.sidecars and row is not None:
        values["sidecars"] = {**row["sidecars"], **output.sidecars}
    if values:
        video.change(connection, video_id, values, now_s)


def _check_inits(connection: Connection, video_id: str, tracks: Sequence[Track]) -> None:
    """Init keys are content addresses: equal keys are equal bytes."""
    known = stream.init_keys(connection, video_id)
    for track in tracks:
        name, key = track.rendition.name, track.rendition.init_key
        if known.get(name, key) != key:
            raise PieceMismatchError(f"a piece of rendition {name} does not decode with the init segment of the others", rendition=name)


def withdraw(connection: Connection, video_id: str, stage: str, rungs: Sequence[str], error: Mapping[str, Any], now_s: float) -> None:
    """Take rungs that failed for good out of what can be played and name them on the video."""
    row = video.find(connection, video_id)
    if not rungs or row is None:
        return
    stream.drop(connection, video_id, rungs)
    dropped = {**row["dropped"], **{name: {**error, "stage": stage} for name in rungs}}
    video.change(connection, video_id, {"dropped": dropped}, now_s)
