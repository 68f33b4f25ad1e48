"""One attempt, seen from inside: the forked child that runs an op and tells the zygote how it went."""

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
from yeoul.base.sandbox.room import die_with_parent
from yeoul.engine.local import process
from yeoul.engine.local.frame import pack
from yeoul.engine.local.runner import Progress, Run
from yeoul.model.work import TRAFFIC, Work

_PROGRESS_EVERY_S = 0.1
_TRACEBACK_CHARACTERS = 4000


def live(work: Work, run: Run, scratch: Path, pipe: int, zygote_pid: int) -> NoReturn:
    """Be the child: run the op and end; what it returned or raised goes through `pipe`. Never returns into the zygote's code."""
    try:
        os.setsid()
        die_with_parent(zygote_pid)
        kind, body = _outcome(work, run, scratch, pipe)
        _write(pipe, pack({"kind": kind}, body))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _settle(work: Work, scratch: Path) -> None:
    # While this child lives its orphans stay below it, so what the zygote adopts is always of an attempt that has ended.
    process.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    process.yield_to_servers()
    process.limit_memory(work.slots.memory_bytes)
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)


def _outcome(work: Work, run: Run, scratch: Path, pipe: int) -> tuple[str, bytes]:
    try:
        _settle(work, scratch)
        outputs = run(work, scratch, _progress_into(pipe))
        return "done", json.dumps(outputs, separators=(",", ":")).encode()
    except BaseException as error:  # noqa: BLE001 - whatever an op raises ends here, as a report
        return "failed", json.dumps({**describe(work.op, error).to_dict(), **_traffic(error)}, default=str).encode()


def _traffic(error: BaseException) -> dict[str, Any]:
    """What the runner says of the bytes that were moved until then."""
    return {TRAFFIC: found} if (found := vars(error).get(TRAFFIC)) else {}


def describe(op: str, error: BaseException) -> YeoulError:
    """Returns an error of ours as it is; of anything else that an op raised, a TaskCrashedError with its traceback."""
    process.release_memory_reserve()
    if isinstance(error, YeoulError):
        return error
    story = "".join(traceback.format_exception(error))[-_TRACEBACK_CHARACTERS:]
    return TaskCrashedError(f"{op} raised {type(error).__name__}: {error}"[:500], op=op, traceback=story)


def _progress_into(pipe: int) -> Progress:
    """A function that reports a share from 0 to 1: the first, the last, and at most ten a second between."""
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
