"""Ids are short, safe in URLs and file names, and sort by the time at which they were made."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from yeoul.base.ids import make_id, new_id

TIMES_MS = st.integers(min_value=0, max_value=2**45 - 1)
BITS = st.integers(min_value=0, max_value=2**55 - 1)


@given(TIMES_MS, BITS)
def test_form(at_ms: int, bits: int):
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{20}", make_id(at_ms / 1000, bits))


@given(TIMES_MS, TIMES_MS, BITS, BITS)
def test_order_is_that_of_time(first_ms: int, second_ms: int, first_bits: int, second_bits: int):
    # A whole second apart, so that the float's rounding plays no part.
    earlier, later = sorted((first_ms, second_ms))
    if later - earlier >= 1000:
        assert make_id(earlier / 1000, first_bits) < make_id(later / 1000, second_bits)


@given(TIMES_MS, BITS, BITS)
def test_other_randomness_is_another_id(at_ms: int, one: int, other: int):
    assert (make_id(at_ms / 1000, one) == make_id(at_ms / 1000, other)) == (one == other)


def test_same_arguments_same_id():
    assert make_id(1_800_000_000.0, 12345) == make_id(1_800_000_000.0, 12345) == "1mcc5rm0000000000c1s"


def test_fresh_ids_of_one_moment_differ():
    assert len({new_id(1_800_000_000.0) for _ in range(10_000)}) == 10_000
