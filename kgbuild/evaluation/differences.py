"""What is wrong with predicted mentions: their boundary, their type, both, or that they are there.

The kinds are those of MUC-5 (Chinchor & Sundheim 1993) as the shared tasks use them: a mention
with the right category at a place that only overlaps is a boundary error, one at the right place
with another category a type error.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kgbuild.evaluation.mentions import MentionSpan, pieces_of

__all__ = ["KINDS", "Difference", "Kind", "count_kinds", "differences"]

Kind = Literal["boundary", "type", "boundary and type", "spurious", "missed"]
KINDS: tuple[Kind, ...] = ("boundary", "type", "boundary and type", "spurious", "missed")


@dataclass(frozen=True, slots=True)
class Difference:
    """An error: a gold mention and what was predicted instead, or one of them alone.

    ``gold`` is None for a spurious prediction, ``found`` is None for a missed mention.
    """

    kind: Kind
    gold: MentionSpan | None
    found: MentionSpan | None

    @property
    def place(self) -> MentionSpan:
        """The gold mention, else the prediction."""
        one = self.gold or self.found
        if one is None:
            raise ValueError("a difference has a gold mention, a prediction, or both")
        return one


def differences(gold: Iterable[MentionSpan], found: Iterable[MentionSpan]) -> list[Difference]:
    """Return all errors in order of document and place.

    Mentions that agree wholly are set aside. Each of the others is paired with at most one of the
    other side: first at the same place, then of the same category, then by the longest overlap.

    >>> wrong = differences([MentionSpan("d", 0, 9, "X")], [MentionSpan("d", 3, 9, "X")])
    >>> wrong[0].kind
    'boundary'
    """
    wanted, predicted = set(gold), set(found)
    open_gold = _by_document(wanted - predicted)
    open_found = _by_document(predicted - wanted)
    result: list[Difference] = []
    for document in sorted(open_gold.keys() | open_found.keys()):
        result += _of_document(open_gold.get(document, []), open_found.get(document, []))
    return result


def _by_document(spans: Iterable[MentionSpan]) -> dict[str, list[MentionSpan]]:
    groups: dict[str, list[MentionSpan]] = defaultdict(list)
    for span in sorted(spans):
        groups[span.document].append(span)
    return groups


def _of_document(gold: list[MentionSpan], found: list[MentionSpan]) -> list[Difference]:
    pairs = sorted(
        ((_rank(g, f), g, f) for g in gold for f in found if _shared(g, f)),
        key=lambda pair: pair[0],
    )
    free = set(gold) | {("found", f) for f in found}
    result = []
    for _, g, f in pairs:
        if g in free and ("found", f) in free:
            free -= {g, ("found", f)}
            result.append(Difference(_kind(g, f), g, f))
    result += [Difference("missed", g, None) for g in gold if g in free]
    result += [Difference("spurious", None, f) for f in found if ("found", f) in free]
    return sorted(result, key=lambda d: (d.place.start, d.place.end, d.kind))


def _shared(one: MentionSpan, other: MentionSpan) -> int:
    return sum(
        max(0, min(a_end, b_end) - max(a, b))
        for a, a_end in pieces_of(one)
        for b, b_end in pieces_of(other)
    )


def _rank(gold: MentionSpan, found: MentionSpan) -> tuple[bool, bool, int, int]:
    same_place = pieces_of(gold) == pieces_of(found)
    return not same_place, gold.category != found.category, -_shared(gold, found), gold.start


def _kind(gold: MentionSpan, found: MentionSpan) -> Kind:
    if pieces_of(gold) == pieces_of(found):
        return "type"
    return "boundary" if gold.category == found.category else "boundary and type"


def count_kinds(errors: Iterable[Difference]) -> dict[Kind, int]:
    """Return how many errors there are of each kind, all kinds listed."""
    counts = Counter(error.kind for error in errors)
    return {kind: counts[kind] for kind in KINDS}
