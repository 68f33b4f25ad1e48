"""Tiles and storyboard: small pictures from each encoded piece, then sheets of them for scrubbing; no second decode of the source."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from yeoul.base.errors import PieceMismatchError
from yeoul.blob.store import Bucket
from yeoul.media.picture.storyboard import Tile, compose_sheets, make_tiles
from yeoul.model.rendition import Storyboard
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Encoded, Output, PieceTiles
from yeoul.pipeline.task.op import op


@op(version="2")
def tiles(context: Context, encoded: Encoded) -> PieceTiles:
    """From the lowest rung's segment; none of a piece that is not shown."""
    if not encoded.tracks:
        return PieceTiles()
    track = min(encoded.tracks, key=lambda track: track.rendition.height, default=None)
    if track is None or track.rendition.init_key is None:
        raise PieceMismatchError("tiles need an encoded piece")
    init = context.store.get_bytes(Bucket.ENCODED, track.rendition.init_key)
    segment = context.fetch(Bucket.ENCODED, track.segments[0].key)
    found = make_tiles(init, segment)
    key = context.put_bytes("tiles.bin", b"".join(tile.jpeg for tile in found))
    return PieceTiles(
        key=key, bucket="encoded", sizes=tuple(len(tile.jpeg) for tile in found), starts_s=tuple(tile.start_s for tile in found)
    )


@op(version="1", publishes=True)
def storyboard(context: Context, pieces: list[PieceTiles | None]) -> Output:
    """Gives the storyboard of all tiles."""
    found = read_tiles(context, pieces)
    if not found:
        raise PieceMismatchError("there are no tiles")
    made = compose_sheets(found)
    keys = tuple(context.put_bytes(f"storyboard-{index}.jpg", sheet) for index, sheet in enumerate(made.sheets))
    return Output(
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


def read_tiles(context: Context, pieces: Sequence[PieceTiles | None]) -> list[Tile]:
    """All tiles; pieces whose tiles failed for good are passed over."""
    return [tile for piece in pieces if piece is not None for tile in _read(context, piece)]


def _read(context: Context, piece: PieceTiles) -> list[Tile]:
    if piece.key is None:
        return []
    data = context.store.get_bytes(Bucket(piece.bucket), piece.key)
    ends = accumulate(piece.sizes)
    return [
        Tile(start_s=start_s, jpeg=data[end - size : end]) for start_s, size, end in zip(piece.starts_s, piece.sizes, ends, strict=True)
    ]
