"""Exporting the graph in KGX's two forms, TSV and JSON Lines, in terms of the Biolink Model.

The format is that of https://github.com/biolink/kgx/blob/master/specification/kgx-format.md:
a file of nodes and one of edges, lists joined by ``|`` in TSV. Predicates that Biolink says only
with qualifiers are written so.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.staging import connect, staging_folder

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_kgx_jsonl", "export_kgx_tsv"]

_NODE_COLUMNS = ("id", "category", "name", "synonym", "xref", "provided_by")
_EDGE_COLUMNS = (
    "id", "subject", "predicate", "object", "category", "knowledge_level", "agent_type",
    "primary_knowledge_source", "publications", "negated", "original_predicate", "belief",
    "papers", "sentences",
)  # fmt: skip
_EDGES = """
    SELECT s.*, p.publications FROM statements s LEFT JOIN (
        SELECT e.statement, list_sort(list(DISTINCT e.document)) AS publications
        FROM evidence e JOIN statements s ON s.id = e.statement
        WHERE e.negated = (s.sentences = 0) GROUP BY e.statement
    ) p ON p.statement = s.id ORDER BY s.id
"""
_KEYS = "SELECT DISTINCT unnest(map_keys(qualifiers)) FROM statements"
_SEPARATORS = re.compile(r"[\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")

Row = dict[str, Any]


def export_kgx_tsv(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write ``PATH_nodes.tsv`` and ``PATH_edges.tsv``.

    TSV has no escape: tabs and line ends within a value become a space, and ``|`` within an item
    of a list becomes ``¦``. JSON Lines loses nothing.
    """
    return _export(tables, path, schema, ".tsv", _tsv)


def export_kgx_jsonl(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write ``PATH_nodes.jsonl`` and ``PATH_edges.jsonl``."""
    return _export(tables, path, schema, ".jsonl", _jsonl)


def _export(
    tables: GraphTables,
    path: Path,
    schema: Schema,
    suffix: str,
    write: Callable[[Iterator[Row], tuple[str, ...]], Iterator[str]],
) -> LoadReport:
    started = time.perf_counter()
    stem = path.with_suffix("") if path.suffix == suffix else path
    qualifiers = sorted({key for p in schema.predicates.values() for key in p.qualifiers})
    with staging_folder(path) as spill, connect(tables, spill=spill) as connection:
        used = {str(key) for (key,) in connection.execute(_KEYS).fetchall()}
        columns = _EDGE_COLUMNS + tuple(sorted(used.union(qualifiers) - set(_EDGE_COLUMNS)))
        edges = connection.sql(_EDGES).to_arrow_reader(10_000)
        counts = {
            "nodes": _write(stem, "nodes" + suffix, write(_nodes(tables, schema), _NODE_COLUMNS)),
            "edges": _write(stem, "edges" + suffix, write(_edges(edges, schema), columns)),
        }
    if suffix == ".tsv":
        counts = {kind: lines - 1 for kind, lines in counts.items()}
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=counts)


def _write(stem: Path, ending: str, lines: Iterator[str]) -> int:
    count = 0
    with (
        replacing(stem.with_name(f"{stem.name}_{ending}")) as beside,
        beside.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for line in lines:
            file.write(line)
            count += 1
    return count


def _tsv(rows: Iterator[Row], columns: tuple[str, ...]) -> Iterator[str]:
    yield "\t".join(columns) + "\n"
    for row in rows:
        yield "\t".join(_cell(row.get(column)) for column in columns) + "\n"


def _jsonl(rows: Iterator[Row], columns: tuple[str, ...]) -> Iterator[str]:
    for row in rows:
        filled = {key: row[key] for key in columns if row.get(key) not in (None, "", [])}
        yield json.dumps(filled, ensure_ascii=False) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(_SEPARATORS.sub(" ", str(item)).replace("|", "¦") for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _SEPARATORS.sub(" ", str(value))


def _nodes(tables: GraphTables, schema: Schema) -> Iterator[Row]:
    for batch in tables.batches("entities"):
        for row in batch.to_pylist():
            yield {
                "id": row["id"],
                "category": [schema.categories[row["category"]].curie],
                "name": row["name"],
                "synonym": row["synonyms"] or [],
                "xref": row["xrefs"] or [],
                "provided_by": [row["vocabulary"]] if row["vocabulary"] else [],
            }


def _edges(batches: Any, schema: Schema) -> Iterator[Row]:
    for batch in batches:
        for row in batch.to_pylist():
            predicate = schema.predicates[row["predicate"]]
            together = row["predicate"] == "cooccurs_with"
            yield {
                **predicate.qualifiers,
                **dict(row["qualifiers"] or ()),
                "id": row["id"],
                "subject": row["subject"],
                "predicate": predicate.curie,
                "object": row["object"],
                "category": ["biolink:Association"],
                "knowledge_level": "statistical_association" if together else "not_provided",
                "agent_type": "text_mining_agent",
                "primary_knowledge_source": "infores:kgbuild",
                "publications": row["publications"] or [],
                "negated": not row["sentences"],
                # Biolink's predicate and qualifiers can't tell all of the schema's apart
                "original_predicate": f"kgb:predicate:{row['predicate']}",
                "belief": row["belief"],
                "papers": row["papers"],
                "sentences": row["sentences"],
            }
