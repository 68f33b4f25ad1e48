"""Pictures for pages: scrubbing tiles from the lowest rung's encoded segments, sheets of them, and a poster from a source piece."""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
from PIL import Image

from yeoul.base.errors import TruncatedError, UnreadableError
from yeoul.media.limits import Limits
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.edit_list import get_media_time
from yeoul.media.video.encode import make_stills
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

_TILE_WIDTH = 160
_COLUMNS, _ROWS = 10, 10
_MOST_TILES = 300
_SHORTEST_INTERVAL_S = 2.0  # the distance of IDR pictures
_SLACK_S = 0.05  # an IDR picture is the first frame at or after its time
_TILE_QUALITY = 72
_POSTER_LONGEST = 1280
_POSTER_FROM_S = 2.0
_CANDIDATES = 5
_DARK, _BLOWN_OUT = 24, 232  # mean brightness
_LEAST = 50.0  # black, flat, or a title on black
_MUCH_MORE = 1.5  # times the interest of the first poster, for another to take its place
_GOOD_ENOUGH = 0.75  # of the most interesting tile: an early picture gives away less of the story


@dataclass(frozen=True)
class Tile:
    """A small picture of the moment start_s, in seconds from the video's start."""

    start_s: float
    jpeg: bytes


@dataclass(frozen=True)
class Sheets:
    """JPEG sheets of columns x rows tiles, one tile each interval_s; the fields of `model.rendition.Storyboard`."""

    sheets: tuple[bytes, ...]
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    interval_s: float
    tiles: int


def make_tiles(init: bytes, segment: Path, tile_width: int = _TILE_WIDTH) -> list[Tile]:
    """One tile for each IDR picture of a media segment; only those are decoded. Raises UnreadableError when there is none."""
    media, timescale = segment.read_bytes(), fragment.get_timescale(init)
    delay = get_media_time(init)
    # The demuxer's times are those of decoding where an old video's offsets are negative.
    starts = [picture.start_ticks / timescale for picture in fragment.find_i_frames(fragment.list_fragments(media), delay)]
    found: list[Tile] = []
    with av.open(io.BytesIO(init + media), "r", format="mp4") as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame, start_s in zip(container.decode(stream), starts, strict=False):
            height = max(2, round(tile_width * frame.height / frame.width))
            picture = cast("Image.Image", frame.to_image(width=tile_width, height=height))  # pyright: ignore[reportUnknownMemberType]
            found.append(Tile(start_s, _jpeg(picture, _TILE_QUALITY)))
    if not found:
        raise UnreadableError("the segment holds no IDR picture")
    return found


def compose_sheets(tiles: Sequence[Tile]) -> Sheets:
    """Lay tiles out at a constant interval: for each moment the last tile that is not later. At most 300 tiles are used."""
    ordered = sorted(tiles, key=lambda tile: tile.start_s)
    span_s = ordered[-1].start_s
    interval_s = max(_SHORTEST_INTERVAL_S, float(np.ceil(span_s / _MOST_TILES)))
    starts = np.array([tile.start_s for tile in ordered])
    moments = np.arange(0.0, span_s + _SLACK_S, interval_s)
    chosen = [ordered[max(0, int(np.searchsorted(starts, moment + _SLACK_S, side="right")) - 1)] for moment in moments]
    first = Image.open(io.BytesIO(ordered[0].jpeg))
    per_sheet = _COLUMNS * _ROWS
    sheets = tuple(_sheet(chosen[at : at + per_sheet], first.size) for at in range(0, len(chosen), per_sheet))
    return Sheets(sheets, _COLUMNS, _ROWS, first.width, first.height, interval_s, len(chosen))


def _sheet(tiles: Sequence[Tile], size: tuple[int, int]) -> bytes:
    width, height = size
    rows = -(-len(tiles) // _COLUMNS)
    sheet = Image.new("RGB", (width * _COLUMNS, height * rows))
    for position, tile in enumerate(tiles):
        picture = Image.open(io.BytesIO(tile.jpeg))
        sheet.paste(picture, (position % _COLUMNS * width, position // _COLUMNS * height))
    return _jpeg(sheet, _TILE_QUALITY)


def make_poster(piece_file: Path, piece: Piece, source: Source, limits: Limits, from_s: float = 0.0) -> bytes:
    """The JPEG of the most interesting of a few moments in two seconds of a piece, at most 1280 px long.

    The two seconds begin at from_s, counted from the video's start, or with the piece where that is later. It goes the way of all
    pictures: upright, square pixels, SDR, the colours of the rungs.
    """
    per_s = 1 / source.video.time_base.fraction
    # A tile's time is rounded to its rung's ticks: its frame may lie a tick before.
    first = max(piece.start_pts, min(piece.end_pts - 1, source.start_pts + math.floor(from_s * per_s) - 1))
    update = {"start_pts": first, "end_pts": min(piece.end_pts, first + round(_POSTER_FROM_S * per_s)), "frames": None}
    beginning = piece.model_copy(update=update)
    every = max(1, round(source.video.frame_rate * _POSTER_FROM_S / _CANDIDATES))
    with tempfile.TemporaryDirectory() as folder:
        stills = make_stills(piece_file, beginning, source, _poster_rung(source), Path(folder), limits, every)
        if not stills:
            raise TruncatedError("the piece holds no picture", found=0, promised=1)
        return max((still.read_bytes() for still in stills), key=measure_interest)


def measure_interest(jpeg: bytes) -> float:
    """Returns how much there is to see, at least 0: contrast times sharpness, less for very dark or blown-out pictures.

    Contrast is the distance of the 5th and the 95th percentile of brightness, sharpness the spread of a Laplacian at 160 x 90. Pictures
    of a fade have little of both.
    """
    grey = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L").resize((160, 90)), dtype=np.float32)
    darkest, brightest = np.percentile(grey, (5, 95))
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    sharpness = float((4 * grey[1:-1, 1:-1] - around).std())
    mean = float(grey.mean())
    return float(brightest - darkest) * sharpness * (0.3 if mean < _DARK or mean > _BLOWN_OUT else 1.0)


def find_poster_tile(tiles: Sequence[Tile], earlier: float) -> Tile | None:
    """Returns the earliest tile with about as much to see as any; None where none has much more than the earlier poster.

    earlier: the interest of that poster.
    """
    interests = [measure_interest(tile.jpeg) for tile in tiles]
    most = max(interests, default=0.0)
    if most < max(_LEAST, _MUCH_MORE * earlier):
        return None
    good = [tile for tile, interest in zip(tiles, interests, strict=True) if interest >= _GOOD_ENOUGH * most]
    return min(good, key=lambda tile: tile.start_s)


def _poster_rung(source: Source) -> Rung:
    width, height = source.video.display_size
    shrink = min(1.0, _POSTER_LONGEST / max(width, height))
    even = [max(2, int(side * shrink) // 2 * 2) for side in (width, height)]
    return Rung(name="poster", width=even[0], height=even[1], crf=0, maxrate_bps=0)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
