"""Exporting the graph's tables as a folder of CSV or Parquet files."""

from __future__ import annotations

import csv
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kgbuild.errors import InputError
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.rows import unflat, unpair
from kgbuild.loaders.staging import connect, quoted
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    from kgbuild.loaders.graph_writer import GraphWriter
    from kgbuild.ontologies.schema import Schema

__all__ = ["export_csv", "export_parquet", "read_csv", "read_parquet"]

_ITEMS = (
    "array_to_string(list_transform({0}, lambda x:"
    " replace(replace(x, chr(92), chr(92) || chr(92)), '|', chr(92) || '|')), '|')"
)
_PAIRS = (
    "list_transform(map_entries(qualifiers), lambda q:"
    " replace(replace(q.key, chr(92), chr(92) || chr(92)), '=', chr(92) || '=') || '=' || q.value)"
)
_QUERIES = {
    "entities": "SELECT * REPLACE ("
    + ", ".join(f"{_ITEMS.format(name)} AS {name}" for name in ("synonyms", "xrefs", "parents"))
    + ") FROM entities ORDER BY id",
    "statements": f"SELECT * REPLACE ({_ITEMS.format('extractors')} AS extractors,"
    f" {_ITEMS.format(_PAIRS)} AS qualifiers) FROM statements ORDER BY id",
    "evidence": "SELECT * FROM evidence ORDER BY id",
    "documents": "SELECT * FROM documents ORDER BY id",
    "occurrences": "SELECT * FROM occurrences ORDER BY document, entity",
}


def export_csv(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write ``path/TABLE.csv`` for each table: UTF-8, a header, RFC 4180 quoting.

    Lists are joined by ``|`` (a backslash before one within an item); qualifiers are
    ``key=value``; unknown values are empty.
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


def read_parquet(path: Path, writer: GraphWriter) -> None:
    """Add the graph of a folder that ``export_parquet`` wrote to ``writer``.

    Raises:
        InputError: a table is absent.
    """
    tables = GraphTables(path)
    for name in GRAPH_TABLES:
        if not tables.path(name).is_file():
            raise InputError(f"{tables.path(name)} is absent: a graph has five tables")
        for batch in tables.batches(name):
            for row in batch.to_pylist():
                writer.row(name, row)


def read_csv(path: Path, writer: GraphWriter) -> None:
    """Add the graph of a folder that ``export_csv`` wrote to ``writer``.

    Raises:
        InputError: a table is absent or has other columns.
    """
    csv.field_size_limit(1 << 30)
    for name, schema in GRAPH_TABLES.items():
        try:
            with (path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    writer.row(name, {f.name: _value(row[f.name], f.type) for f in schema})
        except (OSError, KeyError, ValueError) as error:
            raise InputError(
                f"{path / name}.csv can't be read as a table of a graph: {error!r}"
            ) from error


def _value(text: str, type_: pa.DataType) -> Any:
    """Return what a cell says; an empty one is unknown, or an empty list."""
    if pa.types.is_map(type_):
        return [unpair(item) for item in unflat(text)]
    if pa.types.is_list(type_):
        return unflat(text)
    if pa.types.is_string(type_):
        return text
    if not text:
        return None
    if pa.types.is_boolean(type_):
        return text == "true"
    return float(text) if pa.types.is_floating(type_) else int(text)
