"""A short cut of `bench.fuzz`: each parser of ours under what Hypothesis makes of valid inputs."""

from __future__ import annotations

import pytest

import bench.fuzz
from bench.fuzz import Target, fuzz, make_targets

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
