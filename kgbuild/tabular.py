"""Annotated documents as Arrow tables, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pyarrow as pa

from kgbuild.arrow import to_table
from kgbuild.records import (
    Abbreviation,
    AnnotatedDocument,
    Candidate,
    Document,
    Failure,
    Grounding,
    Mention,
    Passage,
    Relation,
    Sentence,
)
from kgbuild.tables import SCHEMAS

__all__ = ["from_tables", "to_failures", "to_tables"]

Rows = list[dict[str, Any]]
T = TypeVar("T")


def to_tables(batch: Sequence[AnnotatedDocument], names: Iterable[str]) -> dict[str, pa.Table]:
    """Return the tables ``names`` (of ``SCHEMAS``) that hold what ``batch`` says.

    ``given_mentions`` and ``mentions`` (likewise groundings and relations) take the same fields
    of the documents: the first as the reader left them, the second after the stage.
    """
    return {
        name: to_table([row for item in batch for row in _ROWS[name](item)], SCHEMAS[name])
        for name in names
    }


def to_failures(failures: Iterable[Failure]) -> pa.Table:
    """Return the failures table."""
    rows = [
        {
            "document": f.document,
            "source": f.source,
            "stage": f.stage,
            "place": f.place,
            "reason": f.reason,
        }
        for f in failures
    ]
    return to_table(rows, SCHEMAS["failures"])


def from_tables(tables: Mapping[str, pa.Table]) -> list[AnnotatedDocument]:
    """Return the documents of ``tables["documents"]`` with what the other tables say of them.

    Where a stage's own table is absent its field takes the given one.
    """
    sentences = _grouped(tables.get("sentences"), _sentence)
    abbreviations = _grouped(tables.get("abbreviations"), _abbreviation)
    given = {
        name: _grouped(tables.get(f"given_{name}"), make) for name, make in _ANNOTATIONS.items()
    }
    own: dict[str, dict[str, list[Any]]] = {
        name: _grouped(tables[name], make) for name, make in _ANNOTATIONS.items() if name in tables
    }
    items = []
    for document in map(_document, tables["documents"].to_pylist()):
        item = AnnotatedDocument(
            document,
            sentences=tuple(sentences.get(document.id, ())),
            abbreviations=tuple(abbreviations.get(document.id, ())),
            **{name: tuple(rows.get(document.id, ())) for name, rows in given.items()},
        )
        stages: dict[str, Any] = {
            name: tuple(rows.get(document.id, ())) for name, rows in own.items()
        }
        if "mentions" in stages:
            item = item.with_mentions(stages.pop("mentions"))
        items.append(replace(item, **stages))
    return items


def _grouped(table: pa.Table | None, make: Callable[[dict[str, Any]], T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for row in table.to_pylist() if table is not None else ():
        groups[row["document"]].append(make(row))
    return groups


def _document_rows(item: AnnotatedDocument) -> Rows:
    d = item.document
    passages = [
        {"kind": p.kind, "start": p.start, "end": p.end, "label": p.label} for p in d.passages
    ]
    return [
        {
            "id": d.id,
            "text": d.text,
            "date": d.date,
            "source": d.source,
            "passages": passages,
            "metadata": list(d.metadata.items()),
        }
    ]


def _document(row: dict[str, Any]) -> Document:
    return Document(
        id=row["id"],
        text=row["text"],
        passages=tuple(Passage(**p) for p in row["passages"]),
        date=row["date"],
        source=row["source"],
        metadata=dict(row["metadata"]),
    )


def _sentence_rows(item: AnnotatedDocument) -> Rows:
    return [{"document": item.document.id, "start": s.start, "end": s.end} for s in item.sentences]


def _sentence(row: dict[str, Any]) -> Sentence:
    return Sentence(row["start"], row["end"])


def _abbreviation_rows(item: AnnotatedDocument) -> Rows:
    return [
        {
            "document": item.document.id,
            "short": a.short,
            "long": a.long,
            "short_start": a.short_start,
            "long_start": a.long_start,
        }
        for a in item.abbreviations
    ]


def _abbreviation(row: dict[str, Any]) -> Abbreviation:
    return Abbreviation(row["short"], row["long"], row["short_start"], row["long_start"])


def _mention_rows(item: AnnotatedDocument) -> Rows:
    return [
        {
            "id": m.id,
            "document": m.document,
            "start": m.start,
            "end": m.end,
            "text": m.text,
            "category": m.category,
            "score": m.score,
            "extractor": m.extractor,
            "spans": [{"start": start, "end": end} for start, end in m.spans],
        }
        for m in item.mentions
    ]


def _mention(row: dict[str, Any]) -> Mention:
    return Mention(
        document=row["document"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        category=row["category"],
        score=row["score"],
        extractor=row["extractor"],
        spans=tuple((span["start"], span["end"]) for span in row["spans"]),
    )


def _grounding_rows(item: AnnotatedDocument) -> Rows:
    return [
        {
            "document": item.document.id,
            "mention": g.mention,
            "curie": g.curie,
            "name": g.name,
            "category": g.category,
            "score": g.score,
            "method": g.method,
            "reason": g.reason,
            "candidates": [
                {"curie": c.curie, "name": c.name, "score": c.score, "method": c.method}
                for c in g.candidates
            ],
        }
        for g in item.groundings
    ]


def _grounding(row: dict[str, Any]) -> Grounding:
    return Grounding(
        mention=row["mention"],
        curie=row["curie"],
        name=row["name"],
        category=row["category"],
        score=row["score"],
        method=row["method"],
        reason=row["reason"],
        candidates=tuple(Candidate(**c) for c in row["candidates"]),
    )


_RELATION_FIELDS = (
    "document", "subject", "object", "predicate", "score", "start", "end", "extractor",
    "negated", "hedged", "novel", "trigger", "subject_curie", "object_curie",
)  # fmt: skip


def _relation_rows(item: AnnotatedDocument) -> Rows:
    return [
        {"id": r.id} | {field: getattr(r, field) for field in _RELATION_FIELDS}
        for r in item.relations
    ]


def _relation(row: dict[str, Any]) -> Relation:
    return Relation(**{field: row[field] for field in _RELATION_FIELDS})


_ANNOTATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "mentions": _mention,
    "groundings": _grounding,
    "relations": _relation,
}

_ROWS = {
    "documents": _document_rows,
    "given_mentions": _mention_rows,
    "given_groundings": _grounding_rows,
    "given_relations": _relation_rows,
    "sentences": _sentence_rows,
    "abbreviations": _abbreviation_rows,
    "mentions": _mention_rows,
    "groundings": _grounding_rows,
    "relations": _relation_rows,
}
