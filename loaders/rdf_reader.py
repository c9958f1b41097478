"""Reading RDF that kgbuild wrote back into a graph, from any of its formats and forms."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from kgbuild.errors import InputError
from kgbuild.loaders.rdf_shape import (
    DOCUMENT,
    ENTITY,
    EVIDENCE,
    KINDS,
    STATEMENT,
    TARGET,
    Property,
    name,
)
from kgbuild.loaders.rdf_terms import NAMESPACE, PREFIXES, curie_of
from kgbuild.loaders.staging import staging_folder
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema

__all__ = ["DENIAL", "facts_of", "parsed", "read_rdf"]

_ROWS = 200_000
_FACTS = pa.schema([("subject", pa.string()), ("property", pa.string()), ("value", pa.string())])
_ENDINGS = {
    ".ttl": "TURTLE", ".trig": "TRIG", ".nt": "N_TRIPLES", ".nq": "N_QUADS",
    ".jsonld": "JSON_LD", ".rdf": "RDF_XML", ".xml": "RDF_XML",
}  # fmt: skip
_SQL_TYPES = {"integer": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
_TRIPLE = ("rdf:subject", "rdf:predicate", "rdf:object")
Fact = tuple[str, str, str]


def read_rdf(path: Path, folder: Path, *, schema: Schema) -> GraphTables:
    """Write the graph that the RDF file ``path`` holds into the tables of ``folder``.

    The format is told by the name's ending (.ttl, .trig, .nt, .nq, .jsonld, .rdf; .gz after it).
    Lists come sorted; how often a document mentions an entity is not in RDF and becomes null.

    Raises:
        InputError: the format is unknown, or the file is not what its name says.
    """
    with parsed(path) as quads:
        return tables_of(facts_of(quads, schema), folder, schema=schema)


@contextmanager
def parsed(path: Path) -> Iterator[Iterable[Any]]:
    """Yield the quads of an RDF file as a stream; its format is told by the name's ending.

    Raises:
        InputError: the format is unknown, or the file is not what its name says.
    """
    import pyoxigraph

    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if ending not in _ENDINGS:
        raise InputError(
            f"{path} is no RDF file by its name: expected one that ends in "
            f"{', '.join(_ENDINGS)} (and .gz)"
        )
    try:
        open_file = gzip.open if path.suffix == ".gz" else open
        with open_file(path, "rb") as file:
            form = getattr(pyoxigraph.RdfFormat, _ENDINGS[ending])
            yield pyoxigraph.parse(cast("IO[bytes]", file), form)
    except (SyntaxError, OSError, EOFError) as error:
        raise InputError(f"{path} can't be read as {ending[1:]}: {error}") from error


def tables_of(facts: Iterable[Fact], folder: Path, *, schema: Schema) -> GraphTables:
    """Write the tables of the graph that ``facts`` describe; they are sorted out of core."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    with staging_folder(folder) as staging, duckdb.connect(str(staging / "facts.duckdb")) as db:
        db.execute("SET memory_limit = '2GB'")
        db.execute("CREATE TABLE facts (subject VARCHAR, property VARCHAR, value VARCHAR)")
        for batch in _batches(facts):
            db.register("batch", batch)
            db.execute("INSERT INTO facts SELECT * FROM batch")
        _categories(db, schema)
        for table, query in _queries().items():
            reader = db.sql(query).to_arrow_reader(100_000)
            with pq.ParquetWriter(folder / f"{table}.parquet", GRAPH_TABLES[table]) as writer:
                for found in reader:
                    rows = pa.Table.from_batches([found]).cast(GRAPH_TABLES[table])
                    writer.write_table(rows)
    return GraphTables(folder)


def facts_of(quads: Iterable[Any], schema: Schema) -> Iterator[Fact]:
    """Yield subject, property and value of what concerns the graph; identifiers as CURIEs.

    A statement's triple comes as the three facts of reification whatever its form.
    """
    import pyoxigraph as ox

    reader = _Values(schema)
    for quad in quads:
        graph, value = quad.graph_name, quad.object
        in_own = isinstance(graph, ox.NamedNode) and graph.value.startswith(KINDS["statement"])
        if in_own and quad.predicate.value in DENIAL:
            yield reader.fact(graph.value, DENIAL[quad.predicate.value], value)
        elif in_own and quad.subject != graph:
            yield from reader.about(graph.value, quad.triple)
        elif isinstance(value, ox.Triple):
            yield from reader.about(quad.subject.value, value)
        elif not isinstance(quad.subject, ox.BlankNode):
            yield reader.fact(quad.subject.value, quad.predicate.value, value)


DENIAL = {
    name("owl:sourceIndividual"): name("rdf:subject"),
    name("owl:assertionProperty"): name("rdf:predicate"),
    name("owl:targetIndividual"): name("rdf:object"),
}
"""What OWL's words for a denied triple are in reification's."""


