"""Which files and rights a sandboxed process may use, and how it enters the sandbox."""

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

# Folders that most programs need. They hold no user data and no secrets.
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
class Sandbox:
    """The files and rights of a sandboxed process.

    readable: files and folders in addition to those of the system and of Python; writable: folders to work in. mount_point: an empty
    folder. hidden: paths that are not shown, even inside a folder of Python. user: name of the unprivileged user that root switches to.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    mount_point: Path
    hidden: tuple[Path, ...] = ()
    user: str = "nobody"
    network: bool = False

    def enter(self) -> tuple[str, ...]:
        """Confines this process permanently with every part that the kernel supports; returns the PARTS that are missing.

        The process must have one thread. Its open files stay open.
        """
        missing: list[str] = []
        if sys.platform != "linux":
            return PARTS
        python = [folder for folder in _python_folders() if not any(hidden.is_relative_to(folder) for hidden in self.hidden)]
        readable = (*_SYSTEM, *python, *(_NETWORK if self.network else ()), *self.readable)
        writable = (*_DEVICES, *self.writable)
        user = _find_user(self.user) if os.geteuid() == 0 else None  # /etc/passwd is not visible in the sandbox
        try:
            namespace.unshare(network=self.network)
            namespace.pivot_root(readable, writable, self.mount_point)
        except OSError:
            missing.append("namespaces")
        reachable = "namespaces" not in missing or all(map(_is_reachable, [*readable, *writable]))
        system_call.drop_bounding_set()
        if os.geteuid() == 0 and not (user is not None and reachable and _switch_user(*user)):
            missing.append("user")
            # These folders belong to the unprivileged user, and root without capabilities cannot write to folders of others.
            for folder in self.writable:
                os.chown(folder, os.geteuid(), os.getegid())
        with suppress(OSError):
            system_call.drop_capabilities()
        system_call.forbid_new_privileges()
        try:
            landlock.restrict(readable, writable, network=self.network)
        except OSError:
            missing.append("landlock")
        try:
            seccomp.filter_calls(network=self.network)
        except OSError:
            missing.append("seccomp")
        return tuple(missing)


def _find_user(name: str) -> tuple[int, int] | None:
    """Returns (user id, group id) of a user name; None if this machine has no such user."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _switch_user(user: int, group: int) -> bool:
    """Switches from root to this user and group; returns False if the kernel refuses."""
    try:
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    except OSError:
        return False
    return True


def find_missing_parts(folder: Path, user: str) -> tuple[str, ...]:
    """Returns the PARTS that this machine lacks, by entering a sandbox in a child process. folder: an empty scratch folder."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read_end)
            missing = Sandbox(readable=(), writable=(folder,), mount_point=folder, user=user).enter()
            os.write(write_end, " ".join(missing).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        names = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return tuple(names.split()) if status == 0 else PARTS


def die_with_parent(parent_pid: int) -> None:
    """Makes the kernel kill this process when its parent dies (Linux). Exits immediately if the parent is dead already.

    parent_pid: the parent, as it was before the fork. Call this again after switching users, which resets it.
    """
    if sys.platform == "linux":
        system_call.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _python_folders() -> tuple[Path, ...]:
    """Returns the folders of Python, its packages and Yeoul, without the working folder, which is also in `sys.path`."""
    packages = [name for name in sys.path if Path(name).name in ("site-packages", "dist-packages")]
    names = [sys.prefix, sys.base_prefix, sys.exec_prefix, *packages, str(Path(__file__).parents[3])]
    return tuple(dict.fromkeys(Path(name).absolute() for name in names))


def _is_reachable(path: Path) -> bool:
    """True if any user can reach a path, or if it does not exist."""
    with suppress(OSError):
        return all(parent.stat().st_mode & 0o001 for parent in path.resolve(strict=True).parents)
    return True
