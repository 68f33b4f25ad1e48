"""Hashing and checking of passwords and tokens."""

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

TOKEN_PREFIX = "yeoul_"  # noqa: S105 (of API tokens, so that scanners of leaked secrets recognize them)
_MAX_QUEUED = 20
_slots = threading.BoundedSemaphore(4)
_lock = threading.Lock()
_queued = 0
_hasher = PasswordHasher()  # argon2id with the library's current parameters (RFC 9106, low memory)


def hash_password(password: str) -> str:
    """Returns the hash to store for a password. Raises TooManyRequestsError if too many passwords are being hashed."""
    with _hashing_slot():
        return _hasher.hash(password)


def is_correct_password(hashed: str | None, password: str) -> bool:
    """True if the password matches the hash. Without a hash it takes the same time, so that timing does not reveal which accounts exist.

    Raises TooManyRequestsError if too many passwords are being hashed.
    """
    try:
        with _hashing_slot():
            return _hasher.verify(hashed if hashed is not None else _make_dummy_hash(), password)
    except VerificationError:
        return False


@contextmanager
def _hashing_slot() -> Generator[None]:
    """Waits for one of the few slots for hashing. Each hash needs 64 MiB, and each waiting request blocks a thread of the server."""
    global _queued  # noqa: PLW0603 (the limit is per process, like its memory)
    with _lock:
        if _queued >= _MAX_QUEUED:
            raise TooManyRequestsError("too many people are logging in right now; try again in a moment", retry_after_s=2)
        _queued += 1
    try:
        with _slots:
            yield
    finally:
        with _lock:
            _queued -= 1


@cache
def _make_dummy_hash() -> str:
    """Returns the hash of a random password. It is cached, because hashing takes as long as a check."""
    return _hasher.hash(secrets.token_hex(16))


def make_token(prefix: str = "") -> str:
    """Returns a new token with 256 bits of randomness."""
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Returns the hash to store for a token. A plain SHA-256 is enough, because tokens are random."""
    return hashlib.sha256(token.encode()).hexdigest()
