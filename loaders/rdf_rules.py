"""The rules of a graph as SPARQL queries, each of which finds what breaks one of them.

They find what a SHACL processor finds with the shapes of ``shacl.py`` (the tests compare them),
but in a store on disk: nothing but what breaks is ever held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kgbuild.loaders.rdf_shape import name
from kgbuild.loaders.rdf_terms import NAMESPACE
from kgbuild.loaders.rules import Ends, Question, Rule, Shape, ends_of, shapes_of

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["datatype_of", "identifier_pattern", "sparql_rules"]

_DATATYPES = {
    "text": "xsd:string", "integer": "xsd:integer", "double": "xsd:double",
    "boolean": "xsd:boolean",
}  # fmt: skip
_RIGHT = {  # a literal whose text is none of its type's values is wrong too
    "xsd:integer": "isNumeric(?value)",
    "xsd:double": "isNumeric(?value)",
    "xsd:boolean": "COALESCE(?value = true || ?value = false, false)",
}


def sparql_rules(schema: Schema) -> list[Question]:
    """Return the queries for RDF whose statements are reified; prefixes are the usual ones."""
    found: list[Question] = []
    for shape in shapes_of(schema):
        if shape.prefixes:
            wrong = f"FILTER(!REGEX(STR(?this), {_quoted(identifier_pattern(shape))}))"
            body = f"{_target(shape)} {wrong} BIND(STR(?this) AS ?value)"
            found.append(_question(f"{shape.name}.id", "a prefix of the schema", body))
        for rule in shape.rules:
            found += _rule(shape, rule)
        # their properties say which resources are meant
        found += (_question(w.name, w.expected, w.scan or w.pattern) for w in shape.wholes)
    return [*found, *(_ends(schema, ends) for ends in ends_of(schema))]


def _question(rule: str, expected: str, body: str, *, sweep: str = "") -> Question:
    # a resource of two classes is met twice; what is distinct is only what breaks
    text = f"SELECT DISTINCT ?this ?value WHERE {{ {body} }}"
    counting = f"SELECT (COUNT(*) AS ?count) WHERE {{ {text} }}"
    return Question(rule, expected, text, counting, sweep)


def datatype_of(rule: Rule) -> str:
    """Return the datatype of the values, such as ``xsd:double``, or empty."""
    return _DATATYPES.get(rule.item.kind, "")


def identifier_pattern(shape: Shape) -> str:
    """Return the regular expression that the IRIs of a shape's resources match."""
    starts = sorted({iri for _, iri in shape.prefixes}, key=lambda iri: (-len(iri), iri))
    # urn:kgbuild: alone would take the identifiers without a prefix, urn:kgbuild:curie:...
    own = [iri for iri in starts if iri != NAMESPACE]
    return f"^({'|'.join(map(_escaped, own))})."


def _escaped(text: str) -> str:
    """Return the text as a regular expression without backslashes, which each syntax doubles."""
    return "".join(f"[{c}]" if c in ".?*+()|{}$" else c for c in text)


def _target(shape: Shape) -> str:
    if len(shape.classes) == 1:
        return f"?this a <{shape.classes[0]}> ."
    return f"VALUES ?class {{ {_iris(shape.classes)} }} ?this a ?class ."


def _rule(shape: Shape, rule: Rule) -> Iterator[Question]:
    """Yield the queries of a rule; those about values share a sweep: most graphs are right."""
    name_, path = shape.rule_name(rule), f"?this <{name(rule.item.short)}>"
    classes = ", ".join(f"<{iri}>" for iri in shape.classes)
    mine = f"EXISTS {{ ?this a ?class . FILTER(?class IN ({classes})) }}"
    if rule.item.required:
        absent = f"{_target(shape)} FILTER NOT EXISTS {{ {path} ?any }}"
        yield _question(name_, "a value", absent)
    if not rule.item.many:
        twice = f"{path} ?one, ?two . FILTER(!sameTerm(?one, ?two) && {mine})"
        yield _question(name_, "at most one value", twice)
    wrong = list(_wrong(shape, rule))
    # the target is looked up of what is wrong only: a scan of one property is what is fast
    bodies = [f"{path} ?value . FILTER({condition} && {mine})" for _, condition in wrong]
    either = " || ".join(condition for _, condition in wrong)
    sweep = (
        f"SELECT (COUNT(*) AS ?count) WHERE {{ {path} ?value . FILTER(({either}) && {mine}) }}"
        if len(wrong) > 1
        else ""
    )
    for (expected, _), body in zip(wrong, bodies, strict=True):
        yield _question(name_, expected, body, sweep=sweep)
    if rule.classes:  # MINUS holds all instances, and is many times faster
        instances = f"VALUES ?kind {{ {_iris(rule.classes)} }} ?value a ?kind"
        body = f"{path} ?value . MINUS {{ {instances} }} FILTER({mine})"
        yield _question(name_, rule.meaning, body)


def _wrong(shape: Shape, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield what a rule expects of ``?value`` of ``?this``, with a condition that it is not so."""
    if datatype := datatype_of(rule):
        right = _RIGHT.get(datatype, "true")
        yield datatype, f"!COALESCE(datatype(?value) = {datatype} && {right}, false)"
    elif rule.item.kind != "date":
        yield "an IRI", "!isIRI(?value)"
    if rule.low is not None:
        inside = f"?value >= {rule.low}"
        if rule.high is not None:
            inside += f" && ?value <= {rule.high}"
        yield rule.bounds, f"!COALESCE({inside}, false)"
    for other, sign in ((rule.not_above, "<="), (rule.below, "<")):
        if other:
            beside = f"?this <{name(shape.short(other))}> ?other"
            within = f"FILTER(!COALESCE(?value {sign} ?other, false))"
            yield f"{sign} {other}", f"EXISTS {{ {beside} . {within} }}"
    if rule.allowed:
        values = ", ".join(f"<{iri}>" for iri in rule.allowed)
        yield rule.meaning, f"?value NOT IN ({values})"


def _ends(schema: Schema, ends: Ends) -> Question:
    def side(variable: str, categories: tuple[str, ...]) -> str:
        iris = ", ".join(f"<{schema.category_iri(c)}>" for c in categories)
        return f"{variable} IN ({iris})" if iris else "true"

    allowed = " || ".join(
        f"({side('?from', domain)} && {side('?to', range_)})" for domain, range_ in ends.pairs
    )
    body = (
        f"?this rdf:predicate <{schema.predicate_iri(ends.predicate)}> ; rdf:subject ?subject ;"
        " rdf:object ?object . FILTER NOT EXISTS { ?subject a ?from . ?object a ?to ."
        f" FILTER({allowed}) }}"
        " OPTIONAL { ?subject a ?a } OPTIONAL { ?object a ?b }"
        ' BIND(CONCAT(REPLACE(STR(COALESCE(?a, "?")), "^.*[/#:]", ""), " to ",'
        ' REPLACE(STR(COALESCE(?b, "?")), "^.*[/#:]", "")) AS ?value)'
    )
    return _question(ends.name, ends.expected, body)


def _iris(iris: tuple[str, ...]) -> str:
    return " ".join(f"<{iri}>" for iri in iris)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
