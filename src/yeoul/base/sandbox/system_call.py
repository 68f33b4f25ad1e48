"""System calls that Python has no name for (Linux)."""

from __future__ import annotations

import ctypes
import os
from functools import cache

_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


@cache
def libc() -> ctypes.CDLL:
    """Returns the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | bytes | None) -> int:
    """Returns what a system call returns. Raises OSError when it fails."""
    found = libc().syscall(ctypes.c_long(number), *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
    return check(found, f"system call {number}")


def check(found: int, name: str) -> int:
    """Returns the result of a function of the C library. Raises OSError, with `name` in its text, when it is negative."""
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return found


def prctl(option: int, *values: int) -> int:
    """Returns the result of a call of prctl. Raises OSError when it fails."""
    padded = (*values, 0, 0, 0, 0)[:4]
    return check(libc().prctl(option, *(ctypes.c_ulong(value) for value in padded)), f"prctl {option}")


def forbid_new_privileges() -> None:
    """No program that this process starts gets more rights than it has, whatever the program's file says."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def bound_capabilities() -> None:
    """Keeps programs that this process starts from getting any capability, where this process may decide that."""
    for capability in range(_LAST_CAPABILITY + 1):
        if libc().prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            break  # the kernel knows no more of them, or this process may not


def drop_capabilities() -> None:
    """Gives up all capabilities that this process has. Raises OSError when the kernel refuses."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    check(libc().capset(header, nothing), "capset")
