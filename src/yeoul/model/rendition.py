"""Rungs, renditions and segments: the encoder's output, which players receive."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_INT32, Count, Count32, FrameRate, Key, Language, Tick

Codec = Literal["h264", "hevc", "vp9", "av1"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Size = Annotated[int, Field(ge=0, le=MAX_INT32)]


class Rung(Noun):
    """A size and bit rate of the ladder.

    name: "720p", from the shorter side of the nominal size; "720p-hevc" for another codec. width, height: in display pixels, square, even,
    upright. maxrate_bps: maximum bit rate of the video stream (VBV buffer of one second).
    """

    name: Name
    width: Count32
    height: Count32
    crf: float = Field(ge=0, le=63)
    maxrate_bps: Size
    codec: Codec = "h264"


MAIN_AUDIO: Final = "audio"  # the audio rendition that every video with sound has
SURROUND: Final = "-surround"  # suffix of the name of an audio track's 5.1 rendition


def parse_track_name(name: str) -> str:
    """Returns the audio track of an audio rendition, from its name."""
    return name.removesuffix(SURROUND)


def select_rungs(ladder: tuple[Rung, ...], which: str) -> tuple[Rung, ...]:
    """Returns the rungs that an encode stage makes. which: "lowest", "others" (all but the lowest) or "all"."""
    return {"lowest": ladder[-1:], "others": ladder[:-1], "all": ladder}[which]


def parse_codec(name: str) -> str:
    """Returns the codec of a video rendition, from its name."""
    return name.partition("-")[2] or "h264"


class IFrame(Noun):
    """A keyframe at the start of a fragment: the byte range from the start of its moof to the end of its first sample."""

    offset: Size
    size_bytes: Size
    duration_ticks: Size
    start_ticks: Tick


class Segment(Noun):
    """A media segment of a rendition: fragments (moof and mdat) without a styp box.

    start_ticks: the tfdt of its first fragment. duration_ticks: sum of the durations of its samples. Both are in the rendition's timescale,
    without the initial silence of audio (`media/video/reorder.py`). samples: number of coded frames. i_frames: video only.
    """

    index: int = Field(ge=0, le=MAX_INT32)
    key: Key
    size_bytes: Count
    start_ticks: Tick
    duration_ticks: Size
    samples: Size
    i_frames: tuple[IFrame, ...] = ()


class Rendition(Noun):
    """A stream that players can choose: a rung, an audio track, or a caption.

    codecs: RFC 6381 string ("avc1.64001f"). init_key: the shared init segment; None for captions, whose only segment is a WebVTT file.
    frame_rate: the highest frame rate of all segments. width, height: in display pixels.
    """

    name: Name
    kind: Literal["video", "audio", "text"]
    codecs: str = Field(pattern=r"^[A-Za-z0-9.]{0,64}$")
    timescale: Count32
    init_key: Key | None = None
    init_size_bytes: Size = 0
    width: Size = 0
    height: Size = 0
    frame_rate: FrameRate = 0.0
    channels: int = Field(default=0, ge=0, le=1024)
    sample_rate: Size = 0
    language: Language | None = None


class Storyboard(Noun):
    """Thumbnails for scrubbing: sheets of columns x rows thumbnails of tile_width x tile_height pixels, one every interval_s seconds."""

    keys: tuple[Key, ...]
    columns: Count32
    rows: Count32
    tile_width: Count32
    tile_height: Count32
    interval_s: float = Field(gt=0, le=1e8)
    tiles: Size
