"""What a SPARQL server must be told: our resources against those that it says it holds.

Beside the graph lies a second one, ``GRAPH:digests``, with a digest of the triples of each
resource. A resource without a digest is one whose loading was cut short.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from kgbuild.loaders.rdf import blocks, count_lines
from kgbuild.loaders.rdf_text import to_bytes
from kgbuild.loaders.staging import staging_folder

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["Difference", "staged"]

_STAGED = pa.schema(
    [
        ("subject", pa.large_string()),
        ("text", pa.large_string()),
        ("digest", pa.large_string()),
        ("lines", pa.int64()),
    ]
)
# all blocks of a subject count as one: removing one removes the others
_WITH_DIGEST = (
    "SELECT *, left(md5(text), 16) AS digest,"
    " length(text) - length(replace(text, chr(10), '')) AS lines FROM batch"
)
_OURS = (
    "CREATE TABLE ours AS SELECT subject, string_agg(digest, ' ' ORDER BY digest) AS digest"
    " FROM staged GROUP BY subject"
)
_THEIRS = (
    "CREATE OR REPLACE TABLE theirs AS SELECT '<' || r || '>' AS subject,"
    " string_agg(d, ' ' ORDER BY d) AS digest FROM"
    " read_csv(?, header = true, columns = {'r': 'VARCHAR', 'd': 'VARCHAR'}, quote = '\"',"
    " escape = '\"', delim = ',') GROUP BY r"
)
_GONE = (
    "SELECT t.subject FROM theirs t LEFT JOIN ours o USING (subject)"
    " WHERE o.digest IS DISTINCT FROM t.digest"
)
_NEW = (
    "CREATE OR REPLACE TABLE todo AS SELECT o.subject FROM ours o LEFT JOIN theirs t"
    " USING (subject) WHERE o.digest IS DISTINCT FROM t.digest"
)


class Difference:
    """Our resources, staged on disk, and what of them a server lacks."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, triples: int) -> None:
        self._db = connection
        self.folder = folder
        self.triples = triples

    def compare(self, listing: Path) -> tuple[int, int]:
        """Compare with a server's listing of resources and digests, CSV.

        Returns:
            How many resources must be removed (changed ones too), and how many added.
        """
        self._db.execute(_THEIRS, [str(listing)])
        self._db.execute(f"CREATE OR REPLACE TABLE gone AS {_GONE}")
        self._db.execute(_NEW)
        return self._one("SELECT count(*) FROM gone"), self._one("SELECT count(*) FROM todo")

    def missing_triples(self) -> int:
        """Return how many triples are to be added."""
        return self._one(
            "SELECT coalesce(sum(lines), 0) FROM staged SEMI JOIN todo USING (subject)"
        )

    def gone(self, rows: int) -> Iterator[list[str]]:
        """Yield the resources to remove, at most ``rows`` at a time."""
        with self._db.cursor() as cursor:
            cursor.execute("SELECT subject FROM gone")
            while found := cursor.fetchmany(rows):
                yield [subject for (subject,) in found]

    def todo(self) -> Iterator[pa.RecordBatch]:
        """Yield subject, text and digest of the resources to add."""
        everything = self._one("SELECT count(*) FROM theirs") == 0
        query = "FROM staged" + ("" if everything else " SEMI JOIN todo USING (subject)")
        with self._db.cursor() as cursor:
            for batch in cursor.sql(query).to_arrow_reader(1_000):
                yield pa.RecordBatch.from_arrays(
                    [column.cast(pa.large_string()) for column in batch.columns[:3]],
                    names=["subject", "text", "digest"],
                )

    def _one(self, query: str) -> int:
        return int(self._db.execute(query).fetchall()[0][0])


@contextmanager
def staged(tables: GraphTables, schema: Schema, *, beside: Path) -> Iterator[Difference]:
    """Write our resources with their digests into a temporary folder, and hand them out.

    Raises:
        StoreError: a category or predicate is not in the schema, or the disk is full.
    """
    import duckdb
    import pyarrow.parquet as pq

    with staging_folder(beside) as folder, duckdb.connect(str(folder / "work.duckdb")) as db:
        db.execute("SET memory_limit = '1GB'")
        db.execute(f"SET temp_directory = '{folder / 'spill'}'")
        triples = 0
        with pq.ParquetWriter(folder / "staged.parquet", _STAGED, compression="lz4") as writer:
            for found in blocks(tables, schema):
                batch = pa.table({"subject": found.subjects, "text": found.texts})
                with_digest = db.sql(_WITH_DIGEST)
                writer.write_table(with_digest.to_arrow_table().cast(_STAGED))
                triples += count_lines(to_bytes(found.texts))
                del batch
        db.read_parquet(str(folder / "staged.parquet")).create_view("staged")
        db.execute(_OURS)
        yield Difference(db, folder, triples)
