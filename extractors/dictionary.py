"""Recognizing the names of a lexicon: one pass over the text, whatever the number of names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from kgbuild.extractors.context import context_bonus, in_shouted_line
from kgbuild.extractors.name_match import is_symbol, name_match
from kgbuild.extractors.stop_names import TooGeneral, common_words, too_general
from kgbuild.extractors.written_short import ShortForms, short_forms
from kgbuild.normalizer.lexicon import Hit, Lexicon, NameEntry
from kgbuild.normalizer.ranking import resembles
from kgbuild.records import AnnotatedDocument, Mention

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["DictionaryRecognizer"]

_SCOPE_WEIGHT = {
    "preferred": 1.0,
    "exact": 0.97,
    "abbreviation": 0.9,
    "narrow": 0.85,
    "related": 0.75,
    "broad": 0.6,
}
Senses = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    senses: Senses


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
        self.min_score = min_score
        self._scopes = frozenset(scopes)
        self._order = {name: rank for rank, name in enumerate(schema.categories)}
        self._wanted = {
            found: categories is None or any(schema.is_a(found, c) for c in categories)
            for found in lexicon.categories
        }
        general = too_general() if use_stop_lists else TooGeneral(*[frozenset[str]()] * 3)
        self._common = common_words() if use_stop_lists else frozenset()
        self._stop_names = frozenset(n.casefold() for n in stop_names) | general.names
        below = lexicon.descendants(general.branches)
        self._stop_ids = frozenset(stop_ids) | general.terms | general.branches | below
        self._senses = lru_cache(maxsize=200_000)(self._find_senses)
        self._agrees = lru_cache(maxsize=50_000)(self._names_agree)

    @cached_property
    def name(self) -> str:
        """``dictionary/1+`` and the lexicon's fingerprint: what the mentions come from."""
        return f"dictionary/1+{self.lexicon.fingerprint[:8]}"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("send the lexicon's folder to the other process and build it there")

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each document, in order of start; an empty text has none."""
        return [self._recognize(document) for document in batch]

    def _recognize(self, annotated: AnnotatedDocument) -> tuple[Mention, ...]:
        text = annotated.document.text
        starts = [sentence.start for sentence in annotated.sentences]
        shorts = short_forms(annotated, self.long_form_senses)
        judged = (self._judge(text, hit, shorts) for hit in self.lexicon.scan(text))
        found = [hit for hit in judged if hit and (not starts or _within_one(starts, hit))]
        found += [_Found(start, end, senses) for start, end, senses in shorts.places(text)]
        chosen = found if self.keep_nested else _longest(found, len(text))
        mentions = (self._mention(annotated, hit) for hit in _distinct(chosen))
        return tuple(m for m in mentions if m.score >= self.min_score)

    def _judge(self, text: str, hit: Hit, shorts: ShortForms) -> _Found | None:
        surface = text[hit.start : hit.end]
        end = hit.end
        senses = self._senses(hit.key, surface)
        if not senses:
            return None
        if (long := shorts.long_form(surface)) and not self._agrees(hit.key, surface, long):
            return None
        if surface[-2:] in ("'s", "’s", "'S"):
            end -= 2
        if self._word_like(surface) and in_shouted_line(text, hit.start, end):
            return None
        return _Found(hit.start, end, senses)

    def _names_agree(self, key: int, surface: str, long: str) -> bool:
        """Tell whether a name may be what the document writes out as ``long``.

        It may where one of the term's names resembles it; codes of four characters and more with
        a digit in them ("PLAGL2") are believed whatever their long form.
        """
        if len(surface) >= 4 and any(map(str.isdigit, surface)):
            return True
        curies = {entry.curie for entry in self.lexicon.names(key)}
        return any(resembles(self.lexicon, curie, long) for curie in curies)

    def _word_like(self, surface: str) -> bool:
        """Tell whether capitals alone make a symbol of these letters."""
        if not surface.isupper() or not surface.isalpha():
            return False
        return len(surface) <= 4 or surface.casefold() in self._common

    def _find_senses(self, key: int, surface: str) -> Senses:
        """Return the categories that ``surface`` may have, best first, each with its weight."""
        if sum(map(str.isalnum, surface)) < self.min_length or surface.isdigit():
            return ()
        lower = surface.casefold()
        if lower in self._stop_names:
            return ()
        common = lower in self._common
        best: dict[str, float] = {}
        for entry in self.lexicon.names(key):
            weight = self._weight(entry, surface, common=common)
            if weight > best.get(entry.category, 0.0):
                best[entry.category] = weight
        return tuple(sorted(best.items(), key=lambda s: (-s[1], self._order.get(s[0], 999))))

    def _weight(self, entry: NameEntry, surface: str, *, common: bool) -> float:
        if (
            entry.scope not in self._scopes
            or not self._wanted[entry.category]
            or entry.curie in self._stop_ids
        ):
            return 0.0
        symbol = is_symbol(entry.text) or entry.scope == "abbreviation"
        match = name_match(entry.text, surface)
        if entry.scope == "abbreviation" and match < 1.0 and len(surface) <= 6:
            return 0.0
        if common and not (
            (symbol and match == 1.0 and surface.isupper())
            or (entry.scope == "preferred" and not symbol)
        ):
            return 0.0
        if match and entry.scope != "preferred" and _bare_initials(entry, surface):
            return 0.0
        short = 0.8 if symbol and len(surface) <= 3 else 1.0
        return match * short * _SCOPE_WEIGHT[entry.scope]

    def long_form_senses(self, long: str) -> Senses:
        """Return the senses of an abbreviation's long form: its own, or those of its last words.

        The last words count when they make up half of it: "human breast cancer" is a disease.
        """
        hits = [hit for hit in self.lexicon.scan(long) if hit.end == len(long)]
        for hit in sorted(hits, key=lambda h: h.start):
            if 2 * (hit.end - hit.start) < len(long):
                break
            if senses := self._senses(hit.key, long[hit.start : hit.end]):
                return senses
        return ()

    def _mention(self, annotated: AnnotatedDocument, hit: _Found) -> Mention:
        document = annotated.document
        category, weight = self._in_context(document.text, hit)
        return Mention(
            document=document.id,
            start=hit.start,
            end=hit.end,
            text=document.text[hit.start : hit.end],
            category=category,
            score=round(weight, 4),
            extractor=self.name,
        )

    def _in_context(self, text: str, hit: _Found) -> tuple[str, float]:
        """Return the sense that its name and the words around favour most."""
        if len(hit.senses) == 1:
            return hit.senses[0]
        return min(
            hit.senses,
            key=lambda sense: (
                -sense[1] - context_bonus(text, hit.start, hit.end, sense[0]),
                self._order.get(sense[0], len(self._order)),
            ),
        )


def _bare_initials(entry: NameEntry, surface: str) -> bool:
    """Tell whether a synonym is too short to be believed where the document doesn't define it.

    Two letters are, unless the vocabulary lists them as the abbreviation of words; up to four
    that don't occur in a preferred name of several words ("read" for rectum adenocarcinoma) are
    initials that someone wrote small, so capitals are asked for.
    """
    if not surface.isalpha() or len(surface) > 4:
        return False
    if entry.scope == "abbreviation" and not is_symbol(entry.name):
        return False
    if len(surface) <= 2:
        return True
    initials = " " in entry.name and surface.casefold() not in entry.name.casefold()
    return initials and not surface.isupper()


def _within_one(starts: list[int], hit: _Found) -> bool:
    """Tell whether a place lies in one sentence, by the sentences' starts."""
    return bisect_right(starts, hit.start) == bisect_right(starts, hit.end - 1)


def _longest(found: Iterable[_Found], size: int) -> list[_Found]:
    """Keep the longest of those that overlap; of equally long ones, the first."""
    taken = bytearray(size)
    chosen = []
    for hit in sorted(found, key=lambda h: (h.start - h.end, h.start, -h.senses[0][1])):
        if taken.find(1, hit.start, hit.end) < 0:
            taken[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
            chosen.append(hit)
    return chosen


def _distinct(found: Iterable[_Found]) -> list[_Found]:
    """Return the places in order of start, the longer first, each once."""
    best: dict[tuple[int, int], _Found] = {}
    for hit in found:
        place = (hit.start, -hit.end)
        if place not in best or best[place].senses[0][1] < hit.senses[0][1]:
            best[place] = hit
    return [best[place] for place in sorted(best)]
