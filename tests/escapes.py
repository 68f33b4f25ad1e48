"""Attempts to get out of a sandbox: `python -m tests.escapes NAME inside|outside FOLDER [USER_ID]`.

Each is a function that does what a decoder could do that somebody has taken over, and raises OSError when it is refused. `outside` runs it
without a sandbox: it has to succeed there, or it would prove nothing. Standard output: "done" or "refused", and what the sandbox lacks.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from yeoul.base.sandbox.confine import Sandbox
from yeoul.base.sandbox.system_call import check, libc, prctl, syscall
from yeoul.media.binaries import ffmpeg_path

_PR_SET_DUMPABLE = 4
_NEW_USER = 0x10000000
_ROUTES_OF_LOOPBACK = ("127.0.0.1", 0)


class Target:
    """What is worth stealing, made before: a secret file, listeners, and a process (this one's parent) with a secret in its memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = folder / "data" / "secret.key"
        self.work = folder / "work"
        self.tcp = socket.create_server(_ROUTES_OF_LOOPBACK)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(_ROUTES_OF_LOOPBACK)
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(folder / "server.sock"))
        self.unix.listen()
        (folder / "server.sock").chmod(0o777)
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0yeoul-{os.getpid()}")
        self.abstract.listen()
        self.owner_pid = os.getpid()
        self.memory = ctypes.create_string_buffer(b"secret in memory")


def read_secret(target: Target) -> None:
    assert target.secret.read_bytes() == b"secret"


def list_data(target: Target) -> None:
    assert [entry.name for entry in target.secret.parent.iterdir()] == ["secret.key"]


def write_outside(target: Target) -> None:
    (target.folder / "open" / "planted").write_text("x")


def follow_a_link(target: Target) -> None:
    (target.work / "link").symlink_to(target.secret)
    assert (target.work / "link").read_bytes() == b"secret"


def link_to_secret(target: Target) -> None:
    os.link(target.secret, target.work / "second-name")
    assert (target.work / "second-name").read_bytes() == b"secret"


def connect_by_tcp(target: Target) -> None:
    with socket.socket() as client:
        client.connect(target.tcp.getsockname())


def send_by_udp(target: Target) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", target.udp.getsockname())


def connect_to_a_socket_file(target: Target) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(target.unix.getsockname())


def connect_to_an_abstract_socket(target: Target) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(target.abstract.getsockname())


def signal_the_server(target: Target) -> None:
    os.kill(target.owner_pid, signal.SIGCONT)


def read_environment_of_the_server(target: Target) -> None:
    assert Path(f"/proc/{target.owner_pid}/environ").read_bytes()


def read_memory_of_the_server(target: Target) -> None:
    """process_vm_readv(2)."""
    found = ctypes.create_string_buffer(16)
    ours = (ctypes.c_size_t * 2)(ctypes.addressof(found), 16)
    theirs = (ctypes.c_size_t * 2)(ctypes.addressof(target.memory), 16)
    number = {"x86_64": 310, "aarch64": 270}[os.uname().machine]
    syscall(number, target.owner_pid, ctypes.addressof(ours), 1, ctypes.addressof(theirs), 1, 0)
    assert found.raw == b"secret in memory"


def make_namespaces(_: Target) -> None:
    """A new user namespace would give all capabilities inside it, and the kernel's large rooms behind them."""
    check(libc().unshare(_NEW_USER), "unshare")


def read_secret_by_ffmpeg(target: Target) -> None:
    argv = [
        ffmpeg_path(),
        "-v",
        "error",
        "-f",
        "data",
        "-i",
        f"file:{target.secret}",
        "-map",
        "0",
        "-f",
        "data",
        f"file:{target.work / 'out'}",
    ]
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode != 0:
        raise PermissionError(done.stderr)
    assert (target.work / "out").read_bytes() == b"secret"


def run_a_program_from_outside(target: Target) -> None:
    assert subprocess.run([str(target.folder / "open" / "program")], check=True, capture_output=True).stdout == b"ran\n"


# name: (the attempt, parts of a sandbox of which each alone refuses it)
FILES = frozenset({"namespaces", "landlock"})
ATTEMPTS: dict[str, tuple[Callable[[Target], None], frozenset[str]]] = {
    "read secret": (read_secret, FILES),
    "list data": (list_data, FILES),
    "write outside": (write_outside, FILES),
    "follow a link": (follow_a_link, FILES),
    "link to secret": (link_to_secret, FILES),
    "read secret by ffmpeg": (read_secret_by_ffmpeg, FILES),
    "run a program from outside": (run_a_program_from_outside, FILES),
    "connect by TCP": (connect_by_tcp, frozenset({"namespaces", "landlock", "seccomp"})),
    "send by UDP": (send_by_udp, frozenset({"namespaces", "seccomp"})),
    "connect to a socket file": (connect_to_a_socket_file, frozenset({"namespaces", "seccomp"})),
    "connect to an abstract socket": (connect_to_an_abstract_socket, frozenset({"namespaces", "seccomp"})),
    "signal the server": (signal_the_server, frozenset({"landlock", "user"})),
    "read environment of the server": (read_environment_of_the_server, FILES),
    "read memory of the server": (read_memory_of_the_server, frozenset({"seccomp", "landlock"})),
    "make namespaces": (make_namespaces, frozenset({"seccomp"})),
}


def main(name: str, where: str, folder: Path, user_id: int | None) -> None:
    if user_id is not None:
        os.setgroups([])
        os.setresgid(user_id, user_id, user_id)
        os.setresuid(user_id, user_id, user_id)
        prctl(_PR_SET_DUMPABLE, 1)
    target = Target(folder)
    sending, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        lacks: tuple[str, ...] = ()
        if where == "inside":
            lacks = Sandbox(readable=(), writable=(target.work,), mount_point=folder / "root", hidden=(target.secret.parent,)).enter()
        try:
            ATTEMPTS[name][0](target)
            said = "done"
        except OSError as error:
            said = f"refused: {error}"
        os.write(telling, json.dumps([said, lacks]).encode())
        os._exit(0)
    os.close(telling)
    # Who connects is answered.
    for listener in (target.tcp, target.unix, target.abstract):
        threading.Thread(target=listener.accept, daemon=True).start()
    with os.fdopen(sending, "rb") as pipe:
        print(pipe.read().decode())
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else None)
