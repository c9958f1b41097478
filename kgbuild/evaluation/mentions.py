"""Mentions against gold mentions: strict and overlap scores, by category and micro-averaged.

Everything is counted over sets of (document, start, end, category), so that a mention that is
listed twice counts once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from kgbuild.evaluation.score import Score, score_sets, total
from kgbuild.records import AnnotatedDocument, Mention, Span

__all__ = [
    "MICRO",
    "Match",
    "MentionSpan",
    "count_identified",
    "count_mentions",
    "identified_spans",
    "mention_spans",
    "pieces_of",
    "score_mentions",
]

Match = Literal["strict", "overlap"]

MICRO = "micro"
"""The label of the score over all categories together."""


class MentionSpan(NamedTuple):
    """A mention's place and category; ``pieces`` are those of a discontinuous one, else empty."""

    document: str
    start: int
    end: int
    category: str
    pieces: tuple[Span, ...] = ()

    @classmethod
    def of(cls, mention: Mention, *, whole: bool = False) -> MentionSpan:
        """Return the span of a mention; ``whole`` takes a discontinuous one as one piece."""
        pieces = () if whole else mention.spans
        return cls(mention.document, mention.start, mention.end, mention.category, pieces)


Spans = Iterable[MentionSpan | tuple[str, int, int, str]]


def mention_spans(items: Iterable[AnnotatedDocument], *, whole: bool = False) -> set[MentionSpan]:
    """Return the spans of all mentions of ``items``; categories are taken as they are.

    ``whole`` takes discontinuous mentions as one piece, for predictions in a format that can't
    hold them (PubTator).
    """
    return {MentionSpan.of(mention, whole=whole) for item in items for mention in item.mentions}


def identified_spans(
    items: Iterable[AnnotatedDocument], category: str, *, whole: bool = False
) -> set[MentionSpan]:
    """Return each place of a mention of a category with each of its identifiers.

    The identifier stands where the category does, so that they are scored as mentions are.
    Mentions without identifier are left out.
    """
    spans = set()
    for item in items:
        places = {
            m.id: MentionSpan.of(m, whole=whole) for m in item.mentions if m.category == category
        }
        spans |= {
            places[g.mention]._replace(category=g.curie)
            for g in item.groundings
            if g.curie and g.mention in places
        }
    return spans


def count_identified(
    gold: Sequence[AnnotatedDocument],
    found: Sequence[AnnotatedDocument],
    *,
    match: Match,
    categories: Iterable[str],
    whole: bool = False,
) -> dict[str, dict[str, Score]]:
    """Return scores by document and category of (place, category, identifier).

    See ``score_mentions`` for ``match``; a touching mention counts where it has the identifier.
    """
    documents = [item.document.id for item in gold]
    counts: dict[str, dict[str, Score]] = {document: {} for document in documents}
    for category in categories:
        wanted, there = (identified_spans(items, category, whole=whole) for items in (gold, found))
        identifiers = {span.category for span in wanted | there}
        own = count_mentions(
            wanted, there, match=match, categories=identifiers, documents=documents
        )
        for document, labels in own.items():
            if (one := labels.get(MICRO, Score())) != Score():
                mine = counts[document]
                mine[category] = one
                mine[MICRO] = mine.get(MICRO, Score()) + one
    return counts


def score_mentions(
    gold: Spans,
    found: Spans,
    *,
    match: Match = "strict",
    categories: Collection[str] | None = None,
) -> dict[str, Score]:
    """Return the score of each category, sorted by name, and of all together under ``MICRO``.

    Args:
        gold: the gold mentions; plain tuples of four will do.
        found: the predicted ones.
        match: ``strict`` wants the same place (all pieces) and category; ``overlap`` the same
            category and one common character. Then precision counts the predictions that touch a
            gold mention, recall the gold mentions that a prediction touches.
        categories: evaluate only these; by default those of the gold mentions, since of others
            nothing says whether they are right.

    >>> gold = [("d", 0, 7, "Drug"), ("d", 15, 23, "Disease")]
    >>> found = [("d", 0, 7, "Drug"), ("d", 10, 23, "Disease")]
    >>> score_mentions(gold, found)["micro"].f1
    0.5
    >>> score_mentions(gold, found, match="overlap")["micro"].f1
    1.0
    """
    sums = total(count_mentions(gold, found, match=match, categories=categories))
    micro = sums.pop(MICRO, Score())
    return {**{name: sums[name] for name in sorted(sums)}, MICRO: micro}


def count_mentions(
    gold: Spans,
    found: Spans,
    *,
    match: Match = "strict",
    categories: Collection[str] | None = None,
    documents: Iterable[str] = (),
) -> dict[str, dict[str, Score]]:
    """Return the scores by document and category, ``MICRO`` included, to be summed or resampled.

    Args:
        gold: see ``score_mentions``.
        found: see ``score_mentions``.
        match: see ``score_mentions``.
        categories: see ``score_mentions``.
        documents: ids to list even if nothing is in them.
    """
    wanted = _grouped(gold)
    predicted = _grouped(found)
    if categories is None:
        categories = {category for _, category in wanted}
    counts: dict[str, dict[str, Score]] = {document: {} for document in documents}
    score = score_sets if match == "strict" else _score_overlaps
    for document, category in sorted(wanted.keys() | predicted.keys()):
        if category not in categories:
            continue
        one = score(
            wanted.get((document, category), set()), predicted.get((document, category), set())
        )
        labels = counts.setdefault(document, {})
        labels[category] = one
        labels[MICRO] = labels.get(MICRO, Score()) + one
    return counts


def _grouped(spans: Spans) -> dict[tuple[str, str], set[MentionSpan]]:
    groups: dict[tuple[str, str], set[MentionSpan]] = defaultdict(set)
    for span in spans:
        own = span if isinstance(span, MentionSpan) else MentionSpan(*span)
        groups[own.document, own.category].add(own)
    return groups


def _score_overlaps(gold: Collection[MentionSpan], found: Collection[MentionSpan]) -> Score:
    return Score(len(gold), len(found), _touching(found, gold), _touching(gold, found))


def _touching(spans: Collection[MentionSpan], others: Collection[MentionSpan]) -> int:
    """Count the ``spans`` that share a character with any of ``others``."""
    union = _union(others)
    starts = [start for start, _ in union]

    def touches(piece: Span) -> bool:
        # Of the disjoint pieces that start before this one ends, the last ends last.
        before = bisect_left(starts, piece[1])
        return before > 0 and union[before - 1][1] > piece[0]

    return sum(any(map(touches, pieces_of(span))) for span in spans)


def pieces_of(span: MentionSpan) -> tuple[Span, ...]:
    """Return the pieces of a span, one if it is continuous."""
    return span.pieces or ((span.start, span.end),)


def _union(spans: Iterable[MentionSpan]) -> list[Span]:
    """Return disjoint pieces, sorted, that cover the same characters."""
    union: list[Span] = []
    for start, end in sorted(piece for span in spans for piece in pieces_of(span)):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((start, end))
    return union
