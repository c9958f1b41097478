"""Identifiers against gold identifiers: accuracy of ranked candidates, and sets by document.

Accuracy@k is over gold mentions that have an identifier; a composite mention that was split into
parts is right if every part has one of the gold identifiers among its first k candidates. BioSyn
(Sung et al. 2020, doi:10.18653/v1/2020.acl-main.335) counts so, but over names: see ``by_name``.
``every`` asks more: each gold identifier must be found. The identifiers of a document are what
BC5CDR's normalization task counts: each (document, identifier) once, however often it is mentioned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from kgbuild.evaluation.mentions import MICRO
from kgbuild.evaluation.score import Score, score_sets
from kgbuild.records import AnnotatedDocument, Grounding

__all__ = [
    "DocumentId",
    "Ranked",
    "count_hits",
    "count_identifiers",
    "document_identifiers",
    "is_hit",
    "ranking_of",
]


class DocumentId(NamedTuple):
    """An identifier that a document mentions, with the category of the mentions."""

    document: str
    category: str
    curie: str


class Ranked(NamedTuple):
    """A gold mention with its identifiers, and what a linker made of it.

    ``gold`` holds all identifiers of a composite mention. ``parts`` holds the candidates of each
    part that the linker split the name into, most often one, the best candidate first.
    """

    document: str
    category: str
    gold: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]


Alternatives = Mapping[str, Collection[str]]
"""Identifier to those that mean the same: the alternative ids of MEDIC, cross-references."""


def is_hit(
    ranked: Ranked, *, k: int = 1, every: bool = False, alternatives: Alternatives | None = None
) -> bool:
    """Tell whether a mention is linked rightly, going by the first ``k`` candidates.

    >>> composite = Ranked("d", "Disease", ("A", "B"), (("A", "C"), ("D", "B")))
    >>> is_hit(composite, k=1), is_hit(composite, k=2)
    (False, True)
    """
    gold = set(ranked.gold)
    found = [gold & _with_alternatives(part[:k], alternatives) for part in ranked.parts]
    if not found or not all(found):
        return False
    return not every or set().union(*found) == gold


def _with_alternatives(curies: Iterable[str], alternatives: Alternatives | None) -> set[str]:
    curies = set(curies)
    return curies.union(*[(alternatives or {}).get(curie, ()) for curie in curies])


def count_hits(
    mentions: Iterable[Ranked],
    *,
    k: int = 1,
    every: bool = False,
    alternatives: Alternatives | None = None,
    documents: Iterable[str] = (),
) -> dict[str, dict[str, Score]]:
    """Return scores by document and category, ``MICRO`` included; recall is accuracy@k.

    Mentions without a gold identifier are left out, as BioSyn does: nothing could be right.

    Args:
        mentions: all gold mentions, those for which nothing was found with no ``parts``.
        k: how many candidates count.
        every: ask for every identifier of a composite mention.
        alternatives: what else each predicted identifier stands for.
        documents: ids to list even if nothing is in them.
    """
    counts: dict[str, dict[str, Score]] = {document: {} for document in documents}
    for ranked in mentions:
        if not ranked.gold:
            continue
        hit = is_hit(ranked, k=k, every=every, alternatives=alternatives)
        one = Score(1, int(any(ranked.parts)), int(hit), int(hit))
        labels = counts.setdefault(ranked.document, {})
        for label in (ranked.category, MICRO):
            labels[label] = labels.get(label, Score()) + one
    return counts


def ranking_of(grounding: Grounding, *, decided: bool = False) -> tuple[str, ...]:
    """Return the candidates of a grounding, best first, its identifier at their head.

    A linker that isn't sure says NIL and keeps the candidates: they count as its ranking, unless
    ``decided`` asks only for what it stands by.
    """
    if decided:
        return (grounding.curie,) if grounding.curie else ()
    ranking = [grounding.curie, *(c.curie for c in grounding.candidates)]
    return tuple(dict.fromkeys(filter(None, ranking)))


def document_identifiers(
    items: Iterable[AnnotatedDocument], *, categories: Collection[str] | None = None
) -> set[DocumentId]:
    """Return the identifiers that each document mentions, each part of composite ones.

    NIL groundings have none. ``categories`` keeps only mentions of these.
    """
    return {
        DocumentId(item.document.id, category[grounding.mention], grounding.curie)
        for item in items
        for category in [{mention.id: mention.category for mention in item.mentions}]
        for grounding in item.groundings
        if grounding.curie
        and grounding.mention in category
        and (categories is None or category[grounding.mention] in categories)
    }


def count_identifiers(
    gold: Iterable[DocumentId],
    found: Iterable[DocumentId],
    *,
    categories: Collection[str] | None = None,
    documents: Iterable[str] = (),
) -> dict[str, dict[str, Score]]:
    """Return scores of identifiers by document and category, ``MICRO`` included.

    ``categories`` are by default those of the gold standard; ``documents`` are ids to list even
    if nothing is in them.

    >>> from kgbuild.evaluation.score import total
    >>> gold = [DocumentId("1", "Disease", "A"), DocumentId("1", "Disease", "B")]
    >>> found = [DocumentId("1", "Disease", "A"), DocumentId("2", "Disease", "B")]
    >>> total(count_identifiers(gold, found))["micro"]
    Score(gold=2, found=2, right=1, covered=1)
    """
    wanted, predicted = _grouped(gold), _grouped(found)
    if categories is None:
        categories = {category for _, category in wanted}
    counts: dict[str, dict[str, Score]] = {document: {} for document in documents}
    for document, category in sorted(wanted.keys() | predicted.keys()):
        if category in categories:
            key = (document, category)
            one = score_sets(wanted.get(key, set()), predicted.get(key, set()))
            labels = counts.setdefault(document, {})
            labels[category] = one
            labels[MICRO] = labels.get(MICRO, Score()) + one
    return counts


def _grouped(ids: Iterable[DocumentId]) -> dict[tuple[str, str], set[str]]:
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in ids:
        groups[one.document, one.category].add(one.curie)
    return groups
