"""Following a video from the client's side: when it became playable and ready, by server-sent events, listening anew when they break."""

from __future__ import annotations

import threading
import time
from typing import Any

from yeoul.base.errors import YeoulError
from yeoul.client.connection import Connection

_WATCHABLE = ("playable", "ready")
_ENDED = ("ready", "failed", "deleted")
_AGAIN_S = 0.5


class Follower:
    """Listens in a thread of its own; `began_s` is the monotonic time that all times count from.

    gone: why there is nothing to follow any more: the video was deleted, or the server stayed away longer than the connection is patient.
    """

    def __init__(self, connection: Connection, began_s: float) -> None:
        self._connection = connection
        self._began_s = began_s
        self._changed = threading.Condition()
        self.video: dict[str, Any] | None = None
        self.playable_s: float | None = None
        self.ready_s: float | None = None
        self.gone: YeoulError | None = None

    def start(self, video_id: str) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, args=(video_id,), daemon=True).start()

    def wait(self, wanted: str, timeout_s: float) -> bool:
        """Whether the video has reached `wanted` ("playable" or "ready"), or has ended otherwise, within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._reached(wanted), timeout_s)

    def _reached(self, wanted: str) -> bool:
        state = self.video["state"] if self.video else None
        return self.gone is not None or state in _ENDED or (wanted == "playable" and state in _WATCHABLE)

    def _listen(self, video_id: str) -> None:
        lost_s: float | None = None
        while not self._reached("ready"):
            try:
                for name, data in self._connection.events(f"videos/{video_id}/events"):
                    lost_s = None
                    if name == "video":
                        self._note(data)
                    if self._reached("ready"):
                        return
            except YeoulError as error:
                lost_s = lost_s or time.monotonic()
                if not error.retryable or time.monotonic() - lost_s > self._connection.patience_s:
                    self._give_up(error)
                    return
            time.sleep(_AGAIN_S)

    def _give_up(self, error: YeoulError) -> None:
        with self._changed:
            self.gone = error
            self._changed.notify_all()

    def _note(self, video: dict[str, Any]) -> None:
        now_s = time.monotonic() - self._began_s
        with self._changed:
            self.video = video
            if video["state"] in _WATCHABLE and self.playable_s is None:
                self.playable_s = now_s
            if video["state"] == "ready" and self.ready_s is None:
                self.ready_s = now_s
            self._changed.notify_all()
