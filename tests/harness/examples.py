"""How many examples Hypothesis tries: all of them in `make test-all`, a part in `make test`."""

from __future__ import annotations

import os

VARIABLE = "YEOUL_TEST_ALL"


def count_examples(most: int) -> int:
    """Returns most in `make test-all`, else a quarter of it."""
    return most if os.environ.get(VARIABLE) else max(10, most // 4)
