"""A rendition as a player would have it: init and segments read, whichever manifest named them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction

from tests.checker.boxes import Fragment, Init, Sample, parse_fragments, parse_init
from tests.checker.fetch import Reader

AAC_FRAME = 1024


@dataclass(frozen=True)
class Reference:
    """How a manifest names a segment: its place on the manifest's timeline in seconds."""

    uri: str
    start_s: float
    duration_s: float
    byte_range: tuple[int, int] | None = None


@dataclass(frozen=True)
class Part:
    """A segment that was read."""

    reference: Reference
    data: bytes
    fragments: tuple[Fragment, ...]
    timescale: int

    @property
    def uri(self) -> str:
        return self.reference.uri

    @property
    def samples(self) -> list[Sample]:
        return [sample for fragment in self.fragments for sample in fragment.samples]

    @property
    def start(self) -> Fraction:
        """tfdt in seconds."""
        return Fraction(self.fragments[0].tfdt, self.timescale)

    @property
    def duration(self) -> Fraction:
        return Fraction(sum(sample.duration for sample in self.samples), self.timescale)

    def shown(self, edit_media_time: int) -> tuple[Fraction, Fraction]:
        """First and last moment on the presentation timeline, in seconds."""
        first = min(sample.pts for sample in self.samples) - edit_media_time
        last = max(sample.pts + sample.duration for sample in self.samples) - edit_media_time
        return Fraction(max(0, first), self.timescale), Fraction(last, self.timescale)

    @property
    def end(self) -> Fraction:
        last = self.samples[-1]
        return Fraction(last.dts + last.duration, self.timescale)


@dataclass
class Track:
    """name: what findings call it (its init's path). is_whole: every segment that was named could be read."""

    name: str
    init: Init
    init_data: bytes
    parts: list[Part] = field(default_factory=list)
    is_whole: bool = True

    @property
    def kind(self) -> str:
        return {"vide": "video", "soun": "audio"}.get(self.init.handler, self.init.handler)

    @property
    def end(self) -> Fraction:
        return self.parts[-1].end if self.parts else Fraction(0)

    @property
    def silence(self) -> Fraction:
        """How much of sound the edit list takes away beside the priming, in seconds; lists tell of what comes after it."""
        return Fraction(self.init.edit_media_time - AAC_FRAME, self.init.timescale) if self.kind == "audio" else Fraction(0)

    @property
    def size_bytes(self) -> int:
        return sum(len(part.data) for part in self.parts)

    @property
    def duration(self) -> Fraction:
        return sum((part.duration for part in self.parts), Fraction(0))


def load_track(reader: Reader, init_uri: str, references: list[Reference]) -> Track | None:
    """Read init and segments; what cannot be read becomes a finding."""
    data = reader.get(init_uri)
    if data is None:
        return None
    try:
        track = Track(init_uri, parse_init(data), data)
    except (ValueError, KeyError, struct.error, IndexError) as error:
        reader.add("stream.boxes", init_uri, repr(error))
        return None
    for reference in references:
        part = _load_part(reader, track, reference)
        if part is None:
            track.is_whole = False
        else:
            track.parts.append(part)
    return track if track.parts else None


def _load_part(reader: Reader, track: Track, reference: Reference) -> Part | None:
    data = reader.get(reference.uri)
    if data is None:
        return None
    if reference.byte_range is not None:
        offset, size = reference.byte_range
        data = data[offset : offset + size]
    try:
        fragments = tuple(parse_fragments(data, track.init))
        if not fragments or not all(fragment.samples for fragment in fragments):
            raise ValueError("a fragment without samples")
    except (ValueError, struct.error, IndexError) as error:
        reader.add("stream.boxes", reference.uri, repr(error))
        return None
    return Part(reference, data, fragments, track.init.timescale)
