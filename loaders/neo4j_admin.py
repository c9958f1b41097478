"""Exporting the graph for ``neo4j-admin database import``: the fast way into a Neo4j.

The imported database is the one that ``kgbuild load`` makes, hashes included, so that a later
load writes only what has changed since. It still lacks indexes; the first load makes them. What is
new since an earlier graph can be exported alone, with a script that brings the database up to date.
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
from kgbuild.loaders.neo4j_delta import Earlier, make_delta
from kgbuild.loaders.neo4j_script import SCRIPT, write_script
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing, unwritable
from kgbuild.loaders.staging import connect, spill_folder

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_neo4j_admin", "export_neo4j_admin_since"]

_FILES: dict[str, Callable[[duckdb.DuckDBPyConnection], AdminFiles]] = {
    "csv": CsvFiles,
    "parquet": ParquetFiles,
}
_IMPORT = ("neo4j-admin", "database", "import")
_FULL = (*_IMPORT, "full", "neo4j", "--overwrite-destination", "--id-type=string")
_INCREMENTAL = (*_IMPORT, "incremental", "neo4j", "--force", "--stage=all", "--id-type=string")
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
    command = _write_command(path, _FULL, files, arguments, needs=files.needs)
    return LoadReport(
        path, graph_fingerprint(tables, schema.fingerprint), time.perf_counter() - started,
        rows=rows, advice=f"with {files.needs}, in {path}:\n{command}",
    )  # fmt: skip


def export_neo4j_admin_since(
    tables: GraphTables,
    path: Path,
    *,
    schema: Schema,
    since: Earlier,
    form: Literal["csv", "parquet"] = "csv",
) -> LoadReport:
    """Write a folder of what differs between an earlier graph and this one.

    ``apply.cypher`` and the files in ``apply`` bring a database that holds the earlier graph, with
    evidence as nodes, to this one, on any edition. Where there is much that is new,
    ``import.sh`` may bring that in first; it needs Enterprise Edition. The report's ``rows`` are
    new and changed ones, its ``removed`` those that are gone.

    Args:
        tables: the assembled graph.
        path: the folder, whose name the script takes for that within the server's import folder.
        schema: the categories and predicates that the graph may use.
        since: the earlier graph.
        form: of the files for ``import.sh``.

    Raises:
        ConfigError: a category or predicate of a schema can't be a label or type.
        StoreError: a graph does not fit its schema or the form, the earlier one is of another
            version of kgbuild, or nothing can be written there.
    """
    import duckdb

    started = time.perf_counter()
    check_names(schema)
    check_names(since.schema)
    with spill_folder() as spill, connect(tables, spill=spill) as source:
        check_graph(source, schema)
        versions = shape.vocabulary_versions(tables)
        shape.make_views(source, evidence="nodes", schema=schema, versions=versions)
        files = _FILES[form](source)
        written, fresh, gone = make_delta(source, since, spill)
        try:
            path.mkdir(parents=True, exist_ok=True)
            _, arguments = _write_all(files, path, views="fresh", is_incremental=True)
            write_script(source, path, [schema, since.schema])
        except (OSError, duckdb.Error) as error:
            raise unwritable(path, error) from error
    advice = (
        f"with {path} copied into the server's import folder:\n"
        f"{shlex.join(['cypher-shell', '--file', str(path / SCRIPT)])}"
    )
    needs = f"{files.needs}, Enterprise Edition"
    command = _write_command(path, _INCREMENTAL, files, arguments, needs=needs)
    if any(fresh.values()):
        advice += f"\nbefore that, where much is new, with {needs}, in {path}:\n{command}"
    return LoadReport(
        path, graph_fingerprint(tables, schema.fingerprint), time.perf_counter() - started,
        rows=written, removed=gone, advice=advice,
    )  # fmt: skip


def _write_command(
    path: Path, beginning: tuple[str, ...], files: AdminFiles, arguments: list[str], *, needs: str
) -> str:
    """Write ``import.sh`` and return its command."""
    command = shlex.join([*beginning, *files.options, *arguments])
    with replacing(path / "import.sh") as beside:
        beside.write_text(f"#!/bin/sh\n# with {needs}\n{command}\n", "utf-8")
        beside.chmod(0o755)
    return command


def _write_all(
    files: AdminFiles, path: Path, *, views: str = "neo4j", is_incremental: bool = False
) -> tuple[dict[str, int], list[str]]:
    """Write the files of each kind; return how many rows, and the arguments that name them.

    An incremental import looks the nodes that exist up by a label whose ids are unique.
    """
    rows: dict[str, int] = {}
    arguments: list[str] = []

    def write(name: str, columns: dict[str, str], view: str, option: str) -> None:
        names, rows[name] = files.write(path / name, view, columns)
        # from 2026 on the tool looks for a file's folder, which a bare name does not say
        arguments.append(f"--{option}{','.join(f'./{name}' for name in names)}")

    for family in shape.families("nodes"):
        view = f"{views}_{family.name}"
        own = {name: name for name in family.properties} | {shape.HASH: "hash"}
        if family.name == "statements":
            ends = {":START_ID(Entity)": "subject", ":END_ID(Entity)": "object"}
            write("statements", {**ends, **own, ":TYPE": "predicate"}, view, "relationships=")
        elif family.name == "occurrences":
            ends = {":START_ID(Document)": "document", ":END_ID(Entity)": "entity"}
            write("occurrences", {**ends, **own}, view, "relationships=MENTIONS=")
        else:
            label = {"entities": "Entity", "documents": "Document"}.get(family.name, "Evidence")
            existing = f"{{label:{label}}}" if is_incremental else ""
            identity = {f"id:ID({label}){existing}": own.pop("id")}
            if family.name == "entities":
                own[":LABEL"] = "labels"
            write(family.name, {**identity, **own}, view, f"nodes={label}=")
    for link, (one, start, other, end) in _LINK.items():
        columns = {f":START_ID({start})": one, f":END_ID({end})": other}
        write(link.lower(), columns, f"{views}_evidence", f"relationships={link}=")
    return rows, arguments
