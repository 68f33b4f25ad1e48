"""A function in a sandbox: a forked child runs it, and asks its parent for what it may not do itself.

The child is not trusted: it reads what strangers sent. Its parent answers questions one at a time, checks each, and takes no message
longer than a bound. Both speak in frames (`frame.py`): from the parent {"go"} and {"answer"}, from the child {"ask": name, ...},
{"progress": share}, {"done"} and {"failed"}.
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
from yeoul.base.sandbox.room import Room, die_with_parent
from yeoul.engine.local.frame import Frame, FrameReader, pack

_READ_BYTES: Final = 256 * 1024
_MOST_BYTES: Final = 64 * 2**20  # of one message: outputs are JSON, files do not come this way
_MOST_ERROR_BYTES: Final = 256 * 1024
_STANDARD: Final = 3  # descriptors below are standard input, output and error

Ask = Callable[[dict[str, Any], bytes], bytes]
Tell = Callable[[float], None]
Body = Callable[[Ask, Tell], bytes]
Serve = Callable[[dict[str, Any], bytes], bytes]
Describe = Callable[[BaseException], YeoulError]


@dataclass(frozen=True)
class Folders:
    """The folders of one attempt. inputs: the sandbox reads there; work: it writes there; taken: out of its reach; root: for its mounts."""

    inputs: Path
    work: Path
    taken: Path
    root: Path

    @classmethod
    def make(cls, scratch: Path, user: str) -> Folders:
        """Makes them in an attempt's scratch folder; the work folder belongs to `user` where this process is root's."""
        scratch.chmod(0o711)
        folders = cls(scratch / "in", scratch / "work", scratch / "taken", scratch / "root")
        for folder in (folders.inputs, folders.work, folders.taken, folders.root):
            folder.mkdir()
        folders.inputs.chmod(0o755)
        if os.geteuid() == 0:
            with suppress(KeyError):  # a machine without that user has told so at start
                found = pwd.getpwnam(user)
                os.chown(folders.work, found.pw_uid, found.pw_gid)
        return folders

    def settle(self) -> None:
        """Makes the work folder the place for everything temporary, of this process and of those that it starts."""
        os.chdir(self.work)
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = str(self.work)


class Confined:
    """A process in a sandbox. It starts at once and waits for `run`, so that what this process reads in between is not in its memory.

    A context manager; leaving it ends the process. describe: makes an error of ours of anything that `body` raises.
    """

    def __init__(self, room: Room, body: Body, describe: Describe) -> None:
        self._control, theirs = socket.socketpair()
        parent_pid = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _live(room, body, theirs, parent_pid, describe)
        theirs.close()
        self._status: int | None = None

    def run(self, serve: Serve, progress: Tell) -> bytes:
        """Returns what `body(ask, progress)` returns in the sandbox, or raises what it raises. Call it once.

        serve: answers what the body asks, or raises what `ask` shall raise there. When the process is ended by a signal, this one ends by
        the same: who watches it cannot tell them apart.
        """
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, which its status tells
            self._control.sendall(pack({"go": True}))
        result = _attend(self._control, serve, progress)
        status = self._wait()
        if result is None:
            _end_like(os.waitstatus_to_exitcode(status))
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


def _read_error(told: bytes) -> YeoulError:
    if len(told) > _MOST_ERROR_BYTES:
        return TaskCrashedError(f"the op failed with an error of {len(told)} bytes")
    return from_dict(json.loads(told))


def _end_like(code: int) -> NoReturn:
    if code < 0:
        with suppress(OSError):  # SIGKILL has no other handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code or 1)


# --- the parent ---


def _attend(control: socket.socket, serve: Serve, progress: Tell) -> Frame | None:
    """Answers questions until the result is there; None: the child ended without one."""
    reader = FrameReader(_MOST_BYTES)
    while data := control.recv(_READ_BYTES):
        for frame in reader.feed(data):
            if "ask" in frame.head:
                control.sendall(_answer(frame, serve))
            elif "progress" in frame.head:
                progress(_read_share(frame.head["progress"]))
            else:
                return frame
    return None


def _read_share(told: object) -> float:
    """Returns a share from 0 to 1. Raises ValueError for anything else: it goes on to the dispatcher, which serves others too."""
    if not isinstance(told, int | float) or not 0 <= told <= 1:  # NaN is neither
        raise ValueError("progress is a share from 0 to 1")
    return float(told)


def _answer(frame: Frame, serve: Serve) -> bytes:
    try:
        return pack({"answer": True}, serve(frame.head, frame.body))
    except YeoulError as error:
        return pack({"answer": False}, json.dumps(error.to_dict(), default=str).encode())


# --- the child ---


def _live(room: Room, body: Body, control: socket.socket, parent_pid: int, describe: Describe) -> NoReturn:
    try:
        _close_all_but(control.fileno())
        room.enter()
        die_with_parent(parent_pid)
        reader = FrameReader(_MOST_BYTES)
        _wait_for_frame(control, reader)

        def ask(head: dict[str, Any], data: bytes) -> bytes:
            control.sendall(pack(head, data))
            answer = _wait_for_frame(control, reader)
            if not answer.head["answer"]:
                raise from_dict(json.loads(answer.body))
            return answer.body

        def tell(share: float) -> None:
            control.sendall(pack({"progress": min(max(share, 0.0), 1.0)}))

        try:
            made = pack({"done": True}, body(ask, tell))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to be told
            made = pack({"failed": True}, json.dumps(describe(error).to_dict(), default=str).encode())
        control.sendall(made)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _close_all_but(kept: int) -> None:
    """Closes what the parent has open: an inherited descriptor is a door that no sandbox closes."""
    os.closerange(_STANDARD, kept)
    os.closerange(kept + 1, 1 << 20)


def _wait_for_frame(control: socket.socket, reader: FrameReader) -> Frame:
    while True:
        data = control.recv(_READ_BYTES)
        if not data:
            raise TaskCrashedError("the process that answers is gone")
        for frame in reader.feed(data):
            return frame
