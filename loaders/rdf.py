"""The graph as RDF: one streamed N-Triples text, from which every other form is made.

A statement that some evidence affirms is asserted as a plain triple; every statement, also one
that is only denied, is a resource as well (``rdf:Statement``), with its belief and counts, and
each piece of evidence is a resource derived (PROV-O) from its document. Reification is that of
RDF 1.0, because rdflib and most triple stores can't read RDF 1.2's triple terms yet.
docs/graph.md lists the properties.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, cast

from kgbuild.errors import ConfigError

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["GRAPH_IRI", "NAMESPACE", "byte_stream", "iri_of", "ntriples", "prefixes_of"]

NAMESPACE = "urn:kgbuild:"
"""What the prefix ``kgb`` stands for, in every schema."""
GRAPH_IRI = NAMESPACE + "graph"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PREFIXES = {
    "rdf": _RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": _XSD,
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "prov": "http://www.w3.org/ns/prov#",
    "dcterms": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "biolink": "https://w3id.org/biolink/vocab/",
    "kgb": NAMESPACE,
}
_LABEL = f"<{_PREFIXES['rdfs']}label>"
_SUBCLASS = f"<{_PREFIXES['rdfs']}subClassOf>"
_ALTERNATIVE = f"<{_PREFIXES['skos']}altLabel>"
_XREF = f"<{_PREFIXES['biolink']}xref>"
_DERIVED = f"<{_PREFIXES['prov']}wasDerivedFrom>"
_MENTIONS = f"<{_PREFIXES['schema']}mentions>"
_TYPE = f"<{_RDF}type>"
_INTEGER, _DOUBLE, _BOOLEAN = f"^^<{_XSD}integer>", f"^^<{_XSD}double>", f"^^<{_XSD}boolean>"
_DATES = {4: f"^^<{_XSD}gYear>", 7: f"^^<{_XSD}gYearMonth>", 10: f"^^<{_XSD}date>"}
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")

# RFC 3987's characters, less %, # and brackets, and less what some tools take for a line end
_PLANES = "".join(f"{chr(n << 16)}-{chr((n << 16) + 0xFFFD)}" for n in range(1, 14))
_IRI_UNSAFE = re.compile(
    f"[^!$&'()*+,./0-9:;=?@A-Z_a-z~\\-\xa0-\u2027\u202a-\ud7ff\uf900-\ufdcf\ufdf0-\uffef{_PLANES}]"
)
# besides what the grammar asks: controls and line ends, for tools that read line by line
_LITERAL_UNSAFE = re.compile(r"[\x00-\x1f\"\\\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def prefixes_of(schema: Schema) -> dict[str, str]:
    """Return the prefixes for queries and Turtle: the schema's, the usual ones and ``kgb``."""
    return {prefix.name: prefix.iri for prefix in schema.prefixes.values()} | _PREFIXES


def iri_of(schema: Schema, curie: str) -> str:
    """Return the IRI of ``curie``, valid whatever its characters.

    What has no prefix, or one that the schema lacks, becomes ``urn:kgbuild:curie:CURIE``.

    >>> from kgbuild.ontologies.schema import Schema
    >>> iri_of(Schema.load(), "DOI:10.1/a<b>")
    'https://doi.org/10.1/a%3Cb%3E'
    """
    safe = _IRI_UNSAFE.sub(_percent, curie)
    try:
        return schema.expand(safe)
    except (ConfigError, ValueError):  # no such prefix, or no CURIE at all
        return f"{NAMESPACE}curie:{safe}"


def ntriples(tables: GraphTables, schema: Schema) -> Iterator[str]:
    """Yield the graph as N-Triples, some lines at a time; the same tables give the same text.

    The order is entities, statements, evidence, documents, mentions: each by its table's order.
    Memory is one batch of a table.
    """
    terms = _Terms(schema)
    yield f"<{GRAPH_IRI}> <{NAMESPACE}schema> {literal(schema.name)} .\n"
    yield (f"<{GRAPH_IRI}> <{NAMESPACE}schema_fingerprint> {literal(schema.fingerprint)} .\n")
    writers: tuple[tuple[str, Callable[[_Terms, dict[str, Any]], str]], ...] = (
        ("entities", _entity),
        ("statements", _statement),
        ("evidence", _evidence),
        ("documents", _document),
        ("occurrences", _occurrence),
    )
    for table, write in writers:
        for batch in tables.batches(table, rows=2_000):
            yield "".join([write(terms, row) for row in batch.to_pylist()])


def byte_stream(texts: Iterator[str]) -> IO[bytes]:
    """Return ``texts`` as a readable stream of UTF-8, for parsers that read from a file."""
    return cast("IO[bytes]", _ByteStream(texts))


