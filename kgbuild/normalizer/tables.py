"""Putting parts together: the sorted tables of a lexicon, and what is to be reported of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kgbuild.normalizer.cliques import Cliques, Known, unite
from kgbuild.normalizer.columns import TextColumn, numbers
from kgbuild.normalizer.parents import find_cycles
from kgbuild.normalizer.parts import Part, name_schema, term_schema
from kgbuild.records import Failure

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from kgbuild.ontologies.mappings import Mapping
    from kgbuild.ontologies.schema import Schema

__all__ = ["Tables", "put_together"]


@dataclass(slots=True)
class Tables:
    """Tables ``terms`` (by id), ``names`` (by key), ``keys`` and ``same``, and a report."""

    tables: dict[str, pa.Table]
    categories: list[str]
    counts: dict[str, int]
    cycles: list[list[str]]
    failures: list[Failure]
    cliques: Cliques = field(default_factory=Cliques)


def put_together(
    parts: Sequence[tuple[str, Part]],
    *,
    schema: Schema,
    languages: Sequence[str] = ("en",),
    mappings: Sequence[tuple[Mapping, str]] = (),
) -> Tables:
    """Sort the terms and names of all parts; the first of several terms with one id prevails.

    ``parts`` come with their vocabularies' names. Names in other than ``languages`` stay with their
    terms but are not looked up.
    """
    categories: dict[str, int] = {}
    failures = [failure for _, part in parts for failure in part.failures]
    failure_count = sum(part.failure_count for _, part in parts)
    gathered = _concatenated([part for _, part in parts], categories)
    names = _names(parts, set(languages))
    sources = [name for name, _ in parts]
    terms, row_of, doubled, duplicates = _sorted_terms(gathered, sources)
    failures += doubled
    leads_to, dropped = _successors(terms)
    names, keys = _sorted_names(names, leads_to[row_of])
    exact = _exact(terms, leads_to, sources)
    pairs = (*((s, o) for s, o, _ in exact), *((m.subject, m.object) for m, _ in mappings))
    involved = list(dict.fromkeys(curie for pair in pairs for curie in pair))
    cliques = unite(exact, mappings, _known(involved, terms, leads_to, list(categories), schema))
    cliques.former |= _former(terms, leads_to)
    same = cliques.table()
    return Tables(
        tables={"terms": terms, "names": names, "keys": keys, "same": same},
        categories=list(categories),
        counts={
            "terms": terms.num_rows,
            "names": names.num_rows,
            "keys": keys.num_rows,
            "obsolete": sum(terms.column("obsolete").to_pylist()),
            "dropped": dropped,
            "duplicates": duplicates,
            "failures": failure_count + len(doubled),
            "same": same.num_rows,
            "conflicts": cliques.conflict_count,
        },
        cycles=find_cycles(terms),
        failures=failures[:1000],
        cliques=cliques,
    )


def _concatenated(parts: Sequence[Part], categories: dict[str, int]) -> pa.Table:
    """Return all terms with ``vocabulary``, the number of their part, and common categories."""
    import numpy as np
    import pyarrow as pa

    tables = []
    for number, part in enumerate(parts):
        codes = np.array(
            [categories.setdefault(c, len(categories)) for c in part.categories], np.int16
        )
        old = part.terms.column("category").to_numpy()
        new = pa.array(codes[old] if len(codes) else old, pa.int16())
        table = part.terms.replace_schema_metadata(None)
        table = table.set_column(table.schema.get_field_index("category"), "category", new)
        tables.append(
            table.append_column("vocabulary", pa.array(np.full(len(old), number, np.int16)))
        )
    if not tables:
        empty = term_schema().append(pa.field("vocabulary", pa.int16())).empty_table()
        return empty
    return pa.concat_tables(tables)


def _names(parts: Sequence[tuple[str, Part]], languages: set[str]) -> pa.Table:
    """Return the names in the wanted languages; ``term`` counts through all parts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables, first = [], 0
    for _, part in parts:
        names = part.names
        tags = pc.unique(names.column("language")).to_pylist()
        wanted = [tag for tag in tags if (tag.partition("-")[0] or "en") in languages]
        if len(wanted) < len(tags):
            values = pa.array(wanted, pa.large_string())
            names = names.filter(pc.is_in(names.column("language"), values))
        term = pc.add(names.column("term"), pa.scalar(first, pa.int32()))
        tables.append(names.set_column(names.schema.get_field_index("term"), "term", term))
        first += part.terms.num_rows
    return pa.concat_tables(tables) if tables else name_schema().empty_table()


