"""Relations against gold relations, by document and pair of identifiers.

The measures of BC5CDR (chemical-induced disease, BioCreative V; Wei et al. 2015) and of BioRED
(BioCreative VIII; Luo et al. 2022, doi:10.1093/bib/bbac282): a document's relation is a pair of
identifiers, whichever stands first, however often and wherever the text says it. The same scorer
serves gold and predicted entities: with predicted ones, a relation is right only if the entities
got the gold standard's identifiers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from kgbuild.evaluation.score import Score, score_sets, total
from kgbuild.extractors.agreement import FALLING, RISING
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Relation

__all__ = [
    "BIORED_LEVELS",
    "BIORED_TYPES",
    "INDUCED",
    "Level",
    "Pair",
    "biored_type",
    "categories_of",
    "count_pairs",
    "identifiers_of",
    "induced_pairs",
    "relation_pairs",
    "resolved_ends",
    "score_biored",
    "score_pairs",
]

Level = Literal["pair", "type", "novelty", "all"]
BIORED_LEVELS: tuple[Level, ...] = ("pair", "type", "novelty", "all")
"""What must agree besides the two identifiers: nothing, the type, the novelty, or both."""

INDUCED = frozenset({"causes"})
"""The predicates that mean chemical-induced disease; ``CID`` is an alias of ``causes``."""

_POSITIVE, _NEGATIVE = "Positive_Correlation", "Negative_Correlation"
BIORED_TYPES: Mapping[str, str] = {
    **dict.fromkeys(sorted(RISING), _POSITIVE),
    **dict.fromkeys(sorted(FALLING), _NEGATIVE),
    "binds": "Bind",
    "interacts_with": "Bind",
    "associated_with": "Association",
    "has_phenotype": "Association",
    "combined_with": "Cotreatment",
    "compared_with": "Comparison",
    "converts_to": "Conversion",
}
"""The schema's predicates in BioRED's eight types, which are coarser.

Of two chemicals that interact BioRED says Drug_Interaction.
"""


_LABELS = {*BIORED_TYPES.values(), "Drug_Interaction"}


class Pair(NamedTuple):
    """A document's relation: two identifiers in string order, its type and its novelty."""

    document: str
    first: str
    second: str
    type: str = ""
    novel: bool | None = None

    @classmethod
    def of(
        cls, document: str, one: str, other: str, type: str = "", novel: bool | None = None
    ) -> Pair:
        """Return the pair, its identifiers put in order.

        >>> Pair.of("PMID:1", "MESH:D2", "MESH:D1", "Bind").first
        'MESH:D1'
        """
        return cls(document, min(one, other), max(one, other), type, novel)

    def at(self, level: Level) -> Pair:
        """Return the pair with what ``level`` compares, the rest blank."""
        return Pair(
            self.document, self.first, self.second,
            self.type if level in {"type", "all"} else "",
            self.novel if level in {"novelty", "all"} else None,
        )  # fmt: skip


def identifiers_of(item: AnnotatedDocument) -> dict[str, tuple[str, ...]]:
    """Return the identifiers of each mention, all of a composite one's, none of a NIL one's."""
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for grounding in item.groundings:
        if grounding.curie and grounding.curie not in found[grounding.mention]:
            found[grounding.mention] += (grounding.curie,)
    return found


def categories_of(item: AnnotatedDocument) -> dict[str, frozenset[str]]:
    """Return the categories of each mention, those of others of the same identifier included.

    A relation of identifiers is none of the one mention that carries it, which may be the one
    that got another category.
    """
    by_identifier: dict[str, set[str]] = defaultdict(set)
    category = {mention.id: mention.category for mention in item.mentions}
    identifiers = identifiers_of(item)
    for mention, curies in identifiers.items():
        for curie in curies:
            by_identifier[curie].add(category.get(mention, ""))
    return {
        mention: frozenset({own}.union(*(by_identifier[c] for c in identifiers.get(mention, ()))))
        for mention, own in category.items()
    }


def relation_pairs(
    items: Iterable[AnnotatedDocument],
    *,
    schema: Schema,
    types: Mapping[str, str] = BIORED_TYPES,
    threshold: float = 0.0,
) -> set[Pair]:
    """Return the pairs that the relations of ``items`` mean; negated ones mean none.

    A relation of composite mentions is one of each of their identifiers, unless it says which.

    Args:
        items: gold or predicted documents.
        schema: knows what the relations' labels mean.
        types: the type of each of the schema's predicates; others keep their name.
        threshold: relations with a lower score are left out.
    """
    pairs = set()
    for item in items:
        category = {mention.id: mention.category for mention in item.mentions}
        for relation, one, other in resolved_ends(item, threshold):
            ends = category.get(relation.subject, ""), category.get(relation.object, "")
            type_ = biored_type(relation.predicate, schema, types=types, ends=ends)
            pairs.add(Pair.of(relation.document, one, other, type_, relation.novel))
    return pairs


