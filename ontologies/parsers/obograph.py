"""OBO Graph JSON (https://github.com/geneontology/obographs): ``{"graphs": [{"nodes", "edges"}]}``.

Edges follow nodes, so the file is held as a whole: about ten times its size in memory. Of an
ontology beyond 200 MB take the OBO, which streams.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the classes of all graphs of the file.

    Raises:
        VocabularyError: it is not JSON, or not an OBO graph.
    """
    try:
        content = json.loads(stream.read())
    except (ValueError, *READ_ERRORS) as error:
        raise VocabularyError(
            f"{source}: expected OBO Graph JSON, but it can't be read ({error}): fetch it again"
        ) from error
    graphs = content.get("graphs") if isinstance(content, dict) else None
    if not isinstance(graphs, list):
        raise VocabularyError(f"{source}: expected OBO Graph JSON with a key 'graphs'")
    for graph in graphs:
        parents = _parents(graph, options)
        for node in graph.get("nodes", ()):
            if isinstance(node, dict) and node.get("type", "CLASS") == "CLASS":
                yield from _terms(node, parents, options, source=source)


def _parents(graph: dict[str, Any], options: ParseOptions) -> dict[str, list[str]]:
    parents: dict[str, list[str]] = {}
    for edge in graph.get("edges", ()):
        if isinstance(edge, dict) and edge.get("pred") == "is_a" and edge.get("obj"):
            parents.setdefault(str(edge.get("sub")), []).append(curie_of(edge["obj"], options))
    return parents


def _terms(
    node: dict[str, Any], parents: dict[str, list[str]], options: ParseOptions, *, source: str
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
    facts = {p.get("pred"): str(p.get("val", "")) for p in meta.get("basicPropertyValues", ())}
    xrefs = (options.curie(str(x.get("val", ""))) for x in meta.get("xrefs", ()))
    replaced = facts.get(_REPLACED_BY, "")
    yield Term(
        id=curie,
        name=name,
        category=options.category_of(facts.get(_NAMESPACE, "")),
        synonyms=tuple(dict.fromkeys(_synonym(s) for s in meta.get("synonyms", ()))),
        xrefs=tuple(dict.fromkeys(x for x in xrefs if ":" in x and "://" not in x)),
        parents=tuple(p for p in parents.get(iri, ()) if p),
        definition=str((meta.get("definition") or {}).get("val", "")),
        obsolete=meta.get("deprecated") is True,
        replaced_by=curie_of(replaced, options) if replaced else "",
    )


def _synonym(record: dict[str, Any]) -> Synonym:
    kind = str(record.get("synonymType", ""))
    scope = _SCOPES.get(str(record.get("pred")), "related")
    return Synonym(str(record.get("val", "")), "abbreviation" if is_abbreviation(kind) else scope)
