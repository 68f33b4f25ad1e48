"""What a player is offered of one video, and the names of its parts below the video's base URL.

Layout below `/stream/{token}/{video_id}/`, all references relative, so that any signed prefix in front works unchanged:

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
from yeoul.model.rendition import SURROUND, Rendition, Segment, Storyboard, track_of
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

# What most players know comes first; what is not named here comes last.
_CODECS = ("avc1", "hvc1", "vp09", "av01")
_ROLES = {"commentary": "(commentary)", "description": "(description)"}
_AAC_FRAME = 1024
_LONGEST_PIECE = 1.5  # times the target length: how far a border may lie, so that it falls on a keyframe
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
# While growing, sound may end this much before the picture: pieces of sound end on the AAC grid, at or before the picture's border.
_GRID_SLACK_S = 0.15


class Track(Noun):
    """One rendition and the segments of it that exist, in order of index.

    Segments are numbered 0, 1, 2 ...; holes may exist while growing and hide what follows them. declared_bps: the upper bound of
    the bit rate (the rung's cap), which a growing playlist declares. closed: no segment follows, so it holds back no other track.
    edition: counts the times that the video was made; of text, its video's version when it was put there. label: what people call it.
    position, role: of sound; the first in order plays by default.
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
        """Whether it is an audio track in 5.1, beside the rendition that every device plays."""
        return self.rendition.kind == "audio" and self.name.endswith(SURROUND)

    @property
    def codec(self) -> str:
        """The sample entry's name: "avc1"."""
        return self.rendition.codecs.partition(".")[0]

    def seconds(self, ticks: int) -> float:
        return ticks / self.rendition.timescale

    def end_s(self, segments: Sequence[Segment]) -> float:
        """End of the last of `segments` on the media timeline; 0 where there is none."""
        return self.seconds(segments[-1].start_ticks + segments[-1].duration_ticks) if segments else 0.0

    @property
    def frame_rate(self) -> Fraction:
        """The highest frames per second over a segment; what the rendition says where there is none yet."""
        shapes = {(s.samples, s.duration_ticks) for s in self.segments if s.duration_ticks > 0}
        rates = [Fraction(samples * self.rendition.timescale, ticks) for samples, ticks in shapes]
        return max(rates, default=Fraction(self.rendition.frame_rate))

    def contiguous(self) -> tuple[Segment, ...]:
        """The segments from index 0 up to the first hole."""
        found: list[Segment] = []
        for segment in self.segments:
            if segment.index != len(found):
                break
            found.append(segment)
        return tuple(found)


class Presentation(Noun):
    """All that players are offered of one video.

    tracks: video and audio. A rendition may join a growing presentation only once it reaches the horizon of the others, for a list
    that a player has seen must not shrink. texts: one Track per WebVTT file, whose one segment carries its size.
    target_duration_s: upper bound of every segment's rounded duration, the same from the first playlist to the last.
    """

    video_id: str
    state: Literal["growing", "complete"]
    tracks: tuple[Track, ...]
    texts: tuple[Track, ...] = ()
    storyboard: Storyboard | None = None
    target_duration_s: int
    chapters: tuple[Chapter, ...] = ()

    @model_validator(mode="after")
    def _complete_means_without_holes(self) -> Self:
        for track in self.tracks:
            if self.state == "complete" and len(track.contiguous()) != len(track.segments):
                raise ValueError(f"{track.name} lacks segment {len(track.contiguous())}")
        return self

    @property
    def videos(self) -> tuple[Track, ...]:
        return tuple(track for track in self.tracks if track.rendition.kind == "video")

    @property
    def codecs(self) -> tuple[tuple[Track, ...], ...]:
        """The video tracks of each codec: players switch within one and choose between them."""
        found = {track.codec for track in self.videos}
        names = [*(name for name in _CODECS if name in found), *sorted(found.difference(_CODECS))]
        return tuple(tuple(track for track in self.videos if track.codec == name) for name in names)

    @property
    def audios(self) -> tuple[Track, ...]:
        """The sound, in order; of what is there in 5.1 as well, that comes after what every device plays."""
        found = (track for track in self.tracks if track.rendition.kind == "audio")
        return tuple(sorted(found, key=lambda track: (track.position, track.is_surround)))

    @property
    def audio_groups(self) -> tuple[tuple[Track, ...], ...]:
        """The sound once for each number of channels that players choose from: what every device plays, then 5.1 where there is any.

        Each group has every audio track: in the second, one without 5.1 is as in the first.
        """
        plain = tuple(track for track in self.audios if not track.is_surround)
        surround = {track_of(track.name): track for track in self.audios if track.is_surround}
        if not plain:
            return ()
        return (plain, tuple(surround.get(track.name, track) for track in plain)) if surround else (plain,)

    @property
    def horizon_s(self) -> float:
        """How far all tracks that still grow have come; infinite when none does."""
        growing = [track for track in self.tracks if not track.closed]
        return min((track.end_s(track.contiguous()) for track in growing), default=float("inf"))

    @property
    def is_playable(self) -> bool:
        """Whether every list holds a segment; an empty one fails to load, so nothing is published before."""
        return bool(self.tracks) and all(self.listed(track) for track in self.tracks)

    @property
    def duration_s(self) -> float:
        """End of the picture, or of the sound where that is longer.

        An AAC track begins with a frame of priming and ends with up to one of padding, neither of which is sound.
        """
        picture_s = max((track.end_s(self.listed(track)) for track in self.videos), default=0.0)
        for track in self.audios:
            frame_s = track.seconds(_AAC_FRAME)
            sound_s = track.end_s(self.listed(track)) - frame_s
            if sound_s - picture_s >= frame_s:
                picture_s = sound_s
        return picture_s

    @property
    def media_end_s(self) -> float:
        """When the last sample ends, in seconds: that of the sound without its frame of priming, but with its padding.

        A player that is told less never ends: what it has buffered goes on after the end that it waits for.
        """
        ends = [track.end_s(self.listed(track)) for track in self.videos]
        ends += [track.end_s(self.listed(track)) - track.seconds(_AAC_FRAME) for track in self.audios]
        return max(ends, default=0.0)

    def listed(self, track: Track) -> tuple[Segment, ...]:
        """The segments that playlists name: all when complete; else those without a hole before them and within the horizon.

        Sound listed past the picture (or the reverse) freezes players, which then hold data they cannot show.
        """
        if self.state == "complete":
            return track.segments
        limit = self.horizon_s + _GRID_SLACK_S
        return tuple(s for s in track.contiguous() if track.seconds(s.start_ticks + s.duration_ticks) <= limit)


def make_target_duration_s(piece_s: float) -> int:
    """What no segment rounds to more than, where pieces are to be `piece_s` long; sound may end a frame after the picture."""
    return int(piece_s * _LONGEST_PIECE + _GRID_SLACK_S + 0.5)


def audio_names(tracks: Sequence[Track]) -> list[str]:
    """What players call audio tracks, each once: their labels, or else language and role."""
    said = ((track.label, language_tag(track.rendition.language) or "audio", _ROLES.get(track.role)) for track in tracks)
    called = [plain_text(label) or " ".join(word for word in (tag, role) if word is not None) for label, tag, role in said]
    counts = [called[: place + 1].count(name) for place, name in enumerate(called)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(called, counts, strict=True)]


def name_once(labels: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Labels, each once in its group (RFC 8216bis 4.4.6.1.1), without what ends a quoted string."""
    plain = [plain_text(label) for label in labels]
    return [
        label if label and plain.count(label) == 1 else f"{label} {folder}".strip() for label, folder in zip(plain, folders, strict=True)
    ]


def plain_text(label: str) -> str:
    """A label without what ends a quoted string."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", label.replace('"', "'")).strip()


def language_tag(language: str | None) -> str | None:
    """A well-formed BCP 47 tag or None; what a source claims may be anything."""
    if language is None or language == "und" or not _LANGUAGE.fullmatch(language):
        return None
    return language


def steps(segments: Sequence[Segment]) -> list[int]:
    """Ticks from each segment's start to the next one's, so that sums of them are decode times (tfdt); the last: its own duration."""
    if not segments:
        return []
    return [b.start_ticks - a.start_ticks for a, b in pairwise(segments)] + [segments[-1].duration_ticks]


def segment_name(segment: Segment) -> str:
    """A segment's name inside its rendition's folder."""
    return f"{segment.index}.m4s"


def segment_uri(track: Track, segment: Segment) -> str:
    """A segment's path below the video's base URL."""
    return f"{folder_uri(track)}/{segment_name(segment)}"


def folder_uri(track: Track) -> str:
    """A rendition's folder below the video's base URL; of what was made anew another one, since caches keep the old for ever."""
    name = quote(track.name, safe="")
    return name if track.edition == 1 else f"{name}{_EDITION}{track.edition}"


def read_folder(folder: str) -> tuple[str, int]:
    """(name of the rendition, edition) of a folder. Raises NotFoundError."""
    name, mark, edition = folder.partition(_EDITION)
    if mark and not (edition.isascii() and edition.isdigit() and int(edition) > 1):
        raise NotFoundError(f"there is no rendition {folder}", rendition=folder)
    return name, int(edition or 1)


def sheet_name(index: int) -> str:
    """The name of a storyboard sheet."""
    return f"storyboard-{index}.jpg"


def picture_uri(name: str, edition: int) -> str:
    """Where a picture is to be fetched: caches keep those of earlier editions."""
    return name if edition == 1 else f"{name}?{edition}"


def make_storyboard(storyboard: Storyboard, duration_s: float, edition: int = 1) -> str:
    """The WebVTT thumbnail track: one cue per tile, `storyboard-N.jpg#xywh=x,y,w,h` (W3C media fragments)."""
    per_sheet = storyboard.columns * storyboard.rows
    cues = ["WEBVTT\n"]
    for tile in range(storyboard.tiles):
        start_s = tile * storyboard.interval_s
        end_s = duration_s if tile == storyboard.tiles - 1 else start_s + storyboard.interval_s
        row, column = divmod(tile % per_sheet, storyboard.columns)
        box = f"{column * storyboard.tile_width},{row * storyboard.tile_height},{storyboard.tile_width},{storyboard.tile_height}"
        sheet = picture_uri(sheet_name(tile // per_sheet), edition)
        cues.append(f"{_clock(start_s)} --> {_clock(max(end_s, start_s + 0.001))}\n{sheet}#xywh={box}\n")
    return "\n".join(cues)


def make_chapters(chapters: Sequence[Chapter]) -> str:
    """The WebVTT chapters track (kind `chapters`): one cue for each, whose text is the title and nothing else, whatever it holds."""
    cues = ["WEBVTT\n"]
    for chapter in chapters:
        title = " ".join(escape(chapter.title, quote=False).split()) or "-"  # a blank line would end the cue
        cues.append(f"{_clock(chapter.start_s)} --> {_clock(max(chapter.end_s, chapter.start_s + 0.001))}\n{title}\n")
    return "\n".join(cues)


def _clock(time_s: float) -> str:
    """WebVTT time, hh:mm:ss.mmm."""
    milliseconds = round(time_s * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
