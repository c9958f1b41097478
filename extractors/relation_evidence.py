"""Which sentence of a document carries what a relation model found of two entities."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgbuild.extractors.denial import Reading, SentenceReader
from kgbuild.records import Mention, Span

if TYPE_CHECKING:
    from kgbuild.extractors.relation_units import RelationUnit

__all__ = ["ModelEvidence", "find_evidence"]


@dataclass(frozen=True, slots=True)
class ModelEvidence:
    """The two mentions and the span that carry a relation, and how the span means it."""

    one: Mention
    other: Mention
    start: int
    end: int
    reading: Reading


def find_evidence(
    reader: SentenceReader, unit: RelationUnit, pair: tuple[int, int], weights: Sequence[float]
) -> ModelEvidence | None:
    """Return what carries a relation of two entities of a window; None where nothing does.

    That is the sentence that names both and counts most, of those that assert something of them if
    there are any, else of those that deny it. Where no sentence names both, it is the sentences
    from one to the other; a denial that reaches either of the two then leaves no evidence, since it
    can't be told what is denied.

    Args:
        reader: of the document.
        unit: the window.
        pair: the two entities' places in the window.
        weights: how much each word piece of the window counted.
    """
    ones, others = (unit.entities[place].mentions for place in pair)
    by_sentence: dict[int, tuple[list[Mention], list[Mention]]] = defaultdict(lambda: ([], []))
    for side, mentions in enumerate((ones, others)):
        for mention in mentions:
            by_sentence[reader.place(mention)][side].append(mention)
    counted = _Counted(unit, weights)
    found: list[tuple[float, ModelEvidence]] = []
    for place, (firsts, seconds) in by_sentence.items():
        closest = _closest(firsts, seconds)
        if closest is not None and place >= 0:
            sentence = reader.sentences[place]
            own = ModelEvidence(*closest, sentence.start, sentence.end, reader.pair(*closest))
            found.append((counted(sentence.start, sentence.end), own))
    if found:
        found.sort(key=lambda one: -one[0])
        ordered = [own for _, own in found]
        asserted = [own for own in ordered if own.reading.asserted]
        denied = [own for own in ordered if own.reading.negated]
        return next(iter(asserted or denied), None)
    return _apart(reader, ones, others)


class _Counted:
    """How much the word pieces of a span counted."""

    def __init__(self, unit: RelationUnit, weights: Sequence[float]) -> None:
        self._starts = [start for start, end in unit.offsets if end]
        self._lead = next((place for place, (_, end) in enumerate(unit.offsets) if end), 0)
        self._weights = weights

    def __call__(self, start: int, end: int) -> float:
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return sum(self._weights[self._lead + low : self._lead + high])


def _apart(
    reader: SentenceReader, ones: Sequence[Mention], others: Sequence[Mention]
) -> ModelEvidence | None:
    closest = _closest(ones, others)
    if closest is None:
        return None
    places = [reader.place(mention) for mention in closest]
    readings = [reader.alone(m) for m, at in zip(closest, places, strict=True) if at >= 0]
    if not all(reading.asserted for reading in readings):
        return None
    hedged = any(reading.hedged for reading in readings)
    return ModelEvidence(*closest, *_around(reader, *closest), Reading(hedged=hedged))


def _closest(ones: Sequence[Mention], others: Sequence[Mention]) -> tuple[Mention, Mention] | None:
    pairs = [(one, other) for one in ones for other in others if one.id != other.id]
    return min(
        pairs,
        key=lambda p: (max(0, p[0].start - p[1].end, p[1].start - p[0].end), p[0].start),
        default=None,
    )


def _around(reader: SentenceReader, one: Mention, other: Mention) -> Span:
    """Return the span from the sentence of the earlier mention to that of the later."""
    start, end = min(one.start, other.start), max(one.end, other.end)
    sentences = reader.sentences
    low = max((s.start for s in sentences if s.start <= start), default=start)
    high = min((s.end for s in sentences if s.end >= end), default=end)
    return low, high
