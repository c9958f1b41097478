"""An evaluation: gold corpus and predictions in, tables, errors and curves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kgbuild.evaluation.alignment import Aligned, CrossReferences, SameIdentifier, align
from kgbuild.evaluation.corpus import Corpus, moved
from kgbuild.evaluation.differences import count_kinds, differences
from kgbuild.evaluation.grounding import (
    Ranked,
    count_hits,
    count_identifiers,
    document_identifiers,
    is_hit,
    ranking_of,
)
from kgbuild.evaluation.identifier_errors import identifier_errors
from kgbuild.evaluation.mentions import (
    MICRO,
    Match,
    MentionSpan,
    count_identified,
    count_mentions,
    mention_spans,
)
from kgbuild.evaluation.predict import Predictions
from kgbuild.evaluation.relations import identifiers_of
from kgbuild.evaluation.reliability import Judged, reliability
from kgbuild.evaluation.result import (
    Evaluation,
    LinkError,
    Resampling,
    Row,
    Table,
    scored,
)
from kgbuild.evaluation.score import Counts
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Grounding

__all__ = [
    "Settings",
    "add_grounding",
    "annotated_categories",
    "begin",
    "measure_found",
    "measure_identified",
    "measure_identifiers",
    "measure_mentions",
]


_NOT_LINKED = Grounding("", "", "", "", 0.0, "nil", "not linked")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to evaluate.

    Attributes:
        schema: of the categories and predicates.
        categories: evaluate only these; None means all that the gold corpus annotates.
        whole: take discontinuous mentions as one piece.
        shared_only: leave out gold documents without predictions.
        resampling: how intervals are made.
    """

    schema: Schema
    categories: tuple[str, ...] | None = None
    whole: bool = False
    shared_only: bool = False
    resampling: Resampling = field(default_factory=Resampling)


def begin(gold: Corpus, predictions: Predictions, settings: Settings) -> tuple[Evaluation, Aligned]:
    """Bring predictions to the gold standard's terms and begin a report on them.

    Raises:
        InputError: they have no document in common.
    """
    aligned = align(
        gold, predictions.documents, schema=settings.schema, xrefs=predictions.xrefs,
        shared_only=settings.shared_only, name=predictions.name,
    )  # fmt: skip
    evaluation = Evaluation(gold.name, predictions.name, len(aligned.gold))
    evaluation.notes += [*gold.notes, *predictions.notes, *aligned.notes]
    shown = (_shown(items, settings) for items in (aligned.gold, aligned.found))
    evaluation.items = list(zip(*shown, strict=True))
    return evaluation, aligned


def _shown(items: Sequence[AnnotatedDocument], settings: Settings) -> list[AnnotatedDocument]:
    """Return documents with their mentions as they are compared."""
    if not settings.whole:
        return list(items)
    return [moved(i, {m.id: replace(m, spans=()) for m in i.mentions}) for i in items]


def annotated_categories(gold: Sequence[AnnotatedDocument], settings: Settings) -> list[str]:
    """Return the categories to evaluate: those that are annotated, or those asked for."""
    found = {mention.category for item in gold for mention in item.mentions}
    return sorted(found if settings.categories is None else found & set(settings.categories))


def measure_mentions(evaluation: Evaluation, aligned: Aligned, settings: Settings) -> None:
    """Add strict and overlap scores of mentions, and their errors by kind."""
    categories = annotated_categories(aligned.gold, settings)
    gold, found = (
        {span for span in mention_spans(items, whole=settings.whole) if span.category in categories}
        for items in (aligned.gold, aligned.found)
    )
    documents = [item.document.id for item in aligned.gold]
    for match, note in (
        ("strict", "the same place and category"),
        ("overlap", "the same category, and a common character"),
    ):
        counts = count_mentions(
            gold, found, match="strict" if match == "strict" else "overlap",
            categories=categories, documents=documents,
        )  # fmt: skip
        evaluation.tables.append(
            _table(f"mentions.{match}", f"Mentions, {match}", note, counts, settings)
        )
    evaluation.differences = differences(gold, found)
    evaluation.kinds = count_kinds(evaluation.differences)


def measure_identified(evaluation: Evaluation, aligned: Aligned, settings: Settings) -> None:
    """Add strict and overlap scores of mentions with their identifiers, and the wrong ones."""
    categories = annotated_categories(aligned.gold, settings)
    strict: Match = "strict"
    overlap: Match = "overlap"
    for match, note in (
        (strict, "the same place, category and identifier; those without identifier left out"),
        (overlap, "the same category and identifier, and a common character"),
    ):
        counts = count_identified(
            aligned.gold, aligned.found, match=match, categories=categories, whole=settings.whole
        )
        name, title = f"identified.{match}", f"Mentions with their identifiers, {match}"
        evaluation.tables.append(_table(name, title, note, counts, settings))
    evaluation.identifiers = identifier_errors(
        aligned.gold, aligned.found, categories=categories, whole=settings.whole
    )


