"""The index of a video's stream: what each path below its base URL answers with. Pure.

It is small enough to be kept in memory for thousands of videos: texts are compressed, and of a segment it has only the key.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from yeoul.catalog.schema.row.videos import CaptionRow, VideoRow
from yeoul.delivery import presentation as layout
from yeoul.delivery.catalogue_view import poster_uri
from yeoul.delivery.presentation import Presentation, Track
from yeoul.delivery.static import WEBVTT, Renderers, list_texts
from yeoul.model.rendition import Storyboard
from yeoul.model.video import VideoState, Visibility, effective_visibility

_JPEG = "image/jpeg"
_GZIP_LEVEL = 5
_MAX_INDEX_DIGITS = 9
# Bytes in memory, besides the text itself: of a key or a text with its place in a collection, and of an empty index.
_ENTRY_BYTES, _INDEX_BYTES = 200, 4096


@dataclass(frozen=True, slots=True)
class Text:
    """A playlist or other text, compressed with gzip. etag: weak, because it is the same for all encodings."""

    gzipped: bytes
    etag: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob of the encoded bucket, which never changes. is_foreign: its content can be anything, so browsers must not display it."""

    key: str
    media_type: str
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class StartPaths:
    """The paths that a player loads first, of the rungs in the codec that most players support, and of the first audio track.

    rungs: (name, pixels, paths).
    """

    rungs: tuple[tuple[str, int, tuple[str, ...]], ...]
    audio: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Folder:
    """The blobs of a rendition. keys: of the segments, by index; None for those that do not exist yet."""

    media_type: str
    init_key: str | None
    keys: tuple[str | None, ...]


class StreamIndex:
    """The index of one edition of a video.

    read_at: when its rows were read. start: None until the video can be played. size_bytes: its size in memory, estimated.
    """

    def __init__(self, row: VideoRow, presentation: Presentation | None, captions: Sequence[CaptionRow], read_at: float) -> None:
        """row: its edition is the one to index. The texts of a ready video are made now, those of others when they are requested."""
        self.video_id, self.version, self.edition, self.state = row["id"], row["version"], row["edition"], row["state"]
        self.is_ready = row["state"] == VideoState.READY.value
        self.audience = effective_visibility(row)
        self.is_private = self.audience == Visibility.PRIVATE
        self.read_at = read_at
        self.is_playable = presentation is not None
        self.start = None if presentation is None else _list_start_paths(presentation)
        self._poster_uri = poster_uri(row)
        self._posters = row["own_poster_key"], row["poster_key"]
        self._blobs = dict(_list_blobs(row))
        self._folders = {} if presentation is None else {layout.folder_uri(track): _make_folder(track) for track in presentation.tracks}
        self._captions = {row["name"]: (row["edition"], _compress(row["webvtt"], WEBVTT)) for row in captions}
        self._renderers: Renderers = {} if presentation is None else list_texts(presentation, row["edition"])
        self._texts: dict[str, Text] = {}
        if self.is_ready:
            self._texts = {path: _compress(render(), media_type) for path, (media_type, render) in self._renderers.items()}
            self._renderers = {}  # they refer to the presentation, which is ten times as large as all else
        self.size_bytes = self._measure()

    def at(self, read_at: float) -> Self:
        """Notes that the video had not changed at a later time. Returns the same index."""
        self.read_at = read_at
        return self

    def find(self, path: str, query: str = "") -> Text | Blob | None:
        """Returns what a path below the base URL answers with; None if this edition has no such path. Raises NotFoundError if malformed."""
        folder, slash, name = path.rpartition("/")
        if not slash:
            return self._find_poster(query) if path == layout.POSTER_NAME else self._blobs.get(path) or self._find_text(path)
        if folder in self._folders:
            return self._find_in_rendition(folder, name)
        return self._blobs.get(path) or self._find_caption(folder, name)

    def _find_in_rendition(self, folder: str, name: str) -> Text | Blob | None:
        files = self._folders[folder]
        index, _, extension = name.partition(".")
        if extension == "m4s" and index.isascii() and index.isdigit() and len(index) <= _MAX_INDEX_DIGITS:
            key = files.keys[int(index)] if int(index) < len(files.keys) else None
        elif name == layout.INIT_NAME:
            key = files.init_key
        else:
            return self._find_text(f"{folder}/{name}")
        return None if key is None else Blob(key, files.media_type)

    def _find_caption(self, folder: str, name: str) -> Text | None:
        """Captions have the URLs of all editions, so that players with an old playlist get the current text.

        The URL of a newer edition never answers with an older text, because caches would keep it.
        """
        caption, edition = layout.read_folder(folder)
        if caption not in self._captions or edition > self._captions[caption][0]:
            return None
        current, text = self._captions[caption]
        if name == layout.CAPTIONS_NAME:
            return text
        return self._find_text(f"{layout.make_folder(caption, current)}/{name}")

    def is_current_poster(self, query: str) -> bool:
        """True if the poster's URL with this query names the current poster. Caches keep the answer of a URL for a year."""
        return f"{layout.POSTER_NAME}?{query}".removesuffix("?") == self._poster_uri

    def _find_poster(self, query: str) -> Blob | None:
        """Returns the poster that the URL names, or else any poster. It exists before the video can be played."""
        own, automatic = self._posters
        key = (own if self.is_current_poster(query) else automatic) or automatic or own
        return None if key is None else Blob(key, _JPEG)

    def _find_text(self, path: str) -> Text | None:
        if path not in self._texts and path in self._renderers:
            media_type, render = self._renderers[path]
            self._texts[path] = _compress(render(), media_type)
        return self._texts.get(path)

    def _measure(self) -> int:
        texts = [*self._texts.values(), *(text for _, text in self._captions.values())]
        keys = [key for files in self._folders.values() for key in files.keys]
        lengths = [*(len(text.gzipped) for text in texts), *(len(key or "") for key in keys)]
        return _INDEX_BYTES + sum(lengths) + _ENTRY_BYTES * (len(lengths) + len(self._blobs))


def _list_blobs(row: VideoRow) -> Iterator[tuple[str, Blob]]:
    storyboard = None if row["storyboard"] is None else Storyboard.model_validate(row["storyboard"])
    for index, key in enumerate(() if storyboard is None else storyboard.keys):
        yield layout.sheet_name(index), Blob(key, _JPEG)
    for name, key in row["sidecars"].items():
        media_type = "application/json" if name.endswith(".json") else "application/octet-stream"
        yield f"{layout.SIDECAR_FOLDER}/{name}", Blob(key, media_type, is_foreign=True)


def _make_folder(track: Track) -> _Folder:
    keys = {segment.index: segment.key for segment in track.segments}
    media_type = f"{track.rendition.kind}/mp4"
    return _Folder(media_type, track.rendition.init_key, tuple(keys.get(index) for index in range(max(keys, default=-1) + 1)))


def _compress(text: str, media_type: str) -> Text:
    body = text.encode()
    return Text(gzip.compress(body, _GZIP_LEVEL, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', media_type)


def _list_start_paths(presentation: Presentation) -> StartPaths:
    def paths(track: Track) -> tuple[str, ...]:
        first = (layout.segment_uri(track, segment) for segment in presentation.listed_segments(track)[:1])
        return (f"{layout.folder_uri(track)}/{layout.INIT_NAME}", *first)

    rungs = next(iter(presentation.codecs), ())
    return StartPaths(
        rungs=tuple((track.name, track.rendition.width * track.rendition.height, paths(track)) for track in rungs),
        audio=tuple(path for track in presentation.audios[:1] for path in paths(track)),
    )
