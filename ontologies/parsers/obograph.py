"""OBO Graph JSON (https://github.com/geneontology/obographs): ``{"graphs": [{"nodes", "edges"}]}``.

Edges follow nodes, so the file is read twice, by ijson: edges first, then a node at a time. Only
the edges that are used (is_a, part_of, equivalent nodes) are held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import READ_ERRORS
from kgbuild.ontologies.parsers.obo import is_abbreviation
from kgbuild.ontologies.parsers.options import STAGE, ParseOptions
from kgbuild.ontologies.parsers.rdf import curie_of
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_SCOPES = {
    "hasExactSynonym": "exact",
    "hasNarrowSynonym": "narrow",
    "hasBroadSynonym": "broad",
    "hasRelatedSynonym": "related",
}
_REPLACED_BY = "http://purl.obolibrary.org/obo/IAO_0100001"
_NAMESPACE = "http://www.geneontology.org/formats/oboInOwl#hasOBONamespace"
_PART_OF = {"part_of", "BFO:0000050", "http://purl.obolibrary.org/obo/BFO_0000050"}
_ALTERNATIVE = "http://www.geneontology.org/formats/oboInOwl#hasAlternativeId"
_EXACT = "http://www.w3.org/2004/02/skos/core#exactMatch"
_EDGE, _NODE, _SAME = "graphs.item.edges.item", "graphs.item.nodes.item", (
    "graphs.item.equivalentNodesSets.item"
)  # fmt: skip


@dataclass(slots=True)
class _Links:
    """What edges say, by the IRI of the lower node."""

    parents: dict[str, list[str]] = field(default_factory=dict)
    part_of: dict[str, list[str]] = field(default_factory=dict)
    exact: dict[str, list[str]] = field(default_factory=dict)
    broken: str = ""

    def add(self, edge: Any) -> None:
        if not isinstance(edge, dict) or not edge.get("obj"):
            return
        predicate, lower = str(edge.get("pred")), str(edge.get("sub"))
        if predicate == "is_a":
            self.parents.setdefault(lower, []).append(str(edge["obj"]))
        elif predicate in _PART_OF:
            self.part_of.setdefault(lower, []).append(str(edge["obj"]))

    def add_same(self, group: Any) -> None:
        ids = [str(i) for i in group.get("nodeIds", ())] if isinstance(group, dict) else []
        for iri in ids:
            self.exact.setdefault(iri, []).extend(other for other in ids if other != iri)


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the classes of all graphs of the file; one that breaks off gives what came before.

    Raises:
        VocabularyError: it is not JSON, or not an OBO graph.
    """
    links = _links(stream, source=source)
    stream.seek(0)
    found = False
    for node in _items(stream, _NODE):
        if isinstance(node, str):
            break
        found = True
        if isinstance(node, dict) and node.get("type", "CLASS") == "CLASS":
            yield from _terms(node, links, options, source=source)
    if links.broken:
        if not found:
            raise VocabularyError(
                f"{source}: expected OBO Graph JSON, but it can't be read ({links.broken}): fetch "
                "it again"
            )
        reason = f"it can't be read to its end ({links.broken}): fetch it again"
        yield Failure(source=source, stage=STAGE, reason=reason)


def _links(stream: BinaryIO, *, source: str) -> _Links:
    import ijson

    links = _Links()
    graphs = False
    try:
        for prefix, event, _ in ijson.parse(stream, use_float=True):
            if prefix == "graphs" and event == "start_array":
                graphs = True
                break
        stream.seek(0)
        if graphs:
            for edge in ijson.items(stream, _EDGE, use_float=True):
                links.add(edge)
            stream.seek(0)
            for group in ijson.items(stream, _SAME, use_float=True):
                links.add_same(group)
    except (ijson.JSONError, UnicodeDecodeError, *READ_ERRORS) as error:
        links.broken = str(error).strip().partition("\n")[0] or type(error).__name__
    if not graphs and not links.broken:
        raise VocabularyError(f"{source}: expected OBO Graph JSON with a key 'graphs'")
    return links


def _items(stream: BinaryIO, path: str) -> Iterator[Any]:
    """Yield the items at ``path``; at the end of what can be read, the reason as a text."""
    import ijson

    try:
        yield from ijson.items(stream, path, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError, *READ_ERRORS) as error:
        yield str(error)


def _terms(
    node: dict[str, Any], links: _Links, options: ParseOptions, *, source: str
) -> Iterator[Term | Failure]:
    iri = str(node.get("id", ""))
    curie = curie_of(iri, options)
    name = str(node.get("lbl") or "").strip()
    meta = node.get("meta") or {}
    if not curie or not name:
        if not meta.get("deprecated") and (curie or not iri):
            reason = f"{curie or iri or 'a node without id'} has no name"
            yield Failure(source=source, stage=STAGE, reason=reason, place=iri)
        return
    values = [(str(p.get("pred")), str(p.get("val", ""))) for p in meta.get(
        "basicPropertyValues", ()
    )]  # fmt: skip
    facts = dict(values)
    old = [val for pred, val in values if pred == _ALTERNATIVE]
    given = (str(x.get("val", "")) for x in meta.get("xrefs", ()))
    xrefs = (options.curie(x) for x in (*given, *old))
    replaced = facts.get(_REPLACED_BY, "")
    same = [*old, *(val for pred, val in values if pred == _EXACT), *links.exact.get(iri, ())]

    def curies(iris: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for i in iris if (c := curie_of(i, options)) and c != curie))

    yield Term(
        id=curie,
        name=name,
        category=options.category_of(facts.get(_NAMESPACE, "")),
        synonyms=tuple(dict.fromkeys(_synonym(s) for s in meta.get("synonyms", ()))),
        xrefs=tuple(dict.fromkeys(x for x in xrefs if ":" in x and "://" not in x)),
        parents=curies(links.parents.get(iri, [])),
        definition=str((meta.get("definition") or {}).get("val", "")),
        obsolete=meta.get("deprecated") is True,
        replaced_by=curie_of(replaced, options) if replaced else "",
        exact=curies(same),
        part_of=curies(links.part_of.get(iri, [])),
    )


def _synonym(record: dict[str, Any]) -> Synonym:
    kind = str(record.get("synonymType", ""))
    scope = _SCOPES.get(str(record.get("pred")), "related")
    return Synonym(str(record.get("val", "")), "abbreviation" if is_abbreviation(kind) else scope)
