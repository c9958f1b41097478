"""Relations and statements of an evaluation: which measure a corpus asks for, its tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product

from kgbuild.evaluation.alignment import Aligned, SameIdentifier, category_map
from kgbuild.evaluation.evaluate import Settings
from kgbuild.evaluation.predict import Predictions
from kgbuild.evaluation.relations import (
    BIORED_LEVELS,
    BIORED_TYPES,
    INDUCED,
    Level,
    Pair,
    categories_of,
    count_pairs,
    identifiers_of,
    induced_pairs,
    relation_pairs,
)
from kgbuild.evaluation.result import Curve, Evaluation, RelationError, Row, Table, scored
from kgbuild.evaluation.statements import (
    Believed,
    CurvePoint,
    Fact,
    average_precision,
    canonical,
    curve,
    gold_facts,
    judged,
)
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Relation

__all__ = ["measure_relations", "measure_statements", "types_of"]

_BIORED = frozenset({
    "associated_with", "positively_correlated_with", "negatively_correlated_with", "binds",
    "interacts_with", "combined_with", "compared_with", "converts_to",
})  # fmt: skip
_NO_CLAIM = "cooccurs_with"
THRESHOLDS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def types_of(gold: Sequence[AnnotatedDocument], schema: Schema) -> Mapping[str, str] | None:
    """Return BioRED's types where a corpus's relations are all of these; else None."""
    labels = {relation.predicate for item in gold for relation in item.relations}
    meant = {schema.predicate(label) or label for label in labels}
    return BIORED_TYPES if meant <= _BIORED else None


def _is_induced(gold: Sequence[AnnotatedDocument], schema: Schema) -> bool:
    """Tell whether a corpus annotates chemical-induced disease and nothing else."""
    labels = {relation.predicate for item in gold for relation in item.relations}
    return {schema.predicate(label) or label for label in labels} <= INDUCED


def measure_relations(
    evaluation: Evaluation,
    gold: Sequence[AnnotatedDocument],
    found: Sequence[AnnotatedDocument],
    settings: Settings,
    *,
    name: str = "relations",
    title: str = "Relations",
) -> None:
    """Add the scores of relations by document, as the gold corpus's task counts them.

    Predictions between categories that the corpus never relates are left out, and co-occurrence,
    which claims nothing.
    """
    schema = settings.schema
    documents = [item.document.id for item in gold]
    kinds = _kinds(gold)
    found = [_judged(item, kinds) for item in found]
    levels: tuple[Level, ...] = ("pair",)
    if _is_induced(gold, schema):
        wanted, predicted = (
            {pair._replace(type="CID") for pair in induced_pairs(items, schema=schema)}
            for items in (gold, found)
        )
        note = "chemical-induced disease: each (document, chemical, disease) once"
        labels = {"pair": "CID"}
    else:
        types = types_of(gold, schema) or {}
        wanted, predicted = (
            relation_pairs(items, schema=schema, types=types) for items in (gold, found)
        )
        is_novel = any(pair.novel is not None for pair in wanted)
        levels = BIORED_LEVELS if is_novel else ("pair", "type")
        note = "each (document, pair of identifiers) once, in any order"
        labels = {"pair": "pair", "type": "pair and type", "novelty": "pair and novelty",
                  "all": "all three"}  # fmt: skip
    counts = count_pairs(wanted, predicted, levels=levels, documents=documents)
    rows = scored(counts, settings.resampling)
    shown = [replace(rows[level], label=labels[level]) for level in levels if level in rows]
    if len(levels) > 1:
        shown += _by_type(wanted, predicted, documents, settings)
    evaluation.tables.append(Table(name, title, note, tuple(shown)))
    evaluation.relations = _errors(gold, found, wanted, predicted)
    evaluation.relations_of = title
    _note_prefixes(evaluation, title, wanted, predicted)


def _note_prefixes(
    evaluation: Evaluation, title: str, wanted: Collection[Pair], predicted: Collection[Pair]
) -> None:
    """Say that most predictions can't be right, where that is the vocabularies' fault."""
    known = {_prefix(end) for pair in wanted for end in (pair.first, pair.second)}
    foreign = [
        others
        for pair in predicted
        if (others := {_prefix(pair.first), _prefix(pair.second)} - known)
    ]
    if 2 * len(foreign) > len(predicted):
        evaluation.notes.append(
            f"{title}: {len(foreign):,} of {len(predicted):,} predictions have identifiers of "
            f"{', '.join(sorted(set().union(*foreign)))}, gold ones are of "
            f"{', '.join(sorted(known))}: they can't be right; use vocabularies of the latter, or "
            "ones that cross-reference them"
        )


def _prefix(curie: str) -> str:
    return curie.partition(":")[0]


def _judged(item: AnnotatedDocument, kinds: Collection[frozenset[str]]) -> AnnotatedDocument:
    categories = categories_of(item)

    def may_be_gold(relation: Relation) -> bool:
        ends = categories.get(relation.subject, ()), categories.get(relation.object, ())
        return any(frozenset(pair) in kinds for pair in product(*ends))

    kept = tuple(r for r in item.relations if r.predicate != _NO_CLAIM and may_be_gold(r))
    return replace(item, relations=kept)


def _kinds(gold: Sequence[AnnotatedDocument]) -> set[frozenset[str]]:
    """Return the pairs of categories that a corpus relates."""
    kinds = set()
    for item in gold:
        category = {mention.id: mention.category for mention in item.mentions}
        kinds |= {frozenset((category[r.subject], category[r.object])) for r in item.relations}
    return kinds


def _by_type(
    gold: set[Pair], found: set[Pair], documents: Sequence[str], settings: Settings
) -> list[Row]:
    rows = []
    for type_ in sorted({pair.type for pair in gold}):
        own = [{pair for pair in pairs if pair.type == type_} for pairs in (gold, found)]
        counts = count_pairs(*own, levels=["type"], documents=documents)
        row = scored(counts, settings.resampling)["type"]
        rows.append(replace(row, label=f"  {type_}"))
    return rows


def _errors(
    gold: Sequence[AnnotatedDocument],
    found: Sequence[AnnotatedDocument],
    wanted: set[Pair],
    predicted: set[Pair],
) -> list[RelationError]:
    names: dict[tuple[str, str], str] = {}
    for item in (*gold, *found):
        text = {mention.id: mention.text for mention in item.mentions}
        for mention, curies in identifiers_of(item).items():
            for curie in curies:
                names.setdefault((item.document.id, curie), text.get(mention, ""))
    says: dict[tuple[Pair, bool], set[str]] = {}
    for is_found, pairs in ((False, wanted), (True, predicted)):
        for pair in pairs:
            says.setdefault((pair.at("pair"), is_found), set()).add(pair.type)
    errors = []
    typed = {False: {p.at("type") for p in wanted}, True: {p.at("type") for p in predicted}}
    for is_found in (False, True):
        for pair in sorted(typed[is_found] - typed[not is_found]):
            other = says.get((pair.at("pair"), not is_found), set())
            ends = pair.first, pair.second
            one, two = (names.get((pair.document, curie), curie) for curie in ends)
            errors.append(RelationError(pair, is_found, (one, two), ", ".join(sorted(other))))
    return sorted(errors, key=lambda e: (e.pair.document, e.pair.first, e.pair.second, e.found))


def measure_statements(
    evaluation: Evaluation, aligned: Aligned, predictions: Predictions, settings: Settings
) -> None:
    """Add the scores of a graph's statements at thresholds of belief, and the curves.

    One curve asks whether two entities are related in any way (co-occurrence is then left out,
    and drawn as a curve of its own), the other for the right predicate too.
    """
    schema, gold = settings.schema, aligned.gold
    types = types_of(gold, schema)
    facts = gold_facts(gold, schema=schema, types=types)
    same = SameIdentifier({c for fact in facts for c in (fact.subject, fact.object)},
                          predictions.xrefs)  # fmt: skip
    categories = category_map({m.category for item in gold for m in item.mentions}, schema)
    kinds = {fact.kind[1] for fact in facts}
    claims: list[Believed] = []
    together: list[Believed] = []
    for fact, belief in predictions.statements or ():
        meant = Fact(
            same(fact.subject), fact.predicate, same(fact.object),
            categories(fact.subject_category), categories(fact.object_category),
        )  # fmt: skip
        if frozenset((meant.subject_category, meant.object_category)) in kinds:
            own = together if fact.predicate == _NO_CLAIM else claims
            own.append(Believed(canonical(meant, schema=schema, types=types), belief))
    exact = judged(claims, facts)
    any_way = {_any_way(fact) for fact in facts}
    loose = [Believed(_any_way(fact), belief) for fact, belief in claims]
    beside = [Believed(_any_way(fact), belief) for fact, belief in together]
    sets = [("right predicate", facts, exact), ("related in any way", any_way, loose)]
    if together:
        sets.append(("named together", any_way, beside))
    for name, wanted, found in sets:
        points = tuple(curve(wanted, found))
        evaluation.curves.append(Curve(name, points, average_precision(points)))
    evaluation.tables += [
        _thresholds("statements.predicate", "Statements of the graph, right predicate",
                    curve(facts, exact, thresholds=THRESHOLDS)),
        _thresholds("statements.any", "Statements of the graph, related in any way",
                    curve(any_way, loose, thresholds=THRESHOLDS)),
    ]  # fmt: skip


def _any_way(fact: Fact) -> Fact:
    subject, object_ = sorted((fact.subject, fact.object))
    return Fact(subject, "related_to", object_)


def _thresholds(name: str, title: str, points: Sequence[CurvePoint]) -> Table:
    note = "each (subject, predicate, object) of the whole corpus once, of at least this belief"
    rows = tuple(Row(f"belief >= {point.threshold:g}", point.score) for point in points)
    return Table(name, title, note, rows)
