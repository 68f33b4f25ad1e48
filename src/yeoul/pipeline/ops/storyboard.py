"""Tiles and storyboard: small pictures from each encoded piece, then sheets of them for scrubbing; no second decode of the source."""

from __future__ import annotations

from itertools import accumulate

from yeoul.base.errors import PieceMismatchError
from yeoul.blob.store import Bucket
from yeoul.media.image import Tile, compose_sheets, make_tiles
from yeoul.model.rendition import Storyboard
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task_data import NeedOutput, TaskInput, TaskOutput


def tiles(context: Context, task: TaskInput) -> TaskOutput:
    """From the lowest rung's segment (of the stage needed): facts key (all JPEGs in one blob), sizes in bytes, starts_s."""
    tracks = [track for need in task.needs for track in TaskOutput.model_validate(need.outputs or {}).tracks]
    track = min(tracks, key=lambda track: track.rendition.height, default=None)
    if track is None or track.rendition.init_key is None:
        raise PieceMismatchError("tiles need an encoded piece")
    init = context.store.get_bytes(Bucket.ENCODED, track.rendition.init_key)
    segment = context.store.fetch(Bucket.ENCODED, track.segments[0].key, context.scratch)
    found = make_tiles(init, segment)
    key = context.put_bytes("tiles.bin", b"".join(tile.jpeg for tile in found), Bucket.TEMP)
    return TaskOutput(facts={"key": key, "sizes": [len(tile.jpeg) for tile in found], "starts_s": [tile.start_s for tile in found]})


def storyboard(context: Context, task: TaskInput) -> TaskOutput:
    """Gives the storyboard of all tiles."""
    found = read_tiles(context, task)
    if not found:
        raise PieceMismatchError("there are no tiles")
    made = compose_sheets(found)
    keys = tuple(context.put_bytes(f"storyboard-{index}.jpg", sheet) for index, sheet in enumerate(made.sheets))
    return TaskOutput(
        storyboard=Storyboard(
            keys=keys,
            columns=made.columns,
            rows=made.rows,
            tile_width=made.tile_width,
            tile_height=made.tile_height,
            interval_s=made.interval_s,
            tiles=made.tiles,
        )
    )


def read_tiles(context: Context, task: TaskInput) -> list[Tile]:
    """All tiles that the tasks above have made."""
    return [tile for need in task.needs for tile in _read(context, need)]


def _read(context: Context, need: NeedOutput) -> list[Tile]:
    if need.piece is None or need.outputs is None:  # no tiles, or this piece's failed for good; the others are shown
        return []
    facts = need.outputs["facts"]
    data = context.store.get_bytes(Bucket.TEMP, facts["key"])
    sizes: list[int] = facts["sizes"]
    starts_s: list[float] = facts["starts_s"]
    ends = accumulate(sizes)
    return [Tile(start_s=start_s, jpeg=data[end - size : end]) for start_s, size, end in zip(starts_s, sizes, ends, strict=True)]
