"""What differs between two graphs as Neo4j holds them, as tables of DuckDB.

They are joined by key and hash, out of core; the content of a row is asked only where it differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import StoreError
from kgbuild.loaders import neo4j_shape as shape
from kgbuild.loaders.ladybug import check_graph
from kgbuild.loaders.staging import connect, quoted
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema

__all__ = ["Earlier", "make_delta"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A graph that a database holds already, with the schema that it was loaded with."""

    tables: GraphTables
    schema: Schema


def make_delta(
    source: duckdb.DuckDBPyConnection, since: Earlier, spill: Path
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Make the tables ``delta_NAME`` and ``gone_NAME`` and the view ``fresh_NAME`` of each family.

    ``delta`` holds the rows of ``neo4j_NAME`` that are new or changed, ``fresh`` those with a new
    key, and ``gone`` the part, key and ends of what is to be removed. A relationship or piece of
    evidence that has the key of another, with other ends, is in ``delta`` and in ``gone``.

    Args:
        source: holds the views of ``make_views``, with evidence as nodes.
        since: the earlier graph.
        spill: a folder for what does not fit into memory.

    Returns:
        How many rows ``delta``, ``fresh`` and ``gone`` have, by family.

    Raises:
        StoreError: the earlier graph is not whole, does not fit its schema, or is of another
            version of kgbuild.
    """
    _check_tables(since.tables)
    _stage(since, spill)
    counts: tuple[dict[str, int], ...] = ({}, {}, {})
    for family in shape.families("nodes"):
        name = family.name
        source.execute(
            f"CREATE VIEW old_{name} AS SELECT * FROM {quoted(str(_staged(spill, name)))}"
        )
        source.execute(
            f"CREATE TABLE delta_{name} AS SELECT n.*, o.key IS NULL AS is_fresh"
            f" FROM neo4j_{name} n LEFT JOIN old_{name} o ON o.key = n.key"
            " WHERE o.hash IS DISTINCT FROM n.hash"
        )
        source.execute(f"CREATE VIEW fresh_{name} AS SELECT * FROM delta_{name} WHERE is_fresh")
        # an entity of another category stays the same node
        tied = ["part", *family.ends] if family.ends else []
        moved = " OR ".join(f'o."{column}" <> d."{column}"' for column in tied) or "false"
        source.execute(
            f"CREATE TABLE gone_{name} AS SELECT * FROM old_{name} ANTI JOIN neo4j_{name}"
            f" USING (key) UNION ALL SELECT o.* FROM old_{name} o JOIN delta_{name} d USING (key)"
            f" WHERE {moved}"
        )
        for count, kind in zip(counts, ("delta", "fresh", "gone"), strict=True):
            found = source.execute(f"SELECT count(*) FROM {kind}_{name}").fetchone()
            count[name] = int(found[0]) if found else 0
    return counts[0], counts[1], counts[2]


def _staged(spill: Path, name: str) -> Path:
    return spill / f"old_{name}.parquet"


def _stage(since: Earlier, spill: Path) -> None:
    """Write part, key, hash and ends of each family of the earlier graph."""
    versions = shape.vocabulary_versions(since.tables)
    with connect(since.tables, spill=spill / "earlier") as source:
        check_graph(source, since.schema)
        shape.make_views(source, evidence="nodes", schema=since.schema, versions=versions)
        for family in shape.families("nodes"):
            columns = ", ".join(f'"{name}"' for name in ("part", "key", "hash", *family.ends))
            target = quoted(str(_staged(spill, family.name)))
            source.execute(
                f"COPY (SELECT {columns} FROM neo4j_{family.name}) TO {target} (FORMAT parquet)"
            )


def _check_tables(tables: GraphTables) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, columns in GRAPH_TABLES.items():
        path = tables.path(name)
        if not path.is_file():
            raise StoreError(f"{path} is absent: the earlier graph must be whole")
        try:
            found = pq.read_schema(path)
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"{path} can't be read: {error}; build the graph again") from error
        known = dict(zip(found.names, found.types, strict=True))
        if other := [c.name for c in columns if known.get(c.name) != c.type]:
            raise StoreError(
                f"{path} lacks the column {other[0]}, or has it otherwise: the earlier graph is of "
                "another version of kgbuild, which loaded it otherwise; bring the database up to "
                "date by `kgbuild load`, which compares with what is there"
            )
