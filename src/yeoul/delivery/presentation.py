"""The presentation of a video: its tracks and segments as players see them, and their names below the video's base URL.

The layout below `/stream/{token}/{video_id}/`. All references are relative, so that they work with any token:

    master.m3u8  manifest.mpd  storyboard.vtt  storyboard-0.jpg  poster.jpg  chapters.vtt
    {rendition}/index.m3u8  {rendition}/iframes.m3u8  {rendition}/init.mp4  {rendition}/{index}.m4s  {rendition}/captions.vtt
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from itertools import pairwise
from typing import Literal, Self
from urllib.parse import quote

from pydantic import model_validator

from yeoul.base.errors import NotFoundError
from yeoul.model.noun import Noun
from yeoul.model.rendition import SURROUND, Rendition, Segment, Storyboard, parse_track_name
from yeoul.model.source import AudioRole, Chapter

MASTER_NAME = "master.m3u8"
MPD_NAME = "manifest.mpd"
MEDIA_NAME = "index.m3u8"
IFRAMES_NAME = "iframes.m3u8"
INIT_NAME = "init.mp4"
CAPTIONS_NAME = "captions.vtt"
STORYBOARD_NAME = "storyboard.vtt"
POSTER_NAME = "poster.jpg"
CHAPTERS_NAME = "chapters.vtt"
SIDECAR_FOLDER = "sidecars"
_EDITION = "~"  # "720p~2"

# In order of player support; other codecs come last.
_CODECS = ("avc1", "hvc1", "vp09", "av01")
_ROLES = {"commentary": "(commentary)", "description": "(description)"}
_AAC_FRAME = 1024
_LONGEST_PIECE = 1.5  # times the target length, because pieces end at keyframes
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
# While growing, audio may end this much before video: pieces of audio end at an AAC frame, at or before the end of the video piece.
_GRID_SLACK_S = 0.15


class Track(Noun):
    """A rendition and its existing segments, in order of index.

    Segments are numbered 0, 1, 2 ...; while growing, segments may be missing, and playlists end before the first gap. declared_bps: the
    upper bound of the bit rate (the rung's cap), which a growing playlist declares. closed: no more segments follow, so the other tracks
    do not wait for this one. edition: the edition of the video; for captions, the video's version when the caption was added. label: the
    name in menus. position, role: of an audio track; the first one in order plays by default.
    """

    rendition: Rendition
    segments: tuple[Segment, ...]
    declared_bps: int = 0
    closed: bool = False
    edition: int = 1
    label: str = ""
    position: int = 0
    role: AudioRole = "main"

    @property
    def name(self) -> str:
        return self.rendition.name

    @property
    def is_surround(self) -> bool:
        """True for the additional 5.1 rendition of an audio track, which only some devices can play."""
        return self.rendition.kind == "audio" and self.name.endswith(SURROUND)

    @property
    def codec(self) -> str:
        """The name of the sample entry, such as "avc1"."""
        return self.rendition.codecs.partition(".")[0]

    def seconds(self, ticks: int) -> float:
        return ticks / self.rendition.timescale

    def end_s(self, segments: Sequence[Segment]) -> float:
        """Returns the end of the last of `segments` on the media timeline; 0 if there are none."""
        return self.seconds(segments[-1].start_ticks + segments[-1].duration_ticks) if segments else 0.0

    @property
    def frame_rate(self) -> Fraction:
        """The highest frame rate of any segment; the rendition's nominal rate if there are no segments yet."""
        shapes = {(s.samples, s.duration_ticks) for s in self.segments if s.duration_ticks > 0}
        rates = [Fraction(samples * self.rendition.timescale, ticks) for samples, ticks in shapes]
        return max(rates, default=Fraction(self.rendition.frame_rate))

    def contiguous_segments(self) -> tuple[Segment, ...]:
        """Returns the segments from index 0 up to the first gap."""
        segments: list[Segment] = []
        for segment in self.segments:
            if segment.index != len(segments):
                break
            segments.append(segment)
        return tuple(segments)


class Presentation(Noun):
    """Everything that players get of one video.

    tracks: video and audio. A rendition may join a growing presentation only when it reaches the horizon of the others, because a
    published playlist must not shrink. texts: captions, one Track per WebVTT file, whose only segment holds its size.
    target_duration_s: upper bound of the rounded duration of every segment; it never changes.
    """

    video_id: str
    state: Literal["growing", "complete"]
    tracks: tuple[Track, ...]
    texts: tuple[Track, ...] = ()
    storyboard: Storyboard | None = None
    target_duration_s: int
    chapters: tuple[Chapter, ...] = ()

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        for track in self.tracks:
            if self.state == "complete" and len(track.contiguous_segments()) != len(track.segments):
                raise ValueError(f"{track.name} is complete but has no segment {len(track.contiguous_segments())}")
        return self

    @property
    def videos(self) -> tuple[Track, ...]:
        return tuple(track for track in self.tracks if track.rendition.kind == "video")

    @property
    def codecs(self) -> tuple[tuple[Track, ...], ...]:
        """The video tracks of each codec. Players choose one codec and switch between its tracks."""
        present = {track.codec for track in self.videos}
        names = [*(name for name in _CODECS if name in present), *sorted(present.difference(_CODECS))]
        return tuple(tuple(track for track in self.videos if track.codec == name) for name in names)

    @property
    def audios(self) -> tuple[Track, ...]:
        """The audio tracks in order. A 5.1 rendition follows the rendition of its track that every device plays."""
        audios = (track for track in self.tracks if track.rendition.kind == "audio")
        return tuple(sorted(audios, key=lambda track: (track.position, track.is_surround)))

    @property
    def audio_groups(self) -> tuple[tuple[Track, ...], ...]:
        """The audio tracks in groups that players choose from: a group for every device, then 5.1 if any track has it.

        Both groups contain every audio track; the second group uses the first rendition of a track without 5.1.
        """
        plain = tuple(track for track in self.audios if not track.is_surround)
        surround = {parse_track_name(track.name): track for track in self.audios if track.is_surround}
        if not plain:
            return ()
        return (plain, tuple(surround.get(track.name, track) for track in plain)) if surround else (plain,)

    @property
    def horizon_s(self) -> float:
        """The time in seconds up to which all growing tracks have segments; infinite if no track is growing."""
        growing = [track for track in self.tracks if not track.closed]
        return min((track.end_s(track.contiguous_segments()) for track in growing), default=float("inf"))

    @property
    def is_playable(self) -> bool:
        """True if every playlist has a segment. Players cannot load an empty playlist, so nothing is published before."""
        return bool(self.tracks) and all(self.listed_segments(track) for track in self.tracks)

    @property
    def duration_s(self) -> float:
        """The end of the video or the audio in seconds, whichever is later.

        An AAC track starts with one frame of priming and ends with up to one frame of padding, which do not count.
        """
        end_s = max((track.end_s(self.listed_segments(track)) for track in self.videos), default=0.0)
        for track in self.audios:
            frame_s = track.seconds(_AAC_FRAME)
            audio_end_s = track.end_s(self.listed_segments(track)) - frame_s
            if audio_end_s - end_s >= frame_s:
                end_s = audio_end_s
        return end_s

    @property
    def media_end_s(self) -> float:
        """The end of the last sample in seconds; for audio, without the priming but with the padding.

        With a smaller value, players never reach the end, because their buffer continues past it.
        """
        ends = [track.end_s(self.listed_segments(track)) for track in self.videos]
        ends += [track.end_s(self.listed_segments(track)) - track.seconds(_AAC_FRAME) for track in self.audios]
        return max(ends, default=0.0)

    def listed_segments(self, track: Track) -> tuple[Segment, ...]:
        """Returns the segments in playlists: all if the presentation is complete, else those before the first gap and the horizon.

        If audio were listed further than video, or the reverse, players would freeze, because they would hold data that they cannot play.
        """
        if self.state == "complete":
            return track.segments
        limit = self.horizon_s + _GRID_SLACK_S
        return tuple(s for s in track.contiguous_segments() if track.seconds(s.start_ticks + s.duration_ticks) <= limit)


def make_target_duration_s(piece_s: float) -> int:
    """Returns the target duration for pieces of `piece_s` seconds, an upper bound of every rounded segment duration."""
    return int(piece_s * _LONGEST_PIECE + _GRID_SLACK_S + 0.5)


def audio_names(tracks: Sequence[Track]) -> list[str]:
    """Returns unique names of audio tracks: their labels, or else language and role."""
    parts = ((track.label, language_tag(track.rendition.language) or "audio", _ROLES.get(track.role)) for track in tracks)
    names = [plain_text(label) or " ".join(word for word in (tag, role) if word is not None) for label, tag, role in parts]
    counts = [names[: index + 1].count(name) for index, name in enumerate(names)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(names, counts, strict=True)]


def make_unique_names(labels: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Returns labels, made unique by appending the folder (RFC 8216bis 4.4.6.1.1), without characters that end a quoted string."""
    plain = [plain_text(label) for label in labels]
    return [
        label if label and plain.count(label) == 1 else f"{label} {folder}".strip() for label, folder in zip(plain, folders, strict=True)
    ]


def plain_text(label: str) -> str:
    """Returns a label without quotes and control characters, which would end a quoted string in a playlist."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", label.replace('"', "'")).strip()


def language_tag(language: str | None) -> str | None:
    """Returns the language if it is a well-formed BCP 47 tag, else None; a source may contain any text."""
    if language is None or language == "und" or not _LANGUAGE.fullmatch(language):
        return None
    return language


def segment_durations(segments: Sequence[Segment]) -> list[int]:
    """Returns the ticks from each segment's start to the next, so that their sums are decode times (tfdt); for the last, its duration."""
    if not segments:
        return []
    return [b.start_ticks - a.start_ticks for a, b in pairwise(segments)] + [segments[-1].duration_ticks]


def segment_name(segment: Segment) -> str:
    """Returns a segment's name in its rendition's folder."""
    return f"{segment.index}.m4s"


def segment_uri(track: Track, segment: Segment) -> str:
    """Returns a segment's path below the video's base URL."""
    return f"{folder_uri(track)}/{segment_name(segment)}"


def folder_uri(track: Track) -> str:
    """Returns a rendition's folder below the video's base URL."""
    return make_folder(track.name, track.edition)


def make_folder(name: str, edition: int) -> str:
    """Returns the folder of a rendition. Each edition has its own, because caches keep the old one forever."""
    quoted = quote(name, safe="")
    return quoted if edition == 1 else f"{quoted}{_EDITION}{edition}"


def read_folder(folder: str) -> tuple[str, int]:
    """Returns (rendition name, edition) of a folder. Raises NotFoundError if the folder is malformed."""
    name, mark, edition = folder.partition(_EDITION)
    if mark and not (edition.isascii() and edition.isdigit() and int(edition) > 1):
        raise NotFoundError(f"there is no rendition {folder}", rendition=folder)
    return name, int(edition or 1)


def sheet_name(index: int) -> str:
    """Returns the name of a storyboard sheet."""
    return f"storyboard-{index}.jpg"


def picture_uri(name: str, edition: int) -> str:
    """Returns the URL of a picture. It contains the edition, because caches keep pictures of earlier editions."""
    return name if edition == 1 else f"{name}?{edition}"


def make_storyboard(storyboard: Storyboard, duration_s: float, edition: int = 1) -> str:
    """Returns the WebVTT thumbnail track: one cue per thumbnail, `storyboard-N.jpg#xywh=x,y,w,h` (W3C media fragments)."""
    per_sheet = storyboard.columns * storyboard.rows
    cues = ["WEBVTT\n"]
    for tile in range(storyboard.tiles):
        start_s = tile * storyboard.interval_s
        end_s = duration_s if tile == storyboard.tiles - 1 else start_s + storyboard.interval_s
        row, column = divmod(tile % per_sheet, storyboard.columns)
        box = f"{column * storyboard.tile_width},{row * storyboard.tile_height},{storyboard.tile_width},{storyboard.tile_height}"
        sheet = picture_uri(sheet_name(tile // per_sheet), edition)
        cues.append(f"{_format_time(start_s)} --> {_format_time(max(end_s, start_s + 0.001))}\n{sheet}#xywh={box}\n")
    return "\n".join(cues)


def make_chapters(chapters: Sequence[Chapter]) -> str:
    """Returns the WebVTT chapters track (kind `chapters`): one cue per chapter, with its escaped title as text."""
    cues = ["WEBVTT\n"]
    for chapter in chapters:
        title = " ".join(escape(chapter.title, quote=False).split()) or "-"  # a blank line would end the cue
        cues.append(f"{_format_time(chapter.start_s)} --> {_format_time(max(chapter.end_s, chapter.start_s + 0.001))}\n{title}\n")
    return "\n".join(cues)


def _format_time(time_s: float) -> str:
    """Returns a WebVTT time, hh:mm:ss.mmm."""
    milliseconds = round(time_s * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
