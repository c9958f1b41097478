"""The graph as RDF: one stream of N-Triples, from which every other form is made.

A statement that some evidence affirms is asserted as a plain triple; every statement, also one
that is only denied, is a resource as well, with its belief and counts. Each piece of evidence is
an annotation (Web Annotation) of a sentence of a document, derived (PROV-O) from that document.
There are no blank nodes, so that two streams can be compared line by line. docs/rdf.md lists the
properties.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.compute as pc

from kgbuild.loaders.rdf_description import dataset_lines, schema_lines
from kgbuild.loaders.rdf_rows import Rows
from kgbuild.loaders.rdf_shape import (
    DOCUMENT,
    ENTITY,
    EVIDENCE,
    STATEMENT,
    TARGET,
    StatementForm,
    name,
)
from kgbuild.loaders.rdf_terms import NAMESPACE
from kgbuild.loaders.rdf_text import Terms, block, lines, listed, properties, regrouped, to_bytes

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["Blocks", "blocks", "byte_stream", "count_lines", "ntriples"]

_TYPE = name("rdf:type")
_TRIPLES = " .\n"


@dataclass(frozen=True, slots=True)
class Blocks:
    """Some resources of one kind: ``texts[i]`` holds all lines of ``subjects[i]`` (``<IRI>``).

    Kinds are description, entity, statement, evidence, target, selector and document.
    """

    kind: str
    subjects: pa.Array
    texts: pa.Array


def ntriples(
    tables: GraphTables,
    schema: Schema,
    *,
    form: StatementForm = "reification",
    graph: str = "",
) -> Iterator[bytes | memoryview]:
    """Yield the graph as N-Triples in UTF-8, some lines at a time; the same tables, the same bytes.

    The schema comes first, the data next, the description of the dataset (VoID) last. Memory is
    some batches of rows.

    Args:
        tables: the assembled graph.
        schema: expands identifiers and names classes and properties.
        form: how a statement's resource says which triple it is about. Named graphs need N-Quads.
        graph: the IRI of a named graph for all lines, which makes them N-Quads; or none.

    Raises:
        StoreError: a category or predicate is not in the schema.
    """
    end = f" <{graph}> .\n" if graph else _TRIPLES
    for found in blocks(tables, schema, form=form, end=end):
        yield to_bytes(found.texts)


def blocks(
    tables: GraphTables,
    schema: Schema,
    *,
    form: StatementForm = "reification",
    end: str = _TRIPLES,
) -> Iterator[Blocks]:
    """Yield the graph resource by resource, kind by kind: see ``Blocks``.

    Everything with the subject is in its block: an entity's has the triples that its statements
    assert. An entity that is a document too has two blocks, and so has the dataset.

    Raises:
        StoreError: a category or predicate is not in the schema.
    """
    schema_ = _described(schema_lines(schema, end))
    count = count_lines(to_bytes(schema_.texts))
    yield schema_
    for found in _data(tables, schema, form, end):
        count += count_lines(to_bytes(found.texts))
        yield found
    yield _described(dataset_lines(tables, schema, end, form=form, count=count))


def _described(lines_of: dict[str, str]) -> Blocks:
    subjects = pa.array(list(lines_of), pa.large_string())
    return Blocks("description", subjects, pa.array(list(lines_of.values()), pa.large_string()))


def _data(tables: GraphTables, schema: Schema, form: StatementForm, end: str) -> Iterator[Blocks]:
    terms = Terms(schema)
    with Rows(tables) as rows:
        for batch, asserted, lengths in rows.entities():
            yield _entities(terms, batch, asserted, lengths, end)
        for batch in rows.statements():
            yield _statements(terms, batch, form, end)
        for batch in rows.evidence():
            yield _evidence(terms, batch, end)
        for batch in rows.targets():
            yield from _targets(terms, batch, end)
        for batch, mentioned, lengths in rows.documents():
            yield _documents(terms, batch, mentioned, lengths, end)


def count_lines(piece: bytes | memoryview) -> int:
    """Return how many lines there are."""
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(piece, np.uint8) == 10))


def byte_stream(pieces: Iterator[bytes | memoryview]) -> IO[bytes]:
    """Return ``pieces`` as one readable stream, for parsers that read from a file."""
    return cast("IO[bytes]", _ByteStream(pieces))


class _ByteStream(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self._pieces = pieces
        self._left: memoryview = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes, empty at the end."""
        if size < 0:
            return b"".join([self._left, *self._pieces])
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = memoryview(piece)
        found, self._left = self._left[:size], self._left[size:]
        return bytes(found)


def _typed(subjects: pa.Array, short: str, end: str) -> pa.Array:
    return block(subjects, f" <{_TYPE}> <{name(short)}>{end}")


