"""The statements of a graph against those of a gold corpus, at thresholds of belief.

A statement is what the whole corpus says: (subject, predicate, object), however many documents
say it. Only what the gold corpus annotates is judged: its predicates, between its pairs of
categories; of anything else nothing says whether it is right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from kgbuild.evaluation.relations import resolved_ends
from kgbuild.evaluation.score import Score
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument

__all__ = [
    "Believed",
    "CurvePoint",
    "Fact",
    "average_precision",
    "canonical",
    "curve",
    "gold_facts",
    "judged",
]


class Fact(NamedTuple):
    """A statement in its canonical direction, with the categories of its ends."""

    subject: str
    predicate: str
    object: str
    subject_category: str = ""
    object_category: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same statement as another."""
        return self.subject, self.predicate, self.object

    @property
    def kind(self) -> tuple[str, frozenset[str]]:
        """Its predicate and the categories that it connects."""
        return self.predicate, frozenset((self.subject_category, self.object_category))


class Believed(NamedTuple):
    """A predicted statement with its belief in [0, 1]."""

    fact: Fact
    belief: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The score of the statements of at least this belief."""

    threshold: float
    score: Score


def gold_facts(
    items: Iterable[AnnotatedDocument],
    *,
    schema: Schema,
    types: Mapping[str, str] | None = None,
) -> set[Fact]:
    """Return the statements that the relations of a corpus make, in their canonical direction.

    Args:
        items: documents with categories of the schema.
        schema: maps the labels of relations and knows the canonical direction.
        types: coarser names of predicates, such as ``BIORED_TYPES``; ends are then put in order.
    """
    facts = set()
    for item in items:
        category = {mention.id: mention.category for mention in item.mentions}
        for relation, one, other in resolved_ends(item):
            predicate = schema.predicate(relation.predicate) or relation.predicate
            ends = category[relation.subject], category[relation.object]
            facts.add(canonical(Fact(one, predicate, other, *ends), schema=schema, types=types))
    return facts


def canonical(fact: Fact, *, schema: Schema, types: Mapping[str, str] | None = None) -> Fact:
    """Return the one way in which a statement is written; with ``types``, as an ordered pair."""
    category = {fact.subject: fact.subject_category, fact.object: fact.object_category}
    if types is None:
        subject, predicate, object_ = schema.canonical(fact.subject, fact.predicate, fact.object)
    else:
        subject, object_ = sorted((fact.subject, fact.object))
        predicate = types.get(fact.predicate, fact.predicate)
    return Fact(subject, predicate, object_, category[subject], category[object_])


def judged(found: Iterable[Believed], gold: Collection[Fact]) -> list[Believed]:
    """Return the predictions of a kind (predicate and pair of categories) that gold annotates."""
    kinds = {fact.kind for fact in gold}
    return [believed for believed in found if believed.fact.kind in kinds]


def curve(
    gold: Collection[Fact], found: Iterable[Believed], *, thresholds: Sequence[float] | None = None
) -> list[CurvePoint]:
    """Return the score at each threshold of belief, rising.

    Args:
        gold: the statements that are right.
        found: predictions; of one statement that is there twice, the more believed counts.
        thresholds: by default 0 and every belief that occurs.

    >>> right = Fact("A", "treats", "B")
    >>> points = curve({right}, [Believed(right, 0.9), Believed(Fact("C", "treats", "B"), 0.3)])
    >>> [(p.threshold, p.score.precision, p.score.recall) for p in points]
    [(0.0, 0.5, 1.0), (0.3, 0.5, 1.0), (0.9, 1.0, 1.0)]
    """
    beliefs: dict[tuple[str, str, str], float] = {}
    for fact, belief in found:
        beliefs[fact.key] = max(belief, beliefs.get(fact.key, 0.0))
    wanted = {fact.key for fact in gold}
    if thresholds is None:
        thresholds = sorted({0.0, *beliefs.values()})
    order = sorted((-belief, key in wanted) for key, belief in beliefs.items())
    rights = [0, *accumulate(int(is_right) for _, is_right in order)]
    points = []
    for threshold in thresholds:
        kept = bisect_right(order, (-threshold, True))
        points.append(CurvePoint(threshold, Score(len(wanted), kept, rights[kept], rights[kept])))
    return points


def average_precision(points: Sequence[CurvePoint]) -> float:
    """Return the area under the curve as a sum of steps: precision where recall grows.

    In [0, 1]; 0 for no points. What was never predicted counts as never found.
    """
    area, before = 0.0, 0.0
    for point in sorted(points, key=lambda p: -p.threshold):
        area += point.score.precision * (point.score.recall - before)
        before = point.score.recall
    return area