def _sorted_terms(
    table: pa.Table, sources: Sequence[str]
) -> tuple[pa.Table, NDArray[np.int64], list[Failure], int]:
    """Return the terms by id; for each gathered term its row there; doubles within a source."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows:
        return table, np.zeros(0, np.int64), [], 0
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
    doubled = []
    for place_of in positions[~new]:
        first = firsts[row_of[place_of]]
        if origin[first] == origin[place_of]:
            curie = table.column("id")[place_of].as_py()
            reason = "this id was there before; its names were added to the first term's"
            source = sources[origin[place_of]]
            doubled.append(Failure(source, "lexicon", reason, place=curie))
    return kept, row_of, doubled, int((~new).sum())


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
    place = table.schema.get_field_index("term")
    table = table.set_column(place, "term", term).filter(pa.array(rows >= 0)).combine_chunks()
    columns = ("key", "scope", "text", "term", "derived", "language")
    table = table.take(pc.sort_indices(table, sort_keys=[(c, "ascending") for c in columns]))
    table = table.combine_chunks()
    if not table.num_rows:
        empty = pa.table({"key": table.column("key"), "first": pa.array([0][:0], pa.int64())})
        return table.drop_columns("key"), empty
    changes = {c: _changes(table.column(c)) for c in ("key", "text", "term")}
    keep = changes["key"] | changes["text"] | changes["term"]
    table = table.filter(pa.array(keep)).combine_chunks()
    starts = np.flatnonzero(changes["key"][keep])
    keys = pa.table({"key": table.column("key").take(pa.array(starts)), "first": pa.array(starts)})
    languages = table.column("language").combine_chunks().dictionary_encode()
    languages = languages.chunk(0) if isinstance(languages, pa.ChunkedArray) else languages
    table = table.set_column(table.schema.get_field_index("language"), "language", languages)
    return table.drop_columns("key"), keys.combine_chunks()


def _changes(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return where a value differs from the one before."""
    import numpy as np
    import pyarrow.compute as pc

    changed = np.ones(len(column), bool)
    unequal = pc.not_equal(column.slice(1), column.slice(0, len(column) - 1))
    changed[1:] = unequal.to_numpy()
    return changed


def _known(
    involved: Sequence[str],
    terms: pa.Table,
    leads_to: NDArray[np.int64],
    categories: Sequence[str],
    schema: Schema,
) -> Known:
    """Return what uniting the ``involved`` ids must know of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = TextColumn(terms, "id")
    codes: Sequence[int] = (
        numbers(terms.column("category").combine_chunks()).tolist() if terms.num_rows else []
    )
    found = pc.index_in(
        pa.array(involved, pa.large_string()), value_set=terms.column("id").combine_chunks()
    )
    rows = dict(zip(involved, found.to_pylist(), strict=True))

    def live(curie: str) -> bool:
        row = rows[curie]
        return row is not None and bool(leads_to[row] == row)

    def successor(curie: str) -> str:
        row = rows[curie]
        if row is None or leads_to[row] in (row, -1):
            return curie
        return ids[int(leads_to[row])]

    def rank(curie: str) -> tuple[int, ...]:
        row = ids.row(curie)
        category = categories[codes[row]] if row >= 0 else ""
        # Known ids first; then the schema's order; then the shorter, older-looking id.
        return (row < 0, schema.prefix_rank(curie, category=category), len(curie), *curie.encode())

    return Known(live, successor, rank)


def _former(terms: pa.Table, leads_to: NDArray[np.int64]) -> dict[str, str]:
    """Return where obsolete terms' ids lead."""
    import numpy as np

    ids = TextColumn(terms, "id")
    moved = np.flatnonzero((leads_to != np.arange(len(leads_to))) & (leads_to >= 0)).tolist()
    return {ids[row]: ids[int(leads_to[row])] for row in moved}


def _exact(
    terms: pa.Table, leads_to: NDArray[np.int64], sources: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Return what live terms say to be the same as themselves: (subject, object, source)."""
    import pyarrow.compute as pc

    if not terms.num_rows:
        return []
    column = terms.column("exact").combine_chunks()
    rows = numbers(pc.list_parent_indices(column)).tolist()
    vocabulary = numbers(terms.column("vocabulary").combine_chunks())
    ids = TextColumn(terms, "id")
    return [
        (ids[row], other, sources[vocabulary[row]])
        for row, other in zip(rows, pc.list_flatten(column).to_pylist(), strict=True)
        if leads_to[row] == row
    ]
