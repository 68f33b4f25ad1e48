"""The room that a process may use, and how it shuts the door behind itself."""

from __future__ import annotations

import os
import pwd
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yeoul.base.sandbox import landlock, namespace, seccomp, system_call

_PR_SET_PDEATHSIG: Final = 1

# What programs take for granted. Nothing here tells about this machine's users or secrets.
_SYSTEM: Final = tuple(
    Path(name)
    for name in (
        *("/bin", "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/lib", "/lib64", "/lib32"),
        *("/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system/cpu", "/sys/devices/system/node"),
    )
)
_DEVICES: Final = tuple(Path(name) for name in ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"))
_NETWORK: Final = tuple(
    Path(name)
    for name in (
        *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services"),
        *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates"),
    )
)
PARTS: Final = ("namespaces", "user", "landlock", "seccomp", "no_new_privileges")


@dataclass(frozen=True)
class Room:
    """What a process may use. user: the plain user that root becomes, by name.

    readable: files and folders besides those of the system and of Python; writable: folders to work in. mount_point: an empty folder.
    hidden: what is not shown even where it lies in a folder of Python.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    mount_point: Path
    hidden: tuple[Path, ...] = ()
    user: str = "nobody"
    network: bool = False

    def enter(self) -> tuple[str, ...]:
        """Shuts this process in, for good, with all parts that the kernel has; returns those of PARTS that it lacks.

        The process must have one thread. What it has open stays open.
        """
        lacks: list[str] = []
        if sys.platform != "linux":
            return PARTS
        python = [folder for folder in _python_folders() if not any(hidden.is_relative_to(folder) for hidden in self.hidden)]
        readable = (*_SYSTEM, *python, *(_NETWORK if self.network else ()), *self.readable)
        writable = (*_DEVICES, *self.writable)
        user = _find_user(self.user) if os.geteuid() == 0 else None  # the list of users is not shown inside
        try:
            namespace.separate(network=self.network)
            namespace.show_only(readable, writable, self.mount_point)
        except OSError:
            lacks.append("namespaces")
        reachable = "namespaces" not in lacks or all(map(_all_may_pass, [*readable, *writable]))
        system_call.bound_capabilities()
        if os.geteuid() == 0 and not (user is not None and reachable and _become(*user)):
            lacks.append("user")
            for folder in self.writable:  # they were made for the plain user, and root without capabilities is a user like others
                os.chown(folder, os.geteuid(), os.getegid())
        with suppress(OSError):
            system_call.drop_capabilities()
        system_call.forbid_new_privileges()
        try:
            landlock.restrict(readable, writable, network=self.network)
        except OSError:
            lacks.append("landlock")
        try:
            seccomp.filter_calls(network=self.network)
        except OSError:
            lacks.append("seccomp")
        return tuple(lacks)


def _find_user(name: str) -> tuple[int, int] | None:
    """Returns (user, group) of a name; None where the machine does not have it."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return found.pw_uid, found.pw_gid


def _become(user: int, group: int) -> bool:
    """Gives up the rights of root; returns whether the machine allowed it."""
    try:
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    except OSError:
        return False
    return True


def find_missing(folder: Path, user: str) -> tuple[str, ...]:
    """Returns the parts of a sandbox that this machine lacks, by entering one in a child process. folder: an empty one, for its use."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            lacks = Room(readable=(), writable=(folder,), mount_point=folder, user=user).enter()
            os.write(writing, " ".join(lacks).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return tuple(told.split()) if status == 0 else PARTS


def die_with_parent(parent_pid: int) -> None:
    """Be killed when `parent_pid`, our parent, dies (Linux); ends at once when it is dead already. A new user forgets it: call it again."""
    if sys.platform == "linux":
        system_call.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _python_folders() -> tuple[Path, ...]:
    """Where this Python, its packages and Yeoul lie; not the working folder, which Python puts among them."""
    packages = [name for name in sys.path if Path(name).name in ("site-packages", "dist-packages")]
    named = [sys.prefix, sys.base_prefix, sys.exec_prefix, *packages, str(Path(__file__).parents[3])]
    return tuple(dict.fromkeys(Path(name).absolute() for name in named))


def _all_may_pass(path: Path) -> bool:
    """Whether any user can reach a path; one that does not exist is nobody's need."""
    with suppress(OSError):
        return all(parent.stat().st_mode & 0o001 for parent in path.resolve(strict=True).parents)
    return True
