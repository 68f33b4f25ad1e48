"""Passwords and tokens: what is stored of them, and whether one fits."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

TOKEN_PREFIX = "yeoul_"  # noqa: S105 (of tokens of programs, so that scanners of leaked secrets know ours)
_hasher = PasswordHasher()  # argon2id with the library's current parameters (RFC 9106, low memory)


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def is_password(hashed: str | None, password: str) -> bool:
    """True if a password fits the hash. Without a hash it is false after as much work, so that time does not tell which accounts exist."""
    try:
        return _hasher.verify(hashed if hashed is not None else _hash_of_nobody(), password)
    except VerificationError:
        return False


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
