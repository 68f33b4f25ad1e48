"""Slowing down who guesses: some wrong attempts are free, then each makes the next wait twice as long. Attempts count before they are
checked, so that many at once gain nothing; one that was right is taken back.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from yeoul.base.errors import TooManyAttemptsError
from yeoul.catalog.account import login_throttle as guess

_FORGOTTEN_S = 7200.0


@dataclass(frozen=True)
class Pace:
    """free: attempts before the first wait, of first_s; longest_s: the longest wait; forgotten_s: a pause that makes all free again."""

    free: int
    first_s: float
    longest_s: float
    forgotten_s: float


# Of an account the wait stays short: who guesses at it must not lock its owner out.
ACCOUNT = Pace(free=5, first_s=1.0, longest_s=60.0, forgotten_s=900.0)
ADDRESS = Pace(free=30, first_s=5.0, longest_s=900.0, forgotten_s=1800.0)
SIGN_UP = Pace(free=100, first_s=5.0, longest_s=900.0, forgotten_s=1800.0)  # a class in its first hour
MAIL = Pace(free=5, first_s=600.0, longest_s=3600.0, forgotten_s=3600.0)


def attempt(connection: Connection, key: str, pace: Pace, now_s: float) -> None:
    """Count an attempt. Raises TooManyAttemptsError, which counts nothing, while there is a wait."""
    row = guess.lock(connection, key, now_s)
    if row["blocked_until"] > now_s:
        wait_s = math.ceil(row["blocked_until"] - now_s)
        raise TooManyAttemptsError(f"too many attempts; try again in {wait_s} s", retry_after_s=wait_s)
    count = 1 + (row["count"] if now_s - row["updated_at"] < pace.forgotten_s else 0)
    guess.note(connection, key, count, now_s + wait_after(pace, count), now_s)
    guess.forget_before(connection, now_s - _FORGOTTEN_S)


def wait_after(pace: Pace, count: int) -> float:
    """How long after so many attempts the next has to wait, in seconds."""
    return 0.0 if count < pace.free else min(pace.longest_s, pace.first_s * 2.0 ** min(count - pace.free, 30))


@lru_cache(4096)
def address_key(ip: str) -> str:
    """Where an attempt comes from: an IPv4 address, or the /64 of an IPv6 address, which one customer has to himself."""
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return "from:unknown"
    if found.version == 6 and found.ipv4_mapped is None:
        return f"from:{ipaddress.ip_network((found, 64), strict=False)}"
    return f"from:{found.ipv4_mapped or found}" if found.version == 6 else f"from:{found}"
