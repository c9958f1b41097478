"""Exporting the graph for ``neo4j-admin database import``: the fast way into an empty Neo4j.

The imported database is the one that ``kgbuild load`` makes, hashes included, so that a later
load writes only what has changed since. It still lacks indexes; the first load makes them.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kgbuild.loaders import neo4j_shape as shape
from kgbuild.loaders.ladybug import check_graph, check_names
from kgbuild.loaders.neo4j_admin_files import AdminFiles, CsvFiles, ParquetFiles
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing, unwritable
from kgbuild.loaders.staging import connect, spill_folder

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_neo4j_admin"]

_FILES: dict[str, Callable[[duckdb.DuckDBPyConnection], AdminFiles]] = {
    "csv": CsvFiles,
    "parquet": ParquetFiles,
}
_COMMAND = (
    "neo4j-admin", "database", "import", "full", "neo4j", "--overwrite-destination",
    "--id-type=string",
)  # fmt: skip
_LINK = {
    "HAS_SUBJECT": ("id", "Evidence", "subject", "Entity"),
    "HAS_OBJECT": ("id", "Evidence", "object", "Entity"),
    "IN_DOCUMENT": ("id", "Evidence", "of_document", "Document"),
}


def export_neo4j_admin(
    tables: GraphTables, path: Path, *, schema: Schema, form: Literal["csv", "parquet"] = "csv"
) -> LoadReport:
    """Write a folder of files and ``import.sh``, the command that takes them.

    Args:
        tables: the assembled graph.
        path: the folder.
        schema: the categories and predicates that the graph may use.
        form: of the files: csv, which every version takes, or parquet.

    Raises:
        ConfigError: a category or predicate of the schema can't be a label or type.
        StoreError: the graph does not fit the schema or the form, or nothing can be written there.
    """
    import duckdb

    started = time.perf_counter()
    check_names(schema)
    with spill_folder() as spill, connect(tables, spill=spill) as source:
        check_graph(source, schema)
        versions = shape.vocabulary_versions(tables)
        shape.make_views(source, evidence="nodes", schema=schema, versions=versions)
        files = _FILES[form](source)
        try:
            path.mkdir(parents=True, exist_ok=True)
            rows, arguments = _write_all(files, path)
        except (OSError, duckdb.Error) as error:
            raise unwritable(path, error) from error
    command = shlex.join([*_COMMAND, *files.options, *arguments])
    with replacing(path / "import.sh") as beside:
        beside.write_text(f"#!/bin/sh\n# with {files.needs}\n{command}\n", "utf-8")
        beside.chmod(0o755)
    return LoadReport(
        path, graph_fingerprint(tables, schema.fingerprint), time.perf_counter() - started,
        rows=rows, advice=f"with {files.needs}, in {path}:\n{command}",
    )  # fmt: skip


def _write_all(files: AdminFiles, path: Path) -> tuple[dict[str, int], list[str]]:
    """Write the files of each kind; return how many rows, and the arguments that name them."""
    rows: dict[str, int] = {}
    arguments: list[str] = []

    def write(name: str, columns: dict[str, str], view: str, option: str) -> None:
        names, rows[name] = files.write(path / name, view, columns)
        # from 2026 on the tool looks for a file's folder, which a bare name does not say
        arguments.append(f"--{option}{','.join(f'./{name}' for name in names)}")

    for family in shape.families("nodes"):
        view = f"neo4j_{family.name}"
        own = {name: name for name in family.properties} | {shape.HASH: "hash"}
        if family.name == "statements":
            ends = {":START_ID(Entity)": "subject", ":END_ID(Entity)": "object"}
            write("statements", {**ends, **own, ":TYPE": "predicate"}, view, "relationships=")
        elif family.name == "occurrences":
            ends = {":START_ID(Document)": "document", ":END_ID(Entity)": "entity"}
            write("occurrences", {**ends, **own}, view, "relationships=MENTIONS=")
        else:
            label = {"entities": "Entity", "documents": "Document"}.get(family.name, "Evidence")
            identity = {f"id:ID({label})": own.pop("id")}
            if family.name == "entities":
                own[":LABEL"] = "labels"
            write(family.name, {**identity, **own}, view, f"nodes={label}=")
    for link, (one, start, other, end) in _LINK.items():
        columns = {f":START_ID({start})": one, f":END_ID({end})": other}
        write(link.lower(), columns, "neo4j_evidence", f"relationships={link}=")
    return rows, arguments
