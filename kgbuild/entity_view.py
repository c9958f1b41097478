"""An entity as a reader wants to see it: its strongest statements and their best sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

__all__ = ["EntityView", "EvidenceView", "StatementView", "entity_view"]

_STATEMENTS = """
    SELECT s.id, s.subject, a.name AS subject_name, s.predicate, s.object, b.name AS object_name,
        s.belief, s.papers, s.sentences, s.negated, count(*) OVER () AS of_all
    FROM statements s JOIN entities a ON a.id = s.subject JOIN entities b ON b.id = s.object
    WHERE (s.subject = $entity OR s.object = $entity) AND s.belief >= $belief
    ORDER BY list_contains(s.extractors, 'ontology'), s.belief DESC, s.papers DESC, s.id LIMIT $most
"""
_EVIDENCE = """
    WITH once AS (
        SELECT * FROM evidence WHERE list_contains($statements, statement)
        QUALIFY row_number() OVER (
            PARTITION BY statement, document, start ORDER BY negated, hedged, score DESC, id) = 1
    ), mine AS (
        SELECT *, row_number() OVER (
            PARTITION BY statement, document ORDER BY negated, hedged, score DESC, id) AS again
        FROM once
    )
    SELECT e.statement, e.sentence, e.document, coalesce(d.title, '') AS title, d.year, e.score,
        e.extractor, e.negated, e.hedged, e.start,
        e.subject_start, e.subject_end, e.object_start, e.object_end
    FROM mine e LEFT JOIN documents d ON d.id = e.document
    QUALIFY row_number() OVER (PARTITION BY e.statement
        ORDER BY e.negated, e.again > 1, e.hedged, e.score DESC, e.id) <= $each
    ORDER BY e.negated, e.again > 1, e.hedged, e.score DESC, e.id
"""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A sentence; ``subject`` and ``object`` are the places in it that name the two."""

    sentence: str
    document: str
    title: str
    year: int | None
    score: float
    extractor: str
    negated: bool
    hedged: bool
    subject: tuple[int, int]
    object: tuple[int, int]


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with the names of what it joins and its best evidence, best first."""

    id: str
    subject: str
    subject_name: str
    predicate: str
    object: str
    object_name: str
    belief: float
    papers: int
    sentences: int
    negated: int
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True, slots=True)
class EntityView:
    """An entity; ``statements`` are its strongest, of ``statement_count`` in all."""

    id: str
    name: str
    category: str
    vocabulary: str
    synonyms: tuple[str, ...]
    xrefs: tuple[str, ...]
    parents: tuple[str, ...]
    mentions: int
    sentences: int
    documents: int
    statement_count: int
    statements: tuple[StatementView, ...]


def entity_view(
    connection: duckdb.DuckDBPyConnection,
    entity: str,
    *,
    statements: int = 10,
    sentences: int = 2,
    min_belief: float = 0.0,
) -> EntityView:
    """Return the view of the entity whose id is ``entity``.

    Statements come by belief, then papers, an ontology's own after those of texts; sentences plain
    ones first (affirmed, not hedged), then by score, one a document as far as there are others. A
    sentence comes once for a statement, however many extractors or mentions in it prove it.

    Raises:
        KeyError: there is no such entity.
    """
    row = connection.execute(
        "SELECT name, category, vocabulary, synonyms, xrefs, parents, mentions, sentences,"
        " documents FROM entities WHERE id = ?",
        [entity],
    ).fetchone()
    if row is None:
        raise KeyError(entity)
    # At least one, since its row holds the number of all.
    asked = {"entity": entity, "belief": min_belief, "most": max(statements, 1)}
    found = _dicts(connection.execute(_STATEMENTS, asked))
    of_all = [row.pop("of_all") for row in found]
    shown = found[: max(statements, 0)]
    proofs = _best_evidence(connection, [row["id"] for row in shown], sentences)
    name, category, vocabulary, synonyms, xrefs, parents, mentions, in_sentences, documents = row
    return EntityView(
        id=entity,
        name=name or "",
        category=category,
        vocabulary=vocabulary or "",
        synonyms=tuple(synonyms or ()),
        xrefs=tuple(xrefs or ()),
        parents=tuple(parents or ()),
        mentions=mentions or 0,
        sentences=in_sentences or 0,
        documents=documents or 0,
        statement_count=of_all[0] if of_all else 0,
        statements=tuple(StatementView(**row, evidence=proofs.get(row["id"], ())) for row in shown),
    )


def _best_evidence(
    connection: duckdb.DuckDBPyConnection, statements: list[str], each: int
) -> dict[str, tuple[EvidenceView, ...]]:
    rows = _dicts(connection.execute(_EVIDENCE, {"statements": statements, "each": each}))
    found: dict[str, list[EvidenceView]] = {}
    for row in rows:
        start = row.pop("start")
        for end in ("subject", "object"):
            row[end] = (row.pop(f"{end}_start") - start, row.pop(f"{end}_end") - start)
        found.setdefault(row.pop("statement"), []).append(EvidenceView(**row))
    return {statement: tuple(views) for statement, views in found.items()}


def _dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
