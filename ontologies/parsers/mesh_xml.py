"""MeSH as NLM publishes it in XML: ``desc2026.xml`` and ``supp2026.xml``, a record at a time.

https://www.nlm.nih.gov/mesh/xml_data_elements.html. The document type is never loaded. Terms of a
record's other concepts are narrower, broader or related, as the record says. Translations
("Calcimycine[Calcimycin]", terms with ids such as ``fre0001``) carry their language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.languages import language_tag
from kgbuild.ontologies.parsers.lines import READ_ERRORS
from kgbuild.ontologies.parsers.mesh_record import (
    MeshRecord,
    descriptors,
    registry_xref,
    supplement,
)
from kgbuild.ontologies.parsers.options import STAGE, ParseOptions
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_DESCRIPTOR, _SUPPLEMENT = "DescriptorRecord", "SupplementalRecord"
_ID = rb"<(?:DescriptorUI|SupplementalRecordUI)>\s*([CD]\d+)"
_RELATIONS = {"NRW": "narrow", "BRD": "broad", "REL": "related"}
_ABBREVIATIONS = {"ABB", "ABX", "ACR", "ACX"}
_LANGUAGE = re.compile(r"([a-z]{3})\d")
_TRANSLATED = re.compile(r"(.+?)\s*\[([^\[\]]+)\]\Z")


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield descriptors and supplementary records.

    Raises:
        VocabularyError: neither is in it.
    """
    from kgbuild.readers.xml_records import records

    waiting: list[MeshRecord] = []
    found = False
    items = records(
        stream, (_DESCRIPTOR, _SUPPLEMENT), source=source, id_pattern=_ID,
        to_id=lambda raw: f"MESH:{raw}",
    )  # fmt: skip
    try:
        for item in items:
            if isinstance(item, Failure):
                yield Failure(source, STAGE, item.reason, item.document, item.place)
                continue
            found = True
            element = item.element
            record = _record(element)
            if element.tag == _SUPPLEMENT:
                yield from supplement(record, options, source=source)
            else:
                waiting.append(record)
    except READ_ERRORS as error:
        reason = f"it breaks off ({error}): fetch it again"
        yield Failure(source=source, stage=STAGE, reason=reason)
    yield from descriptors(waiting, options, source=source)
    if not found:
        raise VocabularyError(
            f"{source}: no {_DESCRIPTOR} or {_SUPPLEMENT} in it: expected MeSH's desc or supp file"
        )


def _record(element: Any) -> MeshRecord:
    kind = "SupplementalRecord" if element.tag == _SUPPLEMENT else "Descriptor"
    raw = _text(element, f"{kind}Name/String")
    translated = _TRANSLATED.match(raw)
    record = MeshRecord(_text(element, f"{kind}UI"), translated[2] if translated else raw)
    record.record_class = element.get("SCRClass", "")
    record.trees = [t.text or "" for t in element.iterfind("TreeNumberList/TreeNumber")]
    record.mapped_to = [
        (ui.text or "").lstrip("*")
        for ui in element.iterfind(
            "HeadingMappedToList/HeadingMappedTo/DescriptorReferredTo/DescriptorUI"
        )
    ]
    concepts = element.findall("ConceptList/Concept")
    preferred = next((c for c in concepts if c.get("PreferredConceptYN") == "Y"), None)
    relations = _relations(preferred)
    for concept in concepts:
        own = concept is preferred
        scope = "exact" if own else relations.get(_text(concept, "ConceptUI"), "exact")
        record.synonyms += map(_synonym, concept.iterfind("TermList/Term"), _forever(scope))
        if own:
            record.definition = " ".join(_text(concept, "ScopeNote").split())
            numbers = concept.iterfind("RegistryNumberList/RegistryNumber")
            single = concept.iterfind("RegistryNumber")  # before 2025
            found = (registry_xref((n.text or "").strip()) for n in (*numbers, *single))
            record.xrefs = [x for x in found if x]
    return record


def _forever(scope: str) -> Iterator[str]:
    while True:
        yield scope


def _relations(preferred: Any) -> dict[str, str]:
    """Map other concepts' ids to what their terms are to the record."""
    found: dict[str, str] = {}
    if preferred is not None:
        for relation in preferred.iterfind("ConceptRelationList/ConceptRelation"):
            scope = _RELATIONS.get(relation.get("RelationName", ""), "exact")
            found[_text(relation, "Concept2UI")] = scope
    return found


def _synonym(term: Any, scope: str) -> Synonym:
    language = _LANGUAGE.match(_text(term, "TermUI"))
    short = term.get("LexicalTag", "") in _ABBREVIATIONS
    return Synonym(
        _text(term, "String"),
        "abbreviation" if short else scope,
        language_tag(language[1]) if language else "",
    )


def _text(element: Any, path: str) -> str:
    return (element.findtext(path) or "").strip()