def measure_identifiers(
    evaluation: Evaluation,
    aligned: Aligned,
    settings: Settings,
    *,
    name: str = "identifiers",
    title: str = "Identifiers of documents",
) -> None:
    """Add precision, recall and F1 of the identifiers that each document mentions."""
    categories = annotated_categories(aligned.gold, settings)
    gold, found = (
        document_identifiers(items, categories=categories)
        for items in (aligned.gold, aligned.found)
    )
    counts = count_identifiers(
        gold, found, categories={one.category for one in gold},
        documents=[item.document.id for item in aligned.gold],
    )  # fmt: skip
    note = "each (document, identifier) once"
    evaluation.tables.append(_table(name, title, note, counts, settings))


def measure_found(
    evaluation: Evaluation, aligned: Aligned, xrefs: CrossReferences | None, settings: Settings
) -> None:
    """Add how many of the gold mentions that were found, strictly, got the right identifier.

    A tool that was given the gold mentions has found them all: this is its accuracy@1.
    """
    categories = annotated_categories(aligned.gold, settings)
    pairs = [_at_gold(g, f, settings) for g, f in zip(aligned.gold, aligned.found, strict=True)]
    documents = [item.document.id for item in aligned.gold]
    ranked = [r for g, f in pairs for r in _ranked(g, f, xrefs, categories, decided=True)]
    rows: list[Row] = []
    for column, every in (("@1", False), ("@1 all ids", True)):
        counts = count_hits(ranked, every=every, documents=documents)
        found = _micro_last(scored(counts, settings.resampling))
        rows += [replace(row, column=column) for row in found]
    if rows:
        note = "gold mentions with an identifier that were found, strictly; NIL is wrong"
        title = "Grounding of the mentions found"
        evaluation.tables.append(Table("grounding.found", title, note, tuple(rows), "accuracy"))


def _at_gold(
    gold: AnnotatedDocument, found: AnnotatedDocument, settings: Settings
) -> tuple[AnnotatedDocument, AnnotatedDocument]:
    """Return a gold document with the mentions that were found, and these with what they got."""
    there = {MentionSpan.of(m, whole=settings.whole): m.id for m in gold.mentions}
    ids = {
        mention.id: there[span]
        for mention in found.mentions
        if (span := MentionSpan.of(mention, whole=settings.whole)) in there
    }
    kept = {m.id: m for m in gold.mentions if m.id in ids.values()}
    groundings = [replace(g, mention=ids[g.mention]) for g in found.groundings if g.mention in ids]
    own = moved(gold, kept)
    return own, replace(own, groundings=tuple(groundings))


def _accuracy(
    gold: Sequence[AnnotatedDocument],
    linked: Sequence[AnnotatedDocument],
    by_name: Sequence[AnnotatedDocument] | None,
    xrefs: CrossReferences | None,
    settings: Settings,
) -> Iterator[Row]:
    """Yield how often a right identifier is among the first, by each way of counting."""
    categories = annotated_categories(gold, settings)
    documents = [item.document.id for item in gold]

    def ranked(found: Sequence[AnnotatedDocument], *, decided: bool = False) -> list[Ranked]:
        pairs = zip(gold, found, strict=True)
        return [r for g, f in pairs for r in _ranked(g, f, xrefs, categories, decided=decided)]

    first = ranked(linked)
    columns = [
        ("@1", first, 1, False),
        ("@5", first, 5, False),
        ("@1 all ids", first, 1, True),
        ("@1 decided", ranked(linked, decided=True), 1, False),
    ]
    if by_name is not None:
        named = ranked(by_name)
        columns += [("@1 by name", named, 1, False), ("@5 by name", named, 5, False)]
    for column, mentions, k, every in columns:
        counts = count_hits(mentions, k=k, every=every, documents=documents)
        for row in _micro_last(scored(counts, settings.resampling)):
            yield replace(row, column=column)


