"""Storyboards and automatic posters: thumbnails from the lowest rung's segments, sheets of thumbnails, and a poster from a source piece."""

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
_MAX_TILES = 300
_MIN_INTERVAL_S = 2.0  # the distance of IDR frames
_SLACK_S = 0.05  # an IDR frame is the first frame at or after its nominal time
_TILE_QUALITY = 72
_POSTER_LONGEST = 1280
_POSTER_FROM_S = 2.0
_CANDIDATES = 5
_DARK, _OVEREXPOSED = 24, 232  # mean brightness
_MIN_INTEREST = 50.0  # below it: black, flat, or a title on black
_MIN_GAIN = 1.5  # how many times the interest of the first poster a replacement must have
_GOOD_SHARE = 0.75  # share of the highest interest; an early frame is preferred, because it reveals less of the story


@dataclass(frozen=True)
class Thumbnail:
    """A thumbnail of the frame at start_s, in seconds from the video's start."""

    start_s: float
    jpeg: bytes


@dataclass(frozen=True)
class Sheets:
    """JPEG sheets of columns x rows thumbnails, one per interval_s; see `model.rendition.Storyboard` for the fields."""

    sheets: tuple[bytes, ...]
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    interval_s: float
    tiles: int


def make_thumbnails(init: bytes, segment: Path, tile_width: int = _TILE_WIDTH) -> list[Thumbnail]:
    """Returns one thumbnail per IDR frame of a media segment; decodes only these frames. Raises UnreadableError if there is none."""
    media, timescale = segment.read_bytes(), fragment.get_timescale(init)
    delay = get_media_time(init)
    # Not the demuxer's times, which are decode times in old videos with negative composition offsets.
    starts = [picture.start_ticks / timescale for picture in fragment.find_i_frames(fragment.list_fragments(media), delay)]
    tiles: list[Thumbnail] = []
    with av.open(io.BytesIO(init + media), "r", format="mp4") as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame, start_s in zip(container.decode(stream), starts, strict=False):
            height = max(2, round(tile_width * frame.height / frame.width))
            picture = cast("Image.Image", frame.to_image(width=tile_width, height=height))  # pyright: ignore[reportUnknownMemberType]
            tiles.append(Thumbnail(start_s, _encode_jpeg(picture, _TILE_QUALITY)))
    if not tiles:
        raise UnreadableError("the segment has no IDR frame")
    return tiles


def compose_sheets(tiles: Sequence[Thumbnail]) -> Sheets:
    """Arranges thumbnails at a constant interval: for each time the last thumbnail that is not later. Uses at most 300 times."""
    ordered = sorted(tiles, key=lambda tile: tile.start_s)
    span_s = ordered[-1].start_s
    interval_s = max(_MIN_INTERVAL_S, float(np.ceil(span_s / _MAX_TILES)))
    starts = np.array([tile.start_s for tile in ordered])
    times = np.arange(0.0, span_s + _SLACK_S, interval_s)
    chosen = [ordered[max(0, int(np.searchsorted(starts, time + _SLACK_S, side="right")) - 1)] for time in times]
    first = Image.open(io.BytesIO(ordered[0].jpeg))
    per_sheet = _COLUMNS * _ROWS
    sheets = tuple(_draw_sheet(chosen[at : at + per_sheet], first.size) for at in range(0, len(chosen), per_sheet))
    return Sheets(sheets, _COLUMNS, _ROWS, first.width, first.height, interval_s, len(chosen))


def _draw_sheet(tiles: Sequence[Thumbnail], size: tuple[int, int]) -> bytes:
    width, height = size
    rows = -(-len(tiles) // _COLUMNS)
    sheet = Image.new("RGB", (width * _COLUMNS, height * rows))
    for position, tile in enumerate(tiles):
        picture = Image.open(io.BytesIO(tile.jpeg))
        sheet.paste(picture, (position % _COLUMNS * width, position // _COLUMNS * height))
    return _encode_jpeg(sheet, _TILE_QUALITY)


def make_poster(piece_file: Path, piece: Piece, source: Source, limits: Limits, from_s: float = 0.0) -> bytes:
    """Returns the most interesting of a few frames in two seconds of a piece, as a JPEG with sides of at most 1280 px.

    The two seconds start at from_s, in seconds from the video's start, or with the piece if that is later. The frame is converted like
    those of the rungs: upright, square pixels, SDR, same colours. Raises TruncatedError if the piece has no frame.
    """
    ticks_per_s = 1 / source.video.time_base.fraction
    # A thumbnail's time is rounded to its rung's ticks, so that its frame may be one tick earlier.
    first = max(piece.start_pts, min(piece.end_pts - 1, source.start_pts + math.floor(from_s * ticks_per_s) - 1))
    changes = {"start_pts": first, "end_pts": min(piece.end_pts, first + round(_POSTER_FROM_S * ticks_per_s)), "frames": None}
    part = piece.model_copy(update=changes)
    every = max(1, round(source.video.frame_rate * _POSTER_FROM_S / _CANDIDATES))
    with tempfile.TemporaryDirectory() as folder:
        stills = make_stills(piece_file, part, source, _poster_rung(source), Path(folder), limits, every)
        if not stills:
            raise TruncatedError("the piece has no frame", found=0, promised=1)
        return max((still.read_bytes() for still in stills), key=measure_interest)


def measure_interest(jpeg: bytes) -> float:
    """Returns how interesting a picture is, at least 0: contrast times sharpness, reduced for very dark or overexposed pictures.

    Contrast is the difference between the 95th and 5th percentile of brightness. Sharpness is the standard deviation of a Laplacian
    at 160 x 90. Frames of a fade have low values of both.
    """
    grey = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L").resize((160, 90)), dtype=np.float32)
    darkest, brightest = np.percentile(grey, (5, 95))
    neighbours = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    sharpness = float((4 * grey[1:-1, 1:-1] - neighbours).std())
    mean = float(grey.mean())
    return float(brightest - darkest) * sharpness * (0.3 if mean < _DARK or mean > _OVEREXPOSED else 1.0)


def find_poster_thumbnail(tiles: Sequence[Thumbnail], earlier: float) -> Thumbnail | None:
    """Returns the earliest of the most interesting thumbnails; None if none is much more interesting than the first poster.

    earlier: the interest of the first poster.
    """
    interests = [measure_interest(tile.jpeg) for tile in tiles]
    most = max(interests, default=0.0)
    if most < max(_MIN_INTEREST, _MIN_GAIN * earlier):
        return None
    good = [tile for tile, interest in zip(tiles, interests, strict=True) if interest >= _GOOD_SHARE * most]
    return min(good, key=lambda tile: tile.start_s)


def _poster_rung(source: Source) -> Rung:
    width, height = source.video.display_size
    scale = min(1.0, _POSTER_LONGEST / max(width, height))
    sides = [max(2, int(side * scale) // 2 * 2) for side in (width, height)]
    return Rung(name="poster", width=sides[0], height=sides[1], crf=0, maxrate_bps=0)


def _encode_jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
