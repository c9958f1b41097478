"""The rows that RDF is written from: streamed from the tables in a fixed order, out of core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from kgbuild.loaders.staging import connect

if TYPE_CHECKING:
    from kgbuild.tables import GraphTables

__all__ = ["Rows"]

_ROWS = 8_192
_BYTES = 32 << 20  # of a batch's texts, so that some very long ones don't fill the memory

# a sentence is one resource however many statements it is evidence for
_TARGET = (
    "CASE WHEN sentence <> '' THEN"
    ' left(md5(concat_ws(chr(31), document, start, "end", sentence)), 24) END AS target'
)
_DISTINCT = ", ".join(
    f"list_sort(list_distinct(coalesce({column}, []))) AS {column}"
    for column in ("synonyms", "xrefs", "parents")
)
_QUERIES = {
    "entities": f"SELECT * REPLACE ({_DISTINCT}) FROM entities",
    "asserted": "SELECT DISTINCT subject, predicate, object FROM statements WHERE sentences > 0"
    " ORDER BY subject, predicate, object",
    "statements": "SELECT * REPLACE (list_sort(list_distinct(coalesce(extractors, [])))"
    " AS extractors) FROM statements",
    "evidence": f"SELECT *, {_TARGET} FROM evidence",
    "targets": f'SELECT DISTINCT {_TARGET}, document, start, "end", sentence FROM evidence'
    " WHERE sentence <> '' ORDER BY target",
    "documents": "SELECT * FROM documents",
    "mentioned": "SELECT DISTINCT document, entity FROM occurrences ORDER BY document, entity",
}

Grouped = Iterator[tuple[pa.RecordBatch, pa.Table, pa.Array]]


class Rows:
    """A graph's rows, each kind as a stream of small batches; ``with`` closes it."""

    def __init__(self, tables: GraphTables) -> None:
        self._connection = connect(tables, memory=1 << 29)
        self._connection.execute("SET preserve_insertion_order = true")

    def __enter__(self) -> Rows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def entities(self) -> Grouped:
        """Yield batches of entities, the triples asserted of them, and how many each has."""
        yield from self._grouped("entities", "asserted", "subject")

    def statements(self) -> Iterator[pa.RecordBatch]:
        """Yield batches of statements."""
        yield from self._rows("statements")

    def evidence(self) -> Iterator[pa.RecordBatch]:
        """Yield batches of evidence, with its sentence's id as ``target``, null without one."""
        yield from self._rows("evidence")

    def targets(self) -> Iterator[pa.RecordBatch]:
        """Yield batches of the distinct sentences of the evidence."""
        yield from self._rows("targets")

    def documents(self) -> Grouped:
        """Yield batches of documents, the entities mentioned in them, and how many each has."""
        yield from self._grouped("documents", "mentioned", "document")

    def _rows(self, query: str) -> Iterator[pa.RecordBatch]:
        with self._connection.cursor() as cursor:  # several streams at a time
            for batch in cursor.sql(_QUERIES[query]).to_arrow_reader(_ROWS):
                yield from _small(batch)

    def _grouped(self, main: str, beside: str, key: str) -> Grouped:
        """Merge two streams in order of the main one's id: rows, and those of the other by key."""
        with self._connection.cursor() as cursor:
            reader = cursor.sql(_QUERIES[beside]).to_arrow_reader(_ROWS)
            following = _Following(reader, key)
            for batch in self._rows(main):
                ids = batch.column("id")
                found = following.up_to(ids[-1].as_py())
                place = pc.index_in(found.column(key).combine_chunks(), value_set=ids)
                yield batch, found.filter(pc.is_valid(place)), _counts(place, len(ids))


def _small(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    pieces = min(batch.num_rows, batch.nbytes // _BYTES + 1)
    step = -(-batch.num_rows // max(1, pieces))
    for start in range(0, batch.num_rows, step or 1):
        yield batch.slice(start, step)


def _counts(place: pa.Array, rows: int) -> pa.Array:
    import numpy as np

    known = pc.drop_null(place).to_numpy(zero_copy_only=False)
    return pa.array(np.bincount(known.astype(np.int64), minlength=rows))


class _Following:
    """A stream sorted by ``key``, of which the rows up to a key are taken, again and again."""

    def __init__(self, batches: Iterable[pa.RecordBatch], key: str) -> None:
        self._batches = iter(batches)
        self._key = key
        self._left: pa.RecordBatch | None = next(self._batches, None)
        self._schema = self._left.schema if self._left is not None else _EMPTY[key]

    def up_to(self, last: str) -> pa.Table:
        taken: list[pa.RecordBatch] = []
        while self._left is not None:
            count = pc.sum(pc.less_equal(self._left.column(self._key), last)).as_py() or 0
            taken.append(self._left.slice(0, count))
            if count < self._left.num_rows:
                self._left = self._left.slice(count)
                break
            self._left = next(self._batches, None)
        return pa.Table.from_batches(taken, self._schema)


_EMPTY = {
    key: pa.schema([(column, pa.string()) for column in columns])
    for key, columns in (
        ("subject", ("subject", "predicate", "object")),
        ("document", ("document", "entity")),
    )
}
