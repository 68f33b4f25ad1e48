"""What a source file is: its tracks, as found by demuxing, without decoding the whole of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field

from yeoul.model.colour import Matrix, Primaries, Range, Transfer
from yeoul.model.noun import Noun

Rotation = Literal[0, 90, 180, 270]


class TimeBase(Noun):
    """Seconds per tick as num/den."""

    num: int
    den: int

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.num, self.den)


class VideoTrack(Noun):
    """The video stream that is encoded (the first that is not a cover picture).

    width, height: coded pixels before rotation and SAR. rotation_deg: clockwise turn that makes the picture upright.
    sar: sample aspect ratio. frame_rate: average frames per second. frames: displayed frames, where a scan counted them.
    Colour fields carry words of `model/colour.py`, None where unknown.
    """

    codec: str
    width: int
    height: int
    time_base: TimeBase
    sar: TimeBase = TimeBase(num=1, den=1)
    rotation_deg: Rotation = 0
    mirrored: bool = False
    pix_fmt: str | None = Field(default=None, pattern=r"^[a-z0-9_]{1,32}$")
    bit_depth: int = 8
    colour_primaries: Primaries | None = None
    colour_transfer: Transfer | None = None
    colour_matrix: Matrix | None = None
    colour_range: Range | None = None
    interlaced: bool = False
    frame_rate: float
    frames: int | None = None

    @property
    def is_hdr(self) -> bool:
        """True for PQ and HLG transfer, which need tone mapping for SDR rungs."""
        return self.colour_transfer in ("smpte2084", "arib-std-b67")

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) in square pixels, upright: SAR widens (or narrows) the width, then rotation swaps."""
        width = round(self.width * self.sar.num / self.sar.den) if self.sar.num > 0 else self.width
        return (self.height, width) if self.rotation_deg in (90, 270) else (width, self.height)


class AudioTrack(Noun):
    """The audio stream that is encoded (the default one, else the first that decodes). bitrate_bps 0 where unknown."""

    codec: str
    sample_rate: int
    channels: int
    time_base: TimeBase
    profile: str | None = None
    bitrate_bps: int = 0
    language: str | None = None


class TextTrack(Noun):
    """A text subtitle stream; stream_index is the demuxer's."""

    stream_index: int
    codec: str
    language: str | None = None
    title: str | None = None


class Chapter(Noun):
    """A part of the video with a name, in seconds after its first picture."""

    start_s: float
    end_s: float
    title: str


class Source(Noun):
    """A probed file. duration_s is what was found, never only what a header claims.

    start_pts: presentation time of the first displayed frame in ticks of the video time base; zero of every output.
    cover: the file is all sound, and its picture was made for it.
    """

    container: str
    duration_s: float
    start_pts: int
    video: VideoTrack
    audio: AudioTrack | None = None
    cover: bool = False
    texts: tuple[TextTrack, ...] = ()
    chapters: tuple[Chapter, ...] = ()
