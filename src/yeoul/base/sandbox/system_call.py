"""System calls that Python's library does not offer (Linux)."""

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


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | bytes | None) -> int:
    """Makes a system call and returns its result. Raises OSError if it fails."""
    converted = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    return check(libc().syscall(ctypes.c_long(number), *converted), f"system call {number}")


def check(result: int, name: str) -> int:
    """Returns the result of a C library function. Raises OSError, with `name` in its text, if the result is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, *values: int) -> int:
    """Sets or reads an attribute of this process with prctl and returns the result. Raises OSError if it fails."""
    padded = (*values, 0, 0, 0, 0)[:4]
    return check(libc().prctl(option, *(ctypes.c_ulong(value) for value in padded)), f"prctl {option}")


def forbid_new_privileges() -> None:
    """Keeps this process and its children from gaining rights by running a program, even one that is set-user-ID."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_bounding_set() -> None:
    """Removes all capabilities from the bounding set, so that programs started later cannot get any, if this process may change the set."""
    for capability in range(_LAST_CAPABILITY + 1):
        if libc().prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            break  # the kernel has no more capabilities, or this process may not change the set


def drop_capabilities() -> None:
    """Drops all capabilities of this process. Raises OSError if the kernel refuses."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    no_capabilities = (ctypes.c_uint32 * 6)()
    check(libc().capset(header, no_capabilities), "capset")
