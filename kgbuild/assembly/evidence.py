"""What a document contributes to the graph: evidence of statements, and what it mentions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Evidence,
    Grounding,
    Mention,
    Relation,
    Statement,
    content_hash,
)

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["Contribution", "contribution", "nil_id"]

_YEAR = re.compile(r"[0-9]{4}(?![0-9])")
NIL_PREFIX = "kgb.nil"


@dataclass(slots=True)
class Contribution:
    """Rows for the parts of the graph tables, and a count of relations that were left out."""

    evidence: list[dict[str, Any]] = field(default_factory=list)
    occurrences: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Entity:
    id: str
    category: str


def nil_id(category: str, text: str) -> str:
    """Return the id of the literal node for a mention that no vocabulary knows.

    Case and white space don't distinguish such nodes; everything else does.
    """
    return f"{NIL_PREFIX}:{content_hash(category, ' '.join(text.casefold().split()))}"


def contribution(
    batch: Iterable[AnnotatedDocument],
    *,
    schema: Schema,
    keep_nil: bool = True,
    preferred: Callable[[str], str] = str,
) -> Contribution:
    """Return what the documents of ``batch`` contribute.

    ``preferred`` gives the id by which the graph knows a thing that has several.

    Relations whose predicate the schema doesn't have, whose categories it doesn't let connect,
    whose ends are one entity, or that lack a grounded end are left out and counted by reason.
    """
    result = Contribution()
    for item in batch:
        _add_document(_united(item, preferred), schema, keep_nil, result)
    return result


def _united(item: AnnotatedDocument, preferred: Callable[[str], str]) -> AnnotatedDocument:
    """Return the document with the preferred ids; itself where it has no others."""
    groundings = tuple(
        replace(g, curie=new) if g.curie and (new := preferred(g.curie)) != g.curie else g
        for g in item.groundings
    )
    relations = tuple(
        replace(r, subject_curie=preferred(r.subject_curie), object_curie=preferred(r.object_curie))
        if r.subject_curie or r.object_curie
        else r
        for r in item.relations
    )
    return replace(item, groundings=groundings, relations=relations)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A document with what its mentions mean."""

    item: AnnotatedDocument
    mentions: Mapping[str, Mention]
    entities: Mapping[str, list[_Entity]]
    year: int | None


def _add_document(
    item: AnnotatedDocument, schema: Schema, keep_nil: bool, result: Contribution
) -> None:
    document = item.document
    mentions = {mention.id: mention for mention in item.mentions}
    resolved = _Resolved(
        item,
        mentions,
        _entities(item.groundings, mentions, keep_nil),
        int(document.date[:4]) if _YEAR.match(document.date) else None,
    )
    result.documents.append(
        {
            "id": document.id,
            "title": _title(document),
            "date": document.date,
            "year": resolved.year,
            "source": document.source,
            "sentences": len(item.sentences),
        }
    )
    result.occurrences += _occurrences(resolved)
    rows = {
        row["id"]: row
        for relation in item.relations
        for row in _evidence(resolved, relation, schema, result.rejected)
    }
    result.evidence += rows.values()


def _title(document: Document) -> str:
    return next(
        (document.text[p.start : p.end] for p in document.passages if p.kind == "title"),
        " ".join(document.text[:200].split()),
    )


def _entities(
    groundings: Sequence[Grounding], mentions: Mapping[str, Mention], keep_nil: bool
) -> dict[str, list[_Entity]]:
    found: dict[str, list[_Entity]] = defaultdict(list)
    for grounding in groundings:
        mention = mentions.get(grounding.mention)
        if mention is None:
            continue
        category = grounding.category or mention.category
        if grounding.curie:
            entity = _Entity(grounding.curie, category)
        elif keep_nil:
            entity = _Entity(nil_id(category, mention.text), category)
        else:
            continue
        if entity not in found[grounding.mention]:
            found[grounding.mention].append(entity)
    return found


def _occurrences(resolved: _Resolved) -> list[dict[str, Any]]:
    starts = [sentence.start for sentence in resolved.item.sentences]
    counts: Counter[str] = Counter()
    sentences: dict[str, set[int]] = defaultdict(set)
    texts: dict[str, Counter[str]] = defaultdict(Counter)
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    for mention_id, found in resolved.entities.items():
        mention = resolved.mentions[mention_id]
        for entity in found:
            counts[entity.id] += 1
            sentences[entity.id].add(bisect_right(starts, mention.start))
            texts[entity.id][" ".join(mention.text.split())] += 1
            categories[entity.id][entity.category] += 1
    return [
        {
            "document": resolved.item.document.id,
            "entity": entity,
            "category": _most_frequent(categories[entity]),
            "text": _most_frequent(texts[entity]),
            "mentions": count,
            "sentences": len(sentences[entity]),
        }
        for entity, count in counts.items()
    ]


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts.items(), key=lambda pair: (-pair[1], pair[0]))[0]


def _evidence(
    resolved: _Resolved, relation: Relation, schema: Schema, rejected: Counter[str]
) -> Iterable[dict[str, Any]]:
    predicate = schema.predicate(relation.predicate)
    if predicate is None:
        rejected[f"the schema has no predicate {relation.predicate!r}"] += 1
        return
    subjects = _meant(resolved.entities.get(relation.subject, ()), relation.subject_curie)
    objects = _meant(resolved.entities.get(relation.object, ()), relation.object_curie)
    if not subjects or not objects:
        rejected["an end has no identifier"] += 1
    for subject, object_ in product(subjects, objects):
        if subject.id == object_.id:
            rejected["both ends are one entity"] += 1
        elif not schema.allows(subject.category, predicate, object_.category):
            rejected[f"{subject.category} {predicate} {object_.category} is not allowed"] += 1
        else:
            statement = Statement(*schema.canonical(subject.id, predicate, object_.id))
            yield _row(
                resolved, relation, statement, {e.id: e.category for e in (subject, object_)}
            )


def _meant(entities: Sequence[_Entity], curie: str) -> Sequence[_Entity]:
    """Return the entity that a relation names of a composite mention's, else all of them."""
    return [entity for entity in entities if entity.id == curie] or entities


def _row(
    resolved: _Resolved, relation: Relation, statement: Statement, categories: Mapping[str, str]
) -> dict[str, Any]:
    first, second = resolved.mentions[relation.subject], resolved.mentions[relation.object]
    if statement.subject not in {entity.id for entity in resolved.entities[relation.subject]}:
        first, second = second, first
    document = resolved.item.document
    evidence = Evidence(
        statement=statement.id,
        document=document.id,
        start=relation.start,
        end=relation.end,
        sentence=document.text[relation.start : relation.end],
        subject_start=first.start,
        subject_end=first.end,
        object_start=second.start,
        object_end=second.end,
        score=relation.score,
        extractor=relation.extractor,
        negated=relation.negated,
        hedged=relation.hedged,
        novel=relation.novel,
    )
    fields = {name: getattr(evidence, name) for name in Evidence.__dataclass_fields__}
    return fields | {
        "id": evidence.id,
        "subject": statement.subject,
        "subject_category": categories[statement.subject],
        "predicate": statement.predicate,
        "object": statement.object,
        "object_category": categories[statement.object],
        "year": resolved.year,
    }
