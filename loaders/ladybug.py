"""Bulk loading into Ladybug, the embedded openCypher store (the successor of Kùzu).

Categories become node tables and predicates relationship tables that join entities only;
evidence and documents are nodes beside them, with links that point at entities, so that an
entity's outgoing relationships are its statements and nothing else. docs/graph.md describes
the result, which has the same shape on Neo4j.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError, StoreError
from kgbuild.loaders import ladybug_tables as layout
from kgbuild.loaders.report import (
    LoadReport,
    Progress,
    graph_fingerprint,
    remove,
    require_room,
    unwritable,
)
from kgbuild.loaders.staging import connect, partition, staging_folder
from kgbuild.loaders.targets import TargetOptions, refuse_options

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["check_graph", "check_names", "load_ladybug", "load_ladybug_file"]

_VERSION = "ladybug/2"
_TOGETHER = 8  # copies in one transaction: each commit waits for the disk, each copy holds 24 MB
_BYTES = 32  # of memory a row: 39 million rows need more than 13, and less than 28
_ROWS = 100_000  # rows in one transaction, but for a copy of more: they hold memory, too
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


def load_ladybug(
    tables: GraphTables,
    path: Path,
    *,
    schema: Schema,
    progress: Progress | None = None,
    memory: int = 1 << 30,
) -> LoadReport:
    """Make the database file ``path`` hold the graph, and nothing else.

    The database is built beside ``path`` and renamed when whole, so that readers see the old
    graph or the new one. Does nothing where it holds this graph already. An update is a rebuild:
    the bulk path writes some hundred thousand rows a second, an upsert under a thousand.

    Args:
        tables: the assembled graph.
        path: the database, a single file.
        schema: the categories and predicates that the graph may use; all become tables, so
            that a query for a predicate which has no statement yet returns nothing, not an error.
        progress: called with a table's name, the rows done and the rows in all.
        memory: bytes for the database's buffers, and as many again for DuckDB's joins; a graph of
            more than some four million statements needs more of both, and takes it: they hold
            indexes.

    Raises:
        ConfigError: a category or predicate of the schema can't be a label or type.
        StoreError: the graph uses a category or predicate that the schema lacks, or refers to
            an entity or document that it does not hold; or ``path`` can't be written.
    """
    started = time.perf_counter()
    check_names(schema)
    fingerprint = graph_fingerprint(tables, _VERSION, schema.fingerprint)
    if stored_fingerprint(path) == fingerprint:
        return LoadReport(path, fingerprint, time.perf_counter() - started, unchanged=True)
    require_room(tables, path)
    try:
        with staging_folder(path) as folder:
            rows = _build(tables, folder, schema, fingerprint, progress=progress, memory=memory)
            built = folder / "graph.lbug"
            path.parent.mkdir(parents=True, exist_ok=True)
            if built.stat().st_dev != path.parent.stat().st_dev:
                beside = path.with_name(path.name + ".tmp")
                built = Path(shutil.copyfile(built, beside))
            built.replace(path)
    except (OSError, RuntimeError) as error:
        raise unwritable(path, error) from error
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=rows)


def stored_fingerprint(path: Path) -> str:
    """Return the fingerprint of the graph that ``path`` holds, or empty where it holds none."""
    if not path.is_file():
        return ""
    try:
        with opened(path, memory=1 << 26, read_only=True) as connection:
            rows = run(connection, "CALL show_tables() WHERE name = 'Document' RETURN comment")
    except RuntimeError:
        return ""  # not a database, or of another version: it will be replaced
    return str(rows[0][0]) if rows else ""


@contextmanager
def opened(path: Path, *, memory: int, read_only: bool = False) -> Iterator[Any]:
    """Yield a connection to the database ``path``, closed with its files complete."""
    import ladybug

    database = ladybug.Database(str(path), buffer_pool_size=memory, read_only=read_only)
    try:
        connection = ladybug.Connection(database)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        database.close()


def run(connection: Any, query: str) -> list[list[Any]]:
    """Run one statement and return all its rows."""
    with connection.execute(query) as result:
        rows: list[list[Any]] = result.get_all()
    return rows


@contextmanager
def _transaction(connection: Any) -> Iterator[None]:
    """Commit at the end, once: a database of its own, so a failure needs no rollback."""
    run(connection, "BEGIN TRANSACTION")
    yield
    run(connection, "COMMIT")


def check_names(schema: Schema) -> None:
    """Refuse a schema whose names can't be labels and relationship types.

    Raises:
        ConfigError: a name is no identifier, is reserved, or differs from another by case only.
    """
    seen = {name.lower(): name for name in layout.RESERVED}
    for kind, names in (("category", schema.categories), ("predicate", schema.predicates)):
        for name in names:
            if not _IDENTIFIER.fullmatch(name):
                raise ConfigError(
                    f"{kind} {name!r} can't be a label or relationship type: "
                    "use letters, digits and underscores, a letter first"
                )
            other = seen.setdefault(name.lower(), name)
            if other != name or name in layout.RESERVED:
                raise ConfigError(
                    f"{kind} {name!r} has the name of {other!r}, which the graph's tables use "
                    "already (whatever the case): rename it in the schema"
                )
            seen[name.lower()] = f"{kind} {name}"


def _build(
    tables: GraphTables,
    folder: Path,
    schema: Schema,
    fingerprint: str,
    *,
    progress: Progress | None,
    memory: int,
) -> dict[str, int]:
    """Write ``folder/graph.lbug`` and return the rows of each table that has any."""
    total = _rows(tables)
    memory = max(memory, _BYTES * total)
    with connect(tables, memory=memory, spill=folder, threads=1) as source:
        check_graph(source, schema)
        with opened(folder / "graph.lbug", memory=memory) as target:
            loader = _Loader(source, target, folder, progress)
            loader.total = total
            loader.load(schema)
            run(target, f"COMMENT ON TABLE `Document` IS '{fingerprint}'")
            run(target, "CHECKPOINT")
    return loader.rows


def _rows(tables: GraphTables) -> int:
    """Return how many nodes and relationships the graph will have."""
    count = tables.count
    plain = sum(map(count, ("entities", "statements", "documents", "occurrences")))
    return plain + 4 * count("evidence")  # a node and three links each


def check_graph(source: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """Refuse names that the schema lacks, before anything is written."""
    used = {
        "category": (
            "SELECT category FROM entities UNION SELECT subject_category FROM statements"
            " UNION SELECT object_category FROM statements",
            schema.categories,
        ),
        "predicate": ("SELECT DISTINCT predicate FROM statements", schema.predicates),
    }
    for kind, (query, known) in used.items():
        names = {str(row[0]) for row in source.execute(query).fetchall()}
        if unknown := sorted(names - set(known)):
            raise StoreError(
                f"the graph uses the {kind} {unknown[0]!r}, which the schema lacks "
                f"(it has {', '.join(sorted(known))}): add it to the schema, "
                "or open the graph with the schema that it was built with"
            )


class _Loader:
    """Creates the tables and fills them from staged Parquet partitions."""

    def __init__(
        self,
        source: duckdb.DuckDBPyConnection,
        target: Any,
        folder: Path,
        progress: Progress | None,
    ) -> None:
        self.source, self.target, self.folder, self.progress = source, target, folder, progress
        self.rows: dict[str, int] = {}
        self.total = 0
        self.copies = self.copied = 0  # of the transaction

    def load(self, schema: Schema) -> None:
        """Create the tables and fill them, nodes first; one core stages what the other copies."""
        queries = [(query, ["a"]) for query in layout.NODES]
        queries += [(query, ["r", "a", "b"]) for query in layout.RELATIONSHIPS]
        ahead = ThreadPoolExecutor(1)
        try:
            staged = [ahead.submit(self._stage, n, *query) for n, query in enumerate(queries)]
            with _transaction(self.target):
                self.create(schema)
            with _transaction(self.target):
                for stage in staged:
                    folder, parts = stage.result()
                    for key, files in parts.items():
                        self._copy_files(key, files)
                    shutil.rmtree(folder)
        finally:
            ahead.shutdown(cancel_futures=True)

    def create(self, schema: Schema) -> None:
        """Create every table, with each pair of labels that its relationships join."""
        for label in schema.categories:
            self._create_nodes(label, layout.ENTITY)
        self._create_nodes("Evidence", layout.EVIDENCE)
        self._create_nodes("Document", layout.DOCUMENT)
        ends: dict[str, set[tuple[str, str]]] = {}
        query = "SELECT DISTINCT predicate, subject_category, object_category FROM statements"
        for name, subject, object_ in self.source.execute(query).fetchall():
            ends.setdefault(name, set()).add((subject, object_))
        somewhere = next(iter(schema.categories))
        for name in schema.predicates:
            pairs = ends.get(name) or {(somewhere, somewhere)}
            self._create_relationships(name, pairs, layout.STATEMENT)
        used = "SELECT DISTINCT category FROM entities"
        labels = [str(row[0]) for row in self.source.execute(used).fetchall()] or [somewhere]
        for name in ("HAS_SUBJECT", "HAS_OBJECT"):
            self._create_relationships(name, {("Evidence", label) for label in labels}, {})
        counts = {"mentions": "INT64", "sentences": "INT64"}
        self._create_relationships("MENTIONS", {("Document", label) for label in labels}, counts)
        self._create_relationships("IN_DOCUMENT", {("Evidence", "Document")}, {})
        # openCypher's type(r) is Ladybug's label(r): the same query then runs on both
        run(self.target, "CREATE MACRO type(r) AS label(r)")

    def _create_nodes(self, label: str, properties: dict[str, str]) -> None:
        columns = ", ".join(f"`{name}` {kind}" for name, kind in properties.items())
        run(self.target, f"CREATE NODE TABLE `{label}`({columns})")

    def _create_relationships(
        self, name: str, pairs: set[tuple[str, str]], properties: dict[str, str]
    ) -> None:
        parts = [f"FROM `{a}` TO `{b}`" for a, b in sorted(pairs)]
        parts += [f"`{column}` {kind}" for column, kind in properties.items()]
        run(self.target, f"CREATE REL TABLE `{name}`({', '.join(parts)})")

    def _stage(
        self, number: int, query: str, by: list[str]
    ) -> tuple[Path, dict[tuple[str, ...], list[Path]]]:
        """Write the rows of ``query`` into a folder of their own, apart by table."""
        folder = self.folder / f"staged-{number}"
        return folder, partition(self.source.cursor(), query, by=by, folder=folder)

    def _copy_files(self, key: tuple[str, ...], files: list[Path]) -> None:
        import pyarrow.parquet as pq

        name, *ends = key
        names = ", ".join("'" + str(file).replace("'", r"\'") + "'" for file in files)
        options = f" (from='{ends[0]}', to='{ends[1]}')" if ends else ""
        count = sum(int(pq.read_metadata(file).num_rows) for file in files)
        try:
            run(self.target, f"COPY `{name}` FROM [{names}]{options}")
        except RuntimeError as error:
            if "primary key" not in str(error):
                raise
            raise StoreError(
                f"{name} could not be loaded ({error}): the graph's tables don't fit together; "
                "assemble the graph again"
            ) from error
        self.copies, self.copied = self.copies + 1, self.copied + count
        if self.copies >= _TOGETHER or self.copied >= _ROWS:
            run(self.target, "COMMIT")
            run(self.target, "BEGIN TRANSACTION")
            self.copies = self.copied = 0
        self.rows[name] = self.rows.get(name, 0) + count
        if self.progress is not None:
            self.progress(name, sum(self.rows.values()), self.total)


def load_ladybug_file(
    tables: GraphTables,
    address: str,
    *,
    schema: Schema,
    options: TargetOptions,
    progress: Progress | None,
) -> LoadReport:
    """Load into the file ``address``: a ``Target``.

    Raises:
        ValueError: an option that a file has no use for.
    """
    refuse_options(options, "a Ladybug file", allowed=("force",))
    path = Path(address)
    if options.force:
        remove(path)
    return load_ladybug(tables, path, schema=schema, progress=progress)
