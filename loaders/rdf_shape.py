"""Which column of the graph becomes which property in RDF: what writer, reader and shapes share.

docs/rdf.md explains it to users. Statements are resources ``kgb:statement:ID``; how such a
resource says which triple it is about is a choice (``STATEMENT_FORMS``), since not every store
reads RDF 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kgbuild.loaders.rdf_terms import NAMESPACE, PREFIXES

__all__ = [
    "DOCUMENT",
    "ENTITY",
    "EVIDENCE",
    "KINDS",
    "STATEMENT",
    "STATEMENT_FORMS",
    "TARGET",
    "Kind",
    "Property",
    "StatementForm",
    "name",
]

Kind = Literal["text", "node", "agent", "statement", "integer", "double", "boolean", "date"]
StatementForm = Literal["reification", "triple-terms", "named-graphs"]
STATEMENT_FORMS: tuple[StatementForm, ...] = ("reification", "triple-terms", "named-graphs")


def name(short: str) -> str:
    """Return the IRI of a usual short name, such as ``rdfs:label``."""
    prefix, _, local = short.partition(":")
    return PREFIXES[prefix] + local


@dataclass(frozen=True, slots=True)
class Property:
    """A column and its property.

    Attributes:
        column: the column of the graph's table.
        short: the property, such as ``rdfs:label``.
        kind: how a value is written: literals of four types, a date as precise as it is, or the
            IRI of an entity or document (node), an extractor (agent) or a statement.
        many: whether the column is a list.
        required: whether every resource must have it.
    """

    column: str
    short: str
    kind: Kind
    many: bool = False
    required: bool = False

    @property
    def iri(self) -> str:
        """The property's IRI."""
        return name(self.short)


ENTITY = (
    Property("name", "rdfs:label", "text"),
    Property("synonyms", "skos:altLabel", "text", many=True),
    Property("xrefs", "biolink:xref", "node", many=True),
    Property("parents", "rdfs:subClassOf", "node", many=True),
    Property("vocabulary", "kgb:vocabulary", "text"),
    Property("mentions", "kgb:mentions", "integer"),
    Property("sentences", "kgb:sentences", "integer"),
    Property("documents", "kgb:documents", "integer"),
)
STATEMENT = (
    Property("belief", "kgb:belief", "double", required=True),
    Property("papers", "kgb:papers", "integer"),
    Property("sentences", "kgb:sentences", "integer", required=True),
    Property("negated", "kgb:negated", "integer"),
    Property("hedged", "kgb:hedged", "integer"),
    Property("first_year", "kgb:first_year", "integer"),
    Property("last_year", "kgb:last_year", "integer"),
    Property("extractors", "prov:wasAttributedTo", "agent", many=True),
)
EVIDENCE = (
    Property("statement", "oa:hasBody", "statement", required=True),
    Property("document", "prov:wasDerivedFrom", "node", required=True),
    Property("subject_start", "kgb:subject_start", "integer"),
    Property("subject_end", "kgb:subject_end", "integer"),
    Property("object_start", "kgb:object_start", "integer"),
    Property("object_end", "kgb:object_end", "integer"),
    Property("score", "kgb:score", "double", required=True),
    Property("extractor", "prov:wasAttributedTo", "agent", required=True),
    Property("negated", "kgb:negated", "boolean", required=True),
    Property("hedged", "kgb:hedged", "boolean"),
    Property("novel", "kgb:novel", "boolean"),
)
TARGET = (  # a sentence of a document, and the selector that says where it is
    Property("document", "oa:hasSource", "node", required=True),
    Property("sentence", "oa:exact", "text", required=True),
    Property("start", "oa:start", "integer", required=True),
    Property("end", "oa:end", "integer", required=True),
)
DOCUMENT = (
    Property("title", "dcterms:title", "text"),
    Property("date", "dcterms:date", "date"),
    Property("year", "kgb:year", "integer"),
    Property("source", "dcterms:source", "text"),
)

KINDS = {
    "statement": NAMESPACE + "statement:",
    "evidence": NAMESPACE + "evidence:",
    "target": NAMESPACE + "target:",
    "selector": NAMESPACE + "selector:",
    "agent": NAMESPACE + "extractor:",
    "qualifier": NAMESPACE + "qualifier:",
}
"""Where the IRIs of each kind of resource begin."""
