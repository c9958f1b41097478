"""The rules of a graph as Cypher queries, for the embedded store and for Neo4j.

Each finds what breaks one rule; names and meaning are those of the SHACL shapes. What a store makes
impossible is not asked: Ladybug's columns have types, and its relationships ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgbuild.loaders.neo4j_shape import HASH, LINKS
from kgbuild.loaders.rules import (
    Ends,
    Question,
    Rule,
    Shape,
    concrete,
    ends_of,
    known_predicates,
    shapes_of,
)

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["cypher_rules"]

_TYPES = {"text": "STRING", "integer": "INTEGER", "double": "FLOAT", "boolean": "BOOLEAN"}
# what is a relationship or a label in a property graph, and has a query of its own
_STRUCTURE = frozenset({"entity.category", "statement.subject", "statement.predicate",
                        "statement.object", "document.mentions", "evidence.sentence"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How the elements of each shape are matched, as ``x``, and how a node's category is read."""

    matches: dict[str, str]
    category: str
    is_typed: bool

    def category_of(self, node: str) -> str:
        return self.category.format(node)


def _matches(entity: str, statement: str, mark: str) -> dict[str, str]:
    return {
        "entity": f"MATCH (x{entity}",
        "statement": f"MATCH (a)-[x]->(b) WHERE {statement}NOT type(x) IN {list(LINKS)}",
        "evidence": f"MATCH (x:Evidence) WHERE {mark}",
        "sentence": f"MATCH (x:Evidence) WHERE {mark} AND x.sentence <> ''",
        "document": f"MATCH (x:Document) WHERE {mark}",
    }


_LADYBUG = _Dialect(
    _matches(") WHERE NOT label(x) IN ['Document', 'Evidence']", "", "true"),
    category="label({})",
    is_typed=True,
)
_NEO4J = _Dialect(
    _matches(
        f":Entity) WHERE x.{HASH} IS NOT NULL",
        f"x.{HASH} IS NOT NULL AND ",
        f"x.{HASH} IS NOT NULL",
    ),
    category="{}.category",
    is_typed=False,
)


def cypher_rules(schema: Schema, *, neo4j: bool = False) -> list[Question]:
    """Return the queries; their rows are ``this``, the id of what is wrong, and ``value``.

    Args:
        schema: the graph's.
        neo4j: for Neo4j 5.9 or newer; else for the embedded store.
    """
    dialect = _NEO4J if neo4j else _LADYBUG
    found = list(_structure(schema, dialect))
    for shape in shapes_of(schema):
        if shape.name in dialect.matches:
            for rule in shape.rules:
                if shape.rule_name(rule) not in _STRUCTURE and not rule.item.many:
                    found += _values(dialect, shape, rule)
    return [*found, *(_ends(dialect, ends) for ends in ends_of(schema))]


def _question(
    rule: str, expected: str, match: str, *, value: str = "null", this: str = "x.id"
) -> Question:
    return Question(
        rule,
        expected,
        f"{match} RETURN {this} AS this, {value} AS value",
        f"{match} RETURN count(*) AS count",
    )


def _values(dialect: _Dialect, shape: Shape, rule: Rule) -> Iterator[Question]:
    name, match = shape.rule_name(rule), dialect.matches[shape.name]
    value = f"x.`{rule.item.column}`"
    if rule.item.required:
        absent = f"coalesce({value}, '') = ''" if rule.item.kind == "text" else f"{value} IS NULL"
        yield _question(name, "a value", f"{match} AND {absent}")
    type_ = _TYPES.get(rule.item.kind, "STRING")
    if not dialect.is_typed:
        wrong = f"{value} IS NOT :: {type_}"
        yield _question(name, f"a {type_}", f"{match} AND {wrong}", value=value)
    if rule.low is not None:
        inside = f"{value} >= {rule.low}"
        if rule.high is not None:
            inside += f" AND {value} <= {rule.high}"
        outside = f"{match} AND {value} IS NOT NULL AND NOT coalesce({inside}, false)"
        yield _question(name, rule.bounds, outside, value=value)
    for other, sign in ((rule.not_above, "<="), (rule.below, "<")):
        if other:
            wrong = f"NOT coalesce({value} {sign} x.`{other}`, true)"
            yield _question(name, f"{sign} {other}", f"{match} AND {wrong}", value=value)