def _entities(
    terms: Terms, batch: pa.RecordBatch, asserted: pa.Table, lengths: pa.Array, end: str
) -> Blocks:
    me = terms.nodes(batch.column("id"))
    triples = block(
        terms.nodes(asserted.column("subject").combine_chunks()),
        " ",
        terms.predicates(asserted.column("predicate").combine_chunks()),
        " ",
        terms.nodes(asserted.column("object").combine_chunks()),
        end,
    )
    texts = block(
        lines(me, _TYPE, terms.categories(batch.column("category")), end),
        *properties(terms, me, batch, ENTITY, end),
        regrouped(triples, lengths),
    )
    return Blocks("entity", me, texts)


def _statements(terms: Terms, batch: pa.RecordBatch, form: StatementForm, end: str) -> Blocks:
    me = terms.own("statement", batch.column("id"))
    subject, object_ = terms.nodes(batch.column("subject")), terms.nodes(batch.column("object"))
    predicate = terms.predicates(batch.column("predicate"))
    own: list[pa.Array] = []
    if form == "reification":
        about = [
            _typed(me, "rdf:Statement", end),
            lines(me, name("rdf:subject"), subject, end),
            lines(me, name("rdf:predicate"), predicate, end),
            lines(me, name("rdf:object"), object_, end),
        ]
    elif form == "triple-terms":
        triple = block("<<( ", subject, " ", predicate, " ", object_, " )>>")
        about = [_typed(me, "kgb:Statement", end), lines(me, name("rdf:reifies"), triple, end)]
    else:
        affirmed = block(subject, " ", predicate, " ", object_, " ", me, " .\n")
        denied = _denial(me, subject, predicate, object_)
        is_denied = pc.equal(batch.column("sentences"), 0)
        about = [_typed(me, "kgb:Statement", end)]
        own = [pc.if_else(is_denied, denied, affirmed)]
    rest = properties(terms, me, batch, STATEMENT, end)
    qualifiers = _qualifiers(terms, me, batch, end)
    return Blocks("statement", me, block(*about, *rest, qualifiers, *own))


def _denial(me: pa.Array, subject: pa.Array, predicate: pa.Array, object_: pa.Array) -> pa.Array:
    """Return what a named graph says of a triple that is only denied, in OWL's words."""
    ends = (
        ("owl:sourceIndividual", subject),
        ("owl:assertionProperty", predicate),
        ("owl:targetIndividual", object_),
    )
    kind = f" <{_TYPE}> <{name('owl:NegativePropertyAssertion')}> "
    return block(
        block(me, kind, me, " .\n"),
        *(block(me, f" <{name(short)}> ", term, " ", me, " .\n") for short, term in ends),
    )


def _qualifiers(terms: Terms, me: pa.Array, batch: pa.RecordBatch, end: str) -> pa.Array:
    column = batch.column("qualifiers")
    pairs = pa.ListArray.from_arrays(
        column.offsets, pa.StructArray.from_arrays([column.keys, column.items], ["key", "value"])
    )

    def write(subjects: pa.Array, values: pa.Array) -> pa.Array:
        keys, texts = values.field("key"), terms.texts(values.field("value"))
        return block(subjects, " ", terms.qualifiers(keys), " ", texts, end)

    return listed(me, pairs, write)


def _evidence(terms: Terms, batch: pa.RecordBatch, end: str) -> Blocks:
    me = terms.own("evidence", batch.column("id"))
    where = terms.own("target", batch.column("target"))
    document = terms.nodes(batch.column("document"))
    texts = block(
        block(me, f" <{_TYPE}> <{NAMESPACE}Evidence>{end}"),
        _typed(me, "oa:Annotation", end),
        # without a sentence (an imported statement) the document as a whole is the target
        lines(me, name("oa:hasTarget"), pc.coalesce(where, document), end),
        *properties(terms, me, batch, EVIDENCE, end),
    )
    return Blocks("evidence", me, texts)


def _targets(terms: Terms, batch: pa.RecordBatch, end: str) -> Iterator[Blocks]:
    me = terms.own("target", batch.column("target"))
    selector = terms.own("selector", batch.column("target"))
    source, *place = TARGET
    texts = block(
        _typed(me, "oa:SpecificResource", end),
        *properties(terms, me, batch, (source,), end),
        lines(me, name("oa:hasSelector"), selector, end),
    )
    yield Blocks("target", me, texts)
    texts = block(
        _typed(selector, "oa:TextQuoteSelector", end),
        _typed(selector, "oa:TextPositionSelector", end),
        *properties(terms, selector, batch, tuple(place), end),
    )
    yield Blocks("selector", selector, texts)


def _documents(
    terms: Terms, batch: pa.RecordBatch, mentioned: pa.Table, lengths: pa.Array, end: str
) -> Blocks:
    me = terms.nodes(batch.column("id"))
    triples = lines(
        terms.nodes(mentioned.column("document").combine_chunks()),
        name("schema:mentions"),
        terms.nodes(mentioned.column("entity").combine_chunks()),
        end,
    )
    texts = block(
        block(me, f" <{_TYPE}> <{NAMESPACE}Document>{end}"),
        *properties(terms, me, batch, DOCUMENT, end),
        regrouped(triples, lengths),
    )
    return Blocks("document", me, texts)
