"""Bulk loading into Oxigraph, the embedded SPARQL store."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import StoreError
from kgbuild.loaders.rdf import GRAPH_IRI, NAMESPACE, byte_stream, literal, ntriples
from kgbuild.loaders.report import LoadReport, Progress, graph_fingerprint, replacing, require_room

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["load_oxigraph", "restore"]

_VERSION = "oxigraph/1"
_TOGETHER = 250_000  # triples a bulk load; it sorts them in memory, about 1 kB each


def load_oxigraph(
    tables: GraphTables,
    path: Path,
    *,
    schema: Schema,
    progress: Progress | None = None,
) -> LoadReport:
    """Make the store folder ``path`` hold the graph, and nothing else.

    Built beside ``path`` and renamed when whole; does nothing where it holds this graph already
    (it carries a fingerprint, as a triple). Everything is in the default graph.

    Args:
        tables: the assembled graph.
        path: the folder of the store.
        schema: expands identifiers and names classes and properties.
        progress: called with ``"triples"``, those done and an estimate of all.

    Raises:
        StoreError: ``path`` can't be written, or a category or predicate is not in the schema.
    """
    started = time.perf_counter()
    fingerprint = graph_fingerprint(tables, _VERSION, schema.fingerprint)
    restore(path)
    if stored_fingerprint(path) == fingerprint:
        return LoadReport(path, fingerprint, time.perf_counter() - started, unchanged=True)
    require_room(tables, path)
    counter = _Counter(_estimate(tables), progress)
    with replacing(path) as beside:
        _build(beside, counter.count(_texts(tables, schema, fingerprint)))
        _retire(path)
    shutil.rmtree(_retired(path), ignore_errors=True)
    seconds = time.perf_counter() - started
    return LoadReport(path, fingerprint, seconds, rows={"triples": counter.done})


def stored_fingerprint(path: Path) -> str:
    """Return the fingerprint of the graph that the store ``path`` holds, or empty."""
    import pyoxigraph
    from pyoxigraph import Literal

    if not (path / "CURRENT").is_file():
        return ""
    try:
        store = pyoxigraph.Store.read_only(str(path))
        found = store.quads_for_pattern(
            pyoxigraph.NamedNode(GRAPH_IRI),
            pyoxigraph.NamedNode(NAMESPACE + "fingerprint"),
            None,
        )
        return next((str(q.object.value) for q in found if isinstance(q.object, Literal)), "")
    except OSError:
        return ""  # not a store, or of another version: it will be replaced


def restore(path: Path) -> None:
    """Undo a replacement of ``path`` that a kill cut short between its two renames."""
    if not path.exists() and _retired(path).is_dir():
        _retired(path).rename(path)


def _retired(path: Path) -> Path:
    return path.with_name(f".{path.name}.old")


def _retire(path: Path) -> None:
    # a folder that is not empty can't be renamed over
    if path.exists():
        shutil.rmtree(_retired(path), ignore_errors=True)
        path.rename(_retired(path))


def _build(path: Path, texts: Iterator[str]) -> None:
    import pyoxigraph

    store = pyoxigraph.Store(str(path))
    # lenient: our own writer has made the IRIs valid, and checking again costs a tenth
    for text in texts:
        part = byte_stream(_at_most(_TOGETHER, text, texts))
        store.bulk_load(part, pyoxigraph.RdfFormat.N_TRIPLES, lenient=True)
    store.flush()


def _at_most(lines: int, text: str, texts: Iterator[str]) -> Iterator[str]:
    """Yield ``text`` and those of ``texts`` until ``lines`` lines or a little more are full."""
    done = text.count("\n")
    yield text
    while done < lines and (following := next(texts, None)) is not None:
        done += following.count("\n")
        yield following


def _texts(tables: GraphTables, schema: Schema, fingerprint: str) -> Iterator[str]:
    yield f"<{GRAPH_IRI}> <{NAMESPACE}fingerprint> {literal(fingerprint)} .\n"
    try:
        yield from ntriples(tables, schema)
    except KeyError as error:
        raise StoreError(
            f"the graph uses {error}, which the schema lacks: add it to the schema, "
            "or open the graph with the schema that it was built with"
        ) from error


def _estimate(tables: GraphTables) -> int:
    weights = {"entities": 8, "statements": 12, "evidence": 14, "documents": 4, "occurrences": 1}
    return sum(weight * tables.count(table) for table, weight in weights.items())


class _Counter:
    """Counts lines as they go by."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.done = 0
        self.total = total
        self.progress = progress

    def count(self, texts: Iterator[str]) -> Iterator[str]:
        for text in texts:
            self.done += text.count("\n")
            if self.progress is not None:
                self.progress("triples", self.done, max(self.done, self.total))
            yield text
