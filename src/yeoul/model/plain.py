"""Bounded types for values from clients and files. Nouns reject values outside these bounds."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

MAX_TICK: Final = 2**53  # the largest integer that JSON numbers represent exactly in every language
MAX_INT32: Final = 2**31 - 1  # numerators, denominators, and durations in ISO media files
MAX_SECONDS: Final = 1e8  # three years
MAX_FRAME_RATE: Final = 1e6
MAX_LINE: Final = 200
_LANGUAGE: Final = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$"

# Separators of addresses and names are not allowed, so that a mail has exactly one recipient.
Email = Annotated[str, StringConstraints(pattern=r'^[^@\s\x00-\x20\x7f,;:<>()\[\]"\\]{1,64}@[\w.-]{1,190}$')]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
# Times and positions, in ticks or samples.
Tick = Annotated[int, Field(ge=-MAX_TICK, le=MAX_TICK)]
# A count or size of at least 1.
Count = Annotated[int, Field(ge=1, le=MAX_TICK)]
Count32 = Annotated[int, Field(ge=1, le=MAX_INT32)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]
FrameRate = Annotated[float, Field(ge=0, le=MAX_FRAME_RATE)]
# An identifier from a program: a codec, a container, a pixel format.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
# A readable name from a program, such as a codec profile.
Phrase = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,:+()/_-]{0,63}$")]


@lru_cache(512)
def _standardize(tag: str) -> str:
    from langcodes import standardize_tag
    from langcodes.tag_parser import LanguageTagError

    try:
        return standardize_tag(tag)
    except LanguageTagError:
        return tag


# A BCP 47 tag in canonical form: "ko" for "kor", "pt-BR" for "pt-br". Unknown tags with valid syntax are not changed.
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE), AfterValidator(_standardize)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# The key of an object in the store.
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", max_length=1000)]


def _check_line(text: str) -> str:
    if any(_is_break(letter) for letter in text):
        raise ValueError("must be one line without control characters")
    return text


# Text from users, on one line.
Line = Annotated[str, StringConstraints(max_length=MAX_LINE), AfterValidator(_check_line)]


_JOINERS = "\u200c\u200d"


def make_line(text: str) -> str:
    """Returns text as one readable line of at most 200 characters. Empty if no readable characters remain."""
    return clean_line(text)[:MAX_LINE].rstrip()


def clean_line(text: str) -> str:
    """Returns text as one readable line: control characters become spaces, and marks that change the text direction are removed.

    Joiners stay, because Persian and Indic words and some emoji need them.
    """
    spaced = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    removed = ("Cf", "Cs", "Co", "Cn")
    kept = "".join(letter for letter in spaced if letter in _JOINERS or unicodedata.category(letter) not in removed)
    return " ".join(kept.split())


def _is_break(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
