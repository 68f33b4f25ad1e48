"""Detects the encoding of text files from their bytes, with a language as a hint; pure."""

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
# UTF-32 before UTF-16: its little-endian mark starts with that of UTF-16.
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                 (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_ISO2022_SHIFT: Final = b"\x1b$"  # ISO-2022-JP switches to two-byte characters
_CYRILLIC: Final = (("cp1251", "koi8_r"), ("CYRILLIC",))
_CENTRAL: Final = (("cp1250",), ("LATIN",))
_BALTIC: Final = (("cp1257",), ("LATIN",))
# Usual encodings of a language, and its scripts as they appear in Unicode character names.
_LANGUAGES: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
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
_MIN_SCRIPT_SHARE: Final = 0.9  # minimum share of the non-ASCII letters that are in a script of the language
_GUESSABLE: Final = [name for name in ENCODINGS if not name.startswith("utf-")]


def decode_text(data: bytes, language: str | None = None, encoding: str | None = None) -> tuple[str, str]:
    """Returns (text, its encoding).

    Takes the first that applies: the encoding of a byte order mark; `encoding` if given; UTF-8 if the data is valid UTF-8; an encoding
    that is usual for `language`, if the letters decode to its script; the best guess of a statistical detector.
    Raises InvalidError if none applies (facts: field, encodings).
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decode(data, name).removeprefix("\ufeff"), name
    if encoding is not None:
        return _decode(data, encoding), encoding
    if _ISO2022_SHIFT in data and (text := _try_decode(data, "iso2022_jp")) is not None:  # before UTF-8: its bytes are all ASCII
        return text, "iso2022_jp"
    for name in ("utf-8", *_usual_encodings(language)):
        text = _try_decode(data, name)
        if text is not None and (name == "utf-8" or _looks_like(text, language)):
            return text, name
    best = from_bytes(data, cp_isolation=_GUESSABLE).best()
    if best is None or best.encoding not in ENCODINGS:
        raise InvalidError("the encoding of this file is unknown: choose it", field="encoding", encodings=list(ENCODINGS))
    return str(best), best.encoding


def _usual_encodings(language: str | None) -> Sequence[str]:
    return () if language is None else _LANGUAGES.get(_primary_subtag(language), _WESTERN)[0]


def _primary_subtag(language: str) -> str:
    return language.partition("-")[0].lower()


def _decode(data: bytes, encoding: str) -> str:
    text = _try_decode(data, encoding)
    if text is None:
        raise InvalidError(f"this file is not encoded in {encoding}", field="encoding", encodings=list(ENCODINGS))
    return text


def _try_decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _looks_like(text: str, language: str | None) -> bool:
    scripts = _LANGUAGES.get(_primary_subtag(language or ""), _WESTERN)[1]
    letters = [letter for letter in text if ord(letter) > 0x7F and unicodedata.category(letter)[0] in "LM"]
    return sum(unicodedata.name(letter, "").startswith(tuple(scripts)) for letter in letters) >= _MIN_SCRIPT_SHARE * len(letters)
