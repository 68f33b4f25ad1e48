"""A few of the damaged files of `python -m bench.mutants`; `make chaos` tries hundreds."""

from __future__ import annotations

from bench.mutants import run_mutants


def test_damaged_files_end_as_a_result_or_an_error_of_ours():
    ends, wrong = run_mutants(32, seed=7)
    assert wrong == []
    assert ends.total() == 32
    assert len(ends) >= 3, "damage is not always the same"
