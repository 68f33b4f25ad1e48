"""Builds presentations from the catalogue's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from yeoul.catalog.schema.row.videos import AudioTrackRow, CaptionRow, VideoRow
from yeoul.catalog.video import stream
from yeoul.delivery.presentation import POSTER_NAME, Presentation, Track, make_target_duration_s, picture_uri
from yeoul.model.rendition import MAIN_AUDIO, Rendition, Segment, Storyboard, parse_track_name
from yeoul.model.source import Chapter, Source
from yeoul.model.video import VideoState


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
