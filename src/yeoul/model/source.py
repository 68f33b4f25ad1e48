"""The description of a source file: its tracks, found by demuxing, without decoding the whole file."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from pydantic import Field

from yeoul.model.colour import Matrix, Primaries, Range, Transfer
from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Count, Count32, FrameRate, Language, Line, Phrase, Seconds, Tick, Word

Rotation = Literal[0, 90, 180, 270]
AudioRole = Literal["main", "dub", "description", "commentary"]
NoticeCode = Literal[
    "pictures_lost", "picture_held", "times_repaired", "audio_left_out", "video_left_out", "downmixed", "tone_mapped", "alpha_left_out"
]

_KEPT_CHANNELS = (1, 2, 6)  # channel counts that one of the audio renditions keeps


class Notice(Noun):
    """A notice about a video.

    pictures_lost: `count` damaged frames are not shown. picture_held: the sound is longer than the video track, so the first or the last
    frame is held. times_repaired: timestamps in the source went back or jumped. audio_left_out: `count` audio tracks cannot be decoded, or
    exceed the limit of 16. video_left_out: `count` other video tracks are not used. downmixed: `count` channels were mixed to two, and also
    to six if there were more. tone_mapped: HDR was converted to SDR. alpha_left_out: transparency was replaced by black.
    """

    code: NoticeCode
    count: Count | None = None


class TimeBase(Noun):
    """Seconds per tick, as the fraction num/den."""

    num: Count32
    den: Count32

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.num, self.den)


class VideoTrack(Noun):
    """The video stream that is encoded: the first one that is not cover art.

    width, height: in coded pixels, before rotation and SAR. rotation_deg: clockwise rotation that makes the frame upright.
    sar: sample aspect ratio. coded_sar: the ratio in the first coded frame, if the container has another one.
    frame_rate: average frames per second. frames: number of displayed frames, if a scan counted them.
    Colour fields have values from `model/colour.py`, or None if unknown.
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
        """True if the transfer is PQ or HLG, which need tone mapping for SDR rungs."""
        return self.colour_transfer in ("smpte2084", "arib-std-b67")

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) in square pixels, upright: the width is scaled by SAR, then both are swapped if rotation requires it."""
        width = round(self.width * self.sar.num / self.sar.den)
        return (self.height, width) if self.rotation_deg in (90, 270) else (width, self.height)


class AudioTrack(Noun):
    """An audio stream. bitrate_bps: 0 if unknown. title, role: from the metadata of the file."""

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
    """A text stream with captions. stream_index: the index in the demuxer."""

    stream_index: int = Field(ge=0, le=65_535)
    codec: Word
    language: Language | None = None
    title: Line | None = None


class Chapter(Noun):
    """A named part of a video. Times in seconds after its first frame."""

    start_s: Seconds
    end_s: Seconds
    title: Line


class Source(Noun):
    """A probed file. duration_s: found by reading the file, not only from a header.

    start_pts: presentation time of the first displayed frame, in ticks of the video time base; it is the zero of every output.
    audio: the track in the pieces: the default track, or else the first one that can be decoded. cover: the file has sound only, and its
    video track was made from cover art or the sound. notices: what was changed or left out.
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
        """Returns all notices about a video of this source. lost: number of frames that could not be decoded, by piece index."""
        lost_frames = sum(lost.values())
        notices = [Notice(code="pictures_lost", count=lost_frames)] if lost_frames else []
        notices += self.notices
        if self.video.is_hdr:
            notices.append(Notice(code="tone_mapped"))
        if self.audio is not None and self.audio.channels not in _KEPT_CHANNELS:
            notices.append(Notice(code="downmixed", count=self.audio.channels))
        return tuple(notices)
