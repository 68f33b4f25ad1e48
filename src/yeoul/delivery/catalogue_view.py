"""Builds presentations from the catalogue's rows, and caches them briefly, so that segment requests need no queries."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from yeoul.base.clock import Clock
from yeoul.catalog.database import Database
from yeoul.catalog.schema.row.videos import AudioTrackRow, CaptionRow, VideoRow
from yeoul.catalog.video import audio_track, caption, stream, video
from yeoul.delivery.presentation import POSTER_NAME, Presentation, Track, make_target_duration_s, picture_uri
from yeoul.model.rendition import MAIN_AUDIO, Rendition, Segment, Storyboard, parse_track_name
from yeoul.model.source import Chapter, Source
from yeoul.model.video import VideoState

_MAX_ENTRIES = 512
_GROWING_TTL_S = 0.25
_READY_TTL_S = 3.0


@dataclass(frozen=True)
class View:
    """A video as players see it. presentation: None until the video is playable; captions: rows by name."""

    row: video.OwnedVideoRow
    presentation: Presentation | None
    captions: Mapping[str, CaptionRow]
    read_at: float

    @property
    def is_ready(self) -> bool:
        return self.row["state"] == VideoState.READY.value


class PresentationCache:
    """A thread-safe cache of views by video id, valid for a few seconds. piece_s: target length of pieces in seconds."""

    def __init__(self, database: Database, clock: Clock, piece_s: float) -> None:
        self._database = database
        self._clock = clock
        self._piece_s = piece_s
        self._lock = threading.Lock()
        self._views: OrderedDict[tuple[str, int | None], View] = OrderedDict()

    def get(self, video_id: str, edition: int | None = None, *, fresh: bool = False) -> View:
        """Returns the view of a video's current edition, or of an earlier edition while viewers may still be watching it.

        fresh: skips the cache, for a request to a path that the cached view does not have. Raises NotFoundError.
        """
        key = (video_id, edition)
        now_s = self._clock.now()
        with self._lock:
            cached = self._views.get(key)
        if cached is not None and not fresh and 0 <= now_s - cached.read_at < (_READY_TTL_S if cached.is_ready else _GROWING_TTL_S):
            return cached
        view = self._read(video_id, edition, cached, now_s)
        with self._lock:
            self._views[key] = view
            self._views.move_to_end(key)
            if len(self._views) > _MAX_ENTRIES:
                self._views.popitem(last=False)
        return view

    def invalidate(self, video_id: str) -> None:
        """Removes a video from the cache after this server has changed it, so that new access rights apply immediately."""
        with self._lock:
            for key in [key for key in self._views if key[0] == video_id]:
                del self._views[key]

    def _read(self, video_id: str, edition: int | None, cached: View | None, now_s: float) -> View:
        with self._database.read() as connection:
            row = video.get(connection, video_id)
            if cached is not None and cached.row["version"] == row["version"]:
                return View(row, cached.presentation, cached.captions, now_s)
            captions = caption.of_video(connection, video_id)
            shown: video.OwnedVideoRow = {**row, "edition": row["edition"] if edition is None else edition}
            tracks = stream.tracks(connection, video_id, shown["edition"])
            audio_rows = audio_track.of_video(connection, video_id)
        presentation = make_presentation(shown, tracks, captions, audio_rows, self._piece_s)
        return View(shown, presentation, {item["name"]: item for item in captions}, now_s)


def make_presentation(
    row: VideoRow,
    stored: tuple[stream.StoredTrack, ...],
    captions: Sequence[CaptionRow],
    sounds: Sequence[AudioTrackRow],
    piece_s: float,
) -> Presentation | None:
    """Returns the presentation of a video row with its stored tracks, captions and audio tracks; None while it is not playable."""
    complete = row["state"] == VideoState.READY.value
    if not complete and row["state"] != VideoState.PLAYABLE.value:
        return None
    tracks = tuple(
        Track(rendition=track.rendition, segments=track.segments, declared_bps=track.declared_bps, edition=row["edition"])
        for track in stored
        if track.listed
    )
    audio_rows = {str(sound["name"]): sound for sound in sounds}
    tracks = tuple(_add_name(track, audio_rows) for track in tracks if _is_offered(track, audio_rows))
    texts = tuple(make_caption_track(row) for row in captions)
    storyboard = None if row["storyboard"] is None else Storyboard.model_validate(row["storyboard"])
    presentation = Presentation(
        video_id=row["id"],
        state="complete" if complete else "growing",
        tracks=_sort_tracks(tracks),
        texts=texts,
        storyboard=storyboard,
        chapters=read_chapters(row),
        target_duration_s=make_target_duration_s(piece_s),
    )
    return presentation if presentation.is_playable else None


def _is_offered(track: Track, audio_rows: Mapping[str, AudioTrackRow]) -> bool:
    """True unless the rendition belongs to an audio track that was removed."""
    name = parse_track_name(track.name)
    return track.rendition.kind != "audio" or name == MAIN_AUDIO or name in audio_rows


def _add_name(track: Track, audio_rows: Mapping[str, AudioTrackRow]) -> Track:
    """Returns an audio rendition with the current language, label, role and position of its track; other renditions unchanged."""
    row = audio_rows.get(parse_track_name(track.name)) if track.rendition.kind == "audio" else None
    if row is None:
        return track
    rendition = track.rendition.with_values(language=row["language"])
    return track.with_values(rendition=rendition, label=row["label"], role=row["role"], position=row["position"])


def read_chapters(row: VideoRow) -> tuple[Chapter, ...]:
    """Returns the chapters of a video row's source."""
    return () if row["source"] is None else Source.model_validate(row["source"]).chapters


def poster_uri(row: VideoRow) -> str | None:
    """Returns the URL of a video's poster, None without one. The URL changes with the picture, because caches keep pictures forever."""
    if row["own_poster_key"] is not None:
        return f"{POSTER_NAME}?{PurePosixPath(row['own_poster_key']).stem}"
    return picture_uri(POSTER_NAME, row["edition"]) if row["poster_key"] is not None else None


def _sort_tracks(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """Sorts tracks: video from the highest rung to the lowest, then audio."""
    return tuple(sorted(tracks, key=lambda track: (track.rendition.kind != "video", -track.rendition.height, track.name)))


def make_caption_track(row: CaptionRow) -> Track:
    """Returns the track of a caption's row."""
    name = str(row["name"])
    rendition = Rendition(name=name, kind="text", codecs="wvtt", timescale=1000, language=row["language"])
    size_bytes = len(row["webvtt"].encode())
    segment = Segment(index=0, key=name, size_bytes=size_bytes, start_ticks=0, duration_ticks=0, samples=0)
    return Track(rendition=rendition, segments=(segment,), edition=row["edition"], label=row["label"])
