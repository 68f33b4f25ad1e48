"""One attempt, seen from the zygote: its process, its pipe, its scratch folder and how it ended."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from yeoul.base.errors import YeoulError
from yeoul.engine.local import process
from yeoul.engine.local.frame import Frame, FrameReader
from yeoul.model.work import Work

SCRATCH_PREFIX = "attempt-"

_READ_BYTES = 256 * 1024
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, KiB on Linux


class Child:
    """A forked attempt and what is known of it."""

    def __init__(self, work: Work, pid: int, pipe: int, scratch: Path) -> None:
        self.work = work
        self.pid = pid
        self.pipe = pipe
        self.pipe_closed = False
        self.result: Frame | None = None
        self.stopped: YeoulError | None = None
        self.how = ""
        self.deadline_s = time.monotonic() + work.timeout_s
        self._scratch = scratch
        self._reader = FrameReader()
        self._started_s = time.monotonic()
        self._usage: dict[str, Any] = {}

    @classmethod
    def fork(cls, work: Work, scratch_root: Path, body: Callable[[Path, int, int], None]) -> Child:
        """Fork; the child calls `body(scratch, pipe, zygote_pid)` and ends. Raises OSError when folder, pipe or process cannot be had."""
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=scratch_root))
        ends: tuple[int, ...] = ()
        zygote_pid = os.getpid()
        try:
            ends = os.pipe()
            pid = os.fork()
        except OSError:
            for fd in ends:
                os.close(fd)
            scratch.rmdir()
            raise
        reading, writing = ends
        if pid == 0:
            try:
                os.close(reading)
                body(scratch, writing, zygote_pid)
            finally:
                os._exit(1)
        os.close(writing)
        os.set_blocking(reading, False)
        return cls(work, pid, reading, scratch)

    def read(self) -> Iterator[Frame]:
        """Every frame that is in the pipe now; sets `pipe_closed` at its end."""
        while not self.pipe_closed:
            try:
                data = os.read(self.pipe, _READ_BYTES)
            except BlockingIOError:
                return
            self.pipe_closed = not data
            yield from self._reader.feed(data)

    def stop(self, why: YeoulError) -> None:
        """Kill it with its group; `why` is reported unless the result came first."""
        self.stopped = self.stopped or why
        process.kill_tree(self.pid)

    def note_end(self, status: int, usage: resource.struct_rusage) -> None:
        """Keep what wait4 said: how it ended and what it used, reaped descendants included."""
        code = os.waitstatus_to_exitcode(status)
        self.how = f"exit {code}" if code >= 0 else signal.Signals(-code).name
        self._usage = {
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "wall_s": time.monotonic() - self._started_s,
            "max_rss_bytes": usage.ru_maxrss * _RSS_UNIT,
        }

    def head(self) -> dict[str, Any]:
        """The fields of a final report that the zygote knows."""
        return {"task": self.work.task, "attempt": self.work.attempt, **self._usage}

    def close(self) -> None:
        """Give back pipe and scratch folder."""
        os.close(self.pipe)
        shutil.rmtree(self._scratch, ignore_errors=True)
