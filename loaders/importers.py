"""Graphs of others in, and two graphs made one: the formats of ``kgbuild import``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import InputError
from kgbuild.loaders.cytoscape import read_cx2, read_cyjs
from kgbuild.loaders.gexf import read_gexf
from kgbuild.loaders.graph_writer import GraphWriter
from kgbuild.loaders.graphml import read_graphml
from kgbuild.loaders.hetionet import read_hetionet
from kgbuild.loaders.kgx_reader import read_kgx
from kgbuild.loaders.rdf_reader import read_rdf
from kgbuild.loaders.rows import unpair
from kgbuild.loaders.tables import read_csv, read_parquet

if TYPE_CHECKING:
    from kgbuild.loaders.rows import Row
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["IMPORTERS", "import_graph", "write_rows"]

Reader = Callable[[Path], Iterator[tuple[str, "Row"]]]
_ROWS: dict[str, Reader] = {
    "cx2": read_cx2, "cyjs": read_cyjs, "gexf": read_gexf, "graphml": read_graphml,
}  # fmt: skip
_WRITERS: dict[str, Callable[[Path, GraphWriter], None]] = {
    "csv": read_csv, "hetionet": read_hetionet, "kgx": read_kgx, "parquet": read_parquet,
}  # fmt: skip
IMPORTERS = (*sorted([*_ROWS, *_WRITERS]), "rdf")


def import_graph(path: Path, folder: Path, *, format: str, schema: Schema) -> GraphTables:
    """Write the graph of a file (or files) of others into the tables of ``folder``.

    Identifiers, categories and predicates are brought to the schema's form, so that what is the
    same has the same id; see the reader of each format.

    Args:
        path: the file or folder; for kgx what the two names begin with.
        folder: where the five tables go.
        format: one of ``IMPORTERS``.
        schema: the graph's schema.

    Raises:
        InputError: the format is unknown, or the file is not of it.
        StoreError: the folder can't be written.
    """
    if format not in IMPORTERS:
        raise InputError(f"no format {format!r} to import; formats: {', '.join(IMPORTERS)}")
    if not path.exists() and format != "kgx":
        raise InputError(f"{path} does not exist: give a file or folder of the format {format}")
    if format == "rdf":
        return read_rdf(path, folder, schema=schema)
    with GraphWriter(folder, schema=schema) as writer:
        if format in _ROWS:
            _add(_ROWS[format](path), writer, path)
        else:
            _WRITERS[format](path, writer)
    return writer.tables


def write_rows(rows: Iterator[tuple[str, Row]], folder: Path, *, schema: Schema) -> GraphTables:
    """Write the graph of nodes and edges (see ``kgbuild.loaders.learning``) into ``folder``."""
    with GraphWriter(folder, schema=schema) as writer:
        _add(rows, writer, folder)
    return writer.tables


def _add(rows: Iterator[tuple[str, Row]], writer: GraphWriter, path: Path) -> None:
    for kind, row in rows:
        if kind == "node":
            if not row["id"]:
                raise InputError(f"{path}: a node has no id")
            writer.row("entities", {**row, "category": row["category"] or "NamedThing"})
        else:
            pairs = [unpair(str(text)) for text in row["qualifiers"] or ()]
            writer.row("statements", {**row, "qualifiers": pairs})
