"""A piece: one or more GOPs of the source in one small file, and the presentation times of its frames."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Count, Key, Sha256, Tick

MAX_PIECES: Final = 100_000


class PieceAudio(Noun):
    """The position of the audio inside a piece file, in samples at the source's rate, counted from the source's zero.

    The source's zero is its first displayed video frame. anchor_sample: position of the first decoded sample; None: the pts of the audio
    frames are exact enough (fine time bases). end_sample: the end of the source's sound; later samples are dropped. None: no limit.
    """

    anchor_sample: Tick | None = None
    end_sample: int | None = Field(default=None, ge=0, le=MAX_TICK)


class Piece(Noun):
    """A piece of a source, which can be decoded independently.

    It owns the frames with start_pts <= pts < end_pts (presentation times of the source, in ticks of its video time base). Its file may
    contain other frames (pre-roll before, leading frames after), which must be decoded and dropped.
    base: added to a video pts in the file, gives the pts in the source. audio_base: the same for audio, in ticks of the audio time base.
    frames: number of owned frames; None if the splitter does not know it. last: True for the last piece.
    """

    index: int = Field(ge=0, lt=MAX_PIECES)
    container: Literal["nut", "mp4", "matroska", "mpegts"] = "nut"
    start_pts: Tick
    end_pts: Tick
    base: Tick = 0
    audio_base: Tick = 0
    frames: Count | None = None
    audio: PieceAudio | None = None
    last: bool = False


class LandedPiece(Noun):
    """A piece whose bytes are in the store, with its bucket, key, size, and lower-case hex SHA-256.

    Pieces that the client cut are in the bucket "original". Pieces that the server cut from a whole file are in "temp".
    """

    piece: Piece
    bucket: Literal["original", "temp"] = "original"
    key: Key
    size_bytes: Count
    sha256: Sha256
