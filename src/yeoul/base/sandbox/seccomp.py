"""Seccomp: blocks system calls that no decoder, encoder or op needs; they fail with EPERM (Linux, x86-64 and arm64; seccomp(2))."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Final, NamedTuple

from yeoul.base.sandbox.system_call import check, libc

_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _FIRST_AT, _SECOND_AT = 0, 4, 16, 24  # offsets in struct seccomp_data; arguments are little-endian
_X32 = 0x40000000
_NEW_NAMESPACES: Final = 0x7E020080  # all CLONE_NEW* that clone(2) takes
_FAKE_INPUT: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: they type into the terminal that started the server


class _Machine(NamedTuple):
    """An architecture. audit: its AUDIT_ARCH number; column: its position in the tuples of call numbers below."""

    audit: int
    column: int


_MACHINES: Final = {"x86_64": _Machine(0xC000003E, 0), "aarch64": _Machine(0xC00000B7, 1)}

# Call numbers on x86-64 and arm64. They reach other processes, mounts and namespaces, kernel parts with a history of exploits, or change
# the machine's configuration.
_FORBIDDEN: Final[dict[str, tuple[int | None, int | None]]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "personality": (135, 92),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
_SOCKET, _CLONE, _CLONE3, _IOCTL = (41, 198), (56, 220), (435, 435), (16, 29)


def filter_calls(*, network: bool) -> None:
    """Makes the forbidden calls fail in this process and its children; without `network` new sockets fail too.

    Call `forbid_new_privileges` first. Raises OSError if the kernel has no seccomp, or if there is no filter for this architecture.
    """
    program = _assemble(network=network)
    code = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog: a count, and a pointer to the instructions.
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    check(libc().prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), head, 0, 0), "seccomp")


def _assemble(*, network: bool) -> list[bytes]:
    """Returns the filter as kernel instructions (struct sock_filter, 8 bytes each)."""
    machine = _MACHINES.get(os.uname().machine)
    if machine is None:
        raise OSError(errno.ENOSYS, f"no seccomp filter for {os.uname().machine}")
    column = machine.column
    numbers = [pair[column] for pair in _FORBIDDEN.values()]
    if not network:
        numbers.append(_SOCKET[column])
    deny, allow = _FAIL | errno.EPERM, _ALLOW
    program = [
        _instruction(_LOAD, _MACHINE_AT),
        _jump(_EQUAL, machine.audit, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
        *([*_answer_if(_AT_LEAST, _X32, _FAIL | errno.ENOSYS)] if machine.column == 0 else []),
        # The C library then falls back to clone, whose flags the filter can check.
        *_answer_if(_EQUAL, _CLONE3[column], _FAIL | errno.ENOSYS),
    ]
    for number in numbers:
        if number is not None:
            program += _answer_if(_EQUAL, number, deny)
    clone_check = [_instruction(_LOAD, _FIRST_AT), *_answer_if(_ANY_BIT, _NEW_NAMESPACES, deny), _instruction(_RETURN, allow)]
    program += [_jump(_EQUAL, _CLONE[column], 0, len(clone_check)), *clone_check]
    ioctl_check = [_instruction(_LOAD, _SECOND_AT), *(part for request in _FAKE_INPUT for part in _answer_if(_EQUAL, request, deny))]
    program += [_jump(_EQUAL, _IOCTL[column], 0, len(ioctl_check)), *ioctl_check, _instruction(_RETURN, allow)]
    return program


def _instruction(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(test: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", test, if_true, if_false, value)


def _answer_if(test: int, value: int, answer: int) -> list[bytes]:
    """Returns instructions that end the filter with `answer` if the test is true."""
    return [_jump(test, value, 0, 1), _instruction(_RETURN, answer)]
