"""Runs a function in a sandbox: a forked child runs it, and asks its parent for everything that the sandbox forbids.

The child is not trusted, because it reads uploaded files. The parent answers one request at a time, checks each, and limits the size of
messages. Both send frames (`frame.py`): the parent {"go"} and {"answer"}, the child {"ask": name, ...}, {"progress": share}, {"done"} and
{"failed"}.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from yeoul.base.errors import TaskCrashedError, YeoulError, from_dict
from yeoul.base.sandbox.confine import Sandbox, die_with_parent
from yeoul.engine.local.frame import Frame, FrameReader, pack

_READ_BYTES: Final = 256 * 1024
_MAX_BYTES: Final = 64 * 2**20  # of one message: outputs are JSON, and files are not sent in messages
_MAX_ERROR_BYTES: Final = 256 * 1024
_FIRST_FD: Final = 3  # the first one after standard input, output and error

Ask = Callable[[dict[str, Any], bytes], bytes]
Tell = Callable[[float], None]
Body = Callable[[Ask, Tell], bytes]
Serve = Callable[[dict[str, Any], bytes], bytes]
Describe = Callable[[BaseException], YeoulError]


@dataclass(frozen=True)
class Folders:
    """The folders of one attempt. inputs: readable in the sandbox; work: writable; taken: not accessible; root: for mounts."""

    inputs: Path
    work: Path
    taken: Path
    root: Path

    @classmethod
    def make(cls, scratch: Path, user: str) -> Folders:
        """Creates the folders in an attempt's scratch folder. If this process runs as root, the work folder belongs to `user`."""
        scratch.chmod(0o711)
        folders = cls(scratch / "in", scratch / "work", scratch / "taken", scratch / "root")
        for folder in (folders.inputs, folders.work, folders.taken, folders.root):
            folder.mkdir()
        folders.inputs.chmod(0o755)
        if os.geteuid() == 0:
            with suppress(KeyError):  # the server has logged at start that this user is missing
                entry = pwd.getpwnam(user)
                os.chown(folders.work, entry.pw_uid, entry.pw_gid)
        return folders

    def make_current(self) -> None:
        """Makes the work folder the current, home and temporary folder of this process and of processes that it starts."""
        os.chdir(self.work)
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = str(self.work)


class Confined:
    """A process in a sandbox. It starts at once and waits for `run`, so that data read by this process in between is not in its memory.

    A context manager; leaving it kills the process. describe: converts any exception of `body` to a YeoulError.
    """

    def __init__(self, room: Sandbox, body: Body, describe: Describe) -> None:
        self._control, theirs = socket.socketpair()
        parent_pid = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _run_child(room, body, theirs, parent_pid, describe)
        theirs.close()
        self._status: int | None = None

    def run(self, serve: Serve, progress: Tell) -> bytes:
        """Returns what `body(ask, progress)` returns in the sandbox, or raises what it raises. Call it once.

        serve: answers requests of the body; an error that it raises is raised by `ask` in the sandbox. If a signal ends the sandboxed
        process, this process ends itself by the same signal, so that the zygote sees the real cause.
        """
        with suppress(BrokenPipeError, ConnectionResetError):  # the process has ended; its status says how
            self._control.sendall(pack({"go": True}))
        result = _serve_requests(self._control, serve, progress)
        status = self._wait()
        if result is None:
            _exit_like(os.waitstatus_to_exitcode(status))
        if "failed" in result.head:
            raise _read_error(result.body)
        return result.body

    def _wait(self) -> int:
        if self._status is None:
            _, self._status = os.waitpid(self._pid, 0)
        return self._status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._wait()


def _read_error(body: bytes) -> YeoulError:
    if len(body) > _MAX_ERROR_BYTES:
        return TaskCrashedError(f"the op failed, and its error of {len(body)} bytes is too long to report")
    try:
        return from_dict(json.loads(body))
    except RecursionError:
        return TaskCrashedError("the op failed, and its error is nested too deeply to report")


def _exit_like(code: int) -> NoReturn:
    if code < 0:
        with suppress(OSError):  # SIGKILL always has its default handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code or 1)


# --- the parent ---


def _serve_requests(control: socket.socket, serve: Serve, progress: Tell) -> Frame | None:
    """Answers requests of the child until it sends its result, and returns that; None if the child ended without a result."""
    reader = FrameReader(_MAX_BYTES)
    while data := control.recv(_READ_BYTES):
        for frame in reader.feed(data):
            if "ask" in frame.head:
                control.sendall(_answer(frame, serve))
            elif "progress" in frame.head:
                progress(_read_share(frame.head["progress"]))
            else:
                return frame
    return None


def _read_share(share: object) -> float:
    """Returns a share from 0 to 1. Raises ValueError for anything else, to protect the dispatcher, which also serves other tasks."""
    if not isinstance(share, int | float) or not 0 <= share <= 1:  # also True for NaN
        raise ValueError("progress must be a number from 0 to 1")
    return float(share)


def _answer(frame: Frame, serve: Serve) -> bytes:
    try:
        return pack({"answer": True}, serve(frame.head, frame.body))
    except YeoulError as error:
        return pack({"answer": False}, json.dumps(error.to_dict(), default=str).encode())


# --- the child ---


def _run_child(room: Sandbox, body: Body, control: socket.socket, parent_pid: int, describe: Describe) -> NoReturn:
    try:
        _close_all_but(control.fileno())
        room.enter()
        die_with_parent(parent_pid)
        reader = FrameReader(_MAX_BYTES)
        _wait_for_frame(control, reader)

        def ask(head: dict[str, Any], data: bytes) -> bytes:
            control.sendall(pack(head, data))
            answer = _wait_for_frame(control, reader)
            if not answer.head["answer"]:
                raise from_dict(json.loads(answer.body))
            return answer.body

        def report(share: float) -> None:
            control.sendall(pack({"progress": min(max(share, 0.0), 1.0)}))

        try:
            message = pack({"done": True}, body(ask, report))
        except BaseException as error:  # noqa: BLE001 - the parent must learn of every error
            message = pack({"failed": True}, json.dumps(describe(error).to_dict(), default=str).encode())
        control.sendall(message)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _close_all_but(kept: int) -> None:
    """Closes all inherited descriptors but one, because the sandbox does not restrict descriptors that are already open."""
    os.closerange(_FIRST_FD, kept)
    os.closerange(kept + 1, 1 << 20)


def _wait_for_frame(control: socket.socket, reader: FrameReader) -> Frame:
    while True:
        data = control.recv(_READ_BYTES)
        if not data:
            raise TaskCrashedError("the parent of the sandboxed process has ended")
        for frame in reader.feed(data):
            return frame
