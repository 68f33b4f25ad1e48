"""Audio tracks of a video besides the one that its pieces hold: dubs, descriptions, commentaries."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Count, Key, Sha256, Tick
from yeoul.model.rendition import Name
from yeoul.model.source import TimeBase

MAX_LABEL: Final = 80  # characters of what a track is called
MAX_AUDIO_TRACKS: Final = 16  # of a video, with the one that its pieces hold


class SoundFile(Noun):
    """Where the sound of a file stands against the pictures of a source.

    tick: of the times in the source, to which those in the file are rounded. start_ns: when the file's zero is, in nanoseconds after the
    source's zero. end_sample: as of `PieceAudio`. Without a tick the file is not of the source: its first picture, or its first sound where
    it has no picture, stands at the source's zero.
    """

    tick: TimeBase | None = None
    start_ns: Tick = 0
    end_sample: int | None = Field(default=None, ge=0, le=MAX_TICK)


class LandedSound(Noun):
    """The file of an audio track, whose bytes are in the store. name: of the track, and of its rendition."""

    name: Name
    sound: SoundFile
    bucket: Literal["original", "temp"] = "original"
    key: Key
    size_bytes: Count
    sha256: Sha256
