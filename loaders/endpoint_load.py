"""Loading into a named graph of a SPARQL server: only what changed, exactly once, resumable.

The state is in the server, in the graph ``GRAPH:digests`` (endpoint_difference.py): a load
compares, removes, adds and counts, so that a killed one goes on when it is run again, from
anywhere, and nothing is trusted that was not counted at the end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from kgbuild.errors import StoreError
from kgbuild.loaders.endpoint import Endpoint, find_endpoint
from kgbuild.loaders.endpoint_difference import Difference, staged
from kgbuild.loaders.endpoint_lock import Lock, locked
from kgbuild.loaders.rdf import count_lines
from kgbuild.loaders.rdf_terms import GRAPH_IRI, NAMESPACE, percent
from kgbuild.loaders.rdf_text import block, to_bytes
from kgbuild.loaders.report import LoadReport, Progress, graph_fingerprint
from kgbuild.loaders.targets import refuse_options

if TYPE_CHECKING:
    from kgbuild.loaders.targets import TargetOptions
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["load_endpoint"]

_LOG = logging.getLogger(__name__)
_VERSION = "endpoint/1"
_DIGEST = f"{NAMESPACE}digest"
_FINGERPRINT = f"<{NAMESPACE}fingerprint>"
_ROUNDS = 3
_TRIPLES = 50_000  # in a request, ...
_BYTES = 8 << 20  # ... or less where texts are long
_REMOVED = 200  # resources in a request


def load_endpoint(
    tables: GraphTables,
    address: str,
    *,
    schema: Schema,
    options: TargetOptions,
    progress: Progress | None = None,
) -> LoadReport:
    """Make a named graph of the SPARQL server at ``address`` hold the graph, and nothing else.

    Options: ``user``, ``password``, ``database`` (the graph's IRI, by default
    ``urn:kgbuild:graph``), ``batch`` (triples a request), ``force`` (compare although the server
    says that it holds this graph). See docs/rdf.md for what each server can't do.

    Raises:
        StoreError: the server can't be reached, refuses, or holds in this graph what kgbuild did
            not load.
        ValueError: an option that it lacks.
    """
    allowed = ("user", "password", "database", "batch", "force")
    refuse_options(options, "a SPARQL server", allowed=allowed)
    started = time.perf_counter()
    endpoint = find_endpoint(address, user=options.user, password=options.password)
    graph = percent(options.database) if options.database else GRAPH_IRI
    fingerprint = graph_fingerprint(tables, _VERSION, schema.fingerprint)
    load = _Load(endpoint, graph, batch=options.batch or _TRIPLES, progress=progress)
    try:
        with locked(endpoint, load.control) as lock:
            if load.fingerprint() == fingerprint and not options.force:
                seconds = time.perf_counter() - started
                return LoadReport(address, fingerprint, seconds, unchanged=True)
            load.begin()
            with staged(tables, schema, beside=tables.folder / "endpoint") as difference:
                load.run(difference, lock)
            load.finish(fingerprint)
    finally:
        endpoint.close()
    return LoadReport(
        address,
        fingerprint,
        time.perf_counter() - started,
        rows={"triples": load.added},
        removed={"resources": load.removed},
    )


class _Load:
    """One load of one graph."""

    def __init__(
        self, endpoint: Endpoint, graph: str, *, batch: int, progress: Progress | None
    ) -> None:
        self.endpoint = endpoint
        self.graph = graph
        self.control = f"{graph}:digests"
        self.added = 0
        self.removed = 0
        self._batch = batch
        self._progress = progress

    def fingerprint(self) -> str:
        """Return what the server says it holds, empty where no load was finished."""
        query = (
            f"SELECT ?x WHERE {{ GRAPH <{self.control}> {{ <{self.control}> {_FINGERPRINT} ?x }} }}"
        )
        return "".join(line.strip('"') for line in self.endpoint.csv(query).splitlines()[1:2])

    def begin(self) -> None:
        """Say that the graph is being changed; clear what a stopped load left half-done.

        Raises:
            StoreError: the graph has triples and none of them came by kgbuild.
        """
        known = self.endpoint.count(self.control) > 1  # more than the lock
        if not known and (count := self.endpoint.count(self.graph)):
            raise StoreError(
                f"the graph <{self.graph}> of the server holds {count:,} triples that kgbuild did "
                "not load and would remove: give another one by --database IRI, or empty it"
            )
        if known and not self.fingerprint():
            self._clear_unfinished()
        self.endpoint.update(
            f"DELETE WHERE {{ GRAPH <{self.control}>"
            f" {{ <{self.control}> {_FINGERPRINT} ?x }} }} ;"
            f" INSERT DATA {{ GRAPH <{self.control}>"
            f' {{ <{self.control}> <{NAMESPACE}loading> "yes" }} }}'
        )

    def run(self, difference: Difference, lock: Lock) -> None:
        """Change what differs until the server's counts are ours.

        Raises:
            StoreError: they never are.
        """
        for _ in range(_ROUNDS):
            self._round(difference, lock)
            held = self.endpoint.count(self.graph)
            if held == difference.triples:
                return
            _LOG.warning("%d triples where %d are expected: again", held, difference.triples)
            self._clear_unfinished()
            self._forget_missing()
        raise StoreError(
            f"the graph <{self.graph}> of the server holds {held:,} triples where it should hold "
            f"{difference.triples:,}: does another program write to it? Give a graph of its own "
            "by --database IRI"
        )

    def finish(self, fingerprint: str) -> None:
        """Say that the graph is whole."""
        self.endpoint.update(
            f"INSERT DATA {{ GRAPH <{self.control}>"
            f' {{ <{self.control}> {_FINGERPRINT} "{fingerprint}" }} }}'
        )

    def _round(self, difference: Difference, lock: Lock) -> None:
        listing = difference.folder / "theirs.csv"
        total = self.endpoint.count(self.control)
        query = f"SELECT ?r ?d WHERE {{ GRAPH <{self.control}> {{ ?r <{_DIGEST}> ?d }} }}"
        self.endpoint.rows_into(query, listing, total=total)
        gone, _ = difference.compare(listing)
        for subjects in difference.gone(_REMOVED):
            lock.beat()
            self.endpoint.remove(self.control, subjects)  # its digest first: see begin()
            self.endpoint.remove(self.graph, subjects)
            self.removed += len(subjects)
            self._say("resources removed", self.removed, gone)
        total = difference.missing_triples()
        done = 0
        for part in self._parts(difference):
            lock.beat()
            data = to_bytes(part.column("text"))
            self.endpoint.add(self.graph, bytes(data))
            digests = block(
                part.column("subject"), f' <{_DIGEST}> "', part.column("digest"), '" .\n'
            )
            self.endpoint.add(self.control, bytes(to_bytes(digests)))
            done += count_lines(data)
            self._say("triples", done, total)
        self.added += done

    def _parts(self, difference: Difference) -> Iterator[pa.RecordBatch]:
        """Yield what is to be added in pieces of the size of a request."""
        waiting: list[pa.RecordBatch] = []
        lines = size = 0
        for batch in difference.todo():
            waiting.append(batch)
            text = to_bytes(batch.column("text"))
            lines, size = lines + count_lines(text), size + len(text)
            if lines >= self._batch or size >= _BYTES:
                yield _together(waiting)
                waiting, lines, size = [], 0, 0
        if waiting:
            yield _together(waiting)

    def _clear_unfinished(self) -> None:
        """Remove resources without a digest: those whose loading or removal was cut short."""
        self.endpoint.update(
            f"DELETE {{ GRAPH <{self.graph}> {{ ?s ?p ?o }} }} WHERE {{"
            f" GRAPH <{self.graph}> {{ ?s ?p ?o }}"
            f" FILTER NOT EXISTS {{ GRAPH <{self.control}> {{ ?s <{_DIGEST}> ?d }} }} }}"
        )

    def _forget_missing(self) -> None:
        """Remove digests of resources that are not there, so that they are loaded again."""
        self.endpoint.update(
            f"DELETE {{ GRAPH <{self.control}> {{ ?s <{_DIGEST}> ?d }} }} WHERE {{"
            f" GRAPH <{self.control}> {{ ?s <{_DIGEST}> ?d }}"
            f" FILTER NOT EXISTS {{ GRAPH <{self.graph}> {{ ?s ?p ?o }} }} }}"
        )

    def _say(self, what: str, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(what, done, max(done, total))


def _together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
