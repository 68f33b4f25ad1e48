"""Conditions: what they say of sources, and what is said of those that are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.pipeline_world import LADDER, SOURCE
from yeoul.base.errors import ConditionError
from yeoul.pipeline.dag.condition import FACTS, evaluate_condition, make_facts, parse_condition

HERE = make_facts(SOURCE, LADDER)


def test_there_is_a_fact_for_every_name_and_of_its_kind():
    kinds = {"boolean": bool, "number": (int, float), "text": str}
    assert set(HERE) == set(FACTS)
    assert all(isinstance(HERE[name], kinds[kind]) for name, kind in FACTS.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("has_audio", True),
        ("not has_audio", False),
        ("has_audio and height >= 1080", False),
        ("hdr or short_side >= 720", True),
        ("480 <= height < 1080", True),
        ("duration_s < 60 and not (hdr or interlaced)", True),
        ('codec == "h264"', True),
        ('codec in ["hevc", "av1"]', False),
        ("rungs not in (1, 2)", True),
        ("has_audio == true", True),
        ("frame_rate > -1.5", True),
        ("false", False),
    ],
)
def test_what_holds(text: str, expected: bool):
    assert evaluate_condition(text, HERE) is expected


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "not a condition"),
        ("has_audio and", 14, "not a condition"),
        ("height", 1, "height is not a boolean"),
        ("luck > 3", 1, "there is no fact luck; available facts: bit_depth, "),
        ("has_audio and codec", 15, "codec is a text, but a boolean is needed"),
        ("height > 'a'", 10, "'a' is a text, but a number is needed"),
        ("codec == 3", 10, "3 is a number, but a text is needed"),
        ("codec in 'h264'", 10, "`in` needs a list"),
        ("height is 3", 1, "compare with"),
        ("__import__('os')", 1, "use only facts"),
        ("height + 1 > 3", 1, "use only facts"),
        ("has_audio if hdr else hdr", 1, "use only facts"),
        ("[x for x in y] == 3", 1, "use only facts"),
    ],
)
def test_what_is_wrong_is_said_with_its_column(text: str, column: int, message: str):
    with pytest.raises(ConditionError, match=f"{message}") as caught:
        parse_condition(text)
    assert caught.value.facts["column"] == column


@given(st.text(alphabet="has_audio heigt()<>=!'\"[],.0123456789+-*andort", max_size=40))
def test_any_text_is_a_condition_or_a_clear_error(text: str):
    try:
        assert evaluate_condition(text, HERE) in (True, False)
    except ConditionError as error:
        told = error
    else:
        return
    assert told.message and told.facts["column"] >= 1
