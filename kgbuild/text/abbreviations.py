"""Abbreviations and their long forms, with offsets.

The algorithm is that of Schwartz and Hearst, "A simple algorithm for identifying abbreviation
definitions in biomedical text", PSB 2003, with four additions: both orders ("long (SHORT)" and
"SHORT (long)"), brackets with more than the short form in them ("(TNF; also cachectin)"), initials
before shorter long forms ("attenuated adenomatous polyposis coli (AAPC)"), and places in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kgbuild.records import Abbreviation, Sentence

__all__ = ["find_abbreviations"]

_SHORT_LENGTH = range(2, 11)
_BRACKETS = re.compile(
    r"[(\[]([^()\[\]]{2,200}(?:[(\[][^()\[\]]{0,60}[)\]][^()\[\]]{0,100})?)[)\]]"
)
_FIRST_PART = re.compile(r"[;,]\s|\s(?:or|also|hereafter|n\s?=)\s|\s?=")
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"(?:(?<=[\s/-])|\A)[^\W_]\S*?(?=[\s/-]|\Z)")
_SHORT_BEFORE = re.compile(r"(?:(?<=\s)|^)([^\s(\[]{2,10})\s*\Z")
_WORD_LENGTH = 25
_EDGE = ",.;:'\"“”‘’"
_NEVER_LONG_START = frozenset(
    ("a", "an", "the", "of", "in", "and", "or", "for", "with", "to", "by", "from", "as", "on", "at")
)


def find_abbreviations(text: str, sentences: Sequence[Sentence]) -> tuple[Abbreviation, ...]:
    """Return the abbreviations that sentences define, in order of place.

    >>> from kgbuild.text import split_sentences
    >>> text = "Tumor necrosis factor alpha (TNF-alpha) binds TNFR (TNF receptor)."
    >>> for found in find_abbreviations(text, split_sentences(text)):
    ...     print(found.short, found.short_start, "=", found.long, found.long_start)
    TNF-alpha 29 = Tumor necrosis factor alpha 0
    TNFR 46 = TNF receptor 52
    """
    return tuple(
        abbreviation
        for sentence in sentences
        for abbreviation in _in_sentence(text, sentence.start, sentence.end)
    )


def _in_sentence(text: str, start: int, end: int) -> Iterator[Abbreviation]:
    for match in _BRACKETS.finditer(text, start, end):
        inner_start, inner = _trim(text, match.start(1), match.end(1))
        part = _FIRST_PART.split(inner, maxsplit=1)[0].rstrip(_EDGE + " ")
        if _is_short(part):
            long = _long_before(text, start, match.start(), part)
            if long is not None:
                yield Abbreviation(part, text[slice(*long)], inner_start, long[0])
                continue
        reverse = _SHORT_BEFORE.search(text, max(start, match.start() - 12), match.start())
        if reverse and _is_short(reverse[1]):
            found = _match_backwards(reverse[1], part)
            if found == 0 and _plausible(reverse[1], part):
                yield Abbreviation(reverse[1], part, reverse.start(1), inner_start)


def _trim(text: str, start: int, end: int) -> tuple[int, str]:
    while start < end and (text[start].isspace() or text[start] in _EDGE):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in _EDGE):
        end -= 1
    return start, text[start:end]


def _is_short(form: str) -> bool:
    """Say whether ``form`` can be a short form: 2 to 10 characters, at most two words, a letter."""
    return (
        len(form) in _SHORT_LENGTH
        and len(form.split()) <= 2
        and form[0].isalnum()
        and any(character.isalpha() for character in form)
        and any(character.isupper() or character.isdigit() for character in form)
    )


def _long_before(text: str, start: int, end: int, short: str) -> tuple[int, int] | None:
    """Return the span before the bracket at ``end`` that spells ``short``, or None.

    The paper looks at ``min(|A| + 5, |A| * 2)`` words.
    """
    allowed = min(len(short) + 5, len(short) * 2)
    reach = max(start, end - allowed * _WORD_LENGTH)
    words = list(_TOKEN.finditer(text, reach, end))[-allowed:]
    if words and words[0].start() == reach > start and not text[reach - 1].isspace():
        del words[0]  # only its tail is in reach
    if not words:
        return None
    begin, stop = words[0].start(), words[-1].end()
    while stop > begin and text[stop - 1] in _EDGE:
        stop -= 1
    found = _initials(short, text[begin:stop])
    if found is None:
        found = _match_backwards(short, text[begin:stop])
    if found is None:
        return None
    long = text[begin + found : stop]
    return (begin + found, stop) if _plausible(short, long) else None


def _initials(short: str, long: str) -> int | None:
    """Return where the last words begin whose initials are ``short``, three letters or more."""
    words = list(_WORD.finditer(long))[-len(short) :]
    initials = "".join(word[0][0] for word in words)
    if len(short) < 3 or initials.casefold() != short.casefold():
        return None
    start = words[0].start()
    return start if not start or long[start - 1].isspace() else None


def _match_backwards(short: str, long: str) -> int | None:
    """Return where the shortest tail of ``long`` that spells ``short`` begins, or None.

    Figure 1 of the paper: each letter or digit of the short form is matched from right to left,
    and the first must begin a word.
    """
    position = len(long)
    for index in range(len(short) - 1, -1, -1):
        character = short[index].lower()
        if not character.isalnum():
            continue
        position -= 1
        while position >= 0 and (
            long[position].lower() != character
            or (index == 0 and position > 0 and long[position - 1].isalnum())
        ):
            position -= 1
        if position < 0:
            return None
    start = long.rfind(" ", 0, position + 1) + 1
    return start


def _plausible(short: str, long: str) -> bool:
    """Say whether ``long`` can be what ``short`` stands for."""
    words = long.split()
    return (
        len(long) > len(short)
        and bool(words)
        and len(words) <= min(len(short) + 5, len(short) * 2)
        and short not in words
        and words[0].lower() not in _NEVER_LONG_START
        and long.count("(") == long.count(")")
        and long.count("[") == long.count("]")
    )
