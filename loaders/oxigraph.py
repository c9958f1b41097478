"""Bulk loading into Oxigraph, the embedded SPARQL store."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.loaders.rdf import count_lines, ntriples
from kgbuild.loaders.rdf_terms import GRAPH_IRI, NAMESPACE, literal
from kgbuild.loaders.report import LoadReport, Progress, graph_fingerprint, replacing, require_room

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["build_store", "load_oxigraph", "restore"]

_VERSION = "oxigraph/2"
_WRITERS = 2  # more would not help: the third core makes the triples
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
        together = min(_TOGETHER, counter.total // (2 * _WRITERS))
        pieces = counter.count(_pieces(tables, schema, fingerprint))
        build_store(beside, pieces, together=together)
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


def build_store(
    path: Path, pieces: Iterator[bytes | memoryview], *, together: int = _TOGETHER
) -> None:
    """Load ``pieces`` of N-Triples, whole lines each, into the new store ``path``.

    Some bulk loads run at a time while further pieces are made, so memory is some times
    ``together`` triples, however many there are.

    Raises:
        OSError: the store can't be written.
    """
    import pyoxigraph

    store = pyoxigraph.Store(str(path))

    def load(part: bytes) -> None:
        # lenient: our own writer has made the IRIs valid, and checking again costs a tenth
        store.bulk_load(part, pyoxigraph.RdfFormat.N_TRIPLES, lenient=True)

    with ThreadPoolExecutor(_WRITERS) as pool:
        running: deque[Future[None]] = deque()
        for part in _parts(pieces, together):
            running.append(pool.submit(load, part))
            if len(running) > _WRITERS:
                running.popleft().result()
        for each in running:
            each.result()
    store.flush()


def _parts(pieces: Iterator[bytes | memoryview], lines: int) -> Iterator[bytes]:
    """Yield ``pieces`` joined to parts of ``lines`` lines or a little more."""
    part: list[bytes | memoryview] = []
    done = 0
    for piece in pieces:
        part.append(piece)
        done += count_lines(piece)
        if done >= lines:
            yield b"".join(part)
            part, done = [], 0
    yield b"".join(part)


def _pieces(tables: GraphTables, schema: Schema, fingerprint: str) -> Iterator[bytes | memoryview]:
    yield f"<{GRAPH_IRI}> <{NAMESPACE}fingerprint> {literal(fingerprint)} .\n".encode()
    yield from ntriples(tables, schema)


def _estimate(tables: GraphTables) -> int:
    weights = {"entities": 8, "statements": 13, "evidence": 22, "documents": 4, "occurrences": 1}
    return 800 + sum(weight * tables.count(table) for table, weight in weights.items())


class _Counter:
    """Counts lines as they go by."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.done = 0
        self.total = total
        self.progress = progress

    def count(self, pieces: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for piece in pieces:
            self.done += count_lines(piece)
            if self.progress is not None:
                self.progress("triples", self.done, max(self.done, self.total))
            yield piece
