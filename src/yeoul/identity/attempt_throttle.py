"""Throttles login attempts: some failures are free, then each failure doubles the wait before the next attempt.

An attempt counts before the password is checked, so that parallel attempts have no advantage; a successful attempt is uncounted.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from yeoul.base.errors import TooManyAttemptsError
from yeoul.catalog.account import login_throttle

_RETENTION_S = 7200.0


@dataclass(frozen=True)
class ThrottleLimits:
    """Limits of a throttle, in seconds except `free`.

    free: attempts before the first wait; first_s: the first wait; longest_s: the longest wait; reset_after_s: the counter is reset after
    this time without an attempt.
    """

    free: int
    first_s: float
    longest_s: float
    reset_after_s: float


# The wait for an account stays short, so that an attacker cannot lock its owner out.
ACCOUNT = ThrottleLimits(free=5, first_s=1.0, longest_s=60.0, reset_after_s=900.0)
ADDRESS = ThrottleLimits(free=30, first_s=5.0, longest_s=900.0, reset_after_s=1800.0)
SIGN_UP = ThrottleLimits(free=100, first_s=5.0, longest_s=900.0, reset_after_s=1800.0)  # a whole school class may sign up at once
MAIL = ThrottleLimits(free=5, first_s=600.0, longest_s=3600.0, reset_after_s=3600.0)


def count_attempt(connection: Connection, key: str, pace: ThrottleLimits, now_s: float) -> None:
    """Counts an attempt. Raises TooManyAttemptsError, without counting, if the caller has to wait. key: an account or address."""
    row = login_throttle.lock(connection, key, now_s)
    if row["blocked_until"] > now_s:
        wait_s = math.ceil(row["blocked_until"] - now_s)
        raise TooManyAttemptsError(f"too many attempts; try again in {wait_s} s", retry_after_s=wait_s)
    count = 1 + (row["count"] if now_s - row["updated_at"] < pace.reset_after_s else 0)
    login_throttle.set_block(connection, key, count, now_s + wait_after(pace, count), now_s)
    login_throttle.delete_before(connection, now_s - _RETENTION_S)


def wait_after(pace: ThrottleLimits, count: int) -> float:
    """Returns the wait in seconds after `count` attempts."""
    return 0.0 if count < pace.free else min(pace.longest_s, pace.first_s * 2.0 ** min(count - pace.free, 30))


@lru_cache(4096)
def make_address_key(ip: str) -> str:
    """Returns the throttle key of an IP address: the IPv4 address, or the /64 network of an IPv6 address, which one customer owns."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "from:unknown"
    if address.version == 6 and address.ipv4_mapped is None:
        return f"from:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"from:{address.ipv4_mapped or address}" if address.version == 6 else f"from:{address}"
