"""What must hold in every graph of a schema: the rules that SHACL, SPARQL and Cypher all say.

A rule is named ``SHAPE.PROPERTY``, such as ``statement.belief``; ``shacl.py`` writes the rules as
SHACL shapes, ``rdf_rules.py`` asks them of RDF, ``cypher_rules.py`` of a property graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.rdf_shape import (
    DOCUMENT,
    ENTITY,
    EVIDENCE,
    STATEMENT,
    TARGET,
    Property,
    name,
)

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Predicate, Schema

__all__ = [
    "Ends",
    "Question",
    "Rule",
    "Shape",
    "Whole",
    "concrete",
    "ends_of",
    "known_predicates",
    "shapes_of",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """What the values of a property must be.

    Attributes:
        item: the property: its name in RDF and its column, which is its name in Cypher.
        low: the least value, or None.
        high: the greatest value, or None.
        not_above: the column whose value this one may equal but not exceed, or empty.
        below: the column whose value must be greater, or empty.
        classes: what a value must be an instance of, one of them: IRIs; with none, of anything.
        allowed: the values that there may be, IRIs; with none, any.
        meaning: ``classes`` or ``allowed`` in a word or two.
    """

    item: Property
    low: int | None = None
    high: int | None = None
    not_above: str = ""
    below: str = ""
    classes: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def bounds(self) -> str:
        """The range of values as people write it, or empty."""
        if self.low is None:
            return ""
        return f"from {self.low} to {self.high}" if self.high is not None else f">= {self.low}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A rule about several properties at once, which only a query can say.

    ``pattern`` is the body of a SPARQL query that finds the broken ``?this`` and its ``?value``;
    names are those of ``rdf_terms.PREFIXES``. ``scan`` finds the same in a whole dataset at once,
    where that is another query.
    """

    name: str
    expected: str
    pattern: str
    scan: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The rules for one kind of resource: the instances of ``classes`` (IRIs)."""

    name: str
    classes: tuple[str, ...]
    rules: tuple[Rule, ...]
    wholes: tuple[Whole, ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()
    """With some: the prefixes that an identifier must have one of, each with its IRI."""

    def rule_name(self, rule: Rule) -> str:
        """Return the name of one of the rules."""
        return f"{self.name}.{rule.item.column}"

    def short(self, column: str) -> str:
        """Return the RDF property of another column of this shape."""
        return next(r.item.short for r in self.rules if r.item.column == column)


@dataclass(frozen=True, slots=True)
class Ends:
    """What a predicate may join: pairs of sets of categories, with all below them.

    An empty set is any category. A symmetric predicate whose sides differ has two pairs.
    """

    predicate: str
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    expected: str

    @property
    def name(self) -> str:
        """The rule's name."""
        return f"predicate.{self.predicate}"


@dataclass(frozen=True, slots=True)
class Question:
    """A query for what breaks a rule.

    Attributes:
        rule: the rule's name, such as ``statement.belief``.
        expected: what the values must be.
        text: the query; its rows are ``this``, what is wrong, and ``value``, where there is one.
        counting: the query that counts the rows of the other.
        sweep: a query that counts the rows of several questions together, asked before them; or
            empty.
    """

    rule: str
    expected: str
    text: str
    counting: str
    sweep: str = ""


def shapes_of(schema: Schema) -> tuple[Shape, ...]:
    """Return the shapes of a graph with this schema."""
    entities = tuple(map(schema.category_iri, schema.categories))
    document = (name("kgb:Document"),)
    return (
        _entity_shape(schema, entities, document),
        _statement_shape(schema, entities),
        _evidence_shape(document),
        Shape(
            "target",
            (name("oa:SpecificResource"),),
            (
                Rule(TARGET[0], classes=document, meaning="a document"),
                Rule(
                    Property("selector", "oa:hasSelector", "node", required=True),
                    classes=(name("oa:TextPositionSelector"),),
                    meaning="a selector",
                ),
            ),
        ),
        Shape(
            "sentence",
            (name("oa:TextPositionSelector"),),
            (Rule(TARGET[1]), Rule(TARGET[2], low=0, below="end"), Rule(TARGET[3], low=0)),
            (
                Whole(
                    "sentence.length",
                    "as many characters as from start to end",
                    "?this oa:exact ?text ; oa:start ?start ; oa:end ?end ."
                    " FILTER(STRLEN(?text) != ?end - ?start) BIND(STRLEN(?text) AS ?value)",
                ),
            ),
        ),
        Shape(
            "document",
            document,
            (
                *map(_plain, DOCUMENT),
                Rule(
                    Property("mentions", "schema:mentions", "node", many=True),
                    classes=entities,
                    meaning="an entity",
                ),
            ),
        ),
    )


def _plain(item: Property) -> Rule:
    """Return what the kind of the property says alone: counts are not negative."""
    counts = item.kind == "integer" and "year" not in item.column
    return Rule(item, low=0 if counts else None)


