"""From the catalogue's rows to what players are offered, kept for a moment so that segment requests cost no queries."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from yeoul.base.clock import Clock
from yeoul.catalog.database import Database
from yeoul.catalog.video import audio_track, caption, stream, video
from yeoul.delivery.presentation import POSTER_NAME, Presentation, Track, make_target_duration_s, picture_uri
from yeoul.model.rendition import Rendition, Segment, Storyboard, track_of
from yeoul.model.source import Chapter, Source
from yeoul.model.video import VideoState

_KEPT = 512
_FRESH_GROWING_S = 0.25
_FRESH_READY_S = 3.0


@dataclass(frozen=True)
class View:
    """One video as players may see it. presentation is None until it can be played; captions: rows by name."""

    row: Mapping[str, Any]
    presentation: Presentation | None
    captions: Mapping[str, Mapping[str, Any]]
    read_at: float

    @property
    def is_ready(self) -> bool:
        return self.row["state"] == VideoState.READY.value


class PresentationCache:
    """Views by video id, at most a moment old; safe to share between threads. piece_s: target length of pieces in seconds."""

    def __init__(self, database: Database, clock: Clock, piece_s: float) -> None:
        self._database = database
        self._clock = clock
        self._piece_s = piece_s
        self._lock = threading.Lock()
        self._views: OrderedDict[tuple[str, int | None], View] = OrderedDict()

    def get(self, video_id: str, edition: int | None = None, *, fresh: bool = False) -> View:
        """The view of a video as it is shown, or of an earlier edition, which is there as long as somebody may be watching it.

        fresh: as it is at this moment, for who asks by an address that the view of a moment ago does not know. Raises NotFoundError.
        """
        place = (video_id, edition)
        now_s = self._clock.now()
        with self._lock:
            kept = self._views.get(place)
        if kept is not None and not fresh and 0 <= now_s - kept.read_at < (_FRESH_READY_S if kept.is_ready else _FRESH_GROWING_S):
            return kept
        read = self._read(video_id, edition, kept, now_s)
        with self._lock:
            self._views[place] = read
            self._views.move_to_end(place)
            if len(self._views) > _KEPT:
                self._views.popitem(last=False)
        return read

    def forget(self, video_id: str) -> None:
        """Read a video anew when it is next asked for: it was changed here, and who may no longer see it is turned away at once."""
        with self._lock:
            for place in [place for place in self._views if place[0] == video_id]:
                del self._views[place]

    def _read(self, video_id: str, edition: int | None, kept: View | None, now_s: float) -> View:
        with self._database.read() as connection:
            row = video.get(connection, video_id)
            if kept is not None and kept.row["version"] == row["version"]:
                return View(row, kept.presentation, kept.captions, now_s)
            captions = caption.of_video(connection, video_id)
            row = {**row, "edition": row["edition"] if edition is None else edition}
            tracks = stream.tracks(connection, video_id, row["edition"])
            sounds = audio_track.of_video(connection, video_id)
        made = make_presentation(row, tracks, captions, sounds, self._piece_s)
        return View(row, made, {one["name"]: one for one in captions}, now_s)


def make_presentation(
    row: Mapping[str, Any],
    stored: tuple[stream.StoredTrack, ...],
    captions: Sequence[Mapping[str, Any]],
    sounds: Sequence[Mapping[str, Any]],
    piece_s: float,
) -> Presentation | None:
    """What players are offered of a video row, its tracks, captions and audio tracks; None while nothing can be played."""
    complete = row["state"] == VideoState.READY.value
    if not complete and row["state"] != VideoState.PLAYABLE.value:
        return None
    tracks = tuple(
        Track(rendition=track.rendition, segments=track.segments, declared_bps=track.declared_bps, edition=row["edition"])
        for track in stored
        if track.listed
    )
    called = {str(sound["name"]): sound for sound in sounds}
    tracks = tuple(_named(track, called) for track in tracks if _is_kept(track, called))
    texts = tuple(text_track(row) for row in captions)
    storyboard = None if row["storyboard"] is None else Storyboard.model_validate(row["storyboard"])
    made = Presentation(
        video_id=row["id"],
        state="complete" if complete else "growing",
        tracks=_ordered(tracks),
        texts=texts,
        storyboard=storyboard,
        chapters=chapters_of(row),
        target_duration_s=make_target_duration_s(piece_s),
    )
    return made if made.is_playable else None


def _is_kept(track: Track, sounds: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a rendition is offered: those of an audio track that was removed are not."""
    name = track_of(track.name)
    return track.rendition.kind != "audio" or name == audio_track.MAIN or name in sounds


def _named(track: Track, sounds: Mapping[str, Mapping[str, Any]]) -> Track:
    """A rendition of sound as its track is called now."""
    row = sounds.get(track_of(track.name)) if track.rendition.kind == "audio" else None
    if row is None:
        return track
    rendition = track.rendition.with_values(language=row["language"])
    return track.with_values(rendition=rendition, label=row["label"], role=row["role"], position=row["position"])


def chapters_of(row: Mapping[str, Any]) -> tuple[Chapter, ...]:
    """The chapters of a video row's source."""
    return () if row["source"] is None else Source.model_validate(row["source"]).chapters


def poster_uri(row: Mapping[str, Any]) -> str | None:
    """Where the poster of a video row lies: what its owner chose has a name of its own, since caches keep pictures for ever."""
    if row["own_poster_key"] is not None:
        return f"{POSTER_NAME}?{PurePosixPath(row['own_poster_key']).stem}"
    return picture_uri(POSTER_NAME, row["edition"]) if row["poster_key"] is not None else None


def _ordered(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """Video from the highest rung to the lowest, then audio."""
    return tuple(sorted(tracks, key=lambda track: (track.rendition.kind != "video", -track.rendition.height, track.name)))


def text_track(row: Mapping[str, Any]) -> Track:
    """The track of a row of captions."""
    name = str(row["name"])
    rendition = Rendition(name=name, kind="text", codecs="wvtt", timescale=1000, language=row["language"])
    size_bytes = len(row["webvtt"].encode())
    segment = Segment(index=0, key=name, size_bytes=size_bytes, start_ticks=0, duration_ticks=0, samples=0)
    return Track(rendition=rendition, segments=(segment,), edition=row["edition"], label=row["label"])
