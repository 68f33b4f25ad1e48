"""How ffmpeg's ends become errors, on what it really said: recorded exit codes and words of the pinned binary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from yeoul.media.limits import tool_error
from yeoul.pipeline.resource.failure_ladder import Fault, find_fault

ENDS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded" / "ffmpeg_ends.json").read_text())
INPUT = {"media.unreadable", "media.unsupported_codec", "media.too_large"}
CRASHES = {"segmentation fault", "abort"}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end["name"])
def test_a_recorded_end_has_its_error_and_its_fault(end: dict[str, Any]):
    error = tool_error(end["returncode"], end["stderr"]).to_dict()
    assert error["code"] == end["error"]
    by_code = {"storage.full": Fault.DISK_FULL, "media.tool_failed": Fault.CRASH if end["name"] in CRASHES else Fault.TRANSIENT}
    assert find_fault(error) is (Fault.INPUT if end["error"] in INPUT else by_code[end["error"]])


@pytest.mark.parametrize("name", ["garbage", "full disk", "file size limit, signal ignored"])
def test_the_number_tells_when_the_words_are_lost(name: str):
    (end,) = [end for end in ENDS if end["name"] == name]
    assert tool_error(end["returncode"], "").code == end["error"]


def test_every_kind_of_end_was_recorded():
    assert {end["error"] for end in ENDS} == {"storage.full", "media.tool_failed", *INPUT}
    assert len(ENDS) >= 25