def add_grounding(
    evaluation: Evaluation,
    gold: Sequence[AnnotatedDocument],
    linked: Sequence[AnnotatedDocument],
    xrefs: CrossReferences | None,
    settings: Settings,
    *,
    by_name: Sequence[AnnotatedDocument] | None = None,
    suffix: str = "",
    title: str = "",
) -> None:
    """Add accuracy of what a linker made of the gold mentions, and identifiers by document.

    Args:
        evaluation: what to add to.
        gold: documents with gold mentions and identifiers.
        linked: the same documents with the same mentions, linked.
        xrefs: which identifiers mean the same.
        settings: see ``Settings``.
        by_name: ``linked`` as BioSyn counts it.
        suffix: of the tables' names.
        title: of the tables' titles.
    """
    note = (
        "gold mentions that have an identifier; right if among the first k candidates, any of a "
        "composite mention's; all ids: each of them is asked for; decided: NIL is wrong; "
        "by name (BioSyn): a candidate stands for every term that has its name"
    )
    evaluation.tables.append(
        Table(
            f"grounding.accuracy{suffix}", f"Grounding of gold mentions{title}", note,
            tuple(_accuracy(gold, linked, by_name, xrefs, settings)), "accuracy",
        )
    )  # fmt: skip
    pairs = list(zip(gold, linked, strict=True))
    same = [_same_identifiers(g, f, xrefs) for g, f in pairs]
    aligned = Aligned(tuple(gold), tuple(same))
    measure_identifiers(
        evaluation, aligned, settings, name=f"identifiers.gold_mentions{suffix}",
        title=f"Identifiers of documents, mentions given{title}",
    )  # fmt: skip
    if not suffix:
        categories = annotated_categories(gold, settings)
        evaluation.links = _link_errors(pairs, xrefs, categories)
        evaluation.reliability = reliability(_judged(pairs, xrefs, categories))


def _ranked(
    gold: AnnotatedDocument,
    linked: AnnotatedDocument,
    xrefs: CrossReferences | None,
    categories: Collection[str],
    *,
    decided: bool,
) -> list[Ranked]:
    identifiers = identifiers_of(gold)
    groundings: dict[str, list[Grounding]] = {}
    for grounding in linked.groundings:
        groundings.setdefault(grounding.mention, []).append(grounding)
    ranked = []
    for mention in gold.mentions:
        if mention.category not in categories:
            continue
        wanted = identifiers.get(mention.id, ())
        same = SameIdentifier(wanted, xrefs)
        parts = tuple(
            tuple(map(same, ranking_of(grounding, decided=decided)))
            for grounding in groundings.get(mention.id, ())
        )
        ranked.append(Ranked(gold.document.id, mention.category, wanted, parts))
    return ranked


def _judged(
    pairs: Sequence[tuple[AnnotatedDocument, AnnotatedDocument]],
    xrefs: CrossReferences | None,
    categories: Collection[str],
) -> Iterator[Judged]:
    """Yield the first candidate of each gold mention that has one, NIL or not; no composites."""
    for gold, linked in pairs:
        kept = [m for m in gold.mentions if m.category in categories]
        parts: dict[str, list[Grounding]] = {}
        for grounding in linked.groundings:
            parts.setdefault(grounding.mention, []).append(grounding)
        ranked = _ranked(gold, linked, xrefs, categories, decided=False)
        for mention, one in zip(kept, ranked, strict=True):
            made = parts.get(mention.id, ())
            if one.gold and len(made) == 1 and made[0].candidates:
                first = made[0].candidates[0]
                yield Judged(first.method, first.score, is_hit(one))


def _same_identifiers(
    gold: AnnotatedDocument, linked: AnnotatedDocument, xrefs: CrossReferences | None
) -> AnnotatedDocument:
    """Return the linked document with the gold standard's identifiers where they mean the same."""
    same = SameIdentifier((g.curie for g in gold.groundings if g.curie), xrefs)
    return replace(
        linked, groundings=tuple(replace(g, curie=same(g.curie)) for g in linked.groundings)
    )


def _link_errors(
    pairs: Sequence[tuple[AnnotatedDocument, AnnotatedDocument]],
    xrefs: CrossReferences | None,
    categories: Collection[str],
) -> list[LinkError]:
    """Return what was linked wrongly, the most frequent first."""
    counts: Counter[LinkError] = Counter()
    for gold, linked in pairs:
        first: dict[str, Grounding] = {}
        for grounding in linked.groundings:
            first.setdefault(grounding.mention, grounding)
        kept = [m for m in gold.mentions if m.category in categories]
        ranked = _ranked(gold, linked, xrefs, categories, decided=True)
        for mention, one in zip(kept, ranked, strict=True):
            if one.gold and not is_hit(one):
                made = first.get(mention.id, _NOT_LINKED)
                counts[
                    LinkError(
                        mention.text, mention.category, one.gold, made.curie, made.name,
                        made.reason or made.method, 0,
                    )
                ] += 1  # fmt: skip
    return [replace(error, count=count) for error, count in counts.most_common()]


def _table(name: str, title: str, note: str, counts: Counts, settings: Settings) -> Table:
    rows = _micro_last(scored(counts, settings.resampling))
    return Table(name, title, note, tuple(rows))


def _micro_last(rows: Mapping[str, Row]) -> list[Row]:
    """Return the rows by label, the sum at the end."""
    ordered = [rows[label] for label in sorted(rows) if label != MICRO]
    return [*ordered, rows[MICRO]] if MICRO in rows else ordered
