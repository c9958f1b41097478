"""Columns of Arrow to lines of N-Triples, a batch at a time.

Each function takes and gives arrays of ``large_string``, one element a row; rows are joined in
C++, so that Python touches only distinct identifiers and texts that need an escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from kgbuild.errors import StoreError
from kgbuild.loaders.rdf_shape import KINDS, Property
from kgbuild.loaders.rdf_terms import PREFIXES, iri_of, literal, percent

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = [
    "Terms",
    "block",
    "lines",
    "listed",
    "properties",
    "qualifier_term",
    "regrouped",
    "to_bytes",
]

_TEXT = pa.large_string()
# what literal() would escape, for RE2
_UNSAFE = r'[\x00-\x1f"\\\x7f-\x{9f}\x{2028}\x{2029}\x{fdd0}-\x{fdef}\x{fffe}\x{ffff}]'
_PLAIN = r"^[A-Za-z0-9._~-]*$"
_SLOT = re.compile("[a-z_]+_qualifier|qualified_predicate")
_DATES = {4: "gYear", 7: "gYearMonth", 10: "date"}
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


class Terms:
    """Columns of values as columns of RDF terms; null stays null."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._prefixes = {prefix.name: prefix.iri for prefix in schema.prefixes.values()}
        self._node = lru_cache(1 << 17)(self._iri)
        self._by_kind: dict[str, Callable[[pa.Array], pa.Array]] = {
            "text": self.texts,
            "node": self.nodes,
            "agent": lambda column: self.own("agent", column),
            "statement": lambda column: self.own("statement", column),
            "integer": lambda column: _typed(column.cast(_TEXT), "integer"),
            "double": _doubles,
            "boolean": lambda column: _typed(column.cast(_TEXT), "boolean"),
            "date": lambda column: _mapped(column, _date),
        }

    def of(self, kind: str, column: pa.Array) -> pa.Array:
        """Return the terms of a column of values of this kind (see ``Property``)."""
        return self._by_kind[kind](column)

    def nodes(self, curies: pa.Array) -> pa.Array:
        """Return the IRIs of identifiers, in angle brackets."""
        return _mapped(curies, self._node)

    def own(self, kind: str, ids: pa.Array) -> pa.Array:
        """Return IRIs of kgbuild's own, of a kind of ``KINDS``."""
        ids = ids.cast(_TEXT)
        if not pc.all(pc.match_substring_regex(ids, _PLAIN)).as_py():
            ids = _mapped(ids, percent)
        return _join(f"<{KINDS[kind]}", ids, ">")

    def texts(self, column: pa.Array) -> pa.Array:
        """Return plain literals."""
        column = column.cast(_TEXT)
        plain = _join('"', column, '"')
        unsafe = pc.match_substring_regex(column, _UNSAFE)
        if not pc.any(unsafe).as_py():
            return plain
        escaped = [literal(text) for text in column.filter(unsafe).to_pylist()]
        return pc.replace_with_mask(plain, unsafe, pa.array(escaped, _TEXT))

    def categories(self, names: pa.Array) -> pa.Array:
        """Return the classes of categories.

        Raises:
            StoreError: the schema lacks one.
        """
        return _mapped(names, self._within(self._schema.category_iri))

    def predicates(self, names: pa.Array) -> pa.Array:
        """Return the properties of predicates.

        Raises:
            StoreError: the schema lacks one.
        """
        return _mapped(names, self._within(self._schema.predicate_iri))

    def qualifiers(self, keys: pa.Array) -> pa.Array:
        """Return the properties of qualifiers: Biolink's slots, else of kgbuild's own."""
        return _mapped(keys, qualifier_term)

    def _within(self, iri: Callable[[str], str]) -> Callable[[str], str]:
        def term(name: str) -> str:
            try:
                return f"<{iri(name)}>"
            except KeyError as error:
                raise StoreError(
                    f"the graph uses {error}, which the schema lacks: add it to the schema, "
                    "or open the graph with the schema that it was built with"
                ) from error

        return term

    def _iri(self, curie: str) -> str:
        prefix, _, local = curie.partition(":")
        start = self._prefixes.get(prefix)
        if start is not None and local:  # the way of nearly all, without the schema's trie
            return f"<{start}{percent(local)}>"
        return f"<{iri_of(self._schema, curie)}>"


