"""Passwords: what fits, and that a check takes as much work whether there is an account or not."""

from __future__ import annotations

import time

from yeoul.identity.password import hash_password, is_correct_password


def cpu_s(hashed: str | None) -> float:
    """Returns the CPU seconds of one check of a wrong password."""
    began_s = time.process_time()
    assert not is_correct_password(hashed, "wrong")
    return time.process_time() - began_s


def test_only_the_right_password_fits():
    hashed = hash_password("right")
    assert is_correct_password(hashed, "right") and not is_correct_password(hashed, "wrong") and not is_correct_password(None, "right")


def test_a_check_without_an_account_takes_as_much_work():
    hashed = hash_password("right")
    is_correct_password(None, "wrong")  # makes the hash that unknown names are checked against
    known, unknown = (min(cpu_s(one) for _ in range(7)) for one in (hashed, None))
    assert 0.6 < unknown / known < 1.6, (unknown, known)
