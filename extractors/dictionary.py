"""Recognizing the names of a lexicon: one pass over the text, whatever the number of names."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from kgbuild.extractors.context import context_bonus, in_shouted_line, words_beside
from kgbuild.extractors.coordination import coordinated, may_be_listed
from kgbuild.extractors.name_match import is_symbol, name_match
from kgbuild.extractors.stop_names import (
    SPARED_BY_COMMON_WORDS,
    TooGeneral,
    common_words,
    too_general,
)
from kgbuild.extractors.written_short import short_forms
from kgbuild.normalizer.lexicon import Lexicon, NameEntry
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.ranking import SCOPE_SCORE, resembles
from kgbuild.normalizer.short_names import needs_definition, scope_of
from kgbuild.records import AnnotatedDocument, Mention, content_hash

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["DictionaryRecognizer"]

_LISTED = ("DiseaseOrPhenotypicFeature",)
"""Whose names are written as lists: a list of genes or chemicals repeats no word."""

_MOST_DECIDED = 200_000
_WORD = 6
_UNIT = re.compile(r"(?:min|[hsdgmLl]|m[lLgm]|[kc][gm]|mol)[-−–]?1|\d.*°.*")  # per minute, 42°C

Senses: TypeAlias = tuple[tuple[str, float], ...]
_Found: TypeAlias = tuple[int, int, Senses]


class _Decision(NamedTuple):
    """What a name's words mean wherever they stand; all other hits depend on the document.

    Attributes:
        senses: its categories, best first, each with its weight; none where it is no mention.
        defined: the same in a document that defines it, where short aliases are believed too.
        trim: how many characters at the end don't belong to it.
        capitals: whether capitals alone make a symbol of it.
    """

    senses: Senses
    defined: Senses
    trim: int = 0
    capitals: bool = False


_ALL = (None, False)  # categories and nested names, unless told otherwise


class DictionaryRecognizer:
    """Finds the names of a lexicon in texts.

    The longest name wins at each place; of several categories for the same words, the one with
    the better name (as written, preferred before synonym), then the one that the words around
    favour, then the schema's first. What a document defines as an abbreviation is taken in the
    document's sense.

    Args:
        lexicon: its names.
        schema: for the categories' ancestry and order.
        categories: only these and their descendants; all where None.
        min_length: names of fewer letters and digits are passed over.
        scopes: the kinds of names used.
        stop_names: words (in any case) that are never mentions, added to the built-in lists.
        stop_ids: CURIEs whose names are never mentions, added to the built-in list.
        use_stop_lists: False leaves out the built-in lists of common words and of terms that are
            too general to say anything ("disease", "protein").
        keep_nested: also return names inside longer ones.
        min_score: mentions below are left out, in [0, 1].
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        schema: Schema,
        categories: Collection[str] | None = None,
        min_length: int = 2,
        scopes: Collection[str] = ("preferred", "exact", "abbreviation", "narrow", "related"),
        stop_names: Iterable[str] = (),
        stop_ids: Iterable[str] = (),
        use_stop_lists: bool = True,
        keep_nested: bool = False,
        min_score: float = 0.0,
    ) -> None:
        self.lexicon = lexicon
        self.min_length = min_length
        self.keep_nested = keep_nested
        self._options = (None if categories is None else sorted(categories), keep_nested)
        self.min_score = min_score
        self._scopes = frozenset(scopes)
        self._order = {name: rank for rank, name in enumerate(schema.categories)}
        self._wanted = {
            found: categories is None or any(schema.is_a(found, c) for c in categories)
            for found in lexicon.categories
        }
        general = too_general() if use_stop_lists else TooGeneral(*[frozenset[str]()] * 3)
        self._common = common_words() if use_stop_lists else frozenset()
        spared = [name for name in SPARED_BY_COMMON_WORDS if name in schema.categories]
        self._spared = frozenset(
            found for found in lexicon.categories if any(schema.is_a(found, c) for c in spared)
        )
        self._stop_names = frozenset(n.casefold() for n in stop_names) | general.names
        self._stopped = frozenset(stop_ids) | general.terms
        self._stopped_branches = general.branches
        listed = [name for name in _LISTED if name in schema.categories]
        self._listed = frozenset(
            found for found in lexicon.categories if any(schema.is_a(found, c) for c in listed)
        )
        self._useless: set[int] = set()
        self._decided: dict[str, tuple[int, _Decision]] = {}
        self._agrees = lru_cache(maxsize=50_000)(self._names_agree)

    @cached_property
    def _stop_rows(self) -> frozenset[int]:
        """Terms that are no mentions; made when first needed, as it reads the whole hierarchy."""
        return self.lexicon.term_rows(self._stopped, branches=self._stopped_branches)

    @cached_property
    def name(self) -> str:
        """``dictionary/1+`` and a hash of what the mentions come from.

        It is the lexicon's where all of it is used, so that two of one lexicon can stand side by
        side that look for other categories, or for nested names.
        """
        told = self.lexicon.fingerprint
        if self._options != _ALL:
            told = content_hash(told, *map(str, self._options))
        return f"dictionary/1+{told[:8]}"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("send the lexicon's folder to the other process and build it there")

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each document, in order of start; an empty text has none."""
        return [self._recognize(document) for document in batch]

    def _recognize(self, annotated: AnnotatedDocument) -> tuple[Mention, ...]:
        text = annotated.document.text
        starts = [sentence.start for sentence in annotated.sentences]
        shorts = short_forms(annotated, self.long_form_senses)
        defines = bool(shorts.long_forms)
        decided = self._decided
        found: list[_Found] = []
        for start, end, key in self.lexicon.places(text, without=self._useless):
            surface = text[start:end]
            known = decided.get(surface)
            # Equal words have another key only where a Roman numeral's context differs.
            if known is None or known[0] != key:
                known = self._decide(key, surface)
            senses, if_defined, trim, capitals = known[1]
            if not if_defined:
                continue
            if defines and (long := shorts.long_form(surface)):
                senses = _of(if_defined, self._agrees(key, surface, long))
            if not senses:
                continue
            last = end - trim
            if capitals and in_shouted_line(text, start, last):
                continue
            if text[start - 2 : start] == ". " and _is_epithet(text, start, last):
                continue
            if not starts or _within_one(starts, start, last):
                found.append((start, last, senses))
        found += self._lists(text, found, starts)
        found += shorts.places(text)
        chosen = _distinct(found) if self.keep_nested else _longest(found)
        return self._mentions(annotated, chosen)

    def _lists(self, text: str, found: Sequence[_Found], starts: list[int]) -> list[_Found]:
        """Return the places of several names in one: "breast and ovarian cancer"."""
        wider: list[_Found] = []
        for start, end, senses in found:
            category = senses[0][0]
            if category not in self._listed or not may_be_listed(text, start, end):
                continue
            known = partial(self._is_a, category)
            for first, last in coordinated(text, start, end, known):
                if not starts or _within_one(starts, first, last):
                    wider.append((first, last, senses))
        return wider

    def _is_a(self, category: str, name: str) -> bool:
        """Tell whether words are, for certain, a name of a category."""
        number = self.lexicon.key_id(normal_key(name))
        return number >= 0 and any(
            found == category for found, _ in self._decide(number, name)[1].senses
        )

    def _names_agree(self, key: int, surface: str, long: str) -> frozenset[str]:
        """Return the categories in which a name may be what the document writes out as ``long``.

        Those of the terms one of whose names resembles it; codes of four characters and more with
        a digit in them ("PLAGL2") are believed whatever their long form.
        """
        code = len(surface) >= 4 and any(map(str.isdigit, surface))
        return frozenset(
            entry.category
            for entry in self.lexicon.names(key)
            if code or resembles(self.lexicon, entry.curie, long)
        )

    def _word_like(self, surface: str) -> bool:
        """Tell whether capitals alone make a symbol of these letters."""
        if not surface.isupper() or not surface.isalpha():
            return False
        return len(surface) <= 4 or surface.casefold() in self._common

    def _decide(self, key: int, surface: str) -> tuple[int, _Decision]:
        """Decide what ``surface`` may mean, whatever the document, and remember it."""
        rows = [row for row in self.lexicon.rows(key) if self._usable(row)]
        if not rows:
            self._useless.add(key)
        defined = self._find_senses(rows, surface)
        short = defined and len(surface) <= 4 and surface.isupper()
        senses = self._find_senses(rows, surface, defined=False) if short else defined
        trim = 2 if surface[-2:] in ("'s", "’s", "'S") else 0
        if len(self._decided) > _MOST_DECIDED:
            self._decided.clear()
        capitals = bool(defined) and self._word_like(surface)
        decision = key, _Decision(senses, defined, trim, capitals)
        self._decided[surface] = decision
        return decision

    def _usable(self, row: int) -> bool:
        term, category, scope = self.lexicon.kind(row)
        return scope in self._scopes and self._wanted[category] and term not in self._stop_rows

    def _find_senses(self, rows: Sequence[int], surface: str, *, defined: bool = True) -> Senses:
        """Return the categories that ``surface`` may have, best first, each with its weight.

        ``defined`` says whether a document that has it says what it is short for.
        """
        if sum(map(str.isalnum, surface)) < self.min_length or not any(map(str.isalpha, surface)):
            return ()
        if _UNIT.fullmatch(surface):
            return ()
        lower = surface.casefold()
        if lower in self._stop_names:
            return ()
        common = lower in self._common
        best: dict[str, float] = {}
        entries = [self.lexicon.entry(row) for row in rows]
        ambiguous = len({entry.curie for entry in entries}) > 1
        for entry in entries:
            if not defined and needs_definition(entry, surface, ambiguous=ambiguous):
                continue
            spared = entry.category in self._spared and _whole_word(entry)
            weight = _weight(entry, surface, common=common and not spared)
            if weight > best.get(entry.category, 0.0):
                best[entry.category] = weight
        senses = sorted(best.items(), key=lambda s: (-s[1], self._order.get(s[0], 999)))
        return tuple((category, round(weight, 4)) for category, weight in senses)

    def long_form_senses(self, long: str) -> Senses:
        """Return the senses of an abbreviation's long form: its own, or those of its last words.

        The last words count when they make up half of it: "human breast cancer" is a disease.
        """
        hits = [hit for hit in self.lexicon.places(long) if hit[1] == len(long)]
        for start, end, key in sorted(hits, key=lambda hit: hit[0]):
            if 2 * (end - start) < len(long):
                break
            if senses := self._decide(key, long[start:end])[1].senses:
                return senses
        return ()

    def _mentions(
        self, annotated: AnnotatedDocument, chosen: Iterable[_Found]
    ) -> tuple[Mention, ...]:
        document, text, name = annotated.document.id, annotated.document.text, self.name
        mentions = []
        for start, end, senses in chosen:
            category, score = (
                senses[0] if len(senses) == 1 else self._in_context(text, start, end, senses)
            )
            if score >= self.min_score:
                mentions.append(
                    Mention(document, start, end, text[start:end], category, score, name)
                )
        return tuple(mentions)

    def _in_context(self, text: str, start: int, end: int, senses: Senses) -> tuple[str, float]:
        """Return the sense that its name and the words around favour most."""
        before, after = words_beside(text, start, end)
        return min(
            senses,
            key=lambda sense: (
                -sense[1] - context_bonus(before, after, sense[0]),
                self._order.get(sense[0], len(self._order)),
            ),
        )


def _weight(entry: NameEntry, surface: str, *, common: bool) -> float:
    """Return how much ``surface`` looks like this name, times what its scope is worth."""
    match = name_match(entry.text, surface)
    if not match or (entry.scope == "abbreviation" and match < 1.0 and len(surface) <= 6):
        return 0.0
    symbol = entry.scope == "abbreviation" or is_symbol(entry.text)
    if common and not (
        (symbol and match == 1.0 and surface.isupper())
        or (entry.scope == "preferred" and not symbol)
    ):
        return 0.0
    if entry.scope != "preferred" and _bare_initials(entry, surface):
        return 0.0
    short = 0.8 if symbol and len(surface) <= 3 else 1.0
    return match * short * SCOPE_SCORE[scope_of(entry)]


def _whole_word(entry: NameEntry) -> bool:
    """Tell whether a name is a synonym in words, of equal meaning and some length."""
    return entry.scope == "exact" and len(entry.text) >= _WORD and not is_symbol(entry.text)


def _bare_initials(entry: NameEntry, surface: str) -> bool:
    """Tell whether a synonym is too short to be believed where the document doesn't define it.

    A letter with a digit is ("Table S1", "C4"). Two letters are, unless the vocabulary lists them
    as the abbreviation of words; up to four that don't occur in a preferred name of several words
    ("read" for rectum adenocarcinoma) are initials that someone wrote small, so capitals are
    asked for.
    """
    if len(surface) <= 2 and not surface.isalpha():
        return True
    if not surface.isalpha() or len(surface) > 4:
        return False
    if entry.scope == "abbreviation" and not is_symbol(entry.name):
        return False
    if len(surface) <= 2:
        return True
    initials = " " in entry.name and surface.casefold() not in entry.name.casefold()
    return initials and not surface.isupper()


def _of(senses: Senses, categories: frozenset[str]) -> Senses:
    return tuple(sense for sense in senses if sense[0] in categories)


def _is_epithet(text: str, start: int, end: int) -> bool:
    """Tell whether ``text[start:end]``, after a full stop, names a species: "M. tuberculosis"."""
    alone = start == 3 or (start > 3 and not text[start - 4].isalnum())
    return alone and text[start - 3].isupper() and text[start:end].islower()


def _within_one(starts: list[int], start: int, end: int) -> bool:
    """Tell whether a place lies in one sentence, by the sentences' starts."""
    following = bisect_right(starts, start)
    return following == len(starts) or starts[following] >= end


