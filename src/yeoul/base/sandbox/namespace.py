"""Namespaces: a network without a way out, and a file system of which only the chosen folders are there (Linux; namespaces(7))."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from yeoul.base.sandbox.system_call import call, check, libc

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_SAME_IN_STATVFS, _RELATIVE_TIMES = os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME, 1 << 21
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_LINKS_AT_MOST = 40  # as the kernel follows


def separate(*, network: bool) -> None:
    """Gives this process mounts and (unless `network`) a network of its own; where it may not, a user namespace is made for them first.

    The process must have one thread. Raises OSError when the kernel, or whoever set it up, does not allow it.
    """
    wanted = _NEW_MOUNTS | _NEW_IPC | (0 if network else _NEW_NETWORK)
    if os.geteuid() == 0:
        check(libc().unshare(wanted), "unshare")
        return
    user, group = os.geteuid(), os.getegid()
    check(libc().unshare(wanted | _NEW_USER), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def show_only(readable: Iterable[Path], writable: Iterable[Path], mount_point: Path) -> None:
    """Makes a file system in which only these files and folders are, under the names they have, and makes it the root.

    What does not exist is left out. mount_point: an empty folder, needed until this returns. Raises OSError when a mount is refused.
    """
    _mount(None, Path("/"), _RECURSIVE | _PRIVATE)
    check(libc().mount(b"none", bytes(mount_point), b"tmpfs", _NO_SUID | _NO_DEVICES, b"size=1m,mode=755"), "mount tmpfs")
    shown = [*((path, True) for path in readable), *((path, False) for path in writable)]
    before = os.umask(0o022)  # everybody may pass through the folders on the way
    try:
        # The deeper ones last, so that none hides another.
        for path, read_only in sorted(shown, key=lambda pair: len(pair[0].parts)):
            _show(path, mount_point, read_only=read_only)
    finally:
        os.umask(before)
    os.chdir(mount_point)
    call(_PIVOT_ROOT[os.uname().machine], b".", b".")
    check(libc().umount2(b".", _DETACH), "umount")
    os.chdir("/")
    _mount(None, Path("/"), _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)


def _show(path: Path, root: Path, *, read_only: bool) -> None:
    try:
        real = _copy_links(path, root)
        mode = real.stat().st_mode
    except OSError:  # it does not exist, or is not for this user
        return
    place = root / real.relative_to("/")
    if stat.S_ISDIR(mode):
        place.mkdir(parents=True, exist_ok=True)
    elif not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _mount(real, place, _BIND | _RECURSIVE)
    keep_devices = 0 if stat.S_ISCHR(mode) else _NO_DEVICES
    _mount(None, place, _REMOUNT | _BIND | _NO_SUID | keep_devices | (_READ_ONLY if read_only else 0) | _find_locked(place))


def _find_locked(place: Path) -> int:
    """Returns the options of a mount that a user namespace may not take away from it."""
    has = os.statvfs(place).f_flag
    return has & (_READ_ONLY | _NO_SUID | _NO_DEVICES | _SAME_IN_STATVFS) | (_RELATIVE_TIMES if has & os.ST_RELATIME else 0)


def _copy_links(path: Path, root: Path) -> Path:
    """Makes the symbolic links on the way to `path` below `root` as well; returns the path without them."""
    links = 0
    seen, rest = Path("/"), list(path.parts[1:])
    while rest:
        step = seen / rest.pop(0)
        if not step.is_symlink():
            seen = step
            continue
        links += 1
        if links > _LINKS_AT_MOST:
            break
        target = step.readlink()
        place = root / step.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            place.symlink_to(target)
        whole = Path(os.path.normpath(seen / target))
        seen, rest = Path("/"), [*whole.parts[1:], *rest]
    return seen


def _mount(source: Path | None, target: Path, flags: int) -> None:
    check(libc().mount(None if source is None else bytes(source), bytes(target), None, flags, None), f"mount {target}")
