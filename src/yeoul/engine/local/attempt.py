"""One attempt in its own process: the forked child that runs an op and sends the result to the zygote."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

from yeoul.base.errors import TaskCrashedError, YeoulError
from yeoul.base.sandbox.confine import die_with_parent
from yeoul.engine.local import process
from yeoul.engine.local.frame import pack
from yeoul.engine.local.runner import Progress, Run
from yeoul.model.work import TRAFFIC, Work

_PROGRESS_EVERY_S = 0.1
_TRACEBACK_CHARACTERS = 4000


def run_attempt(work: Work, run: Run, scratch: Path, pipe: int, zygote_pid: int) -> NoReturn:
    """Runs an op in the forked child, writes its result or error to `pipe`, and exits. Never returns to the zygote's code."""
    try:
        os.setsid()
        die_with_parent(zygote_pid)
        kind, body = _run_op(work, run, scratch, pipe)
        _write(pipe, pack({"kind": kind}, body))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _prepare_process(work: Work, scratch: Path) -> None:
    # While this child lives, it adopts its orphans. The zygote therefore adopts only processes of attempts that have ended.
    process.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    process.lower_priority()
    process.limit_memory(work.slots.memory_bytes)
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)


def _run_op(work: Work, run: Run, scratch: Path, pipe: int) -> tuple[str, bytes]:
    try:
        _prepare_process(work, scratch)
        outputs = run(work, scratch, _make_progress(pipe))
        return "done", json.dumps(outputs, separators=(",", ":")).encode()
    except BaseException as error:  # noqa: BLE001 - any exception of an op becomes a report
        return "failed", json.dumps({**describe(work.op, error).to_dict(), **_traffic(error)}, default=str).encode()


def _traffic(error: BaseException) -> dict[str, Any]:
    """Returns the traffic that the runner counted before the error, if any."""
    return {TRAFFIC: traffic} if (traffic := vars(error).get(TRAFFIC)) else {}


def describe(op: str, error: BaseException) -> YeoulError:
    """Returns a YeoulError unchanged, and any other exception as a TaskCrashedError with its traceback."""
    process.release_memory_reserve()
    if isinstance(error, YeoulError):
        return error
    trace = "".join(traceback.format_exception(error))[-_TRACEBACK_CHARACTERS:]
    return TaskCrashedError(f"{op} raised {type(error).__name__}: {error}"[:500], op=op, traceback=trace)


def _make_progress(pipe: int) -> Progress:
    """Returns a function that reports a share from 0 to 1: the first, the last, and at most ten per second in between."""
    due_s = 0.0

    def progress(share: float) -> None:
        nonlocal due_s
        now_s = time.monotonic()
        if now_s >= due_s or share >= 1:
            due_s = now_s + _PROGRESS_EVERY_S
            _write(pipe, pack({"kind": "progress", "progress": min(max(share, 0.0), 1.0)}))

    return progress


def _write(pipe: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]
