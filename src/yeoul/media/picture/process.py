"""Draws pictures and probes files for the API in a separate, sandboxed process, because decoders read untrusted data.

`python -m yeoul.media.picture.process` is this process. Its standard input is a line of JSON {"do", "sizes", "folder", "user", ...}, then
the bytes of each part. Its standard output is {"error": ...} or {} as one line of JSON, then the picture.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from yeoul.base.errors import MediaTimeoutError, MediaToolError, YeoulError, from_dict
from yeoul.base.sandbox.confine import Sandbox
from yeoul.media.limits import Limits
from yeoul.media.picture.avatar import make_avatar
from yeoul.media.picture.poster import cut_frame, draw_poster
from yeoul.media.source.ends import probe_ends

_MAX_PROCESSES: Final = 2
_MEMORY_BYTES: Final = 768 * 2**20
_MAX_OUTPUT_BYTES: Final = 32 * 2**20
_CPU_S: Final = 30
_TIMEOUT_S: Final = 300.0  # generous for busy machines; _CPU_S stops decompression bombs


def _probe_ends(first: bytes, last: bytes, size_bytes: float) -> bytes:
    return json.dumps(probe_ends(first, last, int(size_bytes), Limits())).encode()


_ACTIONS: Final[dict[str, Callable[..., bytes]]] = {
    "avatar": make_avatar,
    "thumbnail": draw_poster,
    "frame": cut_frame,
    "ends": _probe_ends,
}


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


def main() -> None:
    """Reads a request from standard input, and writes the result to standard output."""
    head: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    parts = [sys.stdin.buffer.read(size) for size in head["sizes"]]
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_OUTPUT_BYTES, _MAX_OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Sandbox(readable=(), writable=(), mount_point=Path(head["folder"]), user=head["user"]).enter()
    try:
        response = b"{}\n" + _ACTIONS[head["do"]](*parts, **head["numbers"])
    except YeoulError as error:
        response = json.dumps({"error": error.to_dict()}).encode() + b"\n"
    except MemoryError:
        response = json.dumps({"error": MediaToolError("the picture needs too much memory").to_dict()}).encode() + b"\n"
    sys.stdout.buffer.write(response)


if __name__ == "__main__":
    main()
