"""Exporting the graph for ``neo4j-admin database import``: the fast way into an empty Neo4j.

The imported database is the one that ``kgbuild load`` makes, hashes included, so that a later
load writes only what has changed since. It still lacks indexes; the first load makes them.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import StoreError
from kgbuild.loaders import neo4j_shape as shape
from kgbuild.loaders.ladybug import check_graph, check_names
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing, unwritable
from kgbuild.loaders.staging import connect, quoted, spill_folder

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_neo4j_admin"]

_SEPARATORS = ("\x1f", "\x1e", "\x1d", "\x1c", "|", "\t", "\ue000", "\ue001")
_TYPES = {
    "VARCHAR": "", "VARCHAR[]": "string[]", "BIGINT": "long", "INTEGER": "int",
    "DOUBLE": "double", "BOOLEAN": "boolean",
}  # fmt: skip
_LINK = {
    "HAS_SUBJECT": ("id", "Evidence", "subject", "Entity"),
    "HAS_OBJECT": ("id", "Evidence", "object", "Entity"),
    "IN_DOCUMENT": ("id", "Evidence", "of_document", "Document"),
}


def export_neo4j_admin(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write a folder of CSV files with headers, and ``import.sh``, the command that takes them.

    UTF-8; every text is quoted, so that an empty one is told from none, and line ends, quotes and
    delimiters within are safe; items of a list are joined by a character that none of them holds.

    Args:
        tables: the assembled graph.
        path: the folder.
        schema: the categories and predicates that the graph may use.

    Raises:
        ConfigError: a category or predicate of the schema can't be a label or type.
        StoreError: the graph does not fit the schema, or nothing can be written there.
    """
    import duckdb

    started = time.perf_counter()
    check_names(schema)
    with spill_folder() as spill, connect(tables, spill=spill) as source:
        check_graph(source, schema)
        versions = shape.vocabulary_versions(tables)
        shape.make_views(source, evidence="nodes", schema=schema, versions=versions)
        separator = _separator(source)
        try:
            path.mkdir(parents=True, exist_ok=True)
            rows, arguments = _write_all(source, path, separator)
        except (OSError, duckdb.Error) as error:
            raise unwritable(path, error) from error
    command = _command(arguments, separator)
    with replacing(path / "import.sh") as beside:
        beside.write_text(f"#!/bin/sh\n# with the server stopped\n{command}\n", "utf-8")
        beside.chmod(0o755)
    return LoadReport(
        path, graph_fingerprint(tables, schema.fingerprint), time.perf_counter() - started,
        rows=rows, advice=f"with the server stopped, in {path}:\n{command}",
    )  # fmt: skip


def _write_all(
    source: duckdb.DuckDBPyConnection, path: Path, separator: str
) -> tuple[dict[str, int], list[str]]:
    """Write header and rows of each kind; return how many, and the arguments that name them."""
    rows: dict[str, int] = {}
    arguments: list[str] = []

    def write(name: str, columns: dict[str, str], view: str, option: str) -> None:
        rows[name] = _write(source, path / name, columns, view=view, separator=separator)
        arguments.append(f"--{option}{name}_header.csv,{name}.csv")

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


def _write(
    source: duckdb.DuckDBPyConnection,
    path: Path,
    columns: dict[str, str],
    *,
    view: str,
    separator: str,
) -> int:
    """Write ``PATH.csv`` and its header; return the number of rows.

    ``columns`` maps what the header says to the view's column; a name without a type or a colon
    gets the type that the column has.
    """
    types = {row[0]: str(row[1]) for row in source.execute(f"DESCRIBE {view}").fetchall()}
    header, chosen, texts = [], [], []
    for place, (title, column) in enumerate(columns.items()):
        kind = types[column]
        suffix = _TYPES[kind] if ":" not in title else ""
        header.append(f"{title}:{suffix}" if suffix else title)
        value = f'"{column}"'
        if kind.endswith("[]"):
            value = f"array_to_string({value}, {quoted(separator)})"
        chosen.append(f"{value} AS c{place}")
        if kind.startswith("VARCHAR"):
            texts.append(f"c{place}")
    with replacing(path.with_name(f"{path.name}_header.csv")) as beside:
        beside.write_text(",".join(header) + "\n", "utf-8")
    force = f", FORCE_QUOTE ({', '.join(texts)})" if texts else ""
    with replacing(path.with_name(f"{path.name}.csv")) as beside:
        done = source.execute(
            f"COPY (SELECT {', '.join(chosen)} FROM {view}) TO {quoted(str(beside))}"
            f" (FORMAT csv, HEADER false{force})"
        ).fetchone()
    return int(done[0]) if done else 0


def _separator(source: duckdb.DuckDBPyConnection) -> str:
    """Return a character that no item of a list holds.

    Raises:
        StoreError: each that could be is somewhere.
    """
    lists = [
        "SELECT unnest(synonyms) AS item FROM entities",
        "SELECT unnest(xrefs) FROM entities",
        "SELECT unnest(parents) FROM entities",
        "SELECT unnest(extractors) FROM statements",
        "SELECT unnest(qualifiers) FROM neo4j_statements",
    ]
    every = " UNION ALL ".join(lists)
    for candidate in _SEPARATORS:
        query = f"SELECT count(*) FROM ({every}) WHERE contains(item, {quoted(candidate)})"
        found = source.execute(query).fetchone()
        if found and found[0] == 0:
            return candidate
    raise StoreError(
        "the graph's synonyms hold every character that could separate them: use `kgbuild load`"
    )


def _command(arguments: list[str], separator: str) -> str:
    """Return the command that imports the files; NEO4J_DATABASE may name another database."""
    fixed = [
        "neo4j-admin", "database", "import", "full", "neo4j", "--overwrite-destination",
        "--id-type=string", "--multiline-fields=true", f"--array-delimiter=U+{ord(separator):04X}",
        *arguments,
    ]  # fmt: skip
    return " ".join(shlex.quote(word) for word in fixed)