class _ByteStream(io.RawIOBase):
    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self._left = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes, empty at the end."""
        pieces = [self._left]
        length = len(self._left)
        while size < 0 or length < size:
            text = next(self._texts, None)
            if text is None:
                break
            pieces.append(text.encode())
            length += len(pieces[-1])
        data = b"".join(pieces)
        cut = len(data) if size < 0 else size
        self._left = data[cut:]
        return data[:cut]


def literal(text: str) -> str:
    """Return ``text`` as a plain literal of N-Triples."""
    if _LITERAL_UNSAFE.search(text):
        text = _LITERAL_UNSAFE.sub(_escape, text)
    return f'"{text}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode())


class _Terms:
    """IRIs in angle brackets, remembered."""

    def __init__(self, schema: Schema) -> None:
        self.entity = lru_cache(1 << 17)(lambda curie: f"<{iri_of(schema, curie)}>")
        self.category = lru_cache(None)(lambda name: f"<{schema.category_iri(name)}>")
        self.predicate = lru_cache(None)(lambda name: f"<{schema.predicate_iri(name)}>")


def _double(value: float) -> str:
    if math.isfinite(value):
        return f'"{value!r}"{_DOUBLE}'
    return f'"{"NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"}"{_DOUBLE}'


def _boolean(value: bool) -> str:
    return f'"{"true" if value else "false"}"{_BOOLEAN}'


def _entity(terms: _Terms, row: dict[str, Any]) -> str:
    me = terms.entity(row["id"])
    lines = [f"{me} {_TYPE} {terms.category(row['category'])} .\n"]
    if row["name"] is not None:
        lines.append(f"{me} {_LABEL} {literal(row['name'])} .\n")
    lines += [f"{me} {_ALTERNATIVE} {literal(name)} .\n" for name in row["synonyms"] or ()]
    lines += [f"{me} {_XREF} {terms.entity(other)} .\n" for other in row["xrefs"] or ()]
    lines += [f"{me} {_SUBCLASS} {terms.entity(other)} .\n" for other in row["parents"] or ()]
    if row["vocabulary"]:
        lines.append(f"{me} <{NAMESPACE}vocabulary> {literal(row['vocabulary'])} .\n")
    for name in ("mentions", "sentences", "documents"):
        lines.append(f'{me} <{NAMESPACE}{name}> "{row[name] or 0}"{_INTEGER} .\n')
    return "".join(lines)


def _statement(terms: _Terms, row: dict[str, Any]) -> str:
    me = f"<{NAMESPACE}statement:{row['id']}>"
    subject, object_ = terms.entity(row["subject"]), terms.entity(row["object"])
    predicate = terms.predicate(row["predicate"])
    asserted = f"{subject} {predicate} {object_} .\n" if row["sentences"] else ""
    lines = [
        f"{asserted}{me} {_TYPE} <{_RDF}Statement> .\n"
        f"{me} <{_RDF}subject> {subject} .\n"
        f"{me} <{_RDF}predicate> {predicate} .\n"
        f"{me} <{_RDF}object> {object_} .\n"
        f"{me} <{NAMESPACE}belief> {_double(row['belief'] or 0.0)} .\n"
    ]
    lines += [
        f'{me} <{NAMESPACE}{name}> "{row[name]}"{_INTEGER} .\n'
        for name in ("papers", "sentences", "negated", "hedged", "first_year", "last_year")
        if row[name] is not None
    ]
    lines += [f"{me} <{NAMESPACE}extractor> {literal(x)} .\n" for x in row["extractors"] or ()]
    for key, value in sorted(row["qualifiers"] or ()):
        lines.append(f"{me} <{NAMESPACE}qualifier> {literal(f'{key}={value}')} .\n")
    return "".join(lines)


def _evidence(terms: _Terms, row: dict[str, Any]) -> str:
    me = f"<{NAMESPACE}evidence:{row['id']}>"
    novel = "" if row["novel"] is None else f"{me} <{NAMESPACE}novel> {_boolean(row['novel'])} .\n"
    return (
        f"{me} {_TYPE} <{NAMESPACE}Evidence> .\n"
        f"{me} <{NAMESPACE}statement> <{NAMESPACE}statement:{row['statement']}> .\n"
        f"{me} {_DERIVED} {terms.entity(row['document'])} .\n"
        f"{me} <{NAMESPACE}sentence> {literal(row['sentence'])} .\n"
        f'{me} <{NAMESPACE}start> "{row["start"]}"{_INTEGER} .\n'
        f'{me} <{NAMESPACE}end> "{row["end"]}"{_INTEGER} .\n'
        f'{me} <{NAMESPACE}subject_start> "{row["subject_start"]}"{_INTEGER} .\n'
        f'{me} <{NAMESPACE}subject_end> "{row["subject_end"]}"{_INTEGER} .\n'
        f'{me} <{NAMESPACE}object_start> "{row["object_start"]}"{_INTEGER} .\n'
        f'{me} <{NAMESPACE}object_end> "{row["object_end"]}"{_INTEGER} .\n'
        f"{me} <{NAMESPACE}score> {_double(row['score'])} .\n"
        f"{me} <{NAMESPACE}extractor> {literal(row['extractor'])} .\n"
        f"{me} <{NAMESPACE}negated> {_boolean(row['negated'])} .\n"
        f"{me} <{NAMESPACE}hedged> {_boolean(row['hedged'])} .\n{novel}"
    )


def _document(terms: _Terms, row: dict[str, Any]) -> str:
    me = terms.entity(row["id"])
    lines = [f"{me} {_TYPE} <{NAMESPACE}Document> .\n"]
    if row["title"]:
        lines.append(f"{me} <{_PREFIXES['dcterms']}title> {literal(row['title'])} .\n")
    if date := row["date"]:
        kind = _DATES[len(date)] if _DATE.fullmatch(date) else ""
        lines.append(f"{me} <{_PREFIXES['dcterms']}date> {literal(date)}{kind} .\n")
    if row["year"] is not None:
        lines.append(f'{me} <{NAMESPACE}year> "{row["year"]}"{_INTEGER} .\n')
    if row["source"]:
        lines.append(f"{me} <{_PREFIXES['dcterms']}source> {literal(row['source'])} .\n")
    return "".join(lines)


def _occurrence(terms: _Terms, row: dict[str, Any]) -> str:
    return f"{terms.entity(row['document'])} {_MENTIONS} {terms.entity(row['entity'])} .\n"
