"""Publishing: what a task made becomes visible, in the transaction that ends the task.

A run over an upload that is shown already makes an edition that nobody sees until it is whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import SegmentMismatchError
from yeoul.catalog.queue import run
from yeoul.catalog.video import stream, video
from yeoul.pipeline.task.data import Output, Track

Row = Mapping[str, Any]
_EMPTY: Mapping[str, Any] = {"poster_key": None, "storyboard": None, "sidecars": {}, "dropped": {}, "lost": {}}


def publish(connection: Connection, current: Row, output: Output, now_s: float) -> None:
    """Add tracks, poster, storyboard, sidecars, chapters and lost pictures to a run's edition.

    Raises SegmentMismatchError when a piece cannot share its rendition's init segment.
    Pieces of a rung that was dropped stay out: half a rendition must not come back.
    """
    video_id, edition = current["video_id"], current["edition"]
    is_wanted = bool(output.tracks or output.sidecars or output.lost) and video.find(connection, video_id) is not None
    made: Row = run.made(connection, current["id"]) if is_wanted else {}
    tracks = [track for track in output.tracks if is_wanted and track.rendition.name not in made["dropped"]]
    if tracks:
        _check_inits(connection, current, tracks)
    for track in tracks:
        stream.add_rendition(connection, video_id, edition, track.rendition, track.declared_bps)
        for segment in track.segments:
            stream.add_segment(connection, video_id, edition, track.rendition.name, segment)
    values: dict[str, Any] = {}
    if output.poster_key is not None:
        values["poster_key"] = output.poster_key
    if output.storyboard is not None:
        values["storyboard"] = output.storyboard.model_dump(mode="json")
    if output.sidecars and is_wanted:
        values["sidecars"] = {**made["sidecars"], **output.sidecars}
    if output.lost and is_wanted:
        values["lost"] = {**made.get("lost", {}), **output.lost}
    if output.chapters is not None:
        values["source"] = {**current["source"], "chapters": [chapter.model_dump(mode="json") for chapter in output.chapters]}
    if values:
        _note(connection, current, values, now_s)


def _note(connection: Connection, current: Row, values: Mapping[str, Any], now_s: float) -> None:
    """Write what a run has made, and show it where its edition is the one that is shown."""
    run.note_made(connection, current["id"], values)
    row = video.find(connection, current["video_id"])
    if row is not None and row["edition"] == current["edition"]:
        video.change(connection, row["id"], values, now_s)


def _check_inits(connection: Connection, current: Row, tracks: Sequence[Track]) -> None:
    """Init keys are content addresses: equal keys are equal bytes."""
    known = stream.init_keys(connection, current["video_id"], current["edition"])
    for track in tracks:
        name, key = track.rendition.name, track.rendition.init_key
        if known.get(name, key) != key:
            raise SegmentMismatchError(f"a piece of rendition {name} does not decode with the init segment of the others", rendition=name)


def withdraw(connection: Connection, current: Row, stage: str, rungs: Sequence[str], error: Mapping[str, Any], now_s: float) -> None:
    """Take rungs that failed for good out of a run's edition and name them."""
    if not rungs:
        return
    stream.drop(connection, current["video_id"], current["edition"], rungs)
    dropped = {**run.made(connection, current["id"])["dropped"], **{name: {**error, "stage": stage} for name in rungs}}
    _note(connection, current, {"dropped": dropped}, now_s)


def bring_back(connection: Connection, current: Row, rungs: Sequence[str], now_s: float) -> None:
    """Take rungs off the list of those that were dropped: they are made again."""
    dropped = run.made(connection, current["id"])["dropped"]
    _note(connection, current, {"dropped": {name: error for name, error in dropped.items() if name not in rungs}}, now_s)


def show(connection: Connection, current: Row, now_s: float) -> None:
    """Show a run's edition instead of the one before it."""
    made = {**_EMPTY, **run.made(connection, current["id"])}
    video.change(connection, current["video_id"], {**made, "edition": current["edition"]}, now_s)
