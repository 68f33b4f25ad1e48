"""Finds out the encoding of text files from their bytes, with a language as a hint; pure."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

from charset_normalizer import from_bytes

from yeoul.base.errors import InvalidError

# fmt: off
Encoding = Literal[
    "utf-8", "utf-16", "utf-32", "cp949", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp1251", "koi8_r", "cp1250", "cp1252",
    "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
]
# fmt: on
ENCODINGS: Final[tuple[str, ...]] = get_args(Encoding)
# With UTF-32 before UTF-16, of whose mark it begins with.
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                 (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_SHIFT: Final = b"\x1b$"
_CYRILLIC: Final = (("cp1251", "koi8_r"), ("CYRILLIC",))
_CENTRAL: Final = (("cp1250",), ("LATIN",))
_BALTIC: Final = (("cp1257",), ("LATIN",))
# What is usual in a language, and what letters it is written in.
_USUAL: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "ko": (("cp949",), ("HANGUL", "CJK")),
    "ja": (("cp932", "euc_jp", "iso2022_jp"), ("HIRAGANA", "KATAKANA", "CJK", "FULLWIDTH", "HALFWIDTH")),
    "zh": (("gb18030", "big5"), ("CJK", "FULLWIDTH")),
    **dict.fromkeys(("ru", "uk", "bg", "be", "sr", "mk"), _CYRILLIC),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl", "bs"), _CENTRAL),
    **dict.fromkeys(("lt", "lv", "et"), _BALTIC),
    "el": (("cp1253",), ("GREEK",)),
    "tr": (("cp1254",), ("LATIN",)),
    "he": (("cp1255",), ("HEBREW",)),
    **dict.fromkeys(("ar", "fa", "ur"), (("cp1256",), ("ARABIC",))),
    "vi": (("cp1258",), ("LATIN", "COMBINING")),
    "th": (("cp874",), ("THAI",)),
}
_WESTERN: Final = (("cp1252",), ("LATIN",))
_LEAST: Final = 0.9  # of the letters beyond ASCII are in a language's own script
_GUESSED: Final = [name for name in ENCODINGS if not name.startswith("utf-")]


def decode_text(data: bytes, language: str | None = None, encoding: str | None = None) -> tuple[str, str]:
    """Returns (text, the encoding it is in).

    A byte order mark decides, then `encoding` where it is given; UTF-8 is what can be UTF-8; else what is usual in the language whose
    letters come out, else what looks most like a language. Raises InvalidError where nothing does (facts: field, encodings).
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data, name).removeprefix("\ufeff"), name
    if encoding is not None:
        return _decoded(data, encoding), encoding
    if _SHIFT in data and (text := _try(data, "iso2022_jp")) is not None:  # all its bytes are ASCII
        return text, "iso2022_jp"
    for name in ("utf-8", *_usual(language)):
        text = _try(data, name)
        if text is not None and (name == "utf-8" or _looks_like(text, language)):
            return text, name
    best = from_bytes(data, cp_isolation=_GUESSED).best()
    if best is None or best.encoding not in ENCODINGS:
        raise InvalidError("the encoding of this file cannot be told: name it", field="encoding", encodings=list(ENCODINGS))
    return str(best), best.encoding


def _usual(language: str | None) -> Sequence[str]:
    return () if language is None else _USUAL.get(_primary(language), _WESTERN)[0]


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


def _decoded(data: bytes, encoding: str) -> str:
    text = _try(data, encoding)
    if text is None:
        raise InvalidError(f"this file is not in the encoding {encoding}", field="encoding", encodings=list(ENCODINGS))
    return text


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _looks_like(text: str, language: str | None) -> bool:
    scripts = _USUAL.get(_primary(language or ""), _WESTERN)[1]
    letters = [one for one in text if ord(one) > 0x7F and unicodedata.category(one)[0] in "LM"]
    return sum(unicodedata.name(one, "").startswith(tuple(scripts)) for one in letters) >= _LEAST * len(letters)
