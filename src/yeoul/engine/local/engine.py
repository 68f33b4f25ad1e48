"""The engine of one machine: one worker, which runs attempts as child processes of a zygote.

It guarantees the following, which tests/contract/test_engine.py verifies:
- Every submitted attempt gets exactly one final report: done, failed or lost. "started" comes first unless no process could be created.
- When the final report is returned, no process and no scratch file of the attempt is left, whatever the op had started.
- A cancelled attempt is reported as lost (error fact reason: "cancelled"), unless its result came first.
- If the owner ends, even by SIGKILL, every process below it ends.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from yeoul.base.errors import ConflictError, UnavailableError, WorkerLostError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.engine.local import process
from yeoul.engine.local.child import SCRATCH_PREFIX
from yeoul.engine.local.frame import Frame, FrameReader, pack
from yeoul.model.work import Report, Slots, Work

_READ_BYTES = 1024 * 1024
_MAX_ENDED = 4096
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
# The environment variables that an op may need. None of them holds credentials; settings are sent through the pipe.
_PASSED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")

Key = tuple[TaskId, int]


class LocalEngine:
    """Runs attempts in forked child processes. Call `poll` from one thread only; the other methods are thread-safe."""

    def __init__(
        self, slots: Slots, runner: str, config: dict[str, Any], scratch: Path, worker: str = "local", secret: bytes = b""
    ) -> None:
        """Starts the zygote.

        runner: "module:function", a factory as in `runner.RunnerFactory`. config: its argument; paths in it should be absolute.
        secret: the runner reads it from the file descriptor `config["secret"]` when needed, so that it is not in the zygote's memory.
        scratch: emptied after killing the processes that an earlier owner left there, so two engines must not share one.
        """
        self._slots = slots
        self._worker = WorkerId(worker)
        self._secret = _open_secret(secret)
        self._runner = {"name": runner, "config": {**config, "secret": self._secret}, "scratch": str(scratch.resolve())}
        self._scratch = scratch.resolve()
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._works: dict[Key, Work] = {}
        self._ended: dict[Key, None] = {}
        self._sessions: dict[Key, int] = {}
        self._selector = selectors.DefaultSelector()
        self._pause_s = _FIRST_PAUSE_S
        self._restart_at_s: float | None = None
        self._broken: str | None = None
        self._closed = False
        self._sweep()
        self._start_zygote()

    # --- the engine protocol ---

    def free_slots(self) -> Mapping[WorkerId, Slots]:
        """Returns the free slots of the worker; no worker while the zygote is down."""
        with self._lock:
            return {} if self._restart_at_s is not None else {self._worker: self._free()}

    def submit(self, work: Work, on: WorkerId | None = None) -> None:
        """Starts an attempt, unless it was submitted before. Raises ConflictError if it does not fit or the worker is not available."""
        key = (TaskId(work.task), work.attempt)
        with self._lock:
            if key in self._works or key in self._ended:
                return
            if on not in {None, self._worker} or self._restart_at_s is not None:
                raise ConflictError(f"worker {on or self._worker} is not available", worker=on or self._worker)
            if not work.slots.fits(self._free()):
                raise ConflictError("the task needs more free slots", wanted=work.slots.model_dump(), free=self._free().model_dump())
            self._works[key] = work
            self._send({"do": "start"}, work.model_dump_json().encode())

    def poll(self, timeout_s: float, wake: Sequence[int] = ()) -> Sequence[Report]:
        """Returns reports as soon as there are any.

        Returns none after `timeout_s`, if one of the descriptors `wake` is readable, or if the worker is available again after its
        zygote died.

        Raises UnavailableError if the runner cannot be loaded; the engine retries loading it with growing delays.
        """
        self._raise_if_broken()
        if timeout_s <= 0:
            return self._poll(timeout_s, frozenset())
        for descriptor in wake:
            self._selector.register(descriptor, selectors.EVENT_READ)
        try:
            return self._poll(timeout_s, frozenset(wake))
        finally:
            for descriptor in wake:
                self._selector.unregister(descriptor)

    def _poll(self, timeout_s: float, wake: frozenset[int]) -> Sequence[Report]:
        reports: list[Report] = []
        deadline_s = time.monotonic() + timeout_s
        is_woken = False
        while True:
            ready = {key.fd for key, _ in self._selector.select(max(0.0, self._wake_at_s(deadline_s) - time.monotonic()))}
            is_woken = is_woken or bool(wake & ready)
            if ready - wake:
                reports += self._receive()
            if self._restart_when_due() or reports or is_woken or time.monotonic() >= deadline_s:
                break
            self._raise_if_broken()
        return reports

    def cancel(self, task: TaskId, attempt: int) -> None:
        """Kills an attempt and everything it started. Ignores unknown and ended attempts."""
        with self._lock:
            if (task, attempt) in self._works:
                self._send({"do": "cancel", "task": task, "attempt": attempt})

    def running(self) -> frozenset[Key]:
        """Returns the attempts without a final report so far."""
        with self._lock:
            return frozenset(self._works)

    def report_demand(self, waiting: Sequence[Slots]) -> None:
        """Does nothing, because one machine cannot scale."""

    def fileno(self) -> int:
        """Returns a descriptor that is readable when `poll` has something to read. It stays the same for the engine's whole life."""
        return self._selector.fileno()

    def close(self) -> None:
        """Kills all attempts without reporting them; returns when no process is left. To drain, first poll until `running` is empty."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._stop_zygote()
            self._selector.close()
            os.close(self._secret)
        self._sweep()

    # --- the zygote ---

    def _start_zygote(self) -> None:
        self._control, theirs = socket.socketpair()
        argv = [sys.executable, "-P", "-m", "yeoul.engine.local.zygote", str(theirs.fileno()), str(os.getpid())]
        with theirs:
            self._zygote = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=2,  # the output of ops must not mix with the owner's
                env=self._environment(),
                pass_fds=[theirs.fileno(), self._secret],
                start_new_session=True,
            )
        self._inbox = FrameReader()
        self._selector.register(self._control, selectors.EVENT_READ)
        self._restart_at_s = None
        self._send({"do": "load", "runner": self._runner})

    def _environment(self) -> dict[str, str]:
        variables = {name: os.environ[name] for name in (*_PASSED_VARIABLES, *_PROXY_VARIABLES) if name in os.environ}
        path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
        # No threads for linear algebra in numpy: they do not survive a fork, and ops control their own parallelism.
        return {**variables, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", process.MARK: str(self._scratch)}

    def _send(self, head: dict[str, Any], body: bytes = b"") -> None:
        # If the zygote died, poll notices it and reports this attempt as lost, like all others.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._control.sendall(pack(head, body))

    def _receive(self) -> list[Report]:
        try:
            data = self._control.recv(_READ_BYTES)
        except ConnectionResetError:
            data = b""
        with self._lock:
            if not data:
                return self._handle_zygote_end()
            reports = [self._read_frame(frame) for frame in self._inbox.feed(data)]
        return [report for report in reports if report is not None]

    def _read_frame(self, frame: Frame) -> Report | None:
        kind = frame.head["kind"]
        if kind == "ready":
            self._pause_s = _FIRST_PAUSE_S
            return None
        if kind == "broken":
            self._broken = frame.head["message"]
            return None
        head = dict(frame.head)
        key = (TaskId(head["task"]), head["attempt"])
        if kind == "started":
            self._sessions[key] = head.pop("pid")
        content = json.loads(frame.body) if frame.body else None
        if kind in {"done", "failed", "lost"}:
            self._mark_ended(key)
        return Report(worker=self._worker, outputs=content if kind == "done" else None, error=None if kind == "done" else content, **head)

    def _mark_ended(self, key: Key) -> None:
        self._works.pop(key)
        self._sessions.pop(key, None)
        self._ended[key] = None
        if len(self._ended) > _MAX_ENDED:
            del self._ended[next(iter(self._ended))]

    def _handle_zygote_end(self) -> list[Report]:
        """Cleans up after the zygote has died: kills its processes, schedules another zygote, and reports all attempts as lost."""
        self._stop_zygote()
        self._sweep()
        error = WorkerLostError("the process that runs attempts died", reason="zygote").to_dict()
        works = list(self._works.values())
        for key in list(self._works):
            self._mark_ended(key)
        self._restart_at_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return [Report(kind="lost", task=work.task, attempt=work.attempt, worker=self._worker, error=error) for work in works]

    def _stop_zygote(self) -> None:
        """Closes the pipe, so that the zygote kills all its attempts and exits. Kills the zygote if it does not exit in time."""
        if self._restart_at_s is not None:
            return
        self._selector.unregister(self._control)
        self._control.close()
        try:
            self._zygote.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._zygote.send_signal(signal.SIGKILL)
            self._zygote.wait()

    def _restart_when_due(self) -> bool:
        with self._lock:
            if self._restart_at_s is None or time.monotonic() < self._restart_at_s:
                return False
            self._start_zygote()
            return True

    def _raise_if_broken(self) -> None:
        message, self._broken = self._broken, None
        if message is not None:
            raise UnavailableError(f"the task runner cannot be loaded: {message}", runner=self._runner["name"])

    def _wake_at_s(self, deadline_s: float) -> float:
        return deadline_s if self._restart_at_s is None else min(deadline_s, self._restart_at_s)

    def _sweep(self) -> None:
        process.kill_marked(str(self._scratch), frozenset(self._sessions.values()))
        for folder in self._scratch.glob(f"{SCRATCH_PREFIX}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _free(self) -> Slots:
        free = self._slots
        for work in self._works.values():
            free -= work.slots
        return free


def _open_secret(secret: bytes) -> int:
    """Returns the descriptor of an unnamed file that holds the secret; on Linux the file is in memory."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("secret", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.write(descriptor, secret)
    return descriptor
