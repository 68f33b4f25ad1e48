"""Publishing: makes the outputs of a task visible, in the transaction that ends the task.

Reprocessing writes to a new edition, which stays hidden until it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import SegmentMismatchError
from yeoul.catalog.queue import run
from yeoul.catalog.schema.row.pipeline import RunRow
from yeoul.catalog.video import stream, video
from yeoul.pipeline.task.data import Output, Track

_EMPTY: Mapping[str, Any] = {"poster_key": None, "storyboard": None, "sidecars": {}, "dropped": {}, "lost": {}}


def publish(connection: Connection, current: RunRow, output: Output, now_s: float) -> None:
    """Adds tracks, poster, storyboard, sidecars, chapters and the number of lost frames to a run's edition.

    Skips tracks of dropped rungs, so that no incomplete rendition reappears. Raises SegmentMismatchError if a piece does not decode with
    the init segment of its rendition.
    """
    video_id, edition = current["video_id"], current["edition"]
    is_wanted = bool(output.tracks or output.sidecars or output.lost) and video.find(connection, video_id) is not None
    stored: Mapping[str, Any] = run.side_outputs(connection, current["id"]) if is_wanted else {}
    tracks = [track for track in output.tracks if is_wanted and track.rendition.name not in stored["dropped"]]
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
        values["sidecars"] = {**stored["sidecars"], **output.sidecars}
    if output.lost and is_wanted:
        values["lost"] = {**stored.get("lost", {}), **output.lost}
    if output.chapters is not None:
        assert current["source"] is not None, "chapters are found after the source was inspected"
        values["source"] = {**current["source"], "chapters": [chapter.model_dump(mode="json") for chapter in output.chapters]}
    if values:
        _store(connection, current, values, now_s)


def _store(connection: Connection, current: RunRow, values: Mapping[str, Any], now_s: float) -> None:
    """Stores published values with the run, and with the video if it shows the run's edition."""
    run.add_side_outputs(connection, current["id"], values)
    row = video.find(connection, current["video_id"])
    if row is not None and row["edition"] == current["edition"]:
        video.change(connection, row["id"], values, now_s)


def _check_inits(connection: Connection, current: RunRow, tracks: Sequence[Track]) -> None:
    """Raises SegmentMismatchError if a rendition has another init segment already. Equal init keys mean equal bytes."""
    init_keys = stream.init_keys(connection, current["video_id"], current["edition"])
    for track in tracks:
        name, key = track.rendition.name, track.rendition.init_key
        if init_keys.get(name, key) != key:
            raise SegmentMismatchError(f"a piece of rendition {name} does not decode with the init segment of the others", rendition=name)


def drop_rungs(connection: Connection, current: RunRow, stage: str, rungs: Sequence[str], error: Mapping[str, Any], now_s: float) -> None:
    """Removes permanently failed rungs from a run's edition, and records them as dropped."""
    if not rungs:
        return
    stream.delete_renditions(connection, current["video_id"], current["edition"], rungs)
    dropped = {**run.side_outputs(connection, current["id"])["dropped"], **{name: {**error, "stage": stage} for name in rungs}}
    _store(connection, current, {"dropped": dropped}, now_s)


def restore_rungs(connection: Connection, current: RunRow, rungs: Sequence[str], now_s: float) -> None:
    """Removes rungs from the list of dropped ones, because they are encoded again."""
    dropped = run.side_outputs(connection, current["id"])["dropped"]
    _store(connection, current, {"dropped": {name: error for name, error in dropped.items() if name not in rungs}}, now_s)


def switch_edition(connection: Connection, current: RunRow, now_s: float) -> None:
    """Shows a run's edition in place of the previous one."""
    values = {**_EMPTY, **run.side_outputs(connection, current["id"])}
    video.change(connection, current["video_id"], {**values, "edition": current["edition"]}, now_s)
