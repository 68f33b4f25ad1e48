"""Errors are part of the API: codes are unique and stable, and the manual lists each with its status."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from yeoul.base.errors import TruncatedError, YeoulError, error_codes, from_dict

MANUAL = Path(__file__).parents[2] / "docs" / "errors.md"
ROW = re.compile(r"^\| `([a-z._]+)` \| (\d{3}) \| (yes|no) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def every_class(cls: type[YeoulError] = YeoulError) -> Iterator[type[YeoulError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from every_class(child)


CLASSES = list(every_class())


def test_codes_are_unique():
    assert [code for code, count in Counter(cls.code for cls in CLASSES).items() if count > 1] == []
    assert set(error_codes().values()) == set(CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_form(cls: type[YeoulError]):
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", cls.code)
    assert "code" in vars(cls), "an error has a code of its own"
    assert cls is YeoulError or cls.__name__.endswith("Error")
    assert 400 <= HTTPStatus(cls.http_status) < 600
    assert cls.__module__ == "yeoul.base.errors", "the tree stands in one file"


def test_manual_lists_every_code_with_its_status():
    documented = {code: (int(status), retry == "yes") for code, status, retry, _, _ in ROW.findall(MANUAL.read_text())}
    assert documented == {cls.code: (cls.http_status, cls.retryable) for cls in CLASSES}


def test_manual_has_no_broken_row():
    lines = [line for line in MANUAL.read_text().splitlines() if line.startswith("| `")]
    assert len(lines) == len(ROW.findall("\n".join(lines)))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_survives_the_way_over_the_wire(cls: type[YeoulError]):
    error = from_dict(cls("it broke", frames=3).to_dict())
    assert (type(error), error.message, error.facts, str(error)) == (cls, "it broke", {"frames": 3}, "it broke")


def test_unknown_code_is_kept():
    error = from_dict({"code": "media.from_the_future", "message": "new", "facts": {"field": "x"}})
    assert type(error) is YeoulError
    assert error.facts == {"original_code": "media.from_the_future", "field": "x"}


def test_truncated_tells_how_much():
    error = TruncatedError("241 of 720 frames", found=241, promised=720)
    assert error.to_dict() == {
        "code": "media.truncated",
        "message": "241 of 720 frames",
        "facts": {"found": 241, "promised": 720},
        "retryable": False,
    }
