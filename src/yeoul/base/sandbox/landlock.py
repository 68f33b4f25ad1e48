"""Landlock: limits which files a process may open, even if it runs as root (Linux 5.13 and later; landlock(7))."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from yeoul.base.sandbox.system_call import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
# Writable folders get all rights except creating devices.
_MAKE_CHARACTER_DEVICE, _MAKE_BLOCK_DEVICE = 1 << 6, 1 << 11
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP = 0b11  # bind and connect
_SCOPES = 0b11  # abstract Unix sockets and signals


def restrict(readable: Iterable[Path], writable: Iterable[Path], *, network: bool) -> None:
    """Restricts this process and its children to files below these paths; paths that do not exist are skipped.

    readable: where files can be read and programs run; writable: where files can also be created, changed and removed. Without `network`
    TCP is blocked. From ABI 6 on, signals to processes outside the sandbox are blocked too. Raises OSError if the kernel has no Landlock.
    """
    abi = syscall(_CREATE_RULESET, None, 0, _VERSION)
    all_rights = _ALL_BY_ABI[min(abi, 5)]
    attributes = struct.pack("=QQQ", all_rights, _TCP if abi >= 4 and not network else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = syscall(_CREATE_RULESET, attributes, size, 0)
    try:
        write_rights = all_rights & ~(_MAKE_CHARACTER_DEVICE | _MAKE_BLOCK_DEVICE)
        for paths, rights in ((readable, _READ & all_rights), (writable, write_rights)):
            for path in paths:
                _allow(ruleset, path, rights)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _FILE_RIGHTS
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)
