"""The Arrow schema of every table that lies between stages or goes to a loader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["GRAPH_TABLES", "SCHEMAS", "GraphTables"]

_STR, _I32, _I64, _F64, _BOOL = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
_STRS = pa.list_(_STR)


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


_MENTIONS = _schema(
    id=_STR, document=_STR, start=_I32, end=_I32, text=_STR, category=_STR,
    score=_F64, extractor=_STR,
    spans=pa.list_(pa.struct([("start", _I32), ("end", _I32)])),
)  # fmt: skip
_GROUNDINGS = _schema(
    document=_STR, mention=_STR, curie=_STR, name=_STR, category=_STR, score=_F64,
    method=_STR, reason=_STR,
    candidates=pa.list_(
        pa.struct([("curie", _STR), ("name", _STR), ("score", _F64), ("method", _STR)])
    ),
)  # fmt: skip
_RELATIONS = _schema(
    id=_STR, document=_STR, subject=_STR, predicate=_STR, object=_STR, score=_F64,
    start=_I32, end=_I32, extractor=_STR, negated=_BOOL, hedged=_BOOL, novel=_BOOL, trigger=_STR,
    subject_curie=_STR, object_curie=_STR,
)  # fmt: skip

SCHEMAS: dict[str, pa.Schema] = {
    "documents": _schema(
        id=_STR, text=_STR, date=_STR, source=_STR,
        passages=pa.list_(
            pa.struct([("kind", _STR), ("start", _I32), ("end", _I32), ("label", _STR)])
        ),
        metadata=pa.map_(_STR, _STR),
    ),
    "given_mentions": _MENTIONS,
    "given_groundings": _GROUNDINGS,
    "given_relations": _RELATIONS,
    "sentences": _schema(document=_STR, start=_I32, end=_I32),
    "abbreviations": _schema(
        document=_STR, short=_STR, long=_STR, short_start=_I32, long_start=_I32
    ),
    "mentions": _MENTIONS,
    "groundings": _GROUNDINGS,
    "relations": _RELATIONS,
    "failures": _schema(document=_STR, source=_STR, stage=_STR, place=_STR, reason=_STR),
}  # fmt: skip

GRAPH_TABLES: dict[str, pa.Schema] = {
    # one row a node; NIL nodes have ids `kgb.nil:HASH` and no vocabulary
    "entities": _schema(
        id=_STR, name=_STR, category=_STR, synonyms=_STRS, xrefs=_STRS, parents=_STRS,
        vocabulary=_STR, mentions=_I64, sentences=_I64, documents=_I64,
    ),
    # one row an edge; `sentences` and `papers` count affirming evidence, `negated` denying
    # sentences, `hedged` the affirming sentences that hedge; years are null where unknown
    "statements": _schema(
        id=_STR, subject=_STR, subject_category=_STR, predicate=_STR, object=_STR,
        object_category=_STR, qualifiers=pa.map_(_STR, _STR), belief=_F64, papers=_I64,
        sentences=_I64, negated=_I64, hedged=_I64, first_year=_I32, last_year=_I32,
        extractors=_STRS,
    ),
    "evidence": _schema(
        id=_STR, statement=_STR, document=_STR, start=_I32, end=_I32, sentence=_STR,
        subject_start=_I32, subject_end=_I32, object_start=_I32, object_end=_I32,
        score=_F64, extractor=_STR, negated=_BOOL, hedged=_BOOL, novel=_BOOL,
    ),
    "documents": _schema(id=_STR, title=_STR, date=_STR, year=_I32, source=_STR),
    # how often a document mentions an entity
    "occurrences": _schema(document=_STR, entity=_STR, mentions=_I64, sentences=_I64),
}  # fmt: skip


class GraphTables:
    """The assembled graph as Parquet files, one a table of ``GRAPH_TABLES``; what loaders take.

    Rows of ``entities``, ``statements``, ``evidence`` and ``documents`` are sorted by ``id`` and
    unique; every statement's and evidence's references exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, table: str) -> Path:
        """Return the Parquet file of ``table``."""
        return self.folder / f"{table}.parquet"

    def count(self, table: str) -> int:
        """Return how many rows ``table`` has, from the file's footer."""
        return int(pq.read_metadata(self.path(table)).num_rows)

    def batches(
        self, table: str, *, rows: int = 50_000, columns: list[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield ``table`` in batches of at most ``rows`` rows, streamed from disk."""
        with pq.ParquetFile(self.path(table)) as file:
            yield from file.iter_batches(batch_size=rows, columns=columns)

    def read(self, table: str, columns: list[str] | None = None) -> Any:
        """Return the whole of ``table`` as an Arrow table."""
        with pq.ParquetFile(self.path(table)) as file:  # read_table would import pandas
            return file.read(columns)
