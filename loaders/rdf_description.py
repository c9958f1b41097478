"""What makes the RDF self-contained: classes, properties and prefixes, and a VoID description."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kgbuild.loaders.rdf_shape import (
    DOCUMENT,
    ENTITY,
    EVIDENCE,
    KINDS,
    STATEMENT,
    TARGET,
    Property,
    StatementForm,
    name,
)
from kgbuild.loaders.rdf_terms import GRAPH_IRI, NAMESPACE, iri_of, literal, percent, prefixes_of
from kgbuild.loaders.staging import connect

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Category, Predicate, Schema
    from kgbuild.tables import GraphTables

__all__ = ["dataset_lines", "schema_lines"]

_OWN_CLASSES = {
    "Document": ("document", ()),
    "Evidence": ("evidence", ("oa:Annotation",)),
    "Statement": ("statement", ("rdf:Statement",)),
}
_COUNTS = """
    SELECT 'class', category, count(*) FROM entities GROUP BY 2
    UNION ALL SELECT 'property', predicate, count(DISTINCT (subject, object))
    FROM statements WHERE sentences > 0 GROUP BY 2
    UNION ALL SELECT 'agent', extractor, count(*) FROM evidence GROUP BY 2
    UNION ALL SELECT 'agent', unnest(extractors), 0 FROM statements GROUP BY 2
