"""What a source file is: its tracks, as found by demuxing, without decoding the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from pydantic import Field

from yeoul.model.colour import Matrix, Primaries, Range, Transfer
from yeoul.model.notice import Notice, count_lost
from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Count, Count32, FrameRate, Language, Line, Phrase, Seconds, Tick, Word

Rotation = Literal[0, 90, 180, 270]
AudioRole = Literal["main", "dub", "description", "commentary"]

_KEPT_CHANNELS = (1, 2, 6)  # as they are, in one of the renditions of the sound


class TimeBase(Noun):
    """Seconds per tick as num/den."""

    num: Count32
    den: Count32

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.num, self.den)


class VideoTrack(Noun):
    """The video stream that is encoded (the first that is not a cover picture).

    width, height: coded pixels before rotation and SAR. rotation_deg: clockwise turn that makes the picture upright.
    sar: sample aspect ratio. coded_sar: what the first picture says of it, where the container says something else.
    frame_rate: average frames per second. frames: displayed frames, where a scan counted them.
    Colour fields carry words of `model/colour.py`, None where unknown.
    """

    codec: Word
    width: Count32
    height: Count32
    time_base: TimeBase
    sar: TimeBase = TimeBase(num=1, den=1)
    coded_sar: TimeBase | None = None
    rotation_deg: Rotation = 0
    mirrored: bool = False
    pix_fmt: Word | None = None
    bit_depth: int = Field(default=8, ge=1, le=64)
    colour_primaries: Primaries | None = None
    colour_transfer: Transfer | None = None
    colour_matrix: Matrix | None = None
    colour_range: Range | None = None
    interlaced: bool = False
    frame_rate: FrameRate
    frames: Count | None = None

    @property
    def is_hdr(self) -> bool:
        """True for PQ and HLG transfer, which need tone mapping for SDR rungs."""
        return self.colour_transfer in ("smpte2084", "arib-std-b67")

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) in square pixels, upright: SAR widens (or narrows) the width, then rotation swaps."""
        width = round(self.width * self.sar.num / self.sar.den)
        return (self.height, width) if self.rotation_deg in (90, 270) else (width, self.height)


class AudioTrack(Noun):
    """An audio stream. bitrate_bps: 0 where unknown; title, role: as the file says."""

    codec: Word
    sample_rate: Count32
    channels: int = Field(ge=1, le=1024)
    time_base: TimeBase
    profile: Phrase | None = None
    bitrate_bps: int = Field(default=0, ge=0, le=MAX_TICK)
    language: Language | None = None
    title: Line | None = None
    role: AudioRole = "main"


class TextTrack(Noun):
    """A text subtitle stream; stream_index is the demuxer's."""

    stream_index: int = Field(ge=0, le=65_535)
    codec: Word
    language: Language | None = None
    title: Line | None = None


class Chapter(Noun):
    """A part of the video with a name, in seconds after its first picture."""

    start_s: Seconds
    end_s: Seconds
    title: Line


class Source(Noun):
    """A probed file. duration_s is what was found, never only what a header claims.

    start_pts: presentation time of the first displayed frame in ticks of the video time base; zero of every output.
    audio: the default track, else the first that decodes: the one that pieces hold. cover: the file is all sound, and its picture was made
    for it. notices: what was changed or left out.
    """

    container: Word
    duration_s: Seconds
    start_pts: Tick
    video: VideoTrack
    audio: AudioTrack | None = None
    cover: bool = False
    texts: tuple[TextTrack, ...] = Field(default=(), max_length=1000)
    chapters: tuple[Chapter, ...] = Field(default=(), max_length=1000)
    notices: tuple[Notice, ...] = Field(default=(), max_length=20)

    def list_notices(self, lost: Mapping[str, int]) -> tuple[Notice, ...]:
        """Returns all notices of a video of this source; lost: how many pictures did not decode, by the index of their piece."""
        found = [*count_lost(lost), *self.notices]
        if self.video.is_hdr:
            found.append(Notice(code="tone_mapped"))
        if self.audio is not None and self.audio.channels not in _KEPT_CHANNELS:
            found.append(Notice(code="downmixed", count=self.audio.channels))
        return tuple(found)
