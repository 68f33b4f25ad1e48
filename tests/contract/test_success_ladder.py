"""The success ladder in small: attempts fail at random, and every task ends. `python -m bench.success` runs 20,000."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.success import measure_success


@pytest.mark.slow
def test_every_task_ends_though_attempts_fail(tmp_path: Path):
    found = measure_success(runs=4, pieces=12, share=0.05, folder=tmp_path)
    assert set(found.states) == {"done"} and found.states["done"] > 150
    assert found.failed >= 5
    assert max(found.attempts) <= 21
    assert sum(count * tasks for count, tasks in found.attempts.items()) == found.states["done"] + found.failed  # no attempt for nothing
