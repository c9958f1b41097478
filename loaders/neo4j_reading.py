"""Reading a graph back from Neo4j: queries as they come, and its tables as Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import InputError, StoreError
from kgbuild.loaders.neo4j_connection import opened, rows, said
from kgbuild.loaders.neo4j_lock import LABEL
from kgbuild.loaders.neo4j_shape import HASH, LINKS, QUOTED
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    import pyarrow as pa
    from neo4j import Driver

__all__ = ["Neo4jStore"]

_ROWS = 20_000
_NODES = {"entities": "Entity", "documents": "Document", "evidence": "Evidence"}


class Neo4jStore:
    """A database that ``kgbuild load`` filled, opened for reading.

    Queries can't change it: the server refuses those that would.
    """

    def __init__(self, address: str, *, user: str, password: str, database: str = "") -> None:
        """Connect; see ``kgbuild.loaders.neo4j_connection.opened``.

        Raises:
            StoreError: the server can't be reached, or refuses.
            InputError: the database holds no graph of kgbuild's.
        """
        self.address = address
        self._user = user
        self._database = database
        self._stack = ExitStack()
        self._driver: Driver = self._stack.enter_context(
            opened(address, user=user, password=password, database=database, patience=10)
        )
        query = f"MATCH (g:{LABEL} {{id: 'graph'}}) WHERE g.fingerprint IS NOT NULL RETURN g"
        found = rows(self._driver, query, database=database)
        if not found:
            self.close()
            raise InputError(
                f"{address} holds no whole graph of kgbuild's: run `kgbuild load DIR {address}`"
            )
        self.known: dict[str, Any] = dict(found[0][0])

    def query(
        self, query: str, params: Mapping[str, Any] | None = None
    ) -> tuple[list[str], list[list[Any]]]:
        """Return the names of the columns and the rows; nodes and relationships as dicts.

        Raises:
            StoreError: the query is wrong or would write; the message is the server's.
        """
        from neo4j.exceptions import DriverError, Neo4jError

        try:
            with self._reading() as session:
                result = session.run(query, dict(params or {}))
                return list(result.keys()), [[_plain(v) for v in row.values()] for row in result]
        except (DriverError, Neo4jError) as error:
            if "AccessMode" in str(getattr(error, "code", "")):
                raise StoreError(
                    "A query that writes is refused: the graph is read-only here. Change its "
                    "inputs, run `kgbuild build`, then `kgbuild load`"
                ) from error
            raise said(error, self.address, self._user) from error

    def fetch(self, folder: Path) -> GraphTables:
        """Write the graph's tables into ``folder``, streamed, and return them.

        With the evidence kept as properties its sentences come back, and no documents; with none,
        neither.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder.mkdir(parents=True, exist_ok=True)
        tables = GraphTables(folder)
        for name, schema in GRAPH_TABLES.items():
            with pq.ParquetWriter(tables.path(name), schema) as writer:
                for some in self._rows(name):
                    writer.write_table(pa.Table.from_pylist(some, schema=schema))
        return tables

    def _rows(self, table: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of a table, by id, some at a time."""
        if table == "evidence" and self.known.get("evidence") == "properties":
            yield from self._listed()
            return
        with self._reading() as session:
            result = session.run(self._query(table))
            while some := result.fetch(_ROWS):
                yield [_row(dict(record["row"]), GRAPH_TABLES[table]) for record in some]

    def _query(self, table: str) -> str:
        if label := _NODES.get(table):
            return f"MATCH (x:{label}) WHERE x.{HASH} IS NOT NULL RETURN x AS row ORDER BY x.id"
        if table == "occurrences":
            return (
                "MATCH (d:Document)-[x:MENTIONS]->(e:Entity) RETURN x {.*, document: d.id,"
                " entity: e.id} AS row ORDER BY d.id, e.id"
            )
        return (
            f"MATCH (a:Entity)-[x]->(b:Entity) WHERE x.{HASH} IS NOT NULL AND NOT type(x) IN"
            f" {list(LINKS)} RETURN x {{.*, subject: a.id, subject_category: a.category,"
            " predicate: type(x), object: b.id, object_category: b.category} AS row ORDER BY x.id"
        )

    def _listed(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the evidence that relationships hold as lists, by id, all at once."""
        found = []
        for statements in self._rows("statements"):
            for row in statements:
                lists = [row.get(f"evidence_{name}") or [] for name in ("id", *QUOTED)]
                for values in zip(*lists, strict=True):
                    item = dict(zip(("id", *QUOTED), values, strict=True))
                    found.append(item | {"statement": row["id"]})
        yield sorted(found, key=lambda item: str(item["id"]))

    def _reading(self) -> Any:
        import neo4j

        return self._driver.session(
            database=self._database or None, default_access_mode=neo4j.READ_ACCESS
        )

    def close(self) -> None:
        """Close the connection; twice is fine."""
        self._stack.close()


def _row(row: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return a row with empty lists where Neo4j holds none, and qualifiers as pairs."""
    import pyarrow as pa

    for field in schema:
        if pa.types.is_nested(field.type):
            row[field.name] = row.get(field.name) or []
    if "qualifiers" in row:
        row["qualifiers"] = [text.partition("=")[::2] for text in row["qualifiers"]]
    return row


def _plain(value: Any) -> Any:
    """Return a value of a record as Python's own: nodes and relationships as dicts."""
    from neo4j import graph as parts

    if isinstance(value, parts.Node):
        return {"_labels": sorted(value.labels), **value}
    if isinstance(value, parts.Relationship):
        return {"_type": value.type, **value}
    if isinstance(value, parts.Path):
        steps = [part for step in zip(value.nodes, value.relationships, strict=False)
                 for part in step]  # fmt: skip
        return [_plain(part) for part in (*steps, value.end_node)]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