class _Values:
    """IRIs as the tables have them, remembered."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._known: dict[str, str] = {}
        self._names = {schema.predicate_iri(n): n for n in schema.predicates}
        self._kinds = tuple(KINDS.values())

    def about(self, statement: str, triple: Any) -> Iterator[Fact]:
        parts = (triple.subject, triple.predicate, triple.object)
        for short, part in zip(_TRIPLE, parts, strict=True):
            yield self.fact(statement, name(short), part)

    def fact(self, subject: str, property: str, value: Any) -> Fact:
        is_literal = hasattr(value, "datatype")
        if property == name("rdf:type"):
            text = value.value  # a class, not an identifier
        elif property == name("rdf:predicate"):
            text = self._names.get(value.value, value.value)
        else:
            text = value.value if is_literal else self.id(value.value)
        if property.startswith(KINDS["qualifier"]):
            property = unquote(property)
        return self.id(subject), property, text

    def id(self, iri: str) -> str:
        """Return what the IRI was made of: a CURIE, or an id of kgbuild's own."""
        if iri.startswith(self._kinds):
            if iri.startswith(KINDS["selector"]):  # one row with its target
                return KINDS["target"] + iri.removeprefix(KINDS["selector"])
            if iri.startswith(KINDS["agent"]):
                return unquote(iri.removeprefix(KINDS["agent"]))
            return unquote(iri)
        found = self._known.get(iri)
        if found is None:
            if len(self._known) > 1 << 18:
                self._known.clear()
            found = self._known[iri] = curie_of(self._schema, iri)
        return found


def _batches(facts: Iterable[Fact]) -> Iterator[pa.Table]:
    columns: tuple[list[str], ...] = ([], [], [])
    for fact in facts:
        for column, part in zip(columns, fact, strict=True):
            column.append(part)
        if len(columns[0]) >= _ROWS:
            yield pa.table(list(columns), schema=_FACTS)
            columns = ([], [], [])
    yield pa.table(list(columns), schema=_FACTS)


def _categories(db: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    names = list(schema.categories)
    table = pa.table({"iri": list(map(schema.category_iri, names)), "category": names})
    db.register("categories", table)


def _queries() -> dict[str, str]:
    statement, evidence = KINDS["statement"], KINDS["evidence"]
    category = f"min(c.category) FILTER (property = {_quoted(name('rdf:type'))})"
    joined = "facts LEFT JOIN categories c ON c.iri = facts.value"
    about = ", ".join(f"{_one(name(short), 'VARCHAR')} AS {short[4:]}" for short in _TRIPLE)
    qualifiers = (
        "map_from_entries(list((CASE WHEN starts_with(property, '{own}') THEN"
        " substr(property, {cut}) ELSE substr(property, {slot}) END, value) ORDER BY property)"
        " FILTER (starts_with(property, '{own}') OR starts_with(property, '{biolink}')))"
    ).format(
        own=KINDS["qualifier"], cut=len(KINDS["qualifier"]) + 1,
        biolink=PREFIXES["biolink"], slot=len(PREFIXES["biolink"]) + 1,
    )  # fmt: skip
    return {
        "entities": f"SELECT subject AS id, {_one(ENTITY[0].iri, 'VARCHAR')} AS name,"
        f" {category} AS category, {_columns(ENTITY[1:])} FROM {joined}"
        " GROUP BY subject HAVING category IS NOT NULL ORDER BY id",
        "statements": "WITH s AS (SELECT subject AS id,"
        f" {about}, {qualifiers} AS qualifiers, {_columns(STATEMENT)} FROM facts"
        f" WHERE starts_with(subject, '{statement}') GROUP BY facts.subject),"
        f" e AS (SELECT subject AS entity, {category} AS category FROM {joined}"
        " GROUP BY subject HAVING category IS NOT NULL)"
        f" SELECT substr(s.id, {len(statement) + 1}) AS id, s.subject, a.category AS"
        " subject_category, s.predicate, s.object, b.category AS object_category,"
        " coalesce(s.qualifiers, MAP {}) AS qualifiers, belief, papers, sentences, negated,"
        " hedged, first_year, last_year, extractors FROM s"
        " LEFT JOIN e a ON a.entity = s.subject LEFT JOIN e b ON b.entity = s.object ORDER BY id",
        "evidence": f"WITH e AS (SELECT substr(subject, {len(evidence) + 1}) AS id,"
        f" {_one(name('oa:hasTarget'), 'VARCHAR')} AS target, {_columns(EVIDENCE)} FROM facts"
        f" WHERE starts_with(subject, '{evidence}') GROUP BY subject),"
        f" t AS (SELECT subject AS target, {_columns(TARGET[1:])} FROM facts"
        f" WHERE starts_with(subject, '{KINDS['target']}') GROUP BY subject)"
        f" SELECT id, substr(statement, {len(statement) + 1}) AS statement, document,"
        ' coalesce(start, 0) AS start, coalesce("end", 0) AS "end",'
        " coalesce(sentence, '') AS sentence, subject_start, subject_end, object_start,"
        " object_end, score, extractor, negated, hedged, novel"
        " FROM e LEFT JOIN t USING (target) ORDER BY id",
        "documents": f"SELECT subject AS id, {_columns(DOCUMENT)} FROM facts GROUP BY subject"
        f" HAVING bool_or(property = {_quoted(name('rdf:type'))}"
        f" AND value = '{NAMESPACE}Document') ORDER BY id",
        "occurrences": "SELECT subject AS document, value AS entity, NULL::BIGINT AS mentions,"
        " NULL::BIGINT AS sentences FROM facts"
        f" WHERE property = {_quoted(name('schema:mentions'))} ORDER BY document, entity",
    }


def _columns(shape: tuple[Property, ...]) -> str:
    return ", ".join(
        f"{_list(item.iri) if item.many else _one(item.iri, _SQL_TYPES.get(item.kind, 'VARCHAR'))}"
        f' AS "{item.column}"'
        for item in shape
    )


def _one(iri: str, type_: str) -> str:
    return f"min(value) FILTER (property = {_quoted(iri)})::{type_}"


def _list(iri: str) -> str:
    return f"coalesce(list(DISTINCT value ORDER BY value) FILTER (property = {_quoted(iri)}), [])"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