def _entity_shape(schema: Schema, entities: tuple[str, ...], document: tuple[str, ...]) -> Shape:
    category = Rule(
        Property("category", "rdf:type", "node", many=True),
        # an identifier of both an entity and a document has both classes
        allowed=(*(schema.category_iri(c) for c in concrete(schema)), *document),
        meaning="a category that is not abstract",
    )
    named, *rest = ENTITY
    predicates = [f"<{schema.predicate_iri(p)}>" for p in schema.predicates]
    statement = "?statement rdf:subject ?this ; rdf:predicate ?value ; rdf:object ?object"
    stated = Whole(
        "entity.stated",
        "a statement for each plain triple",
        f"?this ?value ?object . FILTER(?value IN ({', '.join(predicates)}))"
        f" FILTER NOT EXISTS {{ {statement} }}",
        # SHACL forbids VALUES and MINUS; without MINUS each triple walks all of its subject's
        f"VALUES ?value {{ {' '.join(predicates)} }} ?this ?value ?object ."
        f" MINUS {{ {statement} }}",
    )
    return Shape(
        "entity",
        entities,
        (category, Rule(replace(named, required=True)), *map(_plain, rest)),
        (stated,),
        prefixes=tuple((p.name, p.iri) for p in schema.prefixes.values()),
    )


def _statement_shape(schema: Schema, entities: tuple[str, ...]) -> Shape:
    def end(column: str) -> Rule:
        item = Property(column, f"rdf:{column}", "node", required=True)
        return Rule(item, classes=entities, meaning="an entity")

    predicate = Rule(
        Property("predicate", "rdf:predicate", "node", required=True),
        allowed=tuple(map(schema.predicate_iri, known_predicates(schema))),
        meaning="a predicate of the schema in its active form",
    )
    more: dict[str, dict[str, Any]] = {
        "belief": {"low": 0, "high": 1},
        "hedged": {"not_above": "sentences"},
        "first_year": {"not_above": "last_year"},
    }
    rules = [replace(_plain(item), **more.get(item.column, {})) for item in STATEMENT]
    asserted = Whole(
        "statement.asserted",
        "the plain triple too, where a sentence affirms it",
        "?this kgb:sentences ?value ; rdf:subject ?subject ; rdf:predicate ?predicate ;"
        " rdf:object ?object . FILTER(?value > 0)"
        " FILTER NOT EXISTS { ?subject ?predicate ?object }",
    )
    classes = (name("rdf:Statement"), name("kgb:Statement"))
    return Shape("statement", classes, (end("subject"), predicate, end("object"), *rules),
                 (asserted,))  # fmt: skip


def _evidence_shape(document: tuple[str, ...]) -> Shape:
    target = Rule(
        Property("sentence", "oa:hasTarget", "node", required=True),
        classes=(name("oa:SpecificResource"), *document),
        meaning="a sentence, or a whole document",
    )
    more: dict[str, dict[str, Any]] = {
        "statement": {
            "classes": (name("rdf:Statement"), name("kgb:Statement")),
            "meaning": "a statement",
        },
        "document": {"classes": document, "meaning": "a document"},
        "score": {"low": 0, "high": 1},
        "subject_start": {"below": "subject_end"},
        "object_start": {"below": "object_end"},
    }
    rules = [replace(_plain(item), **more.get(item.column, {})) for item in EVIDENCE]
    same = Whole(
        "evidence.same_document",
        "a sentence of the document that it is derived from",
        "?this oa:hasTarget ?target ; prov:wasDerivedFrom ?document ."
        " ?target oa:hasSource ?value . FILTER(?value != ?document)",
    )
    return Shape("evidence", (name("kgb:Evidence"),), (target, *rules), (same,))


def concrete(schema: Schema) -> list[str]:
    """Return the categories that an entity may have."""
    return [c.name for c in schema.categories.values() if not c.abstract]


def known_predicates(schema: Schema) -> list[str]:
    """Return the predicates that a statement may have: not the passive of two inverses."""
    return [p.name for p in schema.predicates.values() if p.canonical]


def ends_of(schema: Schema) -> list[Ends]:
    """Return what each predicate that can't join everything may join."""
    return [
        _ends(schema, schema.predicates[p])
        for p in known_predicates(schema)
        if schema.predicates[p].domain or schema.predicates[p].range
    ]


def _ends(schema: Schema, predicate: Predicate) -> Ends:
    pairs = [(_below(schema, predicate.domain), _below(schema, predicate.range))]
    if predicate.symmetric and set(pairs[0][0]) != set(pairs[0][1]):
        pairs.append((pairs[0][1], pairs[0][0]))
    sides = (" or ".join(side) or "anything" for side in (predicate.domain, predicate.range))
    way = " with " if predicate.symmetric else " to "
    return Ends(predicate.name, tuple(pairs), way.join(sides))


def _below(schema: Schema, tops: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(c for c in schema.categories if any(schema.is_a(c, top) for top in tops))
