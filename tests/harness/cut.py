"""The cut of parametrized tests that `make test` runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def leave_out(parameters: Iterable[Any], left_out: Collection[Any]) -> list[Any]:
    """Returns the parameters with those marked that only `make test-all` runs."""
    return [pytest.param(parameter, marks=pytest.mark.long) if parameter in left_out else parameter for parameter in parameters]