def _structure(schema: Schema, dialect: _Dialect) -> Iterator[Question]:
    """Yield the queries about identifiers, labels, types and the links of evidence."""
    entity, statement = dialect.matches["entity"], dialect.matches["statement"]
    evidence = dialect.matches["evidence"]
    prefixes = "|".join(prefix.replace(".", "[.]") for prefix in sorted(schema.prefixes))
    wrong = f"{entity} AND NOT x.id =~ '(?s)({prefixes}):.+'"
    yield _question("entity.id", "a prefix of the schema", wrong, value="x.id")
    category, concretes = dialect.category_of("x"), concrete(schema)
    wrong = f"NOT {category} IN {concretes}"
    if not dialect.is_typed:
        wrong = f"(NOT coalesce({category}, '') IN {concretes} OR NOT {category} IN labels(x))"
    yield _question(
        "entity.category", "a category that is not abstract", f"{entity} AND {wrong}",
        value=category,
    )  # fmt: skip
    yield _question(
        "statement.predicate", "a predicate of the schema in its active form",
        f"{statement} AND NOT type(x) IN {known_predicates(schema)}", value="type(x)",
    )  # fmt: skip
    yield _question("statement.id", "a value", f"{statement} AND x.id IS NULL")
    twice = f"{statement} WITH x.id AS id, count(*) AS found WHERE found > 1"
    yield _question("statement.id", "one relationship", twice, value="found", this="id")
    if not dialect.is_typed:
        for node, end in (("a", "subject"), ("b", "object")):
            wrong = f"{statement} AND NOT {node}:Entity"
            yield _question(f"statement.{end}", "an entity", wrong, value=f"labels({node})")
        yield _question(
            "document.mentions", "an entity",
            f"MATCH (d:Document)-[x:MENTIONS]->(e) WHERE x.{HASH} IS NOT NULL AND NOT e:Entity",
            this="d.id", value="labels(e)",
        )  # fmt: skip
    for link, end in (
        ("HAS_SUBJECT", "subject"), ("HAS_OBJECT", "object"), ("IN_DOCUMENT", "document"),
    ):  # fmt: skip
        # not COUNT { }: where Ladybug counts the rows of a query with one, it counts none
        wrong = f"{evidence} OPTIONAL MATCH (x)-[l:{link}]->() WITH x.id AS id, count(l) AS found"
        wrong += " WHERE found <> 1"
        yield _question(f"evidence.{end}", f"one {link}", wrong, value="found", this="id")
    yield _question(
        "evidence.same_document", "the id of its document",
        f"MATCH (x:Evidence)-[:IN_DOCUMENT]->(d:Document) WHERE {_of(evidence)}"
        " AND x.document <> d.id", value="d.id",
    )  # fmt: skip
    yield _of_statement(dialect)
    yield _question(
        "sentence.length", "as many characters as from start to end",
        f"{dialect.matches['sentence']} AND size(x.sentence) <> x.`end` - x.start",
        value="size(x.sentence)",
    )  # fmt: skip
    yield _question(
        "document.mentions", ">= 0",
        "MATCH (d:Document)-[x:MENTIONS]->() WHERE NOT coalesce(x.mentions >= 0, true)",
        this="d.id", value="x.mentions",
    )  # fmt: skip


def _of_statement(dialect: _Dialect) -> Question:
    """Return the query for evidence whose statement does not join its two entities."""
    if dialect.is_typed:  # a hash join; to walk from hub to hub would take long here
        match = (
            f"{dialect.matches['evidence']} OPTIONAL MATCH (a)-[r]->(b) WHERE r.id = x.statement"
            " WITH x, r WHERE r.id IS NULL"
        )
    else:
        match = (
            f"{dialect.matches['evidence']} AND NOT EXISTS {{ MATCH (x)-[:HAS_SUBJECT]->(a),"
            " (x)-[:HAS_OBJECT]->(b), (a)-[r]->(b) WHERE r.id = x.statement }"
        )
    return _question("evidence.statement", "a statement", match, value="x.statement")


def _of(match: str) -> str:
    return match.partition(" WHERE ")[2]


def _ends(dialect: _Dialect, ends: Ends) -> Question:
    subject, object_ = dialect.category_of("a"), dialect.category_of("b")

    def side(category: str, allowed: tuple[str, ...]) -> str:
        return f"{category} IN {list(allowed)}" if allowed else "true"

    allowed = " OR ".join(
        f"({side(subject, domain)} AND {side(object_, range_)})" for domain, range_ in ends.pairs
    )
    statement = dialect.matches["statement"].replace("[x]", f"[x:`{ends.predicate}`]")
    where = statement if not dialect.is_typed else statement.partition(" WHERE ")[0] + " WHERE true"
    return _question(
        ends.name,
        ends.expected,
        f"{where} AND NOT coalesce({allowed}, false)",
        value=f"{subject} + ' to ' + {object_}",
    )
