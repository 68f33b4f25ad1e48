"""Drawing pictures and probing for the API: in a process of its own, in a sandbox, since decoders read there what strangers sent.

`python -m yeoul.media.picture.process` is that process. Standard input: a line of JSON {"do", "sizes", "folder", "user", ...}, then the
bytes of each part. Standard output: {"error": ...} or {} as one line of JSON, then the picture.
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
from yeoul.base.sandbox.room import Room
from yeoul.media.limits import Limits
from yeoul.media.picture.avatar import make_avatar
from yeoul.media.picture.poster import cut_frame, draw_thumbnail
from yeoul.media.source.ends import look_at_ends

_AT_A_TIME: Final = 2
_MEMORY_BYTES: Final = 768 * 2**20
_WRITTEN_BYTES: Final = 32 * 2**20
_CPU_S: Final = 30
_WALL_S: Final = 300.0  # for machines that are busy; the processor's time is what ends a bomb


def _look(first: bytes, last: bytes, size_bytes: float) -> bytes:
    return json.dumps(look_at_ends(first, last, int(size_bytes), Limits())).encode()


_DRAW: Final[dict[str, Callable[..., bytes]]] = {"avatar": make_avatar, "thumbnail": draw_thumbnail, "frame": cut_frame, "ends": _look}


@dataclass(frozen=True)
class Drawing:
    """Draws two pictures at a time. user: the plain user that root's drawing process becomes. Each method raises what its function does."""

    user: str = "nobody"
    _places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_AT_A_TIME))

    def make_avatar(self, data: bytes) -> bytes:
        """Returns `avatar.make_avatar(data)`."""
        return self._draw("avatar", data)

    def draw_thumbnail(self, data: bytes) -> bytes:
        """Returns `thumbnail.draw_thumbnail(data)`."""
        return self._draw("thumbnail", data)

    def cut_frame(self, init: bytes, media: bytes, time_s: float) -> bytes:
        """Returns `thumbnail.cut_frame(init, media, time_s)`."""
        return self._draw("frame", init, media, time_s=time_s)

    def look_at_ends(self, first: bytes, last: bytes, size_bytes: int) -> dict[str, str]:
        """Returns `ends.look_at_ends(first, last, size_bytes)`."""
        found: dict[str, str] = json.loads(self._draw("ends", first, last, size_bytes=size_bytes))
        return found

    def _draw(self, name: str, *parts: bytes, **numbers: float) -> bytes:
        with self._places, tempfile.TemporaryDirectory(prefix="yeoul-drawing-") as folder:
            head = {"do": name, "sizes": [len(part) for part in parts], "numbers": numbers, "folder": folder, "user": self.user}
            told, _, picture = _run(b"".join((json.dumps(head).encode(), b"\n", *parts))).partition(b"\n")
        if not told:
            raise MediaToolError("the process that draws ended without a picture")
        if error := json.loads(told).get("error"):
            raise from_dict(error)
        return picture


def make_environment() -> dict[str, str]:
    """Returns what the drawing process needs of the environment: the server's own holds passwords."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH") if name in os.environ}


def _run(sent: bytes) -> bytes:
    """Returns what the drawing process writes, which is bounded since it writes into a file. Raises MediaTimeoutError."""
    argv = [sys.executable, "-P", "-m", "yeoul.media.picture.process"]
    with tempfile.TemporaryFile() as written:
        try:
            subprocess.run(
                argv, input=sent, stdout=written, stderr=subprocess.DEVNULL, env=make_environment(), timeout=_WALL_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise MediaTimeoutError("the picture took too long to draw") from error
        written.seek(0)
        return written.read()


def main() -> None:
    """Draw what standard input asks for."""
    head: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    parts = [sys.stdin.buffer.read(size) for size in head["sizes"]]
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN_BYTES, _WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Room(readable=(), writable=(), mount_point=Path(head["folder"]), user=head["user"]).enter()
    try:
        answer = b"{}\n" + _DRAW[head["do"]](*parts, **head["numbers"])
    except YeoulError as error:
        answer = json.dumps({"error": error.to_dict()}).encode() + b"\n"
    except MemoryError:
        answer = json.dumps({"error": MediaToolError("the picture needs too much memory").to_dict()}).encode() + b"\n"
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
