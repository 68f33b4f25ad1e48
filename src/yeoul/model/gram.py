"""Text as a search sees it: words, and the grams by which they are found. Pure, and the same for every database.

Words of Latin, Cyrillic, Devanagari and the like give trigrams with marks at both ends, and their first letter. Words of scripts that are
written without spaces (Han, Kana, Thai, Lao, Khmer, Burmese), and of Hangul, give each character and each pair, since they are searched by
one or two; those of Hangul give trigrams of their letters (jamo) besides, so that one wrong letter spoils a part of a syllable and not
the whole word. Names with signs (C++, C#, .NET) and emoji are words, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_CJK = "\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = rf"{_CJK}\u1100-\u11ff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_EMOJI = "\u203c\u2049\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\U0001f000-\U0001faff"
# Vowels and other marks that are no letters to Python; of the planes that living scripts are in.
_MARKS = "".join(re.escape(chr(at)) for at in range(0x300, 0x20000) if unicodedata.category(chr(at)) in ("Mn", "Mc"))
_LETTER = rf"(?:[^\W_{_UNSPACED}{_EMOJI}]|[{_MARKS}](?<![{_UNSPACED}]))"
_WORD = re.compile(rf"[{_UNSPACED}]+|{_LETTER}+(?:\+\+?(?!\w)|#(?!\w))?|[{_EMOJI}]")
_DOTTED = re.compile(r"(?<!\.)\.[a-z]{2,8}(?![\w.])")  # .net, .js
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
# Accents of Latin, points of Hebrew, vowel signs of Arabic and its stretching; joiners, variation selectors, tones of skin.
_LEFT_OUT = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    "\u06ea-\u06ed\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff]"
)
_START, _END = "<", ">"
_EDIT = 3  # neighbouring trigrams that one wrong letter can spoil
_SWAP = 4  # ... and two letters in each other's place
_LEFT = 2  # trigrams that must fit at least, or half of all words would
# U+11A8 to U+11C2: consonants that end a syllable, as those that begin one. While a word is typed, the next syllable's first stands there.
_TAILS = re.findall(r"\S+", "ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ")
_TAIL_LETTERS = {0x11A8 + at: unicodedata.normalize("NFKD", tail) for at, tail in enumerate(_TAILS)}

Grams = frozenset[str]


@dataclass(frozen=True)
class WordQuery:
    """What a word is found by: all grams of `exact`, or all of any of `near`, which forgive one wrong letter (empty for short words)."""

    word: str
    exact: Grams
    near: tuple[Grams, ...]


def fold(text: str) -> str:
    """Text without what a search does not tell apart: compositions, widths, case, accents, points, joiners; one space between words."""
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", text.replace("\0", " ")).casefold())
    return " ".join(unicodedata.normalize("NFC", plain).split())


def words(text: str) -> list[str]:
    """The words of a folded text; where the script changes a word ends. What stands behind a dot is found with the dot, too."""
    return [*_WORD.findall(text), *_DOTTED.findall(text)]


def letters(text: str) -> str:
    """A folded text with syllables of Hangul taken apart into letters."""
    return unicodedata.normalize("NFD", text).translate(_TAIL_LETTERS)


def make_grams(text: str) -> Grams:
    """Every gram by which a folded text is found."""
    return frozenset(gram for word in set(words(text)) for gram in _grams(word))


def trigrams(text: str) -> Grams:
    """The trigrams of a folded text's words: what likeness is measured by."""
    return frozenset[str]().union(*map(word_trigrams, words(text)))


@lru_cache(maxsize=65536)
def word_trigrams(word: str) -> Grams:
    """The trigrams of one word."""
    return frozenset(_marked(word))


def make_queries(text: str, limit: int = 8) -> list[WordQuery]:
    """What must be found of each word of a folded query, at most `limit` words; all of them must."""
    return [WordQuery(word, _exact(word), _near(word)) for word in dict.fromkeys(_asked(text))][:limit]


def _asked(text: str) -> Iterator[str]:
    """The words of a query: with its dot, one that begins with it says more than without."""
    for part in text.split():
        yield from (part,) if _DOTTED.fullmatch(part) else _WORD.findall(part)


def _grams(word: str) -> Iterator[str]:
    yield from _marked(word)
    if _IS_UNSPACED.match(word):
        yield from word
        yield from (word[at : at + 2] for at in range(len(word) - 1))
    else:
        yield _START + word[0]


def _marked(word: str) -> list[str]:
    marked = f"{_START}{letters(word)}{_END}"
    return [marked[at : at + 3] for at in range(len(marked) - 2)]


def _exact(word: str) -> Grams:
    """Short words by how words begin, longer ones wherever they stand."""
    if _IS_UNSPACED.match(word):
        return frozenset(word[at : at + 2] for at in range(len(word) - 1)) or frozenset(word)
    if len(word) < 3:
        return frozenset({_START + word})
    return frozenset(word[at : at + 3] for at in range(len(word) - 2))


def _near(word: str) -> tuple[Grams, ...]:
    """All trigrams but some neighbours, for each place of a wrong letter; of a short word of Hangul, all but an end that is still typed."""
    grams = _marked(word)
    hole = _SWAP if len(grams) >= _SWAP + _LEFT else _EDIT
    if len(grams) < hole + _LEFT:
        return (frozenset(grams[:-1]),) if letters(word) != word and len(grams) > _LEFT else ()
    return tuple(dict.fromkeys(frozenset(grams[:at] + grams[at + hole :]) for at in range(len(grams) - hole + 1)))
