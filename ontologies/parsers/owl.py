"""OWL 2 as RDF/XML (or Turtle): named classes with oboInOwl, IAO and SKOS annotations.

``owl_functional`` reads the functional syntax into the same drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.obo import is_abbreviation
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.parsers.rdf import Draft, finish, language_of, triples
from kgbuild.records import Failure, Synonym, Term

if TYPE_CHECKING:
    from pyoxigraph import Triple

__all__ = ["PART_OF", "annotate", "mark", "parse"]

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
_EXACT = {_SKOS + "exactMatch", _OIO + "hasAlternativeId", _OWL + "equivalentClass"}
_SAYS_EXACT = re.compile(r"(?i)(?:^|[:#/])(?:equivalentTo|exactMatch)\Z")
PART_OF = _OBO + "BFO_0000050"
_RESTRICTION = {_OWL + "onProperty": "property", _OWL + "someValuesFrom": "filler"}
_AXIOM = {
    _OWL + "annotatedSource": "source",
    _OWL + "annotatedTarget": "target",
    _OIO + "hasSynonymType": "kind",
    _OIO + "source": "source_of_xref",
}

Facts = dict[str, dict[str, str]]
"""What is said of nodes without a name: annotated axioms and restrictions."""


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the named classes of an ontology, when all of its triples have been seen.

    Raises:
        VocabularyError: no class in it, or no RDF.
    """
    drafts: dict[str, Draft] = {}
    axioms: Facts = {}
    parts: list[tuple[str, str]] = []
    failures = 0
    for item in triples(stream, source=source):
        if isinstance(item, Failure):
            failures += 1
            yield item
        else:
            _take(item, drafts, axioms, parts)
    if not failures and not any(draft.wanted for draft in drafts.values()):
        raise VocabularyError(
            f"{source}: no owl:Class in it: expected OWL; SKOS has its own format"
        )
    for whole, blank in parts:
        restriction = axioms.get(blank, {})
        if restriction.get("property") == PART_OF and "filler" in restriction:
            drafts[whole].part_of.append(restriction["filler"])
    mark(drafts, axioms.values())
    yield from finish(drafts, options, source=source)


def _take(
    triple: Triple, drafts: dict[str, Draft], axioms: Facts, parts: list[tuple[str, str]]
) -> None:
    from pyoxigraph import NamedNode

    subject, predicate, value = triple.subject, triple.predicate.value, triple.object
    if not isinstance(subject, NamedNode):
        if role := _AXIOM.get(predicate) or _RESTRICTION.get(predicate):
            facts = axioms.setdefault(str(subject), {})
            facts[role] = f"{facts[role]}\n{_text(value)}" if role in facts else _text(value)
        return
    draft = drafts.setdefault(subject.value, Draft())
    text = _text(value)
    named = isinstance(value, NamedNode)
    if predicate == _RDF_TYPE:
        draft.wanted = draft.wanted or text == _OWL + "Class"
    elif predicate == _RDFS + "subClassOf":
        if named:
            draft.parents.append(text)
        else:
            parts.append((subject.value, str(value)))
    elif named or predicate != _OWL + "equivalentClass":
        annotate(draft, predicate, text, value)


def annotate(draft: Draft, predicate: str, text: str, value: object) -> None:
    """Take one annotation of a class into its draft; ``value`` knows the language."""
    if predicate == _RDFS + "label":
        draft.names.setdefault((getattr(value, "language", None) or "").lower(), text)
    elif predicate in _SCOPES:
        draft.synonyms.append(Synonym(text, _SCOPES[predicate], language_of(value)))
    elif predicate in _XREFS | _EXACT:
        if predicate != _OWL + "equivalentClass":
            draft.xrefs.append(text)
        if predicate in _EXACT:
            draft.exact.append(text)
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


def mark(drafts: dict[str, Draft], axioms: Iterable[dict[str, str]]) -> None:
    """Apply what annotated axioms say: which synonyms abbreviate, which cross-references equal."""
    for axiom in axioms:
        draft = drafts.get(axiom.get("source", ""))
        if draft is None:
            continue
        target = axiom.get("target", "")
        if is_abbreviation(axiom.get("kind", "")):
            draft.synonyms = [
                Synonym(s.text, "abbreviation", s.language) if s.text == target else s
                for s in draft.synonyms
            ]
        if target in draft.xrefs and any(
            map(_SAYS_EXACT.search, axiom.get("source_of_xref", "").split("\n"))
        ):
            draft.exact.append(target)
