"""Storyboard: makes thumbnails from each encoded piece without decoding the source again, and joins them to sheets for scrubbing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from yeoul.base.errors import PieceMismatchError
from yeoul.blob.store import Bucket
from yeoul.media.picture.storyboard import Thumbnail, compose_sheets, make_thumbnails
from yeoul.model.rendition import Storyboard
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Encoded, Output, PieceThumbnails
from yeoul.pipeline.task.op import op


@op(version="2")
def tiles(context: Context, encoded: Encoded) -> PieceThumbnails:
    """Returns thumbnails of the lowest rung's segment; none for a piece that is not shown."""
    if not encoded.tracks:
        return PieceThumbnails()
    track = min(encoded.tracks, key=lambda track: track.rendition.height, default=None)
    if track is None or track.rendition.init_key is None:
        raise PieceMismatchError("the op tiles needs an encoded piece")
    init = context.store.get_bytes(Bucket.ENCODED, track.rendition.init_key)
    segment = context.fetch(Bucket.ENCODED, track.segments[0].key)
    thumbnails = make_thumbnails(init, segment)
    key = context.put_bytes("tiles.bin", b"".join(thumbnail.jpeg for thumbnail in thumbnails))
    return PieceThumbnails(
        key=key,
        bucket="encoded",
        sizes=tuple(len(thumbnail.jpeg) for thumbnail in thumbnails),
        starts_s=tuple(thumbnail.start_s for thumbnail in thumbnails),
    )


@op(version="1", publishes=True)
def storyboard(context: Context, pieces: list[PieceThumbnails | None]) -> Output:
    """Returns the storyboard of all thumbnails. Raises PieceMismatchError if there are none."""
    thumbnails = read_thumbnails(context, pieces)
    if not thumbnails:
        raise PieceMismatchError("the video has no thumbnails for a storyboard")
    composed = compose_sheets(thumbnails)
    keys = tuple(context.put_bytes(f"storyboard-{index}.jpg", sheet) for index, sheet in enumerate(composed.sheets))
    return Output(
        storyboard=Storyboard(
            keys=keys,
            columns=composed.columns,
            rows=composed.rows,
            tile_width=composed.tile_width,
            tile_height=composed.tile_height,
            interval_s=composed.interval_s,
            tiles=composed.tiles,
        )
    )


def read_thumbnails(context: Context, pieces: Sequence[PieceThumbnails | None]) -> list[Thumbnail]:
    """Returns all thumbnails, without pieces whose thumbnails failed permanently."""
    return [tile for piece in pieces if piece is not None for tile in _read(context, piece)]


def _read(context: Context, piece: PieceThumbnails) -> list[Thumbnail]:
    if piece.key is None:
        return []
    data = context.store.get_bytes(Bucket(piece.bucket), piece.key)
    ends = accumulate(piece.sizes)
    return [
        Thumbnail(start_s=start_s, jpeg=data[end - size : end])
        for start_s, size, end in zip(piece.starts_s, piece.sizes, ends, strict=True)
    ]
