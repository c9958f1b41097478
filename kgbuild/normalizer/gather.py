"""Gathering terms and names of vocabularies into sorted Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kgbuild.normalizer.names import names_of, scope_code
from kgbuild.normalizer.parents import find_cycles
from kgbuild.records import Failure, Term

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from kgbuild.normalizer.build import VocabularySource
    from kgbuild.ontologies.schema import Schema

__all__ = ["Gathered", "gather"]

_CHUNK = 20_000
_MAX_FAILURES = 1_000
_PROGRESS_EVERY = 5_000


@dataclass(slots=True)
class Gathered:
    """Tables ``terms`` (by id), ``names`` (by key) and ``keys``, with what is to be reported."""

    tables: dict[str, pa.Table]
    categories: list[str]
    vocabularies: list[str]
    counts: dict[str, int]
    cycles: list[list[str]]
    failures: list[Failure]


@dataclass(slots=True)
class _Rows:
    """Rows so far: full chunks as Arrow batches, the rest as Python lists."""

    schema: pa.Schema
    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows.append(row)
        if len(self.rows) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        import pyarrow as pa

        if self.rows:
            columns = zip(*self.rows, strict=True)
            arrays = [
                pa.array(list(c), type=f.type) for c, f in zip(columns, self.schema, strict=True)
            ]
            self.batches.append(pa.record_batch(arrays, schema=self.schema))
            self.rows.clear()

    def table(self) -> pa.Table:
        """Return all rows as one table and forget them."""
        import pyarrow as pa

        self.flush()
        batches, self.batches = self.batches, []
        return pa.Table.from_batches(batches, schema=self.schema)


def _term_schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.large_string()
    synonym = pa.struct([("text", text), ("scope", pa.int8())])
    return pa.schema(
        [
            ("id", text),
            ("name", text),
            ("category", pa.int16()),
            ("vocabulary", pa.int16()),
            ("definition", text),
            ("synonyms", pa.large_list(synonym)),
            ("xrefs", pa.large_list(text)),
            ("parents", pa.large_list(text)),
            ("obsolete", pa.bool_()),
            ("replaced_by", text),
        ]
    )


def _name_schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.large_string()
    return pa.schema(
        [
            ("key", text),
            ("text", text),
            ("term", pa.int32()),
            ("scope", pa.int8()),
            ("derived", pa.int8()),
        ]
    )


class _Gathering:
    def __init__(self, schema: Schema, progress: Callable[[str, int], None] | None) -> None:
        self.schema = schema
        self.progress = progress
        self.terms = _Rows(_term_schema())
        self.names = _Rows(_name_schema())
        self.categories: dict[str, int] = {}
        self.labels: dict[str, str | None] = {}
        self.count = 0
        self.failures: list[Failure] = []
        self.failure_count = 0

    def fail(self, failure: Failure) -> None:
        self.failure_count += 1
        if len(self.failures) < _MAX_FAILURES:
            self.failures.append(failure)

    def category(self, raw: str) -> str | None:
        if raw not in self.labels:
            known = raw in self.schema.categories
            self.labels[raw] = raw if known else self.schema.category(raw)
        return self.labels[raw]

    def read(self, number: int, vocabulary: VocabularySource) -> None:
        done = 0
        for item in vocabulary.terms():
            if isinstance(item, Failure):
                self.fail(item)
                continue
            self.add(number, vocabulary.name, item)
            done += 1
            if self.progress and done % _PROGRESS_EVERY == 0:
                self.progress(vocabulary.name, done)
        if self.progress:
            self.progress(vocabulary.name, done)

    def add(self, number: int, source: str, term: Term) -> None:
        category = self.category(term.category)
        if category is None or not term.id or not term.name.strip():
            expected = (
                f"a category of the schema, not {term.category!r}: name one where the vocabulary "
                "is opened (category=...), or add the label to the schema's aliases"
                if category is None
                else "an id and a name"
            )
            self.fail(Failure(source, "lexicon", f"expected {expected}", place=term.id))
            return
        code = self.categories.setdefault(category, len(self.categories))
        synonyms = [{"text": s.text, "scope": scope_code(s.scope)} for s in term.synonyms]
        self.terms.add(
            (
                term.id, term.name, code, number, term.definition, synonyms,
                list(term.xrefs), list(term.parents), term.obsolete, term.replaced_by,
            )
        )  # fmt: skip
        for key, text, scope, derived in names_of(term):
            self.names.add((key, text, self.count, scope, int(derived)))
        self.count += 1


def gather(
    vocabularies: Sequence[VocabularySource],
    *,
    schema: Schema,
    progress: Callable[[str, int], None] | None = None,
) -> Gathered:
    """Read all terms and sort them; the first of several terms with one id prevails."""
    gathering = _Gathering(schema, progress)
    for number, vocabulary in enumerate(vocabularies):
        gathering.read(number, vocabulary)
    sources = [v.name for v in vocabularies]
    terms, row_of, duplicates = _sorted_terms(gathering, sources)
    leads_to, dropped = _successors(terms)
    names, keys = _sorted_names(gathering.names.table(), leads_to[row_of])
    return Gathered(
        tables={"terms": terms, "names": names, "keys": keys},
        categories=list(gathering.categories),
        vocabularies=sources,
        counts={
            "terms": terms.num_rows,
            "names": names.num_rows,
            "keys": keys.num_rows,
            "obsolete": sum(terms.column("obsolete").to_pylist()),
            "dropped": dropped,
            "duplicates": duplicates,
            "failures": gathering.failure_count,
        },
        cycles=find_cycles(terms),
        failures=gathering.failures,
    )


def _sorted_terms(
    gathering: _Gathering, sources: Sequence[str]
) -> tuple[pa.Table, NDArray[np.int64], int]:
    """Return the terms by id, for each gathered term its row there, and the number doubled."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    table = gathering.terms.table()
    if not table.num_rows:
        return table, np.zeros(0, np.int64), 0
    place = pa.array(np.arange(table.num_rows, dtype=np.int64))
    order = pc.sort_indices(
        pa.table({"id": table.column("id"), "place": place}),
        sort_keys=[("id", "ascending"), ("place", "ascending")],
    )
    ids = table.column("id").combine_chunks().take(order)
    ids = ids.chunk(0) if isinstance(ids, pa.ChunkedArray) else ids
    new = np.ones(len(ids), bool)
    new[1:] = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    positions = order.to_numpy()
    row_of = np.empty(len(ids), np.int64)
    row_of[positions] = np.cumsum(new) - 1
    kept = table.take(pa.array(positions[new])).combine_chunks()
    origin = table.column("vocabulary").to_numpy()
    firsts = positions[new]
    for place_of in positions[~new]:
        first = firsts[row_of[place_of]]
        if origin[first] == origin[place_of]:
            curie = table.column("id")[place_of].as_py()
            reason = "this id was there before; its names were added to the first term's"
            source = sources[origin[place_of]]
            gathering.fail(Failure(source, "lexicon", reason, place=curie))
    return kept, row_of, int((~new).sum())


