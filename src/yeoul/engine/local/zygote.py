"""The zygote: loads the runner once, then forks a child process for every attempt, watches it and cleans up after it.

`python -m yeoul.engine.local.zygote CONTROL_FD OWNER_PID`. It has one thread and one selector. The owner sends frames {"do": "load" |
"start" | "cancel"}; the zygote sends {"kind": "ready" | "broken"} and the heads of reports. If the owner closes the pipe or dies, the
zygote kills all processes below it and exits. It ignores SIGINT, SIGTERM and SIGHUP, because the owner decides when to drain.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from yeoul.base.errors import TaskTimeoutError, WorkerLostError, YeoulError
from yeoul.engine.local import attempt, process
from yeoul.engine.local.child import Child
from yeoul.engine.local.frame import Frame, FrameReader, pack
from yeoul.engine.local.runner import Run, load_runner
from yeoul.model.work import Work

_READ_BYTES = 256 * 1024


class Zygote:
    """The event loop between the owner's pipe and the child processes."""

    def __init__(self, control: socket.socket, owner_pid: int) -> None:
        self._control = control
        self._is_open = True
        self._inbox = FrameReader()
        self._outbox = bytearray()
        self._run: Run | None = None
        self._scratch = Path()
        self._living: dict[int, Child] = {}
        self._ended: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, self._on_control)
        self._wake_in, self._wake_out = process.open_child_wakeup()
        self._selector.register(self._wake_in, selectors.EVENT_READ, self._on_wake)
        self._watch_owner(owner_pid)

    def serve(self) -> None:
        """Runs until the owner is gone; returns when no child process is left."""
        while self._is_open:
            for key, events in self._selector.select(self._next_deadline_s()):
                key.data(events)
            self._stop_overdue()
            self._reap()
        self._kill_all()

    # --- the owner ---

    def _watch_owner(self, owner_pid: int) -> None:
        """Watches for the owner's death (Linux), because another process that the owner forked may hold the pipe open."""
        if sys.platform != "linux":
            return
        try:
            fd = os.pidfd_open(owner_pid)
        except ProcessLookupError:
            self._is_open = False
            return
        self._selector.register(fd, selectors.EVENT_READ, self._on_owner_death)

    def _on_owner_death(self, _events: int) -> None:
        self._is_open = False

    def _on_wake(self, _events: int) -> None:
        with suppress(BlockingIOError):
            while self._wake_in.recv(4096):
                pass

    def _on_control(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if not events & selectors.EVENT_READ:
            return
        try:
            data = self._control.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._is_open = False
            return
        for frame in self._inbox.feed(data):
            self._execute(frame)

    def _execute(self, frame: Frame) -> None:
        match frame.head["do"]:
            case "load":
                self._load(**frame.head["runner"])
            case "start":
                self._start(Work.model_validate_json(frame.body))
            case "cancel":
                self._cancel(frame.head["task"], frame.head["attempt"])
            case unknown:
                raise ValueError(f"unknown frame {unknown}")

    def _send(self, head: dict[str, Any], body: bytes = b"") -> None:
        self._outbox += pack(head, body)
        self._flush()

    def _flush(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            while self._outbox:
                del self._outbox[: self._control.send(self._outbox)]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outbox else 0)
        self._selector.modify(self._control, wanted, self._on_control)

    # --- attempts ---

    def _load(self, name: str, config: dict[str, Any], scratch: str) -> None:
        self._scratch = Path(scratch)
        try:
            self._run = load_runner(name, config)
        except Exception as error:  # noqa: BLE001 - the owner must learn of every error
            self._send({"kind": "broken", "message": f"{type(error).__name__}: {error}"})
            self._is_open = False
            return
        # The objects loaded so far are never freed. Freezing them keeps the garbage collector from writing to pages that children share.
        gc.collect()
        gc.freeze()
        self._send({"kind": "ready"})

    def _start(self, work: Work) -> None:
        if self._run is None:
            return
        try:
            child = Child.fork(work, self._scratch, self._child_body(work, self._run))
        except OSError as error:
            self._report(work, "lost", WorkerLostError(f"no process could be started: {error}", reason="start"))
            return
        self._living[child.pid] = child
        self._selector.register(child.pipe, selectors.EVENT_READ, self._reader_of(child))
        self._send({"kind": "started", "task": work.task, "attempt": work.attempt, "pid": child.pid})

    def _child_body(self, work: Work, run: Run) -> Callable[[Path, int, int], None]:
        def body(scratch: Path, pipe: int, zygote_pid: int) -> None:
            self._close_inherited()
            attempt.run_attempt(work, run, scratch, pipe, zygote_pid)

        return body

    def _close_inherited(self) -> None:
        """Closes the zygote's descriptors in a child process: an inherited pipe of another attempt would hide the end of that attempt."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        fds = [key.fd for key in self._selector.get_map().values()]
        self._selector.close()
        for fd in (*fds, self._wake_out.fileno()):
            os.close(fd)

    def _reader_of(self, child: Child) -> Callable[[int], None]:
        def read(_events: int) -> None:
            self._on_pipe(child)

        return read

    def _on_pipe(self, child: Child) -> None:
        for frame in child.read():
            if frame.head["kind"] == "progress":
                self._send({**frame.head, "task": child.work.task, "attempt": child.work.attempt})
            else:
                child.result = frame
        if child.pipe_closed:
            self._selector.unregister(child.pipe)

    def _cancel(self, task: str, number: int) -> None:
        for child in self._living.values():
            if (child.work.task, child.work.attempt) == (task, number):
                child.stop(WorkerLostError("the attempt was cancelled", reason="cancelled"))

    def _next_deadline_s(self) -> float | None:
        deadlines = [child.deadline_s for child in self._living.values() if child.stopped is None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _stop_overdue(self) -> None:
        now_s = time.monotonic()
        for child in self._living.values():
            if child.stopped is None and now_s >= child.deadline_s:
                limit_s = child.work.timeout_s
                child.stop(TaskTimeoutError(f"{child.work.op} took longer than {limit_s:g} s", op=child.work.op, timeout_s=limit_s))

    def _reap(self) -> None:
        """Reaps dead children and kills the processes that they left. Reports an attempt when none of its processes is alive."""
        while self._living or self._ended:
            pid, status, usage = _wait_any()
            if usage is None or pid == 0:
                break
            child = self._living.pop(pid, None)
            if child is not None:
                child.record_end(status, usage)
                self._ended.append(child)
        if not self._ended:
            return
        strays = process.child_pids() - self._living.keys()
        for pid in strays:
            process.kill_tree(pid)
        if not strays:
            ended, self._ended = self._ended, []
            for child in ended:
                self._finish(child)

    def _finish(self, child: Child) -> None:
        if not child.pipe_closed:
            self._on_pipe(child)
        if not child.pipe_closed:
            self._selector.unregister(child.pipe)
        child.close()
        if child.result is not None:
            self._send({**child.head(), "kind": child.result.head["kind"]}, child.result.body)
            return
        error = child.stopped or WorkerLostError(f"the worker process ended without a report ({child.end_reason})", reason=child.end_reason)
        self._send({**child.head(), "kind": "lost" if isinstance(error, WorkerLostError) else "failed"}, _as_json(error))

    def _report(self, work: Work, kind: str, error: YeoulError) -> None:
        self._send({"kind": kind, "task": work.task, "attempt": work.attempt}, _as_json(error))

    def _kill_all(self) -> None:
        for child in self._living.values():
            process.kill_tree(child.pid)
        while True:
            for pid in process.child_pids() - self._living.keys():
                process.kill_tree(pid)
            try:
                pid = os.wait()[0]
            except ChildProcessError:
                break
            child = self._living.pop(pid, None)
            if child is not None:
                self._ended.append(child)
        for child in self._ended:
            child.close()


def _wait_any() -> tuple[int, int, resource.struct_rusage | None]:
    """Reaps one dead child process and returns its (pid, status, usage); pid 0 if none is dead."""
    try:
        return os.wait4(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0, None


def _as_json(error: YeoulError) -> bytes:
    return json.dumps(error.to_dict()).encode()


def main(arguments: list[str]) -> None:
    control_fd, owner_pid = map(int, arguments)
    control = socket.socket(fileno=control_fd)
    control.setblocking(False)
    control.set_inheritable(False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    process.adopt_orphans()
    Zygote(control, owner_pid).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
