"""What a task is given and what it gives back: the JSON on both sides of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from yeoul.media.video.per_title import Chosen, Point
from yeoul.model.noun import Noun
from yeoul.model.piece import LandedPiece
from yeoul.model.plain import Count, Key, Language, Line, Sha256
from yeoul.model.rendition import Name, Rendition, Rung, Segment, Size, Storyboard
from yeoul.model.sound import LandedSound, SoundFile
from yeoul.model.source import AudioTrack, Chapter, Source


class Part(Noun):
    """One byte-range part of a whole file in the `original` bucket."""

    key: Key
    size_bytes: Count
    sha256: Sha256


class Caption(Noun):
    """A text track as WebVTT."""

    name: Name
    language: Language | None = None
    label: Line
    webvtt: str


class Taken(Noun):
    """The file of an audio track that was taken out of a whole file, in the `temp` bucket."""

    track: AudioTrack
    sound: SoundFile
    key: Key
    size_bytes: Count
    sha256: Sha256


class NeedOutput(Noun):
    """What one stage above made for one place; outputs is None when it is optional and failed."""

    stage: str
    op: str
    piece: int | None
    rung: str | None = None
    outputs: dict[str, Any] | None


class Member(Noun):
    """One stage of a group as its task carries it."""

    stage: str
    op: str
    parameters: dict[str, Any]
    optional: bool


class Ladder(Noun):
    """The rungs of a run, highest first. dropped: names of those that failed for good."""

    rungs: tuple[Rung, ...]
    dropped: frozenset[str] = frozenset()


class Earlier(Noun):
    """What another task with the same key has made, for a video of the same owner and visibility. digest: of its content."""

    video_id: str
    outputs: dict[str, Any]
    digest: str


class TaskInput(Noun):
    """Everything an op may look at.

    parameters: the stage's `with`. piece, rung, sound (the file of an audio track): of the task, where its scope has them. pieces: for a
    video- or track-scoped one, those that it has waited for. parts: of a whole-file upload, for the split. needs: outputs of the stages
    above. dropped: names of rungs that failed for good. members: of a group's task. key: of what is made, None where that is not known by
    content; earlier: who made it.
    """

    video_id: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    max_height: int = 1080
    cover: bool = False
    source: Source | None = None
    ladder: tuple[Rung, ...] = ()
    dropped: frozenset[str] = frozenset()
    piece: LandedPiece | None = None
    rung: Rung | None = None
    sound: LandedSound | None = None
    pieces: tuple[LandedPiece, ...] = ()
    parts: tuple[Part, ...] = ()
    file_name: str = ""
    needs: tuple[NeedOutput, ...] = ()
    members: tuple[Member, ...] = ()
    key: str | None = None
    earlier: Earlier | None = None


class Track(Noun):
    """A rendition and what a task adds to it. declared_bps: the cap to declare until enough was measured."""

    rendition: Rendition
    declared_bps: Size
    segments: tuple[Segment, ...]


class Output(Noun):
    """What an op gives back; ops of users derive their own from it, with fields for the ops below.

    Tracks, poster, storyboard, sidecars (keys by file name) and chapters are published when the task's end is committed. chapters: of
    what is shown, where that is not all of the source. dropped: rungs that could not be made for this piece, with the error of each;
    they are taken out of the whole video. lost: how many pictures did not decode, by the index of their piece.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # a stage above may give more than the op below takes

    tracks: tuple[Track, ...] = ()
    poster_key: Key | None = None
    storyboard: Storyboard | None = None
    sidecars: dict[str, Key] = Field(default_factory=dict)
    chapters: tuple[Chapter, ...] | None = None
    dropped: dict[str, dict[str, Any]] = Field(default_factory=dict)
    lost: dict[str, int] = Field(default_factory=dict)


class Prepared(Output):
    """What the preprocessor's own ops find: the source, its ladder, and, of a whole file, its pieces, captions and further audio tracks."""

    source: Source
    ladder: tuple[Rung, ...]
    pieces: tuple[LandedPiece, ...] | None = None
    captions: tuple[Caption, ...] = ()
    sounds: tuple[Taken, ...] = ()


class Window(Output):
    """What is shown of the source: from start_s seconds after its first picture on. Encode and audio take it.

    skip: how many pieces end before it; they give no segments.
    """

    start_s: float = Field(default=0.0, ge=0)
    skip: int = Field(default=0, ge=0)


class Sampled(Output):
    """What a few encodes of a part of one piece measured. metric: "vmaf", or "ssim-estimate" where VMAF could not be measured."""

    piece: int
    metric: str
    points: tuple[Point, ...]


class RungChoice(Output):
    """How each rung of this video is encoded. `encode` makes the rungs named here alone; none named means the ladder as it stands."""

    rungs: dict[str, Chosen] = Field(default_factory=dict[str, Chosen])

    def apply(self, rungs: Sequence[Rung]) -> tuple[Rung, ...]:
        """Those of `rungs` that are worth making, with the constant quality and the cap chosen for them."""
        if not self.rungs:
            return tuple(rungs)
        found = [(rung, self.rungs[rung.name]) for rung in rungs if rung.name in self.rungs]
        return tuple(rung.model_copy(update={"crf": chosen.crf, "maxrate_bps": chosen.maxrate_bps}) for rung, chosen in found)


class Loudness(Output):
    """The loudness of pieces' sound as it is encoded: blocks in LUFS, 400 ms each, ten a second; highest true peak in dBTP.

    pieces: indexes of what was measured.
    """

    blocks: tuple[float, ...] = ()
    true_peak_db: float = -120.0
    pieces: tuple[int, ...] = ()


class Gain(Output):
    """By how much all sound of a video is made louder, in dB; `audio` takes it, and then lets no true peak above -1 dBTP."""

    gain_db: float = 0.0


class Encoded(Output):
    """Segments of one piece, one for each rung made."""


class Sound(Output):
    """The sound of one piece."""


class Poster(Output):
    """A still of the video. interest: how much there is to see, of `media.image.measure_interest`."""

    interest: float = Field(default=0.0, ge=0)


class PieceTiles(Output):
    """Small pictures of one piece: one blob of JPEGs, size in bytes and time in seconds of each.

    A piece that is not shown has none.
    """

    key: str | None = None
    bucket: Literal["temp", "encoded"] = "temp"  # the former in runs from before results were reused
    sizes: tuple[int, ...] = ()
    starts_s: tuple[float, ...] = ()


class Packaged(Output):
    """What was found when everything was joined: frames of the picture, segments of a rendition."""

    frames: int
    segments: int


class Grouped(Output):
    """Outputs of a group's members by stage; errors of optional members that failed."""

    members: dict[str, dict[str, Any]]
    errors: dict[str, dict[str, Any]] = Field(default_factory=dict)
