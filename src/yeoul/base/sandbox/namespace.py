"""Namespaces: an empty network, and a file system that holds only the chosen files and folders (Linux; namespaces(7))."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from yeoul.base.sandbox.system_call import check, libc, syscall

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_SAME_IN_STATVFS, _RELATIVE_TIMES = os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME, 1 << 21
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MAX_LINKS = 40  # the kernel's own limit


def unshare(*, network: bool) -> None:
    """Gives this process its own mounts and, unless `network`, its own empty network. A process without root gets a user namespace first.

    The process must have one thread. Raises OSError if the kernel or its configuration does not allow this.
    """
    flags = _NEW_MOUNTS | _NEW_IPC | (0 if network else _NEW_NETWORK)
    if os.geteuid() == 0:
        check(libc().unshare(flags), "unshare")
        return
    user, group = os.geteuid(), os.getegid()
    check(libc().unshare(flags | _NEW_USER), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def pivot_root(readable: Iterable[Path], writable: Iterable[Path], mount_point: Path) -> None:
    """Replaces the root by a file system that holds only these files and folders, at their usual paths.

    Paths that do not exist are skipped. mount_point: an empty folder, needed until this returns. Raises OSError if a mount is refused.
    """
    _mount(None, Path("/"), _RECURSIVE | _PRIVATE)
    check(libc().mount(b"none", bytes(mount_point), b"tmpfs", _NO_SUID | _NO_DEVICES, b"size=1m,mode=755"), "mount tmpfs")
    shown = [*((path, True) for path in readable), *((path, False) for path in writable)]
    previous_umask = os.umask(0o022)  # any user may pass through the parent folders
    try:
        # Deeper paths are mounted last, so that no mount hides another.
        for path, read_only in sorted(shown, key=lambda pair: len(pair[0].parts)):
            _show(path, mount_point, read_only=read_only)
    finally:
        os.umask(previous_umask)
    os.chdir(mount_point)
    syscall(_PIVOT_ROOT[os.uname().machine], b".", b".")
    check(libc().umount2(b".", _DETACH), "umount")
    os.chdir("/")
    _mount(None, Path("/"), _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)


def _show(path: Path, root: Path, *, read_only: bool) -> None:
    try:
        real = _copy_links(path, root)
        mode = real.stat().st_mode
    except OSError:  # it does not exist, or this user has no access
        return
    target = root / real.relative_to("/")
    if stat.S_ISDIR(mode):
        target.mkdir(parents=True, exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(real, target, _BIND | _RECURSIVE)
    keep_devices = 0 if stat.S_ISCHR(mode) else _NO_DEVICES
    _mount(None, target, _REMOUNT | _BIND | _NO_SUID | keep_devices | (_READ_ONLY if read_only else 0) | _read_locked_flags(target))


def _read_locked_flags(mount_point: Path) -> int:
    """Returns the options of a mount that a user namespace is not allowed to remove."""
    flags = os.statvfs(mount_point).f_flag
    return flags & (_READ_ONLY | _NO_SUID | _NO_DEVICES | _SAME_IN_STATVFS) | (_RELATIVE_TIMES if flags & os.ST_RELATIME else 0)


def _copy_links(path: Path, root: Path) -> Path:
    """Recreates the symbolic links on the way to `path` below `root`, and returns the resolved path."""
    links = 0
    resolved, rest = Path("/"), list(path.parts[1:])
    while rest:
        current = resolved / rest.pop(0)
        if not current.is_symlink():
            resolved = current
            continue
        links += 1
        if links > _MAX_LINKS:
            break
        target = current.readlink()
        copy = root / current.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            copy.symlink_to(target)
        full_target = Path(os.path.normpath(resolved / target))
        resolved, rest = Path("/"), [*full_target.parts[1:], *rest]
    return resolved


def _mount(source: Path | None, target: Path, flags: int) -> None:
    check(libc().mount(None if source is None else bytes(source), bytes(target), None, flags, None), f"mount {target}")
