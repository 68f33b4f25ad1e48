"""What can be played: renditions and their segments, written in the transaction that ends the task which made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from yeoul.catalog.row import all_rows, insert_new
from yeoul.catalog.schema import rendition, segment
from yeoul.model.rendition import Rendition, Segment


@dataclass(frozen=True)
class StoredTrack:
    """A rendition with the segments that exist, in order of index (there may be gaps while it grows)."""

    rendition: Rendition
    declared_bps: int
    listed: bool
    segments: tuple[Segment, ...]


def add_rendition(connection: Connection, video_id: str, new: Rendition, declared_bps: int) -> None:
    """Add a rendition; one of the same name is left alone."""
    row = {"video_id": video_id, "name": new.name, "kind": new.kind, "rendition": new.model_dump(mode="json")}
    insert_new(connection, rendition, [{**row, "declared_bps": declared_bps, "contiguous": 0, "listed": False}])


def add_segment(connection: Connection, video_id: str, name: str, new: Segment) -> None:
    """Add a segment and move the rendition's `contiguous` past it when it fills the first hole; a known index is left alone."""
    insert_new(connection, segment, [{"video_id": video_id, "name": name, "index": new.index, "segment": new.model_dump(mode="json")}])
    here = (rendition.c.video_id == video_id, rendition.c.name == name)
    count = connection.execute(select(rendition.c.contiguous).where(*here).with_for_update(key_share=True)).scalar_one()
    reached = count
    while _exists(connection, video_id, name, reached):
        reached += 1
    if reached != count:
        connection.execute(update(rendition).where(*here).values(contiguous=reached))


def _exists(connection: Connection, video_id: str, name: str, index: int) -> bool:
    statement = select(segment.c.index).where(segment.c.video_id == video_id, segment.c.name == name, segment.c.index == index)
    return connection.execute(statement).first() is not None


def standing(connection: Connection, video_id: str) -> dict[str, tuple[int, bool]]:
    """(contiguous segments, whether listed) of each rendition."""
    statement = select(rendition.c.name, rendition.c.contiguous, rendition.c.listed).where(rendition.c.video_id == video_id)
    return {str(row.name): (int(row.contiguous), bool(row.listed)) for row in connection.execute(statement)}


def list_renditions(connection: Connection, video_id: str, names: Sequence[str]) -> None:
    """Offer renditions in playlists from now on."""
    connection.execute(update(rendition).where(rendition.c.video_id == video_id, rendition.c.name.in_(list(names))).values(listed=True))


def tracks(connection: Connection, video_id: str) -> tuple[StoredTrack, ...]:
    """All renditions of a video with their segments, in order of name."""
    segments: dict[str, list[Segment]] = {}
    for row in connection.execute(select(segment).where(segment.c.video_id == video_id).order_by(segment.c.name, segment.c.index)):
        segments.setdefault(row.name, []).append(Segment.model_validate(row.segment))
    found = all_rows(connection, select(rendition).where(rendition.c.video_id == video_id).order_by(rendition.c.name))
    return tuple(
        StoredTrack(
            Rendition.model_validate(row["rendition"]), int(row["declared_bps"]), bool(row["listed"]), tuple(segments.get(row["name"], ()))
        )
        for row in found
    )


def drop(connection: Connection, video_id: str, names: Sequence[str] | None = None) -> None:
    """Take renditions (all, or those named) and their segments out of what can be played."""
    for table in (segment, rendition):
        statement = delete(table).where(table.c.video_id == video_id)
        connection.execute(statement if names is None else statement.where(table.c.name.in_(list(names))))


def init_keys(connection: Connection, video_id: str) -> dict[str, str | None]:
    """The init segment's key of each rendition."""
    rows = all_rows(connection, select(rendition.c.name, rendition.c.rendition).where(rendition.c.video_id == video_id))
    return {str(row["name"]): row["rendition"].get("init_key") for row in rows}


def keys(connection: Connection, video_id: str) -> set[str]:
    """Every blob key that the tracks of a video refer to."""
    found = {key for key in init_keys(connection, video_id).values() if key is not None}
    rows = connection.execute(select(segment.c.segment).where(segment.c.video_id == video_id))
    return found | {str(row.segment["key"]) for row in rows}
