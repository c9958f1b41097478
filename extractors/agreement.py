"""Where extractors contradict each other on the same sentence, and which of them is believed.

A trigger pattern names the words that state a relation; a model gives a likelihood from all that is
said of two entities. So where both speak of two entities in one sentence, and one says that the
first raises the second and the other that it lowers it, or one asserts what the other denies, the
pattern is kept and the model's relation is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kgbuild.extractors.masking import meanings
from kgbuild.records import AnnotatedDocument, Relation

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["FALLING", "RISING", "settle"]

RISING = frozenset({
    "causes", "increases", "activates", "agonist_of", "predisposes_to",
    "positively_correlated_with",
})  # fmt: skip
"""Predicates by which more of one goes with more of the other."""

FALLING = frozenset({
    "treats", "prevents", "decreases", "inhibits", "antagonist_of", "negatively_correlated_with",
})  # fmt: skip
"""Predicates by which more of one goes with less of the other."""

_YIELDS, _PREVAILS = "relation-model", "patterns"
_Place = tuple[int, int, frozenset[str]]


def settle(
    item: AnnotatedDocument, relations: Iterable[Relation], *, schema: Schema
) -> tuple[Relation, ...]:
    """Leave out relations of a model that patterns contradict; the others keep their order.

    Relations speak of the same where their spans are equal and their ends mean the same entities.
    One is contradicted if the other asserts what it denies or the reverse, has the opposite sign
    (``RISING``, ``FALLING``), or has its predicate in the other direction. What the patterns hold
    for possible only is hedged in the model's relation too.
    """
    relations = tuple(relations)
    by = {relation.id: relation.extractor.partition("/")[0] for relation in relations}
    if not {_YIELDS, _PREVAILS} <= set(by.values()):
        return relations
    known = meanings(item)
    names = {mention.id: str(known[id(mention)]) for mention in item.mentions}
    prevailing: dict[_Place, list[Relation]] = defaultdict(list)
    for relation in relations:
        if by[relation.id] == _PREVAILS:
            prevailing[_place(relation, names)].append(relation)
    kept = []
    for relation in relations:
        others = prevailing.get(_place(relation, names), [])
        if by[relation.id] != _YIELDS or not others:
            kept.append(relation)
        elif not any(_contradicts(other, relation, names, schema) for other in others):
            doubted = relation.hedged or all(other.hedged for other in others)
            kept.append(replace(relation, hedged=doubted))
    return tuple(kept)


def _place(relation: Relation, names: Mapping[str, str]) -> _Place:
    ends = frozenset(names[end] for end in (relation.subject, relation.object))
    return relation.start, relation.end, ends


def _contradicts(one: Relation, other: Relation, names: Mapping[str, str], schema: Schema) -> bool:
    opposite = _sign(one.predicate) * _sign(other.predicate) < 0
    if one.negated or other.negated:
        return one.negated != other.negated and not opposite
    said = [schema.canonical(names[r.subject], r.predicate, names[r.object]) for r in (one, other)]
    turned = one.predicate == other.predicate and said[0] != said[1]
    return opposite or turned


def _sign(predicate: str) -> int:
    return (predicate in RISING) - (predicate in FALLING)
