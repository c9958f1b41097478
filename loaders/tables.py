"""Exporting the graph's tables as a folder of CSV or Parquet files."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.staging import connect, quoted
from kgbuild.tables import GRAPH_TABLES

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_csv", "export_parquet"]

_QUERIES = {
    "entities": "SELECT * REPLACE (array_to_string(synonyms, '|') AS synonyms,"
    " array_to_string(xrefs, '|') AS xrefs, array_to_string(parents, '|') AS parents)"
    " FROM entities ORDER BY id",
    "statements": "SELECT * REPLACE (array_to_string(extractors, '|') AS extractors,"
    " array_to_string(list_transform(map_entries(qualifiers),"
    " lambda q: q.key || '=' || q.value), '|') AS qualifiers) FROM statements ORDER BY id",
    "evidence": "SELECT * FROM evidence ORDER BY id",
    "documents": "SELECT * FROM documents ORDER BY id",
    "occurrences": "SELECT * FROM occurrences ORDER BY document, entity",
}


def export_csv(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write ``path/TABLE.csv`` for each table: UTF-8, a header, RFC 4180 quoting.

    Lists are joined by ``|``; qualifiers are ``key=value``; unknown values are empty.
    """
    started = time.perf_counter()
    with connect(tables) as connection:
        for name, query in _QUERIES.items():
            with replacing(path / f"{name}.csv") as beside:
                connection.execute(f"COPY ({query}) TO {quoted(str(beside))} (FORMAT csv, HEADER)")
    return _report(tables, path, schema, started)


def export_parquet(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write ``path/TABLE.parquet`` for each table: the graph as kgbuild keeps it."""
    started = time.perf_counter()
    for name in GRAPH_TABLES:
        with replacing(path / f"{name}.parquet") as beside:
            shutil.copyfile(tables.path(name), beside)
    return _report(tables, path, schema, started)


def _report(tables: GraphTables, path: Path, schema: Schema, started: float) -> LoadReport:
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    rows = {name: tables.count(name) for name in GRAPH_TABLES}
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=rows)
