"""Sentence splitting with exact offsets.

One pass of a regular expression finds where a sentence might end; a few rules, each about the
words on both sides, say where it does not. ``benchmarks/sentences.py`` compares it with syntok,
segtok, pysbd, blingfire, NLTK's Punkt and spaCy's sentencizer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from kgbuild.records import Passage, Sentence, Span

__all__ = ["MAX_SENTENCE", "split_sentences"]

MAX_SENTENCE = 10_000
"""Longest sentence in characters; what goes on without an end is cut at white space before it."""

# A candidate: final punctuation, closing quotes and brackets, white space; or an empty line.
_CANDIDATE = re.compile(r"(?<![.?!…])[.?!…]+[\"'”’)\]}»]*(?P<space>\s+)|\n[ \t\r]*\n\s*|[。！？]")
_LAST_WORD = re.compile(r"[^\s(\[{]*\Z")
_STARTS = re.compile(
    r"[\"'“‘(\[{«]*(?:[A-ZÀ-ÞΑ-Ω]|[0-9]|[a-zα-ω]{1,4}-?[0-9A-Z]|c-[a-z]{3}\b|[^\x00-\u024f])"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words whose full stop never ends a sentence, without it and in lower case.
_NEVER_LAST = _words(
    "vs v.s cf ca e.g eg i.e ie viz fig figs eq eqs ref refs no nos vol pp p.o i.v i.p s.c i.m "
    "dr drs prof mr mrs ms st sp. sect sec chap tab resp approx ser suppl ed eds al. dept "
    "b.i.d var subsp ssp"
)
# Words whose full stop ends a sentence only before a capitalized word that is no name or number.
_SELDOM_LAST = _words(
    "al etc inc ltd co corp jr sr u.s u.k u.s.a spp sp a.m p.m ph.d m.d b.sc m.sc univ assoc"
)
_COMMON_STARTS = _words(
    "The This These Those That In It We Our A An However For To By At On As Of From With He She "
    "They There All Both After Although Because But And Here If No Results Conclusions Methods "
    "Thus Therefore Furthermore Moreover When While Since Each Patients Using Based"
)
_UNITS = _words("h hr hrs min sec s wk wks mo yr yrs d g l m k mg ml kg cm mm nm")
_WORD = re.compile(r"\w+")
_TITLE_WORD = re.compile(r"[A-Z][a-z]{2,}\b(?!\.)")
_BEFORE_LETTER = re.compile(r"(?:^|[\s-])(?!and|by|of)[a-z]{2,}[\s-]\Z")
_OPEN, _CLOSE = "([{", ")]}"


def split_sentences(text: str, passages: Sequence[Passage] = ()) -> tuple[Sentence, ...]:
    """Return the sentences of ``text``, in order, disjoint, without surrounding white space.

    A sentence never crosses the border of a passage; text outside passages is split too. No
    sentence is longer than ``MAX_SENTENCE`` characters, and time is linear in the text.

    >>> text = "E. coli grew (Fig. 2). Wild-type p53 vs. mutant p53 differed by 0.5 mg."
    >>> [text[s.start : s.end] for s in split_sentences(text)]
    ['E. coli grew (Fig. 2).', 'Wild-type p53 vs. mutant p53 differed by 0.5 mg.']
    """
    return tuple(
        Sentence(start, end)
        for begin, stop in _regions(len(text), passages)
        for piece in _split(text, begin, stop)
        for start, end in _bounded(text, *piece)
    )


def _regions(length: int, passages: Sequence[Passage]) -> Iterator[Span]:
    """Cut ``[0, length)`` at every border of a passage."""
    cuts = {0, length}
    for passage in passages:
        cuts.update((passage.start, passage.end))
    ordered = sorted(cut for cut in cuts if 0 <= cut <= length)
    yield from pairwise(ordered)


def _split(text: str, begin: int, stop: int) -> Iterator[Span]:
    start = begin
    for match in _CANDIDATE.finditer(text, begin, stop):
        if match["space"] is None or _ends(text, match, start, stop):
            yield start, match.end()
            start = match.end()
    yield start, stop


def _ends(text: str, match: re.Match[str], start: int, stop: int) -> bool:
    """Say whether the sentence that began at ``start`` ends at this candidate."""
    following = text[match.end() : min(match.end() + 40, stop)]
    if not following or not _STARTS.match(following):
        return False
    if _inside_brackets(text, max(start, match.start() - 1000), match.end("space")):
        return False
    if text[match.start()] != "." or match.end() - match.start() > 2 + len(match["space"]):
        return True
    found = _LAST_WORD.search(text, max(start, match.start() - 30), match.start())
    word = found.group() if found else ""
    before = text[max(start, match.start() - len(word) - 15) : match.start() - len(word)]
    return _word_may_end(word, before, following)


def _word_may_end(word: str, before: str, following: str) -> bool:
    """Say whether a sentence may end after ``word`` and its full stop.

    A letter alone ends one as a part of a name ("NF-kappa B. Finally"), not as somebody's initial.
    """
    lowered = word.lower()
    if lowered in _NEVER_LAST:
        return False
    if lowered in _UNITS:
        return _TITLE_WORD.match(following) is not None
    next_word = _WORD.search(following)
    common = next_word is not None and next_word.group() in _COMMON_STARTS
    if lowered in _SELDOM_LAST:
        return common
    if len(word) == 1 and word.isalpha() and word.isupper():
        named = _BEFORE_LETTER.search(before) and _TITLE_WORD.match(following)
        return common or named is not None
    return True


def _inside_brackets(text: str, start: int, end: int) -> bool:
    """Say whether a bracket opened in ``text[start:end]`` is still open, and closes soon."""
    depth = 0
    for character in text[start:end]:
        if character in _OPEN:
            depth += 1
        elif character in _CLOSE and depth:
            depth -= 1
    if not depth:
        return False
    for character in text[end : end + 300]:
        if character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
            if not depth:
                return True
    return False


def _bounded(text: str, start: int, end: int) -> Iterator[Span]:
    """Strip white space and cut at ``MAX_SENTENCE``."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > MAX_SENTENCE:
        cut = text.rfind(" ", start + MAX_SENTENCE // 2, start + MAX_SENTENCE)
        cut = cut if cut > 0 else start + MAX_SENTENCE
        yield from _bounded(text, start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end