"""


class _Lines:
    """Triples of a small description, each once, those of a subject together."""

    def __init__(self, end: str) -> None:
        self._end = end
        self._by_subject: dict[str, dict[str, None]] = {}

    def add(self, subject: str, short: str, *objects: str) -> None:
        """Add triples; a subject is an IRI, objects are terms."""
        mine = self._by_subject.setdefault(subject, {})
        for term in objects:
            mine[f"<{subject}> <{name(short)}> {term}{self._end}"] = None

    def __len__(self) -> int:
        return sum(map(len, self._by_subject.values()))

    def by_subject(self) -> dict[str, str]:
        return {f"<{subject}>": "".join(lines) for subject, lines in self._by_subject.items()}


def schema_lines(schema: Schema, end: str) -> dict[str, str]:
    """Return the schema's lines by subject: classes, properties, prefixes, kgbuild's own."""
    lines = _Lines(end)
    lines.add(GRAPH_IRI, "kgb:schema", literal(schema.name))
    lines.add(GRAPH_IRI, "kgb:schema_fingerprint", literal(schema.fingerprint))
    for category in schema.categories.values():
        _class(lines, schema, category)
    for predicate in schema.predicates.values():
        _property(lines, schema, predicate)
    for own, (label, above) in _OWN_CLASSES.items():
        lines.add(NAMESPACE + own, "rdf:type", _iri("owl:Class"))
        lines.add(NAMESPACE + own, "rdfs:label", literal(label))
        lines.add(NAMESPACE + own, "rdfs:subClassOf", *map(_iri, above))
    for item in _own_properties():
        lines.add(item.iri, "rdf:type", _iri("owl:DatatypeProperty"))
        lines.add(item.iri, "rdfs:label", literal(item.short[4:].replace("_", " ")))
    for prefix, iri in sorted(prefixes_of(schema).items()):
        declared = f"{NAMESPACE}prefix:{prefix}"
        lines.add(GRAPH_IRI, "sh:declare", f"<{declared}>")
        lines.add(declared, "sh:prefix", literal(prefix))
        lines.add(declared, "sh:namespace", f'"{iri}"^^{_iri("xsd:anyURI")}')
    return lines.by_subject()


def dataset_lines(
    tables: GraphTables, schema: Schema, end: str, *, form: StatementForm, count: int
) -> dict[str, str]:
    """Return the lines of the dataset's description in VoID by subject.

    Args:
        tables: the graph that was written.
        schema: names the partitions.
        end: what ends a line.
        form: how its statements were written.
        count: how many triples were written before it.
    """
    lines = _Lines(end)
    lines.add(GRAPH_IRI, "rdf:type", _iri("void:Dataset"))
    lines.add(GRAPH_IRI, "dcterms:title", literal("A knowledge graph with evidence, by kgbuild"))
    lines.add(GRAPH_IRI, "kgb:statement_form", literal(form))
    lines.add(GRAPH_IRI, "void:entities", _integer(tables.count("entities")))
    for vocabulary in ("rdfs", "skos", "prov", "oa", "biolink"):
        lines.add(GRAPH_IRI, "void:vocabulary", f"<{prefixes_of(schema)[vocabulary]}>")
    with connect(tables) as connection:
        found = connection.execute(_COUNTS).fetchall()
    for kind, key, number in sorted(found, key=str):
        _partition(lines, schema, kind, key, number)
    # this line counts itself
    lines.add(GRAPH_IRI, "void:triples", _integer(count + len(lines) + 1))
    return lines.by_subject()


def _partition(lines: _Lines, schema: Schema, kind: str, key: str, number: int) -> None:
    if kind == "agent":
        agent = KINDS["agent"] + percent(key)
        lines.add(agent, "rdf:type", _iri("prov:SoftwareAgent"))
        lines.add(agent, "rdfs:label", literal(key))
        return
    mine = f"{GRAPH_IRI}:{kind}:{percent(key)}"
    lines.add(GRAPH_IRI, f"void:{kind}Partition", f"<{mine}>")
    iri = schema.category_iri(key) if kind == "class" else schema.predicate_iri(key)
    lines.add(mine, f"void:{kind}", f"<{iri}>")
    lines.add(mine, "void:entities" if kind == "class" else "void:triples", _integer(number))


def _class(lines: _Lines, schema: Schema, category: Category) -> None:
    me = schema.category_iri(category.name)
    lines.add(me, "rdf:type", _iri("owl:Class"))
    lines.add(me, "rdfs:label", literal(_words(category.name)))
    lines.add(me, "rdfs:subClassOf", *(f"<{schema.category_iri(c)}>" for c in category.parents))
    lines.add(me, "skos:exactMatch", *(f"<{iri_of(schema, c)}>" for c in category.equivalent))


def _property(lines: _Lines, schema: Schema, predicate: Predicate) -> None:
    """Write a predicate; what Biolink says with qualifiers is below the Biolink property."""
    me = schema.predicate_iri(predicate.name)
    lines.add(me, "rdf:type", _iri("owl:ObjectProperty"))
    lines.add(me, "rdfs:label", literal(predicate.name.replace("_", " ")))
    above = [schema.predicate_iri(parent) for parent in predicate.parents]
    if not predicate.exact:
        above.append(schema.expand(predicate.curie))
    lines.add(me, "rdfs:subPropertyOf", *(f"<{iri}>" for iri in above))
    if predicate.symmetric:
        lines.add(me, "rdf:type", _iri("owl:SymmetricProperty"))
    if predicate.inverse in schema.predicates:
        lines.add(me, "owl:inverseOf", f"<{schema.predicate_iri(predicate.inverse)}>")
    # any of several, so not rdfs:domain and rdfs:range, which would mean all of them
    for short, names in (
        ("schema:domainIncludes", predicate.domain),
        ("schema:rangeIncludes", predicate.range),
    ):
        lines.add(me, short, *(f"<{schema.category_iri(c)}>" for c in names))
    for key, value in sorted(predicate.qualifiers.items()):
        lines.add(me, f"biolink:{key}", literal(value))
    lines.add(me, "skos:exactMatch", *(f"<{iri_of(schema, c)}>" for c in predicate.equivalent))


def _own_properties() -> Iterable[Property]:
    shapes = (*ENTITY, *STATEMENT, *EVIDENCE, *TARGET, *DOCUMENT)
    return {p.short: p for p in shapes if p.short.startswith("kgb:")}.values()


def _words(camel: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in camel).strip()


def _iri(short: str) -> str:
    return f"<{name(short)}>"


def _integer(number: int) -> str:
    return f'"{number}"^^{_iri("xsd:integer")}'
