"""Additional audio tracks, which are not in the pieces: dubs, descriptions, commentaries."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Count, Key, Sha256, Tick
from yeoul.model.rendition import Name
from yeoul.model.source import TimeBase

MAX_LABEL: Final = 80  # characters of the label of a track
MAX_AUDIO_TRACKS: Final = 16  # of a video, including the one in its pieces


class SoundFile(Noun):
    """The position of an audio file relative to the frames of a source.

    tick: time base of the source's timestamps; times in the file are rounded to it. start_ns: the file's zero, in nanoseconds after the
    source's zero. end_sample: as in `PieceAudio`. tick is None if the audio is not from the source: then the first frame of the file, or
    its first sound if it has no video, is at the source's zero.
    """

    tick: TimeBase | None = None
    start_ns: Tick = 0
    end_sample: int | None = Field(default=None, ge=0, le=MAX_TICK)


class LandedSound(Noun):
    """The file of an audio track in the store. name: the name of the track and of its rendition."""

    name: Name
    sound: SoundFile
    bucket: Literal["original", "temp"] = "original"
    key: Key
    size_bytes: Count
    sha256: Sha256
