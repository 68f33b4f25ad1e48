"""The input and output of tasks: the JSON on both sides of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from yeoul.media.video.per_title import ChosenRung, Point
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
    """A caption as WebVTT."""

    name: Name
    language: Language | None = None
    label: Line
    webvtt: str


class ExtractedTrack(Noun):
    """An audio track that was extracted from a whole file into a file of its own, in the `temp` bucket."""

    track: AudioTrack
    sound: SoundFile
    key: Key
    size_bytes: Count
    sha256: Sha256


class NeedOutput(Noun):
    """The output of one needed stage for one place. outputs: None if the stage is optional and failed."""

    stage: str
    op: str
    piece: int | None
    rung: str | None = None
    outputs: dict[str, Any] | None


class GroupMember(Noun):
    """One stage of a group, as stored in the group's task."""

    stage: str
    op: str
    parameters: dict[str, Any]
    optional: bool


class Ladder(Noun):
    """The rungs of a run, highest first. dropped: names of rungs that failed permanently."""

    rungs: tuple[Rung, ...]
    dropped: frozenset[str] = frozenset()


class EarlierResult(Noun):
    """The outputs of an earlier task with the same key, of a video with the same owner and visibility. digest: hash of their content."""

    video_id: str
    outputs: dict[str, Any]
    digest: str


class TaskInput(Noun):
    """Everything that an op may read.

    parameters: the stage's `with`. piece, rung, sound (the file of an audio track): of the task, if its scope has them. pieces: those that
    a video- or track-scoped task has waited for. parts: byte ranges of a whole file, for split. needs: outputs of the needed stages.
    dropped: names of rungs that failed permanently. members: the stages of a group's task. key: hash of all inputs, None if the content of
    an input is unknown. earlier: a result with the same key, for reuse.
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
    members: tuple[GroupMember, ...] = ()
    key: str | None = None
    earlier: EarlierResult | None = None


class Track(Noun):
    """A rendition and the segments that a task adds to it. declared_bps: the bit rate to declare until enough segments were measured."""

    rendition: Rendition
    declared_bps: Size
    segments: tuple[Segment, ...]


class Output(Noun):
    """The output of an op. Ops of users derive their own classes from it, with fields for the ops of later stages.

    Tracks, poster, storyboard, sidecars (keys by file name) and chapters are published when the end of the task is committed. chapters: of
    the shown part, if not all of the source is shown. dropped: rungs that could not be encoded for this piece, with the error of each;
    they are removed from the whole video. lost: number of frames that did not decode, by the index of their piece.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # a stage may output more fields than a later op reads

    tracks: tuple[Track, ...] = ()
    poster_key: Key | None = None
    storyboard: Storyboard | None = None
    sidecars: dict[str, Key] = Field(default_factory=dict)
    chapters: tuple[Chapter, ...] | None = None
    dropped: dict[str, dict[str, Any]] = Field(default_factory=dict)
    lost: dict[str, int] = Field(default_factory=dict)


class Prepared(Output):
    """The output of inspect and split: the source, its ladder, and, of a whole file, its pieces, captions and additional audio tracks."""

    source: Source
    ladder: tuple[Rung, ...]
    pieces: tuple[LandedPiece, ...] | None = None
    captions: tuple[Caption, ...] = ()
    sounds: tuple[ExtractedTrack, ...] = ()


class Window(Output):
    """The part of the source that is shown: all from `start_s` seconds after its first frame. Encode and audio read it.

    skip: number of pieces that end before this part; they get no segments.
    """

    start_s: float = Field(default=0.0, ge=0)
    skip: int = Field(default=0, ge=0)


class Sampled(Output):
    """Measurements of a few encodes of a part of one piece. metric: "vmaf", or "ssim-estimate" if VMAF could not be measured."""

    piece: int
    metric: str
    points: tuple[Point, ...]


class RungChoice(Output):
    """How to encode each rung of a video. `encode` makes only the rungs named here; if none is named, it uses the ladder unchanged."""

    rungs: dict[str, ChosenRung] = Field(default_factory=dict[str, ChosenRung])

    def apply(self, rungs: Sequence[Rung]) -> tuple[Rung, ...]:
        """Returns the chosen ones of `rungs`, with the constant quality and the maximum bit rate chosen for them."""
        if not self.rungs:
            return tuple(rungs)
        pairs = [(rung, self.rungs[rung.name]) for rung in rungs if rung.name in self.rungs]
        return tuple(rung.model_copy(update={"crf": chosen.crf, "maxrate_bps": chosen.maxrate_bps}) for rung, chosen in pairs)


class Loudness(Output):
    """The loudness of the encoded audio of pieces: blocks in LUFS, 400 ms each, ten per second; highest true peak in dBTP.

    pieces: indexes of the measured pieces.
    """

    blocks: tuple[float, ...] = ()
    true_peak_db: float = -120.0
    pieces: tuple[int, ...] = ()


class Gain(Output):
    """The gain in dB for all audio of a video. `audio` applies it, and then limits true peaks to -1 dBTP."""

    gain_db: float = 0.0


class Encoded(Output):
    """Segments of one piece, one for each encoded rung."""


class Sound(Output):
    """The encoded audio of one piece."""


class Poster(Output):
    """A candidate for the poster. interest: how much detail it has, as returned by `media.picture.storyboard.measure_interest`."""

    interest: float = Field(default=0.0, ge=0)


class PieceThumbnails(Output):
    """Thumbnails of one piece: one object with JPEGs, and the size in bytes and the time in seconds of each.

    A piece that is not shown has none.
    """

    key: str | None = None
    bucket: Literal["temp", "encoded"] = "temp"  # "temp" in runs of versions that did not reuse results
    sizes: tuple[int, ...] = ()
    starts_s: tuple[float, ...] = ()


class Packaged(Output):
    """The counts of packaging: frames of the video track, and segments of a rendition."""

    frames: int
    segments: int


class Grouped(Output):
    """The outputs of a group's stages by name, and the errors of optional stages that failed."""

    members: dict[str, dict[str, Any]]
    errors: dict[str, dict[str, Any]] = Field(default_factory=dict)