def resolved_ends(
    item: AnnotatedDocument, threshold: float = 0.0
) -> Iterator[tuple[Relation, str, str]]:
    """Yield each affirmed relation of at least this score with the identifiers of its ends."""
    identifiers = identifiers_of(item)
    for relation in item.relations:
        if relation.negated or relation.score < threshold:
            continue
        subjects, objects = (
            (curie,) if curie else identifiers.get(mention, ())
            for mention, curie in (
                (relation.subject, relation.subject_curie),
                (relation.object, relation.object_curie),
            )
        )
        for one in subjects:
            for other in objects:
                yield relation, one, other


def induced_pairs(
    items: Iterable[AnnotatedDocument],
    *,
    schema: Schema,
    predicates: Collection[str] = INDUCED,
    threshold: float = 0.0,
) -> set[Pair]:
    """Return the chemical-disease pairs of which the relations of ``items`` say "causes".

    Args:
        items: gold or predicted documents; categories are the schema's or map to them.
        schema: knows what labels mean.
        predicates: those that mean it.
        threshold: relations with a lower score are left out.
    """
    pairs = set()
    for item in items:
        categories = categories_of(item)
        for relation, one, other in resolved_ends(item, threshold):
            meant = schema.predicate(relation.predicate) or relation.predicate
            if (
                meant in predicates
                and _is_any(categories.get(relation.subject, ()), "ChemicalEntity", schema)
                and _is_any(
                    categories.get(relation.object, ()), "DiseaseOrPhenotypicFeature", schema
                )
            ):
                pairs.add(Pair.of(relation.document, one, other))
    return pairs


def _is_any(categories: Iterable[str], ancestor: str, schema: Schema) -> bool:
    return any(schema.is_a(schema.category(c) or c, ancestor) for c in categories)


def biored_type(
    predicate: str,
    schema: Schema,
    *,
    types: Mapping[str, str] = BIORED_TYPES,
    ends: tuple[str, str] = ("", ""),
) -> str:
    """Return the type that a relation's label means between entities of two categories.

    >>> schema = Schema.load()
    >>> biored_type("treats", schema), biored_type("Drug_Interaction", schema)
    ('Negative_Correlation', 'Drug_Interaction')
    """
    if predicate in _LABELS:
        return predicate
    meant = schema.predicate(predicate) or predicate
    chemicals = [schema.is_a(schema.category(end) or end, "ChemicalEntity") for end in ends]
    if meant == "interacts_with" and meant in types and all(chemicals):
        return "Drug_Interaction"
    return types.get(meant, meant)


def count_pairs(
    gold: Iterable[Pair],
    found: Iterable[Pair],
    *,
    levels: Iterable[Level] = ("pair",),
    documents: Iterable[str] = (),
) -> dict[str, dict[str, Score]]:
    """Return the scores by document and level, to be summed or resampled.

    ``documents`` are ids to list even if nothing is in them.
    """
    wanted, predicted = _grouped(gold), _grouped(found)
    levels = tuple(levels)
    return {
        document: {
            level: score_sets(
                {pair.at(level) for pair in wanted.get(document, ())},
                {pair.at(level) for pair in predicted.get(document, ())},
            )
            for level in levels
        }
        for document in dict.fromkeys([*documents, *sorted(wanted.keys() | predicted.keys())])
    }


def _grouped(pairs: Iterable[Pair]) -> dict[str, set[Pair]]:
    groups: dict[str, set[Pair]] = defaultdict(set)
    for pair in pairs:
        groups[pair.document].add(pair)
    return groups


def score_pairs(gold: Iterable[Pair], found: Iterable[Pair], *, level: Level = "pair") -> Score:
    """Return the score of predicted pairs at one level; for CID, that of ``induced_pairs``.

    >>> gold = [Pair.of("PMID:1", "MESH:D1", "MESH:D2", "Bind", True)]
    >>> found = [Pair.of("PMID:1", "MESH:D2", "MESH:D1", "Bind", False)]
    >>> score_pairs(gold, found, level="type").f1, score_pairs(gold, found, level="all").f1
    (1.0, 0.0)
    """
    return total(count_pairs(gold, found, levels=[level])).get(level, Score())


def score_biored(gold: Iterable[Pair], found: Iterable[Pair]) -> dict[Level, Score]:
    """Return the score at each of BioRED's levels.

    A pair that a document relates in two types counts once as a pair and twice by type.
    """
    gold, found = set(gold), set(found)
    return {level: score_pairs(gold, found, level=level) for level in BIORED_LEVELS}
