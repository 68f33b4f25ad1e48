"""Sends the file of an audio track in one request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from yeoul.base.errors import SignatureError, YeoulError
from yeoul.client.connection import Connection, retry_pauses
from yeoul.client.source_file import Item, hash_range

_CHUNK_BYTES = 64 * 1024
_PATIENCE_S = 120.0


def send_track(
    connection: Connection,
    video_id: str,
    path: Path,
    fields: Mapping[str, Any],
    sound: Mapping[str, Any] | None = None,
    metered: Callable[[Item], Iterator[bytes]] = lambda item: item.chunks(_CHUNK_BYTES),
    wait: Callable[[float], bool | None] = time.sleep,
) -> dict[str, Any]:
    """Sends a file as an audio track of a video, unless it has already landed; returns the track as in the API.

    fields: language, label and role of the track. sound: a `SoundFile` as JSON, for a track of the video's own file. metered: yields an
    item's bytes within the rate limit. wait: waits this many seconds before the next attempt, and returns True to give up.
    """
    size_bytes = path.stat().st_size
    declared = {"size_bytes": size_bytes, "sha256": hash_range(path, 0, size_bytes)}
    item = Item(0, path, 0, size_bytes, declared, temporary=False)
    for pause_s in retry_pauses(_PATIENCE_S):
        try:
            upload = connection.post(f"videos/{video_id}/audio", {**fields, **declared, "sound": sound})
            if upload["url"] is not None:
                connection.put_signed(upload["url"], upload["headers"], metered(item), size_bytes)
            return connection.post(f"videos/{video_id}/audio/{upload['track']['name']}/landed", {})
        except YeoulError as error:
            if pause_s is None or not (error.retryable or isinstance(error, SignatureError)) or wait(pause_s):
                raise
    raise AssertionError
