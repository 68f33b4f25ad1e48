"""A piece: one or a few GOPs of the source as one small file, and where its frames lie in presentation time."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Count, Key, Sha256, Tick

MAX_PIECES: Final = 100_000


class PieceAudio(Noun):
    """How to place the audio inside a piece file.

    anchor_sample: position, in samples at the source's rate counted from the source's zero (the first displayed video frame),
    of the first sample that decoding this piece's audio yields; None: place frames by their pts (fine time bases).
    end_sample: where the source's sound ends, in the same samples: what decodes from there on is not heard. None: all of it is.
    """

    anchor_sample: Tick | None = None
    end_sample: int | None = Field(default=None, ge=0, le=MAX_TICK)


class Piece(Noun):
    """One piece of a source; independently decodable.

    It owns the frames with start_pts <= pts < end_pts (ticks of the source's video time base, the source's own presentation
    times); the file may hold more (pre-roll before, leading pictures after) that must be decoded and dropped.
    base: add it to a video pts in the file to get the source's pts. audio_base: the same for audio, in ticks of the audio
    time base. frames: how many frames it owns, None where the splitter cannot tell. last: no piece follows.
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
    """A piece whose bytes are in the store: bucket and key, size, and lower-case hex SHA-256.

    Pieces cut by the client are the original; pieces cut by the server from a whole file are temporary.
    """

    piece: Piece
    bucket: Literal["original", "temp"] = "original"
    key: Key
    size_bytes: Count
    sha256: Sha256
