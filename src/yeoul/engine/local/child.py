"""One attempt in the zygote: its process, its pipe, its scratch folder and how it ended."""

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
    """A forked attempt and its state."""

    def __init__(self, work: Work, pid: int, pipe: int, scratch: Path) -> None:
        self.work = work
        self.pid = pid
        self.pipe = pipe
        self.pipe_closed = False
        self.result: Frame | None = None
        self.stopped: YeoulError | None = None
        self.end_reason = ""
        self.deadline_s = time.monotonic() + work.timeout_s
        self._scratch = scratch
        self._reader = FrameReader()
        self._started_s = time.monotonic()
        self._usage: dict[str, Any] = {}

    @classmethod
    def fork(cls, work: Work, scratch_root: Path, body: Callable[[Path, int, int], None]) -> Child:
        """Forks a child that calls `body(scratch, pipe, zygote_pid)` and exits.

        Raises OSError if the folder, pipe or process cannot be created.
        """
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=scratch_root))
        fds: tuple[int, ...] = ()
        zygote_pid = os.getpid()
        try:
            fds = os.pipe()
            pid = os.fork()
        except OSError:
            for fd in fds:
                os.close(fd)
            scratch.rmdir()
            raise
        reading, writing = fds
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
        """Yields every frame that is in the pipe now. Sets `pipe_closed` at the end of the pipe."""
        while not self.pipe_closed:
            try:
                data = os.read(self.pipe, _READ_BYTES)
            except BlockingIOError:
                return
            self.pipe_closed = not data
            yield from self._reader.feed(data)

    def stop(self, why: YeoulError) -> None:
        """Kills the attempt with its process group. `why` becomes its error, unless the result came first."""
        self.stopped = self.stopped or why
        process.kill_tree(self.pid)

    def record_end(self, status: int, usage: resource.struct_rusage) -> None:
        """Stores the result of wait4: how the process ended and what it used, including its reaped descendants."""
        code = os.waitstatus_to_exitcode(status)
        self.end_reason = f"exit {code}" if code >= 0 else signal.Signals(-code).name
        self._usage = {
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "wall_s": time.monotonic() - self._started_s,
            "max_rss_bytes": usage.ru_maxrss * _RSS_UNIT,
        }

    def head(self) -> dict[str, Any]:
        """Returns the fields of a final report that the zygote knows."""
        return {"task": self.work.task, "attempt": self.work.attempt, **self._usage}

    def close(self) -> None:
        """Closes the pipe and deletes the scratch folder."""
        os.close(self.pipe)
        shutil.rmtree(self._scratch, ignore_errors=True)
