"""OWL 2 in functional syntax (https://www.w3.org/TR/owl2-syntax/), by py-horned-owl.

The whole ontology is held in memory by that parser, as compact Rust records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

from kgbuild.errors import MissingExtraError, VocabularyError
from kgbuild.ontologies.parsers.lines import READ_ERRORS
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.parsers.owl import PART_OF, annotate, mark
from kgbuild.ontologies.parsers.rdf import Draft, finish
from kgbuild.records import Failure, Term

__all__ = ["parse"]

_OIO = "http://www.geneontology.org/formats/oboInOwl#"
_EQUIVALENT = "http://www.w3.org/2002/07/owl#equivalentClass"
_ROLES = {_OIO + "hasSynonymType": "kind", _OIO + "source": "source_of_xref"}


@dataclass(frozen=True, slots=True)
class _Value:
    """An annotation's value as ``owl.annotate`` takes it."""

    value: str
    language: str = ""


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the named classes of an ontology.

    Raises:
        VocabularyError: no class in it, or no functional syntax: it can't be read in part.
        MissingExtraError: py-horned-owl is not installed.
    """
    ontology = _read(stream, source=source)
    drafts: dict[str, Draft] = {}
    axioms: list[dict[str, str]] = []
    for component in ontology.get_components():
        _take(component, drafts, axioms)
    if not any(draft.wanted for draft in drafts.values()):
        raise VocabularyError(f"{source}: no Declaration(Class(...)) in it: expected OWL")
    mark(drafts, axioms)
    ordered = dict(sorted(drafts.items()))  # the parser gives no order
    for draft in ordered.values():
        draft.synonyms.sort(key=lambda s: (s.text, s.scope, s.language))
        for values in (draft.xrefs, draft.exact, draft.parents, draft.part_of):
            values.sort()
    yield from finish(ordered, options, source=source)


def _read(stream: BinaryIO, *, source: str) -> Any:
    try:
        import pyhornedowl
    except ImportError:
        raise MissingExtraError("owl", needed_for="OWL in functional syntax") from None
    try:
        text = stream.read().decode("utf-8-sig")
        return pyhornedowl.open_ontology_from_string(text, serialization="ofn")
    except UnicodeDecodeError as error:
        raise VocabularyError(
            f"{source}: not UTF-8 near byte {error.start}: save it as UTF-8"
        ) from error
    except READ_ERRORS as error:
        raise VocabularyError(f"{source}: it breaks off ({error}): fetch it again") from error
    except Exception as error:  # the parser raises its own kinds, and ValueError
        why = " ".join(str(error).split())[:300]
        raise VocabularyError(f"{source}: no OWL in functional syntax ({why})") from error


def _take(component: Any, drafts: dict[str, Draft], axioms: list[dict[str, str]]) -> None:
    model = import_module("pyhornedowl.model")

    axiom = component.component
    match axiom:
        case model.DeclareClass():
            _draft(drafts, axiom.first).wanted = True
        case model.SubClassOf():
            _subclass(axiom, drafts)
        case model.EquivalentClasses():
            named = [part for part in axiom.first if isinstance(part, model.Class)]
            for part in named:
                for other in named:
                    if other != part:
                        draft = _draft(drafts, part)
                        annotate(draft, _EQUIVALENT, str(other.first), None)
        case model.AnnotationAssertion():
            if not isinstance(axiom.subject, model.IRI):
                return
            subject = str(axiom.subject)
            value = _value(axiom.ann.av)
            predicate = str(axiom.ann.ap.first)
            annotate(drafts.setdefault(subject, Draft()), predicate, value.value, value)
            if component.ann:
                axioms.append(_facts(subject, value.value, component.ann))


def _subclass(axiom: Any, drafts: dict[str, Draft]) -> None:
    model = import_module("pyhornedowl.model")

    below, above = axiom.sub, axiom.sup
    if not isinstance(below, model.Class):
        return
    if isinstance(above, model.Class):
        _draft(drafts, below).parents.append(str(above.first))
    elif (
        isinstance(above, model.ObjectSomeValuesFrom)
        and isinstance(above.ope, model.ObjectProperty)
        and isinstance(above.bce, model.Class)
        and str(above.ope.first) == PART_OF
    ):
        _draft(drafts, below).part_of.append(str(above.bce.first))


def _draft(drafts: dict[str, Draft], named: Any) -> Draft:
    return drafts.setdefault(str(named.first), Draft())


def _value(found: Any) -> _Value:
    text = getattr(found, "literal", None)
    return _Value(str(found) if text is None else str(text), str(getattr(found, "lang", "") or ""))


def _facts(subject: str, target: str, annotations: Any) -> dict[str, str]:
    facts = {"source": subject, "target": target}
    for annotation in annotations:
        if role := _ROLES.get(str(annotation.ap.first)):
            value = _value(annotation.av).value
            facts[role] = f"{facts[role]}\n{value}" if role in facts else value
    return facts
