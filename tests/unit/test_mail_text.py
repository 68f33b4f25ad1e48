"""What a mail calls somebody who chose a name freely."""

from __future__ import annotations

import pytest

from yeoul.identity.mail_text import make_safe_name


@pytest.mark.parametrize("name", ["Ann", "Ann-Marie O'Neil", "김여울", "Dr. Ann Kim", "Élodie B.", "ann_99"])
def test_a_name_stands_as_it_was_typed(name: str):
    assert make_safe_name(name, "handle") == name


@pytest.mark.parametrize(
    "name",
    ["", "evil.example", "Ann https://evil.example", "Ann\nhttps://evil", "a/b", "<b>Ann</b>", "Ann&co", "x@y", "Ann\r\nBcc: y", "[x](y)"],
)
def test_what_programs_take_for_a_link_is_not_said(name: str):
    assert make_safe_name(name, "www.evil.example") == "www evil example"
