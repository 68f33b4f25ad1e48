"""Passwords and tokens: what is stored of them, and whether one fits."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from yeoul.base.errors import TooManyRequestsError

TOKEN_PREFIX = "yeoul_"  # noqa: S105 (of tokens of programs, so that scanners of leaked secrets know ours)
_WAITING = 20
_places = threading.BoundedSemaphore(4)
_lock = threading.Lock()
_waiting = 0
_hasher = PasswordHasher()  # argon2id with the library's current parameters (RFC 9106, low memory)


def hash_password(password: str) -> str:
    """Returns what is stored of a password. Raises TooManyRequestsError where too many passwords are being worked on."""
    with _place():
        return _hasher.hash(password)


def is_password(hashed: str | None, password: str) -> bool:
    """True if a password fits the hash. Without a hash it is false after as much work, so that time does not tell which accounts exist.

    Raises TooManyRequestsError where too many passwords are being worked on.
    """
    try:
        with _place():
            return _hasher.verify(hashed if hashed is not None else _hash_of_nobody(), password)
    except VerificationError:
        return False


@contextmanager
def _place() -> Generator[None]:
    """A place among those that work on passwords: each takes 64 MiB, and whoever waits keeps a thread of the server."""
    global _waiting  # noqa: PLW0603 (of the process, as its memory is)
    with _lock:
        if _waiting >= _WAITING:
            raise TooManyRequestsError("too many people sign in at this moment; try again", retry_after_s=2)
        _waiting += 1
    try:
        with _places:
            yield
    finally:
        with _lock:
            _waiting -= 1


@cache
def _hash_of_nobody() -> str:
    """Returns the hash of a password that nobody knows; made once, since making it costs as much as a check."""
    return _hasher.hash(secrets.token_hex(16))


def make_token(prefix: str = "") -> str:
    """A token with 256 bits of randomness."""
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token: it is random, so that a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()
