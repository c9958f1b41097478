"""From a difference to the batches that make it vanish, each with the partitions it touches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.neo4j_shape import HASH, Family, labels_of
from kgbuild.loaders.neo4j_writers import EVERYTHING, Batch

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from kgbuild.loaders.neo4j_difference import Difference
    from kgbuild.ontologies.schema import Schema

__all__ = ["changes", "creations", "removals"]

_MOST_BYTES = 8 << 20  # of a batch: long texts make it shorter than its number of rows
_AT_ONCE = 50_000
_SLACK = 1.05  # chunks are drawn by chance: this much smaller, hardly any is over a batch


def removals(
    source: duckdb.DuckDBPyConnection, difference: Difference, *, size: int
) -> Iterator[Batch]:
    """Yield batches that remove what the graph no longer has.

    They lock the nodes at the other ends, so one goes at a time.
    """
    if not difference.gone:
        return
    family = difference.family
    what = "(x)" if family.is_node else "()-[x]->()"
    query = (
        f"UNWIND $rows AS r MATCH {what} WHERE elementId(x) = r[0] AND x.{HASH} IS NOT NULL"
        f" {'DETACH DELETE' if family.is_node else 'DELETE'} x"
    )
    for rows in _stream(source, f"SELECT element FROM gone_{family.name}"):
        for some in _pieces(rows, size):
            yield Batch(query, some, EVERYTHING)


def changes(
    source: duckdb.DuckDBPyConnection, difference: Difference, schema: Schema, *, size: int
) -> Iterator[Batch]:
    """Yield batches that give elements their new properties and labels."""
    if not difference.changed:
        return
    family = difference.family
    names = ", ".join(f'"{name}"' for name in (*family.properties, "hash"))
    query = (
        f"SELECT part, 0 AS cell, c.element, {names} FROM neo4j_{family.name}"
        f" JOIN changed_{family.name} c USING (key) ORDER BY part"
    )
    values = ", ".join(f"`{n}`: r[{i}]" for i, n in enumerate((*family.properties, HASH), 1))
    for part, _, rows in _runs(_stream(source, query)):
        for some in _pieces(rows, size):
            yield Batch(_change(family, part, values, schema), some)


def _change(family: Family, part: str, values: str, schema: Schema) -> str:
    found = "UNWIND $rows AS r MATCH {} WHERE elementId(x) = r[0] "
    if not family.is_node:
        return found.format("()-[x]->()") + f"SET x = {{{values}}}"
    labels = ""
    if family.name == "entities":
        mine = labels_of(schema, part)
        others = [f"`{name}`" for name in schema.categories if f"`{name}`" not in mine.split(":")]
        labels = (f"REMOVE x:{':'.join(others)} " if others else "") + f"SET x:{mine} "
    return f"{found.format('(x)')}{labels}SET x += {{{values}}}"


def creations(
    source: duckdb.DuckDBPyConnection,
    difference: Difference,
    schema: Schema,
    *,
    size: int,
    writers: int,
) -> Iterator[Batch]:
    """Yield batches that create what the database lacks."""
    if not difference.fresh:
        return
    family = difference.family
    count = _partitions(difference, size, writers)
    for part, cell, rows in _runs(_stream(source, _ordered(source, difference, size, count))):
        labels = labels_of(schema, part) if family.name == "entities" else ""
        query = family.writing(part.replace("`", "``"), labels)
        touched = frozenset(_digits(cell, count, len(family.ends)))
        for some in _pieces(rows, size):
            yield Batch(query, some, touched)


def _partitions(difference: Difference, size: int, writers: int) -> int:
    """Return into how many partitions the nodes are cut: 1 where nothing is gained by it.

    Few enough that most batches are full, and enough that every writer finds one that is free.
    """
    ends = len(difference.family.ends)
    cells = difference.fresh // size
    if writers == 1 or not ends or cells < 2 * writers:
        return 1
    full = cells ** (1 / ends) * (2.0 if ends == 2 else 1.8)
    return int(min(64, max(full, ends * writers + 1)))


def _ordered(
    source: duckdb.DuckDBPyConnection, difference: Difference, size: int, count: int
) -> str:
    """Return the query for fresh rows, ordered so that neighbouring batches rarely share a node.

    A cell is the set of partitions at the ends, one digit each in base ``count``. Cells whose
    digits have the same sum, modulo ``count``, share none where there are two ends; those of one
    cell are spread over the whole. Nothing but one sort holds rows: it is what spills to disk.
    """
    family = difference.family
    columns = ", ".join(f'"{name}"' for name in family.columns)
    view = f"neo4j_{family.name}"
    if not difference.is_whole:
        view = f"(SELECT * FROM {view} SEMI JOIN fresh_{family.name} USING (key))"
    if count == 1:
        return f"SELECT part, 0 AS cell, {columns} FROM {view} ORDER BY part"
    digits = [f'(hash("{end}") % {count})::BIGINT' for end in family.ends]
    digits_sum = " + ".join(f"d[{n}]" for n in range(1, len(digits) + 1))
    number = " + ".join(f"d[{n + 1}] * {count**n}" for n in range(len(digits)))
    celled = (
        f"(SELECT *, {number} AS cell, ({digits_sum}) % {count} AS turn"
        f" FROM (SELECT *, list_sort([{', '.join(digits)}]) AS d FROM {view}))"
    )
    source.execute(
        "CREATE OR REPLACE TABLE cells AS SELECT part, cell,"
        f" ceil({_SLACK} * count(*) / {size})::BIGINT AS chunks FROM {celled} GROUP BY ALL"
    )
    return (
        f"SELECT part, cell, {columns} FROM {celled} JOIN cells USING (part, cell)"
        " ORDER BY part, hash(key) % chunks, turn, cell"
    )


def _digits(cell: int, count: int, ends: int) -> list[int]:
    if count == 1:
        return [0] if ends else []
    return [cell // count**n % count for n in range(ends)]


def _stream(source: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.Table]:
    """Yield the rows of a query, some at a time, while others are asked."""
    import pyarrow as pa

    cursor = source.cursor()  # its own result, the same tables
    for batch in cursor.sql(query).to_arrow_reader(_AT_ONCE):
        yield pa.Table.from_batches([batch])


def _runs(tables: Iterator[pa.Table]) -> Iterator[tuple[str, int, pa.Table]]:
    """Yield neighbouring rows of one part and cell, without those columns.

    A run that goes over the end of a table comes in one piece.
    """
    import pyarrow as pa

    rest: tuple[str, int, pa.Table] | None = None
    for table in tables:
        start = 0
        bounds = _bounds(table)
        for end in bounds:
            part, cell = table["part"][start].as_py(), table["cell"][start].as_py()
            rows = table.slice(start, end - start).drop_columns(["part", "cell"])
            start = end
            if rest is not None and rest[:2] == (part, cell):
                rest = (part, cell, pa.concat_tables([rest[2], rows]))
            else:
                if rest is not None:
                    yield rest
                rest = (part, cell, rows)
            if rest[2].num_rows >= _AT_ONCE:
                yield rest
                rest = None
    if rest is not None:
        yield rest


def _bounds(table: pa.Table) -> list[int]:
    """Return where runs of equal part and cell end."""
    import numpy as np

    part = table["part"].to_numpy()
    cell = table["cell"].to_numpy()
    changes_ = (part[1:] != part[:-1]) | (cell[1:] != cell[:-1])
    return [*(np.flatnonzero(changes_) + 1).tolist(), table.num_rows] if table.num_rows else []


def _pieces(rows: pa.Table, size: int) -> Iterator[pa.Table]:
    """Yield rows in batches of at most ``size``, and of fewer where they are long."""
    for start in range(0, rows.num_rows, size):
        yield from _short(rows.slice(start, size))


def _short(rows: pa.Table) -> Iterator[pa.Table]:
    half: Any = rows.num_rows // 2
    if rows.nbytes <= _MOST_BYTES or not half:
        yield rows
    else:
        yield from _short(rows.slice(0, half))
        yield from _short(rows.slice(half))
