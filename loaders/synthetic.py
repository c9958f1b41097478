"""Graphs of any size made from a seed, to measure stores with and to test against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.records import content_hash
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["synthetic_graph", "write_graph"]

_CATEGORIES = ("ChemicalEntity", "Disease", "Gene")
_PREFIXES = ("CHEBI", "MONDO", "HGNC")
_PREDICATES = (
    ("treats", 0, 1), ("causes", 0, 1), ("associated_with", 2, 1), ("inhibits", 0, 2),
    ("interacts_with", 2, 2), ("cooccurs_with", 0, 1), ("cooccurs_with", 1, 2),
)  # fmt: skip


def write_graph(folder: Path, **rows: list[dict[str, Any]]) -> GraphTables:
    """Write ``rows`` of each table, sorted by id where they have one, as a graph on disk.

    Tables that are not given are empty; columns that a row lacks are null.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if unknown := set(rows) - set(GRAPH_TABLES):
        raise ValueError(f"no such table: {sorted(unknown)}; expected {sorted(GRAPH_TABLES)}")
    folder.mkdir(parents=True, exist_ok=True)
    tables = GraphTables(folder)
    for name, schema in GRAPH_TABLES.items():
        content = sorted(rows.get(name, []), key=lambda row: str(row.get("id", "")))
        pq.write_table(pa.Table.from_pylist(content, schema=schema), tables.path(name))
    return tables


def synthetic_graph(folder: Path, *, statements: int, seed: int = 0) -> GraphTables:
    """Write a graph of at most ``statements`` statements with skewed degrees; return its tables.

    Entities are a fifth as many as statements and documents half as many. Subjects and objects
    are drawn by a power law, so that a few entities have most of the edges, as in text; a
    statement has two pieces of evidence on average. The same seed gives the same graph.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    entity_count, document_count = max(9, statements // 5), max(1, statements // 2)
    edges = _edges(random, statements, entity_count // 3)
    evidence = _evidence(random, edges, document_count)
    ends = {statement: (edge[0], edge[2]) for statement, edge in edges.items()}
    occurrences = sorted(
        {(str(row["document"]), end) for row in evidence for end in ends[row["statement"]]}
    )
    tables = GraphTables(folder)
    content = {
        "entities": _entities(entity_count, occurrences),
        "statements": _statements(edges, evidence),
        "evidence": sorted(evidence, key=lambda row: str(row["id"])),
        "documents": [
            {"id": f"PMID:{n:08d}", "title": f"Study {n}", "date": f"{1990 + n % 35}",
             "year": 1990 + n % 35, "source": "synthetic.xml"}
            for n in range(document_count)
        ],
        "occurrences": [
            {"document": d, "entity": e, "mentions": 2, "sentences": 1} for d, e in occurrences
        ],
    }  # fmt: skip
    for name, schema in GRAPH_TABLES.items():
        pq.write_table(pa.Table.from_pylist(content[name], schema=schema), tables.path(name))
    return tables


def _curie(kind: int, number: int) -> str:
    return f"{_PREFIXES[kind]}:{number:07d}"


def _edges(
    random: np.random.Generator, count: int, per_category: int
) -> dict[str, tuple[str, str, str, int]]:
    """Return subject, predicate, object and the row of ``_PREDICATES`` by statement id."""
    import numpy as np

    kinds = random.integers(0, len(_PREDICATES), count)
    subjects: NDArray[np.int64] = (random.zipf(1.4, count) - 1) % per_category
    objects: NDArray[np.int64] = random.permutation((random.zipf(1.4, count) - 1) % per_category)
    # a uniform half keeps the number of distinct pairs near `count`
    spread = random.random(count) < 0.5
    objects = np.where(spread, random.integers(0, per_category, count), objects)
    edges = {}
    for kind, subject, object_ in zip(
        kinds.tolist(), subjects.tolist(), objects.tolist(), strict=True
    ):
        name, a, b = _PREDICATES[kind]
        edge = (_curie(a, subject), name, _curie(b, object_))
        edges[content_hash(*edge)] = (*edge, kind)
    return dict(sorted(edges.items()))


def _evidence(
    random: np.random.Generator, edges: dict[str, tuple[str, str, str, int]], documents: int
) -> list[dict[str, Any]]:
    counts = random.geometric(0.5, len(edges)).tolist()
    rows = []
    for (statement, edge), count in zip(edges.items(), counts, strict=True):
        where = random.integers(0, documents, count).tolist()
        for place, document in enumerate(where):
            sentence = f"We found that {edge[0]} {edge[1]} {edge[2]} in {document} patients."
            end = 14 + len(edge[0])
            rows.append(
                {
                    "id": content_hash(statement, document, place), "statement": statement,
                    "document": f"PMID:{document:08d}", "start": 100, "end": 100 + len(sentence),
                    "sentence": sentence, "subject_start": 114, "subject_end": 100 + end,
                    "object_start": 102 + end + len(edge[1]),
                    "object_end": 102 + end + len(edge[1]) + len(edge[2]),
                    "score": 0.5 + (document % 50) / 100, "extractor": "synthetic/1",
                    "negated": document % 20 == 0, "hedged": document % 10 == 1, "novel": None,
                }
            )  # fmt: skip
    return rows


def _entities(count: int, occurrences: list[tuple[str, str]]) -> list[dict[str, Any]]:
    documents: dict[str, int] = {}
    for _, entity in occurrences:
        documents[entity] = documents.get(entity, 0) + 1
    rows = []
    for kind, category in enumerate(_CATEGORIES):
        for number in range(count // 3):
            curie = _curie(kind, number)
            seen = documents.get(curie, 0)
            rows.append(
                {
                    "id": curie, "name": f"{category.lower()} {number}", "category": category,
                    "synonyms": [f"synonym {number}", f"{category[:2]}-{number}"],
                    "xrefs": [f"MESH:X{number:06d}"], "parents": [], "vocabulary": "synthetic",
                    "mentions": 2 * seen, "sentences": seen, "documents": seen,
                }
            )  # fmt: skip
    return sorted(rows, key=lambda row: str(row["id"]))


def _statements(
    edges: dict[str, tuple[str, str, str, int]], evidence: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    by_statement: dict[str, list[dict[str, Any]]] = {}
    for row in evidence:
        by_statement.setdefault(row["statement"], []).append(row)
    rows = []
    for statement, (subject, predicate, object_, kind) in edges.items():
        proofs = by_statement[statement]
        affirming = [row for row in proofs if not row["negated"]]
        years = [1990 + int(row["document"][5:]) % 35 for row in proofs]
        rows.append(
            {
                "id": statement, "subject": subject, "predicate": predicate, "object": object_,
                "subject_category": _CATEGORIES[_PREDICATES[kind][1]],
                "object_category": _CATEGORIES[_PREDICATES[kind][2]],
                "qualifiers": [], "belief": 1 - 0.4 ** len(affirming),
                "papers": len({row["document"] for row in affirming}),
                "sentences": len(affirming), "negated": len(proofs) - len(affirming),
                "hedged": sum(row["hedged"] for row in affirming),
                "first_year": min(years), "last_year": max(years),
                "extractors": ["synthetic/1"],
            }
        )  # fmt: skip
    return rows
