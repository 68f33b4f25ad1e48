"""A short cut of `bench.fuzz`: each parser of ours under what Hypothesis makes of valid inputs."""

from __future__ import annotations

import pytest

import bench.fuzz
from bench.fuzz import Target, fuzz, make_targets
from yeoul.model.gram import fold, make_queries

TARGETS = {target.name: target for target in make_targets()}


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_raises_what_it_promises_and_nothing_else(name: str):
    for seed in TARGETS[name].seeds:
        TARGETS[name].parse(seed)
    assert fuzz(TARGETS[name], 60, seed=1) == ""


def test_a_parser_that_breaks_is_found():
    def parse(data: bytes) -> None:
        if data.count(b"\n\n") > 1:
            raise IndexError("one blank line too many")

    fault = fuzz(Target("odd", (b"a\nb",), parse), 500, seed=1)
    assert fault.startswith("odd: IndexError: one blank line too many for")


def test_a_parser_that_is_slow_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench.fuzz, "_MOST_CPU_S", 0.0)
    assert "of CPU time" in fuzz(Target("slow", (b"ab",), list), 30, seed=1)


def test_a_search_for_a_long_word_is_no_more_work_than_its_letters():
    """Tolerance for a wrong letter costs a set of grams for each letter; only words of a usual length get it."""
    (usual,) = make_queries(fold("Donaudampfschifffahrtsgesellschaft"))
    assert len(usual.near) == 31
    (long,) = make_queries(fold("".join(chr(ord("a") + at % 26) + chr(ord("a") + at // 26 % 26) for at in range(5000))))
    assert long.near == () and 1000 < len(long.exact) < 10_000
    (hangul,) = make_queries(fold("여울" * 100))
    assert hangul.near == ()
