"""The stream indexes in memory, so that requests for ready videos need no database.

An index of a ready video stays valid until the video changes. The cache learns of changes from the database's commits: at most a second
passes before a change by another process takes effect.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from yeoul.base.clock import Clock
from yeoul.base.errors import UnavailableError
from yeoul.catalog.database import ChangeWatch, Database
from yeoul.catalog.video import audio_track, caption, stream, version, video
from yeoul.delivery.catalogue_view import make_presentation
from yeoul.delivery.stream_index import StreamIndex

log = logging.getLogger("yeoul.delivery")
_GROWING_TTL_S = 0.25
_CHECK_EVERY_S = 0.25
_CHECK_WITHIN_S = 1.0
_SLOW_CHECK_S = 10.0  # so long, viewers do not wait for a database that does not answer

_Key = tuple[str, int | None]  # (video id, edition); None: the edition that viewers get


class StreamCache:
    """A thread-safe cache of stream indexes. piece_s: target length of pieces in seconds; max_bytes: of all indexes together."""

    def __init__(self, database: Database, clock: Clock, piece_s: float, max_bytes: int) -> None:
        self._database = database
        self._clock = clock
        self._piece_s = piece_s
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._indexes: OrderedDict[_Key, StreamIndex] = OrderedDict()
        self._size_bytes = 0
        self._unchecked: set[str] = set()  # videos whose index was read after the last check began
        self._checking = threading.Lock()
        self._watch: ChangeWatch | None = None
        self._checked_at = 0.0

    def peek(self, video_id: str) -> StreamIndex | None:
        """Returns the index if it is in memory and valid. Does not wait for anything."""
        now_s = self._clock.now()
        with self._lock:
            index = self._indexes.get((video_id, None))
            if index is None or not self._is_valid(index, now_s):
                return None
            self._indexes.move_to_end((video_id, None))
        return index

    def _is_valid(self, index: StreamIndex, now_s: float) -> bool:
        if index.is_ready:
            return 0 <= now_s - self._checked_at < (_SLOW_CHECK_S if self._checking.locked() else _CHECK_WITHIN_S)
        return 0 <= now_s - index.read_at < _GROWING_TTL_S

    @property
    def needs_check(self) -> bool:
        """True if it is time to call `check`."""
        return not 0 <= self._clock.now() - self._checked_at < _CHECK_EVERY_S

    def check(self) -> None:
        """Removes the indexes of videos that have changed.

        If the database cannot be reached, keeps all: nothing can have changed that this process could know of.
        """
        with self._checking:
            if not self.needs_check:
                return
            now_s = self._clock.now()
            try:
                self._remove_changed()
            except UnavailableError as error:
                log.warning("streams of ready videos are served from memory: %s", error.message)
            self._checked_at = now_s

    def _remove_changed(self) -> None:
        with self._lock:
            unchecked, self._unchecked = self._unchecked, set()
        try:
            if self._watch is None:
                self._watch = self._database.watch(("video",))
                has_changed = True
            else:
                has_changed = self._watch.poll()
            with self._lock:
                known = {key: index.version for key, index in self._indexes.items() if has_changed or key[0] in unchecked}
            if known:
                with self._database.read() as connection:
                    versions = version.of_videos(connection, sorted({video_id for video_id, _ in known}))
                for key, known_version in known.items():
                    if versions.get(key[0]) != known_version:
                        self.invalidate(key[0])
        except UnavailableError:
            with self._lock:
                self._unchecked |= {video_id for video_id, _ in self._indexes}
            raise

    def get(self, video_id: str, edition: int | None = None, *, fresh: bool = False) -> StreamIndex:
        """Returns the index of a video's current edition, or of an earlier one while viewers may still be watching it.

        fresh: reads the video's version in any case. Raises NotFoundError if there is no such video.
        """
        key = (video_id, edition)
        now_s = self._clock.now()
        with self._lock:
            known = self._indexes.get(key)
        if known is not None and not fresh and self._is_valid(known, now_s):
            return known
        index = self._read(video_id, edition, known, now_s)
        self._keep(key, index)
        return index

    def _read(self, video_id: str, edition: int | None, known: StreamIndex | None, now_s: float) -> StreamIndex:
        with self._database.read() as connection:
            row = video.get(connection, video_id)
            if known is not None and known.version == row["version"]:
                return known.at(now_s)
            captions = caption.of_video(connection, video_id)
            shown: video.OwnedVideoRow = {**row, "edition": row["edition"] if edition is None else edition}
            tracks = stream.tracks(connection, video_id, shown["edition"])
            audio_rows = audio_track.of_video(connection, video_id)
        return StreamIndex(shown, make_presentation(shown, tracks, captions, audio_rows, self._piece_s), captions, now_s)

    def _keep(self, key: _Key, index: StreamIndex) -> None:
        with self._lock:
            self._remove(key)
            self._indexes[key] = index
            self._size_bytes += index.size_bytes
            self._unchecked.add(key[0])
            while self._size_bytes > self._max_bytes and len(self._indexes) > 1:
                self._remove(next(iter(self._indexes)))

    def _remove(self, key: _Key) -> None:
        index = self._indexes.pop(key, None)
        if index is not None:
            self._size_bytes -= index.size_bytes

    def invalidate(self, video_id: str) -> None:
        """Removes a video's indexes, so that a change by this process takes effect immediately."""
        with self._lock:
            for key in [key for key in self._indexes if key[0] == video_id]:
                self._remove(key)

    def close(self) -> None:
        """Closes the connection that watches for changes."""
        with self._checking:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
