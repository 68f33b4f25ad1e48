"""Bounded types of what clients and files say: each value has one form, and no other gets into a noun."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

MAX_TICK: Final = 2**53  # what a JSON number carries exactly everywhere
MAX_INT32: Final = 2**31 - 1  # halves of a ratio, and durations in ISO media files
MAX_SECONDS: Final = 1e8  # three years
MAX_FRAME_RATE: Final = 1e6
MAX_LINE: Final = 200
_LANGUAGE: Final = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$"

# What separates addresses from each other and from names stays out: a mail goes to one.
Email = Annotated[str, StringConstraints(pattern=r'^[^@\s\x00-\x20\x7f,;:<>()\[\]"\\]{1,64}@[\w.-]{1,190}$')]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
# Times and places, in ticks or samples.
Tick = Annotated[int, Field(ge=-MAX_TICK, le=MAX_TICK)]
# A count of something that there is.
Count = Annotated[int, Field(ge=1, le=MAX_TICK)]
Count32 = Annotated[int, Field(ge=1, le=MAX_INT32)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]
FrameRate = Annotated[float, Field(ge=0, le=MAX_FRAME_RATE)]
# A name that a program gave: of a codec, a container, a pixel format.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
# A name that a program gave and that people read.
Phrase = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,:+()/_-]{0,63}$")]


@lru_cache(512)
def _standardize(tag: str) -> str:
    from langcodes import standardize_tag  # noqa: PLC0415 (most commands name no language)
    from langcodes.tag_parser import LanguageTagError  # noqa: PLC0415

    try:
        return standardize_tag(tag)
    except LanguageTagError:
        return tag


# A BCP 47 tag in its usual form: "ko" for "kor", "pt-BR" for "pt-br". What has the form of a tag and is none stays as it is.
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE), AfterValidator(_standardize)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Of an object in the store.
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", max_length=1000)]


def _check_line(text: str) -> str:
    if any(_breaks(letter) for letter in text):
        raise ValueError("must be one line without control characters")
    return text


# What people wrote, on one line.
Line = Annotated[str, StringConstraints(max_length=MAX_LINE), AfterValidator(_check_line)]


_JOINERS = "\u200c\u200d"


def make_line(text: str) -> str:
    """Returns what can be read of a text on one line, of at most 200 characters; an empty text where nothing can."""
    return clean_line(text)[:MAX_LINE].rstrip()


def clean_line(text: str) -> str:
    """Returns what can be read of a text on one line: control characters become spaces, what turns the reading direction goes.

    Joiners stay: Persian and Indic words are spelled with them, and some emoji.
    """
    spaced = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    gone = ("Cf", "Cs", "Co", "Cn")
    kept = "".join(letter for letter in spaced if letter in _JOINERS or unicodedata.category(letter) not in gone)
    return " ".join(kept.split())


def _breaks(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