def qualifier_term(key: str) -> str:
    """Return the property of a qualifier, in angle brackets."""
    start = PREFIXES["biolink"] if _SLOT.fullmatch(key) else KINDS["qualifier"]
    return f"<{start}{percent(key)}>"


def lines(subjects: pa.Array, iri: str, objects: pa.Array, end: str) -> pa.Array:
    """Return a line for each row, empty where the object is null."""
    found = _join(subjects, f" <{iri}> ", objects, end)
    return pc.fill_null(found, "")


def block(*parts: pa.Array | str) -> pa.Array:
    """Return the rows' texts, one after the other."""
    return _join(*parts)


def listed(
    subjects: pa.Array, column: pa.Array, write: Callable[[pa.Array, pa.Array], pa.Array]
) -> pa.Array:
    """Return for each row of a column of lists the lines of its values.

    ``write`` makes lines of subjects and values, both flat.
    """
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    flat = write(subjects.take(pc.list_parent_indices(column)), column.flatten())
    return regrouped(flat, lengths)


def regrouped(flat: pa.Array, lengths: pa.Array) -> pa.Array:
    """Return the texts of ``flat``, the first ``lengths[0]`` joined to one, and so on."""
    ends = pc.cumulative_sum(lengths.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pc.binary_join(pa.ListArray.from_arrays(offsets, flat), pa.scalar("", _TEXT))


def properties(
    terms: Terms, subjects: pa.Array, batch: pa.RecordBatch, shape: tuple[Property, ...], end: str
) -> list[pa.Array]:
    """Return the lines of each property of ``shape``."""
    found = []
    for item in shape:
        column = batch.column(item.column)
        if item.many:
            found.append(listed(subjects, column, _writer(terms, item, end)))
        else:
            if item.kind == "text":  # an empty text says nothing
                column = pc.if_else(pc.equal(column, ""), None, column)
            found.append(lines(subjects, item.iri, terms.of(item.kind, column), end))
    return found


def to_bytes(column: pa.Array) -> memoryview:
    """Return the texts of a column, one after the other, without a copy."""
    _, offsets, data = column.buffers()
    if data is None:
        return memoryview(b"")
    ends = memoryview(offsets).cast("q")
    return memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]]


def _writer(terms: Terms, item: Property, end: str) -> Callable[[pa.Array, pa.Array], pa.Array]:
    return lambda subjects, values: lines(subjects, item.iri, terms.of(item.kind, values), end)


def _join(*parts: pa.Array | str) -> pa.Array:
    texts = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*texts, pa.scalar("", _TEXT))


def _typed(texts: pa.Array, type_: str) -> pa.Array:
    return _join('"', texts, f'"^^<{PREFIXES["xsd"]}{type_}>')


def _doubles(column: pa.Array) -> pa.Array:
    texts = column.cast(_TEXT)
    if not pc.all(pc.is_finite(column)).as_py():
        for number, written in (("nan", "NaN"), ("inf", "INF"), ("-inf", "-INF")):
            texts = pc.if_else(pc.equal(texts, number), written, texts)
    return _typed(texts, "double")


def _date(text: str) -> str | None:
    if not text:
        return None
    kind = f"^^<{PREFIXES['xsd']}{_DATES[len(text)]}>" if _DATE.fullmatch(text) else ""
    return literal(text) + kind


def _mapped(column: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """Apply a Python function once to each distinct value."""
    coded = column.dictionary_encode()
    values = pa.array([function(value) for value in coded.dictionary.to_pylist()], _TEXT)
    return values.take(coded.indices)
