"""The process that draws pictures and probes files for the API (`media/picture/drawing.py`), in a sandbox.

`python -m yeoul.media.picture.process` is this process. Its standard input is a line of JSON {"do", "sizes", "folder", "user", ...}, then
the bytes of each part. Its standard output is {"error": ...} or {} as one line of JSON, then the picture.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from yeoul.base.errors import MediaToolError, YeoulError
from yeoul.base.sandbox.confine import Sandbox
from yeoul.media.limits import Limits
from yeoul.media.picture.avatar import make_avatar
from yeoul.media.picture.poster import cut_frame, draw_poster
from yeoul.media.source.ends import probe_ends

_MEMORY_BYTES: Final = 768 * 2**20
_MAX_OUTPUT_BYTES: Final = 32 * 2**20
_CPU_S: Final = 30


def _probe_ends(first: bytes, last: bytes, size_bytes: float) -> bytes:
    return json.dumps(probe_ends(first, last, int(size_bytes), Limits())).encode()


_ACTIONS: Final[dict[str, Callable[..., bytes]]] = {
    "avatar": make_avatar,
    "thumbnail": draw_poster,
    "frame": cut_frame,
    "ends": _probe_ends,
}


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
