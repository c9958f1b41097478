"""What the database lacks, holds otherwise, or holds too much: found by hashes.

Each element carries the hash of its content. Both sides sum the hashes of some sixty elements at
a time; only where the sums differ are elements fetched. So a look at a database that holds nearly
the same costs its server a scan, and hardly anything travels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.neo4j_connection import rows
from kgbuild.loaders.neo4j_shape import HASH, LINKS, Family

if TYPE_CHECKING:
    import duckdb
    from neo4j import Driver

__all__ = ["FOLD", "Difference", "compare", "holds"]

FOLD = 1 << 31
"""Hashes are summed modulo this, so that the sums of billions fit in 63 bits."""
_TOGETHER = 64  # elements of a bucket, about
_FETCHED = 300_000  # elements whose keys the server collects at a time
_COPY = "row_number() OVER (PARTITION BY r.key ORDER BY l.hash IS NOT DISTINCT FROM r.hash DESC)"

Digest = dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be done to a family, as tables of the connection.

    ``fresh_NAME`` (key), ``changed_NAME`` (key, element) and ``gone_NAME`` (element) exist;
    ``element`` is Neo4j's elementId. Where ``is_whole`` all rows are fresh, and there are no
    tables.
    """

    family: Family
    fresh: int
    changed: int = 0
    gone: int = 0
    is_whole: bool = False

    @property
    def size(self) -> int:
        """How many elements are written or removed."""
        return self.fresh + self.changed + self.gone


def _pattern(driver: Driver, family: Family, *, database: str) -> str:
    """Return what matches the family in the database, all predicates at once; empty for none."""
    if "{part}" not in family.pattern:
        return family.pattern
    query = "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType"
    types = {str(row[0]) for row in rows(driver, query, database=database)} - set(LINKS)
    if not types:
        return ""
    escaped = (name.replace("`", "``") for name in sorted(types))
    return family.pattern.replace("{part}", "`|`".join(escaped))


def compare(
    source: duckdb.DuckDBPyConnection, driver: Driver, family: Family, *, database: str
) -> Difference:
    """Compare the view of a family with the database.

    Args:
        source: holds the views of ``make_views``.
        driver: to the server.
        family: which elements.
        database: the database, or empty.
    """
    total = int(_one(source, f"SELECT count(*) FROM neo4j_{family.name}"))
    count = max(1, total // _TOGETHER)
    theirs = _remote_digest(driver, family, count, database)
    if not theirs:
        return Difference(family, total, is_whole=True)
    ours = _local_digest(source, family, count)
    different = sorted(b for b in ours.keys() | theirs.keys() if ours.get(b) != theirs.get(b))
    source.execute(
        "CREATE OR REPLACE TABLE remote"
        " (key VARCHAR, hash BIGINT, element VARCHAR, fixed VARCHAR[])"
    )
    for some in _slices(different, theirs):
        _fetch(source, driver, family, some, count=count, database=database)
    source.execute("CREATE OR REPLACE TABLE buckets AS SELECT unnest(?::BIGINT[]) AS b",
                   [different])  # fmt: skip
    source.execute(
        f"CREATE OR REPLACE TABLE local AS SELECT key, hash, {family.fixed[1]}::VARCHAR[] AS fixed"
        f" FROM neo4j_{family.name}"
        f" WHERE hash % {count} IN (SELECT b FROM buckets)"
    )
    # of several elements with one key, which nobody but a mistake makes, one stays
    source.execute(
        "CREATE OR REPLACE TABLE pairs AS SELECT r.key, r.element, l.hash AS ours,"
        f" r.hash AS theirs, {_COPY} AS copy, l.fixed IS NOT DISTINCT FROM r.fixed AS stays"
        " FROM remote r LEFT JOIN local l USING (key)"
    )
    # one whose type or ends are others is removed and made anew
    queries = {
        "fresh": "SELECT key FROM local ANTI JOIN (SELECT key FROM pairs WHERE copy = 1 AND"
        " (stays OR ours = theirs)) USING (key)",
        "changed": "SELECT key, element FROM pairs WHERE copy = 1 AND stays AND ours <> theirs",
        "gone": "SELECT element FROM pairs WHERE ours IS NULL OR copy > 1"
        " OR (NOT stays AND ours <> theirs)",
    }
    sizes: dict[str, int] = {}
    for name, query in queries.items():
        source.execute(f"CREATE OR REPLACE TABLE {name}_{family.name} AS {query}")
        sizes[name] = int(_one(source, f"SELECT count(*) FROM {name}_{family.name}"))
    return Difference(family, sizes["fresh"], sizes["changed"], sizes["gone"])


def holds(
    source: duckdb.DuckDBPyConnection, driver: Driver, family: Family, *, database: str
) -> bool:
    """Tell whether the database holds exactly the rows of a family's view."""
    return _local_digest(source, family, 1) == _remote_digest(driver, family, 1, database)


def _local_digest(source: duckdb.DuckDBPyConnection, family: Family, count: int) -> Digest:
    query = (
        f"SELECT hash % {count}, count(*), sum(hash % {FOLD})::BIGINT FROM neo4j_{family.name}"
        " GROUP BY 1"
    )
    return {bucket: (n, total) for bucket, n, total in source.execute(query).fetchall()}


def _remote_digest(driver: Driver, family: Family, count: int, database: str) -> Digest:
    pattern = _pattern(driver, family, database=database)
    if not pattern:
        return {}
    query = (
        f"MATCH {pattern} WHERE x.{HASH} IS NOT NULL"
        f" RETURN x.{HASH} % $count, count(*), sum(x.{HASH} % {FOLD})"
    )
    found = rows(driver, query, database=database, count=count)
    return {bucket: (n, total) for bucket, n, total in found}


def _fetch(
    source: duckdb.DuckDBPyConnection,
    driver: Driver,
    family: Family,
    buckets: list[int],
    *,
    count: int,
    database: str,
) -> None:
    """Add the elements of ``buckets`` to the table ``remote`` (key, hash, element, fixed)."""
    import pyarrow as pa

    pattern = _pattern(driver, family, database=database)
    query = (
        f"MATCH {pattern} WHERE x.{HASH} IS NOT NULL AND x.{HASH} % $count IN $buckets"
        f" RETURN collect({family.key}), collect(x.{HASH}), collect(elementId(x)),"
        f" collect({family.fixed[0]})"
    )
    found = rows(driver, query, database=database, count=count, buckets=buckets)
    keys, hashes, elements, fixed = found[0]
    if keys:
        texts = pa.array(fixed, pa.list_(pa.string()))
        fetched = pa.table({"key": keys, "hash": hashes, "element": elements, "fixed": texts})
        source.register("fetched", fetched)
        source.execute("INSERT INTO remote SELECT key, hash, element, fixed FROM fetched")
        source.unregister("fetched")


def _slices(buckets: list[int], sizes: Digest) -> Iterator[list[int]]:
    """Yield ``buckets`` in lists whose elements the server can hold."""
    some: list[int] = []
    held = 0
    for bucket in buckets:
        some.append(bucket)
        held += sizes.get(bucket, (0, 0))[0]
        if held >= _FETCHED:
            yield some
            some, held = [], 0
    if some:
        yield some


def _one(source: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = source.execute(query).fetchone()
    return row[0] if row else None
