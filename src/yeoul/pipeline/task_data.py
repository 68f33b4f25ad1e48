"""What a task is given and what it gives back: the JSON on both sides of the engine."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.model.piece import LandedPiece
from yeoul.model.rendition import Rendition, Rung, Segment, Storyboard
from yeoul.model.source import Source


class Part(Noun):
    """One byte-range part of a whole file in the `original` bucket."""

    key: str
    size_bytes: int
    sha256: str


class Caption(Noun):
    """A text track as WebVTT."""

    name: str
    language: str | None = None
    label: str
    webvtt: str


class NeedOutput(Noun):
    """What one task above made; outputs is None when it is optional and failed."""

    stage: str
    piece: int | None
    outputs: dict[str, Any] | None


class TaskInput(Noun):
    """Everything an op may look at.

    parameters: the stage's `with`. piece: of a piece-scoped task. pieces: all that have landed, for a video-scoped one.
    parts: of a whole-file upload, for the split. needs: outputs of the tasks above.
    """

    video_id: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    max_height: int = 1080
    source: Source | None = None
    ladder: tuple[Rung, ...] = ()
    piece: LandedPiece | None = None
    pieces: tuple[LandedPiece, ...] = ()
    parts: tuple[Part, ...] = ()
    file_name: str = ""
    needs: tuple[NeedOutput, ...] = ()


class Track(Noun):
    """A rendition and what a task adds to it. declared_bps: the cap to declare until enough was measured."""

    rendition: Rendition
    declared_bps: int
    segments: tuple[Segment, ...]


class TaskOutput(Noun):
    """What an op gives back. Tracks, poster and storyboard are published when the task's end is committed.

    dropped: rungs that could not be made for this piece, with the error of each; they are taken out of the whole video.
    source, ladder, pieces and captions are what the preprocessor's own ops find. facts: anything else, for the ops below.
    """

    tracks: tuple[Track, ...] = ()
    poster_key: str | None = None
    storyboard: Storyboard | None = None
    dropped: dict[str, dict[str, Any]] = Field(default_factory=dict)
    source: Source | None = None
    ladder: tuple[Rung, ...] | None = None
    pieces: tuple[LandedPiece, ...] | None = None
    captions: tuple[Caption, ...] | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
