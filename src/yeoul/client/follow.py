"""Follows the state of a video through server-sent events, and reconnects if the connection is lost."""

from __future__ import annotations

import threading
import time
from typing import Any

from yeoul.base.errors import YeoulError
from yeoul.client.connection import Connection

_PLAYABLE = ("playable", "ready")
_ENDED = ("ready", "failed", "deleted")
_RECONNECT_S = 0.5


class Follower:
    """Follows a video in its own thread.

    started_s: the monotonic time from which all times count. playable_s, ready_s: when the video reached this state. error: the error that
    ended following, because the video was deleted, or the server was unreachable for longer than the connection's patience.
    """

    def __init__(self, connection: Connection, started_s: float) -> None:
        self._connection = connection
        self._started_s = started_s
        self._changed = threading.Condition()
        self.video: dict[str, Any] | None = None
        self.playable_s: float | None = None
        self.ready_s: float | None = None
        self.error: YeoulError | None = None

    def start(self, video_id: str) -> None:
        """Starts the thread."""
        threading.Thread(target=self._listen, args=(video_id,), daemon=True).start()

    def wait(self, target: str, timeout_s: float) -> bool:
        """Waits until the video reaches `target` ("playable" or "ready") or its final state; returns False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._has_reached(target), timeout_s)

    def _has_reached(self, target: str) -> bool:
        state = self.video["state"] if self.video else None
        return self.error is not None or state in _ENDED or (target == "playable" and state in _PLAYABLE)

    def _listen(self, video_id: str) -> None:
        lost_at_s: float | None = None
        while not self._has_reached("ready"):
            try:
                for name, data in self._connection.events(f"videos/{video_id}/events"):
                    lost_at_s = None
                    if name == "video":
                        self._update(data)
                    if self._has_reached("ready"):
                        return
            except YeoulError as error:
                lost_at_s = lost_at_s or time.monotonic()
                if not error.retryable or time.monotonic() - lost_at_s > self._connection.patience_s:
                    self._set_gone(error)
                    return
            time.sleep(_RECONNECT_S)

    def _set_gone(self, error: YeoulError) -> None:
        with self._changed:
            self.error = error
            self._changed.notify_all()

    def _update(self, video: dict[str, Any]) -> None:
        now_s = time.monotonic() - self._started_s
        with self._changed:
            self.video = video
            if video["state"] in _PLAYABLE and self.playable_s is None:
                self.playable_s = now_s
            if video["state"] == "ready" and self.ready_s is None:
                self.ready_s = now_s
            self._changed.notify_all()
