"""Splits text into words and grams for the search index. Pure, and the same for every database.

Words of scripts with spaces between words (Latin, Cyrillic, Devanagari and others) are indexed by trigrams with marks at both ends, and by
their first letter. Words of scripts without such spaces (Han, Kana, Thai, Lao, Khmer, Burmese) and of Hangul are indexed by each
character and each pair, because users search for one or two characters. Hangul words are also indexed by trigrams of their letters (jamo),
so that a wrong letter changes only a part of a syllable. Names with signs (C++, C#, .NET) and emoji are words too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

_CJK = "\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = rf"{_CJK}\u1100-\u11ff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_EMOJI = "\u203c\u2049\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\U0001f000-\U0001faff"
# Vowels and other marks that Python does not count as letters, in the planes of living scripts.
_MARKS = "".join(re.escape(chr(at)) for at in range(0x300, 0x20000) if unicodedata.category(chr(at)) in ("Mn", "Mc"))
_LETTER = rf"(?:[^\W_{_UNSPACED}{_EMOJI}]|[{_MARKS}](?<![{_UNSPACED}]))"
_WORD = re.compile(rf"[{_UNSPACED}]+|{_LETTER}+(?:\+\+?(?!\w)|#(?!\w))?|[{_EMOJI}]")
_DOTTED = re.compile(r"(?<!\.)\.[a-z]{2,8}(?![\w.])")  # .net, .js
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
# Latin accents, Hebrew points, Arabic vowel signs and tatweel, joiners, variation selectors, skin tones.
_IGNORED = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    "\u06ea-\u06ed\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff]"
)
_START, _END = "<", ">"
_EDIT = 3  # neighbouring trigrams that one wrong letter changes
_SWAP = 4  # neighbouring trigrams that two swapped letters change
_MIN_MATCHES = 2  # fewer matching trigrams would match half of all words
_MAX_NEAR = 64  # trigrams of a word that may have a wrong letter; the work grows with the square of their number
# U+11A8 to U+11C2: final consonants, mapped to initial ones. While a user types, the next syllable's initial appears as a final consonant.
_TAILS = re.findall(r"\S+", "ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ")
_TAIL_LETTERS = {0x11A8 + at: unicodedata.normalize("NFKD", tail) for at, tail in enumerate(_TAILS)}

Grams = frozenset[str]


@dataclass(frozen=True)
class WordQuery:
    """Grams that match a word: all grams of `exact`, or all grams of any set in `near`, which tolerates a wrong letter.

    near is empty for short and for very long words.
    """

    word: str
    exact: Grams
    near: tuple[Grams, ...]


def fold(text: str) -> str:
    """Normalizes text for search: removes differences of composition, width, case, accents, points and joiners; one space between words."""
    plain = _IGNORED.sub("", unicodedata.normalize("NFKD", text.replace("\0", " ")).casefold())
    return " ".join(unicodedata.normalize("NFC", plain).split())


def split_words(text: str) -> list[str]:
    """Returns the words of folded text. A word ends where the script changes. A word after a dot is also returned with the dot."""
    return [*_WORD.findall(text), *_DOTTED.findall(text)]


def decompose_hangul(text: str) -> str:
    """Returns folded text with Hangul syllables decomposed into letters."""
    return unicodedata.normalize("NFD", text).translate(_TAIL_LETTERS)


def make_grams(text: str) -> Grams:
    """Returns all grams under which folded text is indexed."""
    return frozenset(gram for word in set(split_words(text)) for gram in _index_grams(word))


def make_trigrams(text: str) -> Grams:
    """Returns the trigrams of the words of folded text, for similarity."""
    return frozenset[str]().union(*map(make_word_trigrams, split_words(text)))


@lru_cache(maxsize=65536)
def make_word_trigrams(word: str) -> Grams:
    """Returns the trigrams of a word."""
    return frozenset(_list_trigrams(word))


def make_queries(text: str, limit: int = 8) -> list[WordQuery]:
    """Returns the grams to search for, for the first `limit` words of a folded query. All words must match."""
    words = islice(dict.fromkeys(_split_query(text)), limit)
    return [WordQuery(word, _make_exact(word), _make_near(word)) for word in words]


def _split_query(text: str) -> Iterator[str]:
    """Yields the words of a query. A word that starts with a dot keeps it, which is more specific."""
    for part in text.split():
        yield from (part,) if _DOTTED.fullmatch(part) else _WORD.findall(part)


def _index_grams(word: str) -> Iterator[str]:
    yield from _list_trigrams(word)
    if _IS_UNSPACED.match(word):
        yield from word
        yield from (word[at : at + 2] for at in range(len(word) - 1))
    else:
        yield _START + word[0]


def _list_trigrams(word: str) -> list[str]:
    marked = f"{_START}{decompose_hangul(word)}{_END}"
    return [marked[at : at + 3] for at in range(len(marked) - 2)]


def _make_exact(word: str) -> Grams:
    """Returns grams that match the start of words if the word is short, or any position if it is longer."""
    if _IS_UNSPACED.match(word):
        return frozenset(word[at : at + 2] for at in range(len(word) - 1)) or frozenset(word)
    if len(word) < 3:
        return frozenset({_START + word})
    return frozenset(word[at : at + 3] for at in range(len(word) - 2))


def _make_near(word: str) -> tuple[Grams, ...]:
    """Returns a set for each position of a wrong letter, without the trigrams at that position; none for a very long word.

    For a short Hangul word, returns one set without its last trigram, because the user may still be typing.
    """
    grams = _list_trigrams(word)
    if len(grams) > _MAX_NEAR:
        return ()
    gap = _SWAP if len(grams) >= _SWAP + _MIN_MATCHES else _EDIT
    if len(grams) < gap + _MIN_MATCHES:
        return (frozenset(grams[:-1]),) if decompose_hangul(word) != word and len(grams) > _MIN_MATCHES else ()
    return tuple(dict.fromkeys(frozenset(grams[:at] + grams[at + gap :]) for at in range(len(grams) - gap + 1)))
