"""Draws pictures and probes files for the API in a separate, sandboxed process, because decoders read untrusted data.

This module only starts the process (`media/picture/process.py`), so that the API does not have to load what decodes pictures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import Final

from yeoul.base.errors import MediaTimeoutError, MediaToolError, from_dict

_MAX_PROCESSES: Final = 2
_TIMEOUT_S: Final = 300.0  # generous for busy machines; the process's limit of CPU time stops decompression bombs


@dataclass(frozen=True)
class Drawing:
    """Runs at most two processes at a time. user: the user that processes started by root switch to. Methods raise like their functions."""

    user: str = "nobody"
    _slots: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_MAX_PROCESSES))

    def make_avatar(self, data: bytes) -> bytes:
        """Returns `avatar.make_avatar(data)`."""
        return self._draw("avatar", data)

    def draw_poster(self, data: bytes) -> bytes:
        """Returns `poster.draw_poster(data)`."""
        return self._draw("thumbnail", data)

    def cut_frame(self, init: bytes, media: bytes, time_s: float) -> bytes:
        """Returns `poster.cut_frame(init, media, time_s)`."""
        return self._draw("frame", init, media, time_s=time_s)

    def probe_ends(self, first: bytes, last: bytes, size_bytes: int) -> dict[str, str]:
        """Returns `ends.probe_ends(first, last, size_bytes)`."""
        formats: dict[str, str] = json.loads(self._draw("ends", first, last, size_bytes=size_bytes))
        return formats

    def _draw(self, name: str, *parts: bytes, **numbers: float) -> bytes:
        with self._slots, tempfile.TemporaryDirectory(prefix="yeoul-drawing-") as folder:
            head = {"do": name, "sizes": [len(part) for part in parts], "numbers": numbers, "folder": folder, "user": self.user}
            status, _, picture = _run_process(b"".join((json.dumps(head).encode(), b"\n", *parts))).partition(b"\n")
        if not status:
            raise MediaToolError("the drawing process ended without a result")
        if error := json.loads(status).get("error"):
            raise from_dict(error)
        return picture


def make_environment() -> dict[str, str]:
    """Returns the environment variables that the drawing process needs; the server's other variables may hold passwords."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH") if name in os.environ}


def _run_process(request: bytes) -> bytes:
    """Runs the process and returns its output, which goes to a file so that its size is limited. Raises MediaTimeoutError."""
    argv = [sys.executable, "-P", "-m", "yeoul.media.picture.process"]
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                argv, input=request, stdout=output, stderr=subprocess.DEVNULL, env=make_environment(), timeout=_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise MediaTimeoutError("the picture took too long to draw") from error
        output.seek(0)
        return output.read()
