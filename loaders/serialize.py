"""Exporting the graph as RDF files: six formats, plain or gzipped, each streamed."""

from __future__ import annotations

import gzip
import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from kgbuild.errors import StoreError
from kgbuild.loaders.rdf import byte_stream, count_lines, ntriples
from kgbuild.loaders.rdf_terms import GRAPH_IRI, prefixes_of
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing

if TYPE_CHECKING:
    from kgbuild.loaders.rdf_shape import StatementForm
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["RDF_FORMATS", "export_rdf"]

RDF_FORMATS = ("turtle", "trig", "ntriples", "nquads", "jsonld", "rdfxml")
_WITH_GRAPHS = frozenset({"trig", "nquads", "jsonld"})
_LINES = frozenset({"ntriples", "nquads"})
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")


def export_rdf(
    tables: GraphTables,
    path: Path,
    *,
    schema: Schema,
    format: str,
    form: StatementForm = "reification",
) -> LoadReport:
    """Write the graph to ``path``, gzipped where its name ends in ``.gz``.

    Streamed: memory does not grow with the graph, and the file appears when it is whole. Formats
    with graphs (trig, nquads, jsonld) have all in the named graph ``urn:kgbuild:graph``, and the
    form ``named-graphs`` puts each statement's triple into one of its own besides. RDF/XML can't
    hold control characters: they become U+FFFD.

    Args:
        tables: the graph.
        path: the file.
        schema: names classes and properties.
        format: one of ``RDF_FORMATS``.
        form: how a statement's resource says which triple it is about.

    Raises:
        StoreError: the format can't hold this form, or ``path`` can't be written.
    """
    _check(format, form)
    started = time.perf_counter()
    pieces = ntriples(tables, schema, form=form, graph=GRAPH_IRI if format in _WITH_GRAPHS else "")
    write = _write_lines if format in _LINES else _writer(format, schema)
    with _writing(path) as file:
        count = write(pieces, file)
    return LoadReport(
        path,
        graph_fingerprint(tables, schema.fingerprint),
        time.perf_counter() - started,
        rows={"triples": count},
    )


def _check(format: str, form: str) -> None:
    if form == "named-graphs" and format not in _WITH_GRAPHS:
        raise StoreError(
            f"{format} has no named graphs: choose the format trig, nquads or jsonld, "
            "or write statements as reification"
        )
    if form == "triple-terms" and format == "jsonld":
        raise StoreError(
            "JSON-LD has no triple terms: choose another format, or write statements "
            "as reification or named-graphs"
        )


def _write_lines(pieces: Iterator[bytes | memoryview], file: IO[bytes]) -> int:
    count = 0
    for piece in pieces:
        count += count_lines(piece)
        file.write(piece)
    return count


def _writer(
    format: str, schema: Schema
) -> Callable[[Iterator[bytes | memoryview], IO[bytes]], int]:
    import pyoxigraph as ox

    source = ox.RdfFormat.N_QUADS if format in _WITH_GRAPHS else ox.RdfFormat.N_TRIPLES
    target = {
        "turtle": ox.RdfFormat.TURTLE,
        "trig": ox.RdfFormat.TRIG,
        "jsonld": ox.RdfFormat.JSON_LD,
        "rdfxml": ox.RdfFormat.RDF_XML,
    }[format]

    def write(pieces: Iterator[bytes | memoryview], file: IO[bytes]) -> int:
        count = 0

        def statements() -> Iterator[Any]:
            nonlocal count
            for quad in ox.parse(byte_stream(pieces), source, lenient=True):
                count += 1
                yield _xml_safe(quad.triple) if format == "rdfxml" else quad

        inputs = statements() if format in _WITH_GRAPHS else (_triple(q) for q in statements())
        ox.serialize(inputs, file, target, prefixes=prefixes_of(schema))
        return count

    return write


def _triple(item: Any) -> Any:
    return getattr(item, "triple", item)


def _xml_safe(triple: Any) -> Any:
    import pyoxigraph as ox

    value = triple.object
    if isinstance(value, ox.Literal) and _NOT_XML.search(value.value):
        clean = ox.Literal(_NOT_XML.sub("\ufffd", value.value), datatype=value.datatype)
        return ox.Triple(triple.subject, triple.predicate, clean)
    return triple


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that becomes ``path`` when whole."""
    with replacing(path) as beside, beside.open("wb", 1 << 20) as raw:
        if path.suffix != ".gz":
            yield raw
            return
        # no name and no time in the header: the same graph gives the same bytes
        zipped = gzip.GzipFile("", "wb", 6, raw, mtime=0)
        with io.BufferedWriter(cast("io.RawIOBase", zipped), 1 << 20) as buffered:
            yield buffered
