"""The two lists of built-in ops are one."""

from __future__ import annotations

from yeoul.pipeline.op_names import OP_NAMES
from yeoul.pipeline.ops.registry import OPS


def test_names_and_functions_agree():
    assert set(OPS) == OP_NAMES
