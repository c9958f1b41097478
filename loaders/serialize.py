"""Exporting the graph as Turtle, N-Triples or N-Quads, plain or gzipped."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from kgbuild.loaders.rdf import GRAPH_IRI, byte_stream, ntriples, prefixes_of
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_nquads", "export_ntriples", "export_turtle"]


def export_ntriples(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write N-Triples to ``path``, gzipped where its name ends in ``.gz``.

    Streamed: memory does not grow with the graph. The file appears when it is whole.
    """
    return _export(tables, path, schema, ntriples(tables, schema))


def export_nquads(
    tables: GraphTables, path: Path, *, schema: Schema, graph: str = GRAPH_IRI
) -> LoadReport:
    """Write N-Quads to ``path``, all in the named graph ``graph`` (an IRI)."""
    end = f" <{graph}> .\n"
    quads = (text.replace(" .\n", end) for text in ntriples(tables, schema))
    return _export(tables, path, schema, quads)


def export_turtle(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write Turtle with the schema's prefixes to ``path``, gzipped where it ends in ``.gz``."""
    import pyoxigraph

    started = time.perf_counter()
    count = 0

    def triples() -> Iterator[pyoxigraph.Triple]:
        nonlocal count
        text = byte_stream(ntriples(tables, schema))
        for quad in pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_TRIPLES):
            count += 1
            yield quad.triple

    with _writing(path) as file:
        pyoxigraph.serialize(
            triples(), file, pyoxigraph.RdfFormat.TURTLE, prefixes=prefixes_of(schema)
        )
    return LoadReport(
        path,
        graph_fingerprint(tables, schema.fingerprint),
        time.perf_counter() - started,
        rows={"triples": count},
    )


def _export(tables: GraphTables, path: Path, schema: Schema, texts: Iterator[str]) -> LoadReport:
    started = time.perf_counter()
    count = 0
    with _writing(path) as file:
        for text in texts:
            count += text.count("\n")
            file.write(text.encode())
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    seconds = time.perf_counter() - started
    return LoadReport(path, fingerprint, seconds, rows={"triples": count})


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that becomes ``path`` when whole."""
    with replacing(path) as beside, beside.open("wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        # no name and no time in the header: the same graph gives the same bytes
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as zipped:
            yield cast("IO[bytes]", zipped)
