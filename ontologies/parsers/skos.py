"""SKOS (https://www.w3.org/TR/skos-reference/) in Turtle, N-Triples or RDF/XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.parsers.rdf import Draft, finish, language_of, triples
from kgbuild.records import Failure, Synonym, Term

if TYPE_CHECKING:
    from pyoxigraph import Triple

__all__ = ["parse"]

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
_REPLACED = "http://purl.org/dc/terms/isReplacedBy"
_MATCHES = {_SKOS + "exactMatch", _SKOS + "closeMatch"}


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the concepts: alternative labels as synonyms with their language, broader as parents.

    The preferred label is the English one, or the one without a language, where there is one.

    Raises:
        VocabularyError: no ``skos:Concept`` in it, or no RDF.
    """
    drafts: dict[str, Draft] = {}
    failures = 0
    for item in triples(stream, source=source):
        if isinstance(item, Failure):
            failures += 1
            yield item
        else:
            _take(item, drafts)
    if not failures and not any(draft.wanted for draft in drafts.values()):
        raise VocabularyError(f"{source}: no skos:Concept in it: expected SKOS")
    yield from finish(drafts, options, source=source)


def _take(triple: Triple, drafts: dict[str, Draft]) -> None:
    from pyoxigraph import Literal, NamedNode

    subject, predicate, value = triple.subject, triple.predicate.value, triple.object
    if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode | Literal):
        return
    draft = drafts.setdefault(subject.value, Draft())
    tag = ((value.language if isinstance(value, Literal) else "") or "").lower()
    language = language_of(value)
    text = value.value
    if predicate == _RDF_TYPE:
        draft.wanted = draft.wanted or text == _SKOS + "Concept"
    elif predicate == _SKOS + "prefLabel":
        draft.names.setdefault(tag, text)
    elif predicate == _SKOS + "altLabel":
        draft.synonyms.append(Synonym(text, "exact", language))
    elif predicate == _SKOS + "hiddenLabel":
        draft.synonyms.append(Synonym(text, "related", language))
    elif predicate == _SKOS + "broader":
        draft.parents.append(text)
    elif predicate == _SKOS + "narrower":
        drafts.setdefault(text, Draft()).parents.append(subject.value)
    elif predicate in _MATCHES:
        draft.xrefs.append(text)
        if predicate.endswith("exactMatch"):
            draft.exact.append(text)
    elif predicate == _SKOS + "definition" and not language:
        draft.definition = draft.definition or text
    elif predicate == _DEPRECATED:
        draft.obsolete = text in {"true", "1"}
    elif predicate == _REPLACED:
        draft.replaced_by = text
