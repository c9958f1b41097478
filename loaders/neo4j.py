"""Loading into a live Neo4j: exactly the graph, exactly once, and only what changed.

docs/neo4j.md says what arrives there. The steps: take the lock, make the constraints, compare by
hashes, remove what is gone, write nodes before relationships, compare again, say what is held.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kgbuild.errors import StoreError
from kgbuild.loaders import neo4j_shape as shape
from kgbuild.loaders.ladybug import check_graph, check_names
from kgbuild.loaders.neo4j_changes import changes, creations, removals
from kgbuild.loaders.neo4j_connection import is_local, opened, require_version, rows
from kgbuild.loaders.neo4j_difference import Difference, compare, holds
from kgbuild.loaders.neo4j_indexes import add_indexes, make_constraints
from kgbuild.loaders.neo4j_lock import LABEL, Fence, locked
from kgbuild.loaders.neo4j_vectors import OLDEST, add_vectors
from kgbuild.loaders.neo4j_writers import Batch, write_batches
from kgbuild.loaders.report import LoadReport, Progress, graph_fingerprint
from kgbuild.loaders.staging import connect, spill_folder

if TYPE_CHECKING:
    import duckdb
    from neo4j import Driver

    from kgbuild.loaders.targets import TargetOptions
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["load_neo4j"]

_BATCH = 10_000
_WRITERS = 2
_MANY = 2_000_000  # elements from which on an import is worth its trouble
_ROUNDS = 3


def load_neo4j(
    tables: GraphTables,
    address: str,
    *,
    schema: Schema,
    options: TargetOptions,
    progress: Progress | None = None,
    memory: int = 1 << 29,
) -> LoadReport:
    """Make a database of a Neo4j server hold the graph; what is not kgbuild's stays.

    Only what differs is written. It may be killed at any point, and run again; a server that is
    away for less than two minutes is waited for; of two loads the second waits for the first.

    Args:
        tables: the assembled graph.
        address: ``neo4j://``, ``bolt://`` or one with ``+s`` for TLS.
        schema: the categories and predicates that the graph may use.
        options: ``evidence`` is nodes (the default), properties or none; ``batch`` is 10,000 and
            ``writers`` 2 unless given.
        progress: called with what is being done, the elements done and those in all.
        memory: bytes that sorting may use before it spills to disk.

    Raises:
        ConfigError: a category or predicate of the schema can't be a label or type.
        StoreError: the server can't be reached or refuses, is too old for vectors, or the graph
            does not fit the schema.
        ValueError: an unknown choice of evidence.
    """
    started = time.perf_counter()
    evidence = _evidence_choice(options)
    check_names(schema)
    versions = shape.vocabulary_versions(tables)
    model = options.vectors.fingerprint if options.vectors is not None else ""
    parts = (shape.VERSION, schema.fingerprint, evidence, model, json.dumps(versions))
    fingerprint = graph_fingerprint(tables, *parts)
    with opened(
        address, user=options.user, password=options.password, database=options.database
    ) as driver:
        if options.vectors is not None:
            require_version(driver, OLDEST, purpose="vectors")
        if not options.force and _held(driver, options.database) == fingerprint:
            return LoadReport(address, fingerprint, time.perf_counter() - started, unchanged=True)
        with (
            spill_folder() as spill,
            connect(tables, memory=memory, spill=spill, threads=1) as source,
            locked(
                driver,
                database=options.database,
                writers=options.writers or _WRITERS,
                notice=options.notice,
            ) as fences,
        ):
            check_graph(source, schema)
            shape.make_views(source, evidence=evidence, schema=schema, versions=versions)
            load = _Load(source, driver, schema, options, fences, progress)
            load.run(evidence, address)
            load.add_vectors()
            _keep(
                driver, options.database, fingerprint=fingerprint, evidence=evidence,
                schema=schema.name, model=schema.model_version,
                vocabularies=[f"{name} {version}" for name, version in versions.items()],
            )  # fmt: skip
    seconds = time.perf_counter() - started
    return LoadReport(address, fingerprint, seconds, rows=load.rows, removed=load.removed)


def _evidence_choice(options: TargetOptions) -> str:
    evidence = options.evidence or "nodes"
    if evidence not in shape.EVIDENCE_CHOICES:
        known = ", ".join(shape.EVIDENCE_CHOICES)
        raise ValueError(f"evidence is {evidence!r}; Neo4j knows {known}")
    return evidence


@dataclass
class _Load:
    """One load, under way."""

    source: duckdb.DuckDBPyConnection
    driver: Driver
    schema: Schema
    options: TargetOptions
    fences: list[Fence]
    progress: Progress | None
    rows: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    done: int = 0
    total: int = 0

    def run(self, evidence: str, address: str) -> None:
        """Compare and write until the database holds the graph."""
        database = self.options.database
        make_constraints(self.driver, database)
        _forget(self.driver, database)
        kinds = shape.families(evidence)
        for _ in range(_ROUNDS):
            _mend(self.driver, database)
            found = [self._compare(kind) for kind in kinds]
            self._advise(found, address)
            self._write(found)
            add_indexes(self.driver, database)
            wrong = [
                kind.name
                for kind in kinds
                if not holds(self.source, self.driver, kind, database=database)
            ]
            if not wrong:
                return
        raise StoreError(
            f"somebody else changes the {' and '.join(wrong)} in {address} all the time: load "
            "while nobody does"
        )

    def add_vectors(self) -> None:
        """Give entities the vectors of their names, where that is asked for."""
        encoder, database = self.options.vectors, self.options.database
        if encoder is not None:
            self.rows["vectors"] = add_vectors(
                self.driver, encoder, database=database, progress=self.progress
            )

    def _compare(self, kind: shape.Family) -> Difference:
        if self.progress is not None:
            self.progress(f"comparing {kind.name}", 0, 0)
        return compare(self.source, self.driver, kind, database=self.options.database)

    def _write(self, found: list[Difference]) -> None:
        """Relationships go before the nodes that they join, and come after them."""
        self.total = self.done + sum(difference.size for difference in found)
        size = self.options.batch or _BATCH
        edges = [d for d in reversed(found) if not d.family.is_node or d.family.name == "evidence"]
        nodes = [d for d in found if d not in edges]
        for difference in edges:
            self._send(difference, removals(self.source, difference, size=size), "removing")
        for difference in found:
            self._send(difference, changes(self.source, difference, self.schema, size=size))
            self._send(
                difference,
                creations(
                    self.source, difference, self.schema, size=size, writers=len(self.fences)
                ),
            )
        for difference in nodes:
            self._send(difference, removals(self.source, difference, size=size), "removing")

    def _send(self, difference: Difference, batches: Iterator[Batch], doing: str = "") -> None:
        name = difference.family.name
        counts = self.removed if doing else self.rows

        def written(count: int) -> None:
            counts[name] = counts.get(name, 0) + count
            self.done += count
            if self.progress is not None:
                self.progress(f"{doing} {name}".strip(), self.done, self.total)

        write_batches(
            self.driver,
            batches,
            database=self.options.database,
            fences=self.fences,
            written=written,
        )

    def _advise(self, found: list[Difference], address: str) -> None:
        empty = all(difference.is_whole for difference in found)
        if empty and is_local(address) and sum(d.size for d in found) > _MANY:
            self.options.notice(
                "this is a large graph for an empty database on this machine: `kgbuild export "
                "--format neo4j-admin` and the import command that it prints are several times "
                "faster"
            )


def _held(driver: Driver, database: str) -> str:
    """Return the fingerprint of the graph that the database holds whole, or empty."""
    query = f"MATCH (g:{LABEL} {{id: 'graph'}}) RETURN g.fingerprint"
    found = rows(driver, query, database=database)
    return str(found[0][0] or "") if found else ""


def _forget(driver: Driver, database: str) -> None:
    query = f"MATCH (g:{LABEL} {{id: 'graph'}}) REMOVE g.fingerprint"
    rows(driver, query, database=database)


def _keep(driver: Driver, database: str, **known: str | list[str]) -> None:
    """Write down what the database holds."""
    from kgbuild import __version__

    query = f"MATCH (g:{LABEL} {{id: 'graph'}}) SET g += $known, g.loaded = datetime()"
    rows(driver, query, database=database, known={**known, "kgbuild": __version__})


def _mend(driver: Driver, database: str) -> None:
    """Remove evidence that has lost a link, so that it is written again."""
    counted = [
        f"COUNT {{ MATCH (:Evidence)-[:{link}]->() }}" for link in shape.LINKS if link != "MENTIONS"
    ]
    query = f"RETURN COUNT {{ MATCH (:Evidence) }}, {', '.join(counted)}"
    counts = set(rows(driver, query, database=database)[0])
    if len(counts) == 1:
        return
    have = " AND ".join(f"EXISTS {{ (x)-[:{link}]->() }}" for link in shape.LINKS[:3])
    query = (
        f"MATCH (x:Evidence) WHERE x.{shape.HASH} IS NOT NULL AND NOT ({have})"
        f" WITH x LIMIT {_BATCH} DETACH DELETE x RETURN count(*)"
    )
    while rows(driver, query, database=database)[0][0]:
        pass