def _longest(found: list[_Found]) -> list[_Found]:
    """Keep the longest of those that overlap, in order; of equally long ones, the first."""
    found.sort(key=itemgetter(0))
    chosen: list[_Found] = []
    group: list[_Found] = []
    reach = 0
    for hit in found:
        if hit[0] >= reach:
            chosen += group if len(group) == 1 else _longest_of(group)
            group = []
        group.append(hit)
        reach = max(reach, hit[1])
    return chosen + _longest_of(group)


def _longest_of(group: list[_Found]) -> list[_Found]:
    """Choose among places that hang together."""
    chosen: list[_Found] = []
    if not group:
        return chosen
    origin = group[0][0]
    taken = bytearray(max(hit[1] for hit in group) - origin)
    for hit in sorted(group, key=lambda h: (h[0] - h[1], h[0], -h[2][0][1])):
        start, end = hit[0] - origin, hit[1] - origin
        if end - start == len(taken):
            return [hit]
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\x01" * (end - start)
            chosen.append(hit)
    return sorted(chosen, key=itemgetter(0))


def _distinct(found: Iterable[_Found]) -> list[_Found]:
    """Return the places in order of start, the longer first, each once."""
    best: dict[tuple[int, int], _Found] = {}
    for hit in found:
        place = (hit[0], -hit[1])
        if place not in best or best[place][2][0][1] < hit[2][0][1]:
            best[place] = hit
    return [best[place] for place in sorted(best)]
