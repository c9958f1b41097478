"""The rules of a graph as SHACL shapes in Turtle, for any SHACL processor.

Every shape and every property has an IRI, ``urn:kgbuild:shape:NAME``, with the name of the rule.
They describe RDF whose statements are reified, the default form. All but four are SHACL Core;
those need SHACL-SPARQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kgbuild.loaders.rdf_rules import datatype_of, identifier_pattern
from kgbuild.loaders.rdf_shape import name
from kgbuild.loaders.rdf_terms import NAMESPACE, PREFIXES, literal
from kgbuild.loaders.rules import Ends, Rule, Shape, Whole, ends_of, shapes_of

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["SHAPE_IRI", "shacl_shapes"]

SHAPE_IRI = NAMESPACE + "shape:"
"""Where the IRIs of shapes begin; the rest is the name of the rule."""
_PREFIXES = (
    "sh",
    "rdf",
    "rdfs",
    "xsd",
    "skos",
    "prov",
    "oa",
    "dcterms",
    "schema",
    "biolink",
    "kgb",
)


_NAME = re.compile(r"(?<![\w<:/])(rdf|oa|prov|kgb):\w+")


def shacl_shapes(schema: Schema) -> str:
    """Return the shapes of the graphs of a schema as a Turtle document."""
    head = [f"@prefix {short}: <{PREFIXES[short]}> ." for short in _PREFIXES]
    described = (
        f"<{SHAPE_IRI[:-1]}> rdfs:label"
        f" {literal(f'Shapes of kgbuild graphs with the schema {schema.name}')} ;\n"
        f"    kgb:schema_fingerprint {literal(schema.fingerprint)} ."
    )
    parts = ["\n".join(head), described, *map(_shape, shapes_of(schema))]
    parts += [_ends(schema, ends) for ends in ends_of(schema)]
    return "\n\n".join(parts) + "\n"


def _shape(shape: Shape) -> str:
    lines = ["a sh:NodeShape", f"sh:targetClass {_listed(shape.classes, ', ')}"]
    if shape.prefixes:
        lines.append("sh:nodeKind sh:IRI")
        lines.append(f"sh:pattern {literal(identifier_pattern(shape))}")
        lines.append('sh:message "expected an identifier with a prefix of the schema"')
    rules = [_node(shape.rule_name(rule)) for rule in shape.rules]
    lines.append(f"sh:property {', '.join(rules)}")
    if shape.wholes:
        lines.append(f"sh:sparql {', '.join(_node(whole.name) for whole in shape.wholes)}")
    blocks = [_block(_node(shape.name), lines)]
    blocks += [_property(shape, rule) for rule in shape.rules]
    blocks += map(_whole, shape.wholes)
    return "\n\n".join(blocks)


def _property(shape: Shape, rule: Rule) -> str:
    lines = ["a sh:PropertyShape", f"sh:path {rule.item.short}"]
    if rule.item.required:
        lines.append("sh:minCount 1")
    if not rule.item.many:
        lines.append("sh:maxCount 1")
    if datatype := datatype_of(rule):
        lines.append(f"sh:datatype {datatype}")
    elif rule.item.kind != "date":
        lines.append("sh:nodeKind sh:IRI")
    if rule.low is not None:
        lines.append(f"sh:minInclusive {rule.low}")
    if rule.high is not None:
        lines.append(f"sh:maxInclusive {rule.high}")
    if rule.not_above:
        lines.append(f"sh:lessThanOrEquals {shape.short(rule.not_above)}")
    if rule.below:
        lines.append(f"sh:lessThan {shape.short(rule.below)}")
    if rule.classes:
        kinds = " ".join(f"[ sh:class <{iri}> ]" for iri in rule.classes)
        lines.append(f"sh:or ( {kinds} )")
    if rule.allowed:
        lines.append(f"sh:in ( {_listed(rule.allowed, ' ')} )")
    if rule.meaning:
        lines.append(f"sh:description {literal(rule.meaning)}")
    return _block(_node(shape.rule_name(rule)), lines)


def _whole(whole: Whole) -> str:
    # sh:prefixes would need declarations of its own: IRIs are understood by all
    pattern = _NAME.sub(lambda found: f"<{name(found.group())}>", whole.pattern)
    select = f"SELECT $this ?value WHERE {{ {pattern.replace('?this', '$this')} }}"
    return _block(
        _node(whole.name),
        [
            "a sh:SPARQLConstraint",
            f"sh:message {literal(f'expected {whole.expected}')}",
            f"sh:select {literal(select)}",
        ],
    )


def _ends(schema: Schema, ends: Ends) -> str:
    """Write what a predicate joins: its focus is the predicate, its values the statements."""
    pairs = " ".join(
        "[ sh:property "
        + ", ".join(
            f"[ sh:path rdf:{end} ; sh:or ( {_classes(schema, side)} ) ]"
            for end, side in (("subject", domain), ("object", range_))
            if side
        )
        + " ]"
        for domain, range_ in ends.pairs
    )
    me = f"{ends.name}.shape"
    shape = [
        "a sh:NodeShape",
        f"sh:targetNode <{schema.predicate_iri(ends.predicate)}>",
        f"sh:property {_node(ends.name)}",
    ]
    rule = [
        "a sh:PropertyShape",
        "sh:path [ sh:inversePath rdf:predicate ]",
        f"sh:or ( {pairs} )",
        f"sh:message {literal(f'expected {ends.expected}')}",
    ]
    return "\n\n".join((_block(_node(me), shape), _block(_node(ends.name), rule)))


def _classes(schema: Schema, categories: Iterable[str]) -> str:
    return " ".join(f"[ sh:class <{schema.category_iri(c)}> ]" for c in categories)


def _node(name_: str) -> str:
    return f"<{SHAPE_IRI}{name_}>"


def _block(subject: str, lines: list[str]) -> str:
    return f"{subject}\n    " + " ;\n    ".join(lines) + " ."


def _listed(iris: Iterable[str], between: str) -> str:
    return between.join(f"<{iri}>" for iri in iris)
