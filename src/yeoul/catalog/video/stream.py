"""Playable streams: renditions and their segments, written in the transaction that ends the task that made them.

Each run of an upload writes its own edition; the video's row says which edition players get.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from sqlalchemy import Connection, delete, select, update

from yeoul.catalog.row import all_rows, insert_new
from yeoul.catalog.schema.pipeline import rendition, segment
from yeoul.catalog.schema.row.pipeline import RenditionRow
from yeoul.model.rendition import Rendition, Segment


class _InitRow(TypedDict):
    name: str
    rendition: dict[str, Any]


@dataclass(frozen=True)
class StoredTrack:
    """A rendition and its segments so far, in order of index (with gaps while it grows)."""

    rendition: Rendition
    declared_bps: int
    listed: bool
    segments: tuple[Segment, ...]


def add_rendition(connection: Connection, video_id: str, edition: int, new: Rendition, declared_bps: int) -> None:
    """Inserts a rendition; does nothing if the edition has one of this name."""
    row = {"video_id": video_id, "edition": edition, "name": new.name, "kind": new.kind, "rendition": new.model_dump(mode="json")}
    insert_new(connection, rendition, [{**row, "declared_bps": declared_bps, "contiguous": 0, "listed": False}])


def add_segment(connection: Connection, video_id: str, edition: int, name: str, new: Segment) -> None:
    """Inserts a segment, unless its index exists. If it fills the first gap, moves the rendition's `contiguous` past it."""
    row = {"video_id": video_id, "edition": edition, "name": name, "index": new.index}
    insert_new(connection, segment, [{**row, "segment": new.model_dump(mode="json")}])
    key = (rendition.c.video_id == video_id, rendition.c.edition == edition, rendition.c.name == name)
    old_count = connection.execute(select(rendition.c.contiguous).where(*key).with_for_update(key_share=True)).scalar_one()
    new_count = old_count
    while _exists(connection, video_id, edition, name, new_count):
        new_count += 1
    if new_count != old_count:
        connection.execute(update(rendition).where(*key).values(contiguous=new_count))


def _exists(connection: Connection, video_id: str, edition: int, name: str, index: int) -> bool:
    conditions = (segment.c.video_id == video_id, segment.c.edition == edition, segment.c.name == name)
    statement = select(segment.c.index).where(*conditions, segment.c.index == index)
    return connection.execute(statement).first() is not None


def playlist_states(connection: Connection, video_id: str, edition: int) -> dict[str, tuple[int, bool]]:
    """Returns (number of contiguous segments, whether listed) of each rendition, by name."""
    columns = (rendition.c.name, rendition.c.contiguous, rendition.c.listed)
    statement = select(*columns).where(rendition.c.video_id == video_id, rendition.c.edition == edition)
    return {str(row.name): (int(row.contiguous), bool(row.listed)) for row in connection.execute(statement)}


def mark_listed(connection: Connection, video_id: str, edition: int, names: Sequence[str]) -> None:
    """Includes renditions in playlists from now on."""
    conditions = (rendition.c.video_id == video_id, rendition.c.edition == edition, rendition.c.name.in_(list(names)))
    connection.execute(update(rendition).where(*conditions).values(listed=True))


def tracks(connection: Connection, video_id: str, edition: int) -> tuple[StoredTrack, ...]:
    """Returns all renditions of an edition with their segments, in order of name."""
    segments: dict[str, list[Segment]] = {}
    of_segments = (segment.c.video_id == video_id, segment.c.edition == edition)
    for row in connection.execute(select(segment).where(*of_segments).order_by(segment.c.name, segment.c.index)):
        segments.setdefault(row.name, []).append(Segment.model_validate(row.segment))
    of_renditions = (rendition.c.video_id == video_id, rendition.c.edition == edition)
    rows = all_rows(connection, select(rendition).where(*of_renditions).order_by(rendition.c.name), RenditionRow)
    return tuple(
        StoredTrack(
            Rendition.model_validate(row["rendition"]), int(row["declared_bps"]), bool(row["listed"]), tuple(segments.get(row["name"], ()))
        )
        for row in rows
    )


def delete_renditions(connection: Connection, video_id: str, edition: int, names: Sequence[str]) -> None:
    """Deletes renditions of an edition, with their segments."""
    for table in (segment, rendition):
        conditions = (table.c.video_id == video_id, table.c.edition == edition, table.c.name.in_(list(names)))
        connection.execute(delete(table).where(*conditions))


def delete_other_editions(connection: Connection, video_id: str, kept: Collection[int]) -> None:
    """Deletes all editions of a video except those in `kept`."""
    for table in (segment, rendition):
        connection.execute(delete(table).where(table.c.video_id == video_id, table.c.edition.not_in(list(kept))))


def init_keys(connection: Connection, video_id: str, edition: int) -> dict[str, str | None]:
    """Returns the key of each rendition's init segment, by name of the rendition."""
    conditions = (rendition.c.video_id == video_id, rendition.c.edition == edition)
    rows = all_rows(connection, select(rendition.c.name, rendition.c.rendition).where(*conditions), _InitRow)
    return {str(row["name"]): row["rendition"].get("init_key") for row in rows}


def blob_keys(connection: Connection, video_id: str) -> set[str]:
    """Returns all blob keys that the renditions of all editions refer to."""
    renditions = connection.execute(select(rendition.c.rendition).where(rendition.c.video_id == video_id))
    segments = connection.execute(select(segment.c.segment).where(segment.c.video_id == video_id))
    init_segment_keys = {row.rendition.get("init_key") for row in renditions} - {None}
    return {str(key) for key in init_segment_keys} | {str(row.segment["key"]) for row in segments}