def _successors(terms: pa.Table) -> tuple[NDArray[np.int64], int]:
    """Return for each row the row its names lead to (-1: none), and how many lead nowhere."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    leads_to = np.arange(terms.num_rows, dtype=np.int64)
    obsolete = np.flatnonzero(terms.column("obsolete").to_numpy(zero_copy_only=False))
    if not len(obsolete):
        return leads_to, 0
    named = terms.column("replaced_by").take(pa.array(obsolete))
    rows = pc.index_in(named, value_set=terms.column("id").combine_chunks())
    next_of = dict(zip(obsolete.tolist(), rows.to_pylist(), strict=True))
    dropped = 0
    for row in next_of:
        seen = {row}
        at: int | None = row
        while at in next_of:
            at = next_of[at]
            if at in seen:  # a circle of successors leads nowhere
                at = None
            elif at is not None:
                seen.add(at)
        leads_to[row] = -1 if at is None else at
        dropped += at is None
    return leads_to, dropped


def _sorted_names(table: pa.Table, term_rows: NDArray[np.int64]) -> tuple[pa.Table, pa.Table]:
    """Return the names by key, scope, text and term, without doubles, and the table of keys."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = term_rows[table.column("term").to_numpy()]
    term = pa.array(rows.astype(np.int32))
    table = table.set_column(2, "term", term).filter(pa.array(rows >= 0)).combine_chunks()
    columns = ("key", "scope", "text", "term", "derived")
    table = table.take(pc.sort_indices(table, sort_keys=[(c, "ascending") for c in columns]))
    table = table.combine_chunks()
    size = table.num_rows
    if not size:
        empty = pa.table({"key": table.column("key"), "first": pa.array([0][:0], pa.int64())})
        return table.drop_columns("key"), empty
    changes = {c: _changes(table.column(c)) for c in ("key", "text", "term")}
    keep = changes["key"] | changes["text"] | changes["term"]
    table = table.filter(pa.array(keep)).combine_chunks()
    starts = np.flatnonzero(changes["key"][keep])
    keys = pa.table({"key": table.column("key").take(pa.array(starts)), "first": pa.array(starts)})
    return table.drop_columns("key"), keys.combine_chunks()


def _changes(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return where a value differs from the one before."""
    import numpy as np
    import pyarrow.compute as pc

    changed = np.ones(len(column), bool)
    unequal = pc.not_equal(column.slice(1), column.slice(0, len(column) - 1))
    changed[1:] = unequal.to_numpy()
    return changed
