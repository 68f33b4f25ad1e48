"""What can be played: renditions and their segments, written in the transaction that ends the task which made them.

Each run over an upload writes an edition of its own; the video's row says which one is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from yeoul.catalog.row import all_rows, insert_new
from yeoul.catalog.schema.work import rendition, segment
from yeoul.model.rendition import Rendition, Segment


@dataclass(frozen=True)
class StoredTrack:
    """A rendition with the segments that exist, in order of index (there may be gaps while it grows)."""

    rendition: Rendition
    declared_bps: int
    listed: bool
    segments: tuple[Segment, ...]


def add_rendition(connection: Connection, video_id: str, edition: int, new: Rendition, declared_bps: int) -> None:
    """Add a rendition; one of the same name is left alone."""
    row = {"video_id": video_id, "edition": edition, "name": new.name, "kind": new.kind, "rendition": new.model_dump(mode="json")}
    insert_new(connection, rendition, [{**row, "declared_bps": declared_bps, "contiguous": 0, "listed": False}])


def add_segment(connection: Connection, video_id: str, edition: int, name: str, new: Segment) -> None:
    """Add a segment and move the rendition's `contiguous` past it when it fills the first hole; a known index is left alone."""
    row = {"video_id": video_id, "edition": edition, "name": name, "index": new.index}
    insert_new(connection, segment, [{**row, "segment": new.model_dump(mode="json")}])
    here = (rendition.c.video_id == video_id, rendition.c.edition == edition, rendition.c.name == name)
    count = connection.execute(select(rendition.c.contiguous).where(*here).with_for_update(key_share=True)).scalar_one()
    reached = count
    while _exists(connection, video_id, edition, name, reached):
        reached += 1
    if reached != count:
        connection.execute(update(rendition).where(*here).values(contiguous=reached))


def _exists(connection: Connection, video_id: str, edition: int, name: str, index: int) -> bool:
    here = (segment.c.video_id == video_id, segment.c.edition == edition, segment.c.name == name)
    statement = select(segment.c.index).where(*here, segment.c.index == index)
    return connection.execute(statement).first() is not None


def standing(connection: Connection, video_id: str, edition: int) -> dict[str, tuple[int, bool]]:
    """(contiguous segments, whether listed) of each rendition."""
    columns = (rendition.c.name, rendition.c.contiguous, rendition.c.listed)
    statement = select(*columns).where(rendition.c.video_id == video_id, rendition.c.edition == edition)
    return {str(row.name): (int(row.contiguous), bool(row.listed)) for row in connection.execute(statement)}


def list_renditions(connection: Connection, video_id: str, edition: int, names: Sequence[str]) -> None:
    """Offer renditions in playlists from now on."""
    here = (rendition.c.video_id == video_id, rendition.c.edition == edition, rendition.c.name.in_(list(names)))
    connection.execute(update(rendition).where(*here).values(listed=True))


def tracks(connection: Connection, video_id: str, edition: int) -> tuple[StoredTrack, ...]:
    """All renditions of an edition with their segments, in order of name."""
    segments: dict[str, list[Segment]] = {}
    here = (segment.c.video_id == video_id, segment.c.edition == edition)
    for row in connection.execute(select(segment).where(*here).order_by(segment.c.name, segment.c.index)):
        segments.setdefault(row.name, []).append(Segment.model_validate(row.segment))
    there = (rendition.c.video_id == video_id, rendition.c.edition == edition)
    found = all_rows(connection, select(rendition).where(*there).order_by(rendition.c.name))
    return tuple(
        StoredTrack(
            Rendition.model_validate(row["rendition"]), int(row["declared_bps"]), bool(row["listed"]), tuple(segments.get(row["name"], ()))
        )
        for row in found
    )


def drop(connection: Connection, video_id: str, edition: int, names: Sequence[str]) -> None:
    """Take renditions and their segments out of an edition."""
    for table in (segment, rendition):
        here = (table.c.video_id == video_id, table.c.edition == edition, table.c.name.in_(list(names)))
        connection.execute(delete(table).where(*here))


def drop_others(connection: Connection, video_id: str, kept: Collection[int]) -> None:
    """Forget all editions but these."""
    for table in (segment, rendition):
        connection.execute(delete(table).where(table.c.video_id == video_id, table.c.edition.not_in(list(kept))))


def init_keys(connection: Connection, video_id: str, edition: int) -> dict[str, str | None]:
    """The init segment's key of each rendition of an edition."""
    here = (rendition.c.video_id == video_id, rendition.c.edition == edition)
    rows = all_rows(connection, select(rendition.c.name, rendition.c.rendition).where(*here))
    return {str(row["name"]): row["rendition"].get("init_key") for row in rows}


def keys(connection: Connection, video_id: str) -> set[str]:
    """Every blob key that the tracks of all editions refer to."""
    inits = connection.execute(select(rendition.c.rendition).where(rendition.c.video_id == video_id))
    rows = connection.execute(select(segment.c.segment).where(segment.c.video_id == video_id))
    found = {row.rendition.get("init_key") for row in inits} - {None}
    return {str(key) for key in found} | {str(row.segment["key"]) for row in rows}
