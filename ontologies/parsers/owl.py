"""OWL 2 as RDF/XML (or Turtle): named classes with oboInOwl, IAO and SKOS annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.obo import is_abbreviation
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.parsers.rdf import Draft, finish, triples
from kgbuild.records import Failure, Synonym, Term

if TYPE_CHECKING:
    from pyoxigraph import Triple

__all__ = ["parse"]

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_OIO = "http://www.geneontology.org/formats/oboInOwl#"
_OBO = "http://purl.obolibrary.org/obo/"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_EFO = "http://www.ebi.ac.uk/efo/"
_SCOPES = {
    _OIO + "hasExactSynonym": "exact",
    _OIO + "hasNarrowSynonym": "narrow",
    _OIO + "hasBroadSynonym": "broad",
    _OIO + "hasRelatedSynonym": "related",
    _OBO + "IAO_0000118": "exact",
    _SKOS + "altLabel": "exact",
    _EFO + "alternative_term": "exact",
}
_DEFINITIONS = {_OBO + "IAO_0000115", _SKOS + "definition", _EFO + "definition"}
_XREFS = {_OIO + "hasDbXref", _OIO + "hasAlternativeId", _SKOS + "exactMatch"}
_AXIOM = {
    _OWL + "annotatedSource": "source",
    _OWL + "annotatedTarget": "target",
    _OIO + "hasSynonymType": "kind",
}


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the named classes of an ontology, when all of its triples have been seen.

    Raises:
        VocabularyError: no class in it, or no RDF.
    """
    drafts: dict[str, Draft] = {}
    axioms: dict[str, dict[str, str]] = {}
    failures = 0
    for item in triples(stream, source=source):
        if isinstance(item, Failure):
            failures += 1
            yield item
        else:
            _take(item, drafts, axioms)
    if not failures and not any(draft.wanted for draft in drafts.values()):
        raise VocabularyError(
            f"{source}: no owl:Class in it: expected OWL; SKOS has its own format"
        )
    _mark_abbreviations(drafts, axioms)
    yield from finish(drafts, options, source=source)


def _take(triple: Triple, drafts: dict[str, Draft], axioms: dict[str, dict[str, str]]) -> None:
    from pyoxigraph import NamedNode

    subject, predicate, value = triple.subject, triple.predicate.value, triple.object
    if not isinstance(subject, NamedNode):
        if predicate in _AXIOM:
            axioms.setdefault(str(subject), {})[_AXIOM[predicate]] = _text(value)
        return
    draft = drafts.setdefault(subject.value, Draft())
    text = _text(value)
    named = isinstance(value, NamedNode)
    if predicate == _RDF_TYPE:
        draft.wanted = draft.wanted or text == _OWL + "Class"
    elif predicate == _RDFS + "label":
        draft.names.setdefault(getattr(value, "language", None) or "", text)
    elif predicate in _SCOPES:
        draft.synonyms.append(Synonym(text, _SCOPES[predicate]))
    elif predicate == _RDFS + "subClassOf" and named:
        draft.parents.append(text)
    elif predicate in _XREFS:
        draft.xrefs.append(text)
    elif predicate in _DEFINITIONS:
        draft.definition = draft.definition or text
    elif predicate == _OWL + "deprecated":
        draft.obsolete = text in {"true", "1"}
    elif predicate == _OBO + "IAO_0100001":
        draft.replaced_by = text
    elif predicate == _OIO + "hasOBONamespace":
        draft.group = text


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))


def _mark_abbreviations(drafts: dict[str, Draft], axioms: dict[str, dict[str, str]]) -> None:
    for axiom in axioms.values():
        draft = drafts.get(axiom.get("source", ""))
        if draft and is_abbreviation(axiom.get("kind", "")):
            draft.synonyms = [
                Synonym(s.text, "abbreviation") if s.text == axiom.get("target") else s
                for s in draft.synonyms
            ]
