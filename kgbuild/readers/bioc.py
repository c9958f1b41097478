"""BioC, the model that its XML and JSON share (Comeau et al. 2013, doi:10.1093/database/bat064).

Both forms are brought to one: nested dictionaries as in BioC JSON.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from kgbuild.protocols import ReadItem
from kgbuild.readers.annotations import Annotations, RawMention, RawRelation
from kgbuild.readers.building import DocumentBuilder
from kgbuild.readers.dates import loose_date
from kgbuild.readers.identifiers import document_id, known_prefix, split_identifiers, to_curie
from kgbuild.records import Document, Failure, Grounding

__all__ = ["convert"]

_LOG = logging.getLogger(__name__)

_KINDS = {
    "title": "title", "front": "title", "abstract": "abstract", "paragraph": "paragraph",
    "heading": "heading", "figure": "figure", "table": "table", "list": "list",
    "keywords": "keywords", "other": "other", "ref": "other", "footnote": "other",
}  # fmt: skip
_KNOWN_INFONS = {"type", "identifier", "score", "extractor", "groundings", "name"}
_NOVEL = {"novel": True, "true": True, "no": False, "false": False}
_NOT_METADATA = {"date", "article-id_pmid", "article-id_pmc", "article-id_doi", "type"}


def convert(raw: Any, *, source: str, place: str, prefix: str) -> Iterator[ReadItem]:
    """Yield the document that the dictionary ``raw`` describes, its failures after it."""
    if not isinstance(raw, dict) or not isinstance(raw.get("passages", []), list):
        kind = type(raw).__name__
        reason = f"expected a BioC document (an object with 'passages'), found {kind}"
        yield Failure(source, "read", reason, place=place)
        return
    if "passages" not in raw:
        names = ", ".join(map(repr, list(raw)[:6])) or "nothing"
        reason = f"expected a BioC document with 'passages', found an object with {names}"
        yield Failure(source, "read", reason, place=place)
        return
    try:
        document, annotations = _document(raw, source, place, prefix)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        reason = f"not as BioC has it: {type(error).__name__}: {error}"
        yield Failure(source, "read", reason, str(raw.get("id", "")), place)
        return
    yield annotations.place(document)
    for failure in annotations.failures:
        yield (
            failure
            if failure.document
            else Failure(source, "read", failure.reason, document.id, failure.place)
        )


def _document(
    raw: dict[str, Any], source: str, place: str, prefix: str
) -> tuple[Document, Annotations]:
    builder = DocumentBuilder()
    annotations = Annotations(source)
    for passage in raw["passages"]:
        _passage(passage, builder, annotations, place)
    _annotate(raw, annotations, place, shift=0, base=0)
    identifier, metadata, date = _describe(raw, prefix)
    if not_binary := sum(map(_not_binary, _relations(raw))):
        metadata["relations_not_binary"] = str(not_binary)
        _LOG.info("%s: %s: %d relations have not two ends: left out", source, place, not_binary)
    builder.describe(metadata)
    return builder.finish(identifier, date=date, source=source), annotations


def _relations(raw: dict[str, Any]) -> Iterator[Any]:
    """Yield the relations of a document, of its passages and of their sentences."""
    yield from raw.get("relations") or []
    for passage in raw["passages"]:
        for part in (passage, *(passage.get("sentences") or [])):
            yield from part.get("relations") or []


def _not_binary(relation: dict[str, Any]) -> bool:
    """Tell whether a relation is as BioC has it, and has more or fewer ends than we can hold."""
    return _ends(_infons(relation)) is None and len(_nodes(relation)) not in {0, 2}


def _nodes(relation: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in relation.get("nodes") or [] if isinstance(node, dict)]


def _infons(raw: Mapping[str, Any]) -> dict[str, Any]:
    infons = raw.get("infons")
    return infons if isinstance(infons, dict) else {}


def _passage(
    raw: dict[str, Any], builder: DocumentBuilder, annotations: Annotations, place: str
) -> None:
    offset = int(raw.get("offset") or 0)
    sentences = raw.get("sentences") or []
    text = raw.get("text") or ""
    if not text and sentences:
        text = _joined(sentences, offset)
    infons = _infons(raw)
    kind = _kind(infons)
    label = str(infons.get("label") or infons.get("section") or infons.get("section_type") or "")
    if label.lower() == kind and "label" not in infons:
        label = ""
    length = len(builder.text)
    if offset >= length:
        builder.add_at(offset, kind, text, label)
        start = offset
    else:
        # Offsets that overlap can't hold; annotations are moved with their passage.
        builder.add(kind, text, label)
        start = builder.passages[-1].start if text else length
    for part in (raw, *sentences):
        _annotate(part, annotations, place, shift=start - offset, base=start)


def _joined(sentences: list[dict[str, Any]], offset: int) -> str:
    text = ""
    for sentence in sentences:
        gap = int(sentence.get("offset") or 0) - offset - len(text)
        if gap < 0 and text:
            gap = 1
        text += " " * min(max(gap, 0), 10_000) + str(sentence.get("text") or "")
    return text


def _kind(infons: Mapping[str, Any]) -> str:
    raw = str(infons.get("type") or infons.get("section_type") or "").lower()
    section = str(infons.get("section_type") or "").lower()
    if section == "title" or raw in {"front", "title"}:
        return "title"
    if raw in _KINDS:
        return _KINDS[raw]
    if "title" in raw and not raw.startswith(("fig", "table")):
        return "heading"
    for start, kind in (("fig", "figure"), ("table", "table"), ("abstract", "abstract")):
        if raw.startswith(start):
            return kind
    return "paragraph"


def _annotate(
    raw: dict[str, Any], annotations: Annotations, place: str, *, shift: int, base: int
) -> None:
    for item in raw.get("annotations") or []:
        annotations.mentions.append(_mention(item, place, shift, base))
    for item in raw.get("relations") or []:
        if _not_binary(item):
            continue
        relation = _relation(item, place)
        if isinstance(relation, str):
            annotations.failures.append(Failure(annotations.source, "read", relation, place=place))
        else:
            annotations.relations.append(relation)


def _mention(raw: dict[str, Any], place: str, shift: int, base: int) -> RawMention:
    infons = _infons(raw)
    category = str(infons.get("type") or "Entity")
    spans = []
    for location in raw.get("locations") or []:
        start = int(location["offset"]) + shift
        spans.append((start, start + int(location["length"])))
    name = infons.get("name")
    groundings = infons.get("groundings")
    return RawMention(
        tuple(spans),
        str(raw.get("text") or ""),
        category,
        _identifiers(infons, category),
        key=str(raw.get("id") or ""),
        name=name if isinstance(name, str) and not name.isdecimal() else "",
        place=f"{place}, annotation {raw.get('id', '?')}",
        score=float(infons.get("score") or 1.0) if "extractor" in infons else 1.0,
        extractor=str(infons.get("extractor") or "given"),
        groundings=_own_groundings(groundings) if isinstance(groundings, str) else None,
        base=base,
    )


def _own_groundings(text: str) -> tuple[Grounding, ...]:
    """Parse the groundings that our own writer stores whole."""
    keys = ("curie", "name", "category", "score", "method", "reason")
    return tuple(Grounding("", **{key: item[key] for key in keys}) for item in json.loads(text))


def _identifiers(infons: Mapping[str, Any], category: str) -> tuple[str, ...]:
    normalized, database = infons.get("normalized"), infons.get("database")
    if isinstance(normalized, list) and normalized and isinstance(database, str):
        # PubTator3 lists what it holds valid beside the raw identifiers.
        prefix = known_prefix(database)
        return (
            tuple(f"{prefix}:{item}" for item in normalized) if prefix else _raw(infons, category)
        )
    return _raw(infons, category)


def _raw(infons: Mapping[str, Any], category: str) -> tuple[str, ...]:
    found = next((infons[key] for key in infons if key.lower() == "identifier"), None)
    if found is not None:
        return tuple(split_identifiers(str(found), category))
    result: list[str] = []
    for key, value in infons.items():
        prefix = known_prefix(key)
        if prefix and key not in _KNOWN_INFONS and isinstance(value, (str, int)):
            result += [
                part if ":" in part or prefix == "MESH" else f"{prefix}:{part}"
                for part in split_identifiers(str(value), category)
            ]
    return tuple(result)


def _relation(raw: dict[str, Any], place: str) -> RawRelation | str:
    infons = _infons(raw)
    where = f"{place}, relation {raw.get('id', '?')}"
    predicate = str(infons.get("type") or infons.get("relation") or "")
    nodes = _nodes(raw)
    ends = _ends(infons)
    by_key = ends is None
    if ends is None:
        if len(nodes) != 2:
            return (
                f"relation {raw.get('id', '?')} has no ends; expected two nodes, or "
                "the infons entity1 and entity2"
            )
        roles = {str(node.get("role", "")).lower(): str(node.get("refid", "")) for node in nodes}
        in_order = (str(nodes[0].get("refid", "")), str(nodes[1].get("refid", "")))
        ends = (
            (roles["subject"], roles["object"]) if {"subject", "object"} == set(roles) else in_order
        )
    start, end = infons.get("start"), infons.get("end")
    own = "extractor" in infons
    return RawRelation(
        ends[0], ends[1], predicate, by_key, _novel(infons), where,
        score=float(infons.get("score") or 1.0) if own else 1.0,
        extractor=str(infons.get("extractor") or "given"),
        negated=str(infons.get("negated")).lower() == "true",
        hedged=str(infons.get("hedged")).lower() == "true",
        trigger=str(infons.get("trigger") or ""),
        span=(int(start), int(end)) if start is not None and end is not None else None,
        subject_curie=str(infons.get("subject_curie") or ""),
        object_curie=str(infons.get("object_curie") or ""),
    )  # fmt: skip


def _novel(infons: Mapping[str, Any]) -> bool | None:
    return _NOVEL.get(str(infons.get("novel", "")).lower())


def _ends(infons: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the identifiers that the infons of a relation name, as BioRED and others do."""
    for first, second in (("entity1", "entity2"), ("role1", "role2")):
        if first in infons and second in infons:
            return _end(infons[first]), _end(infons[second])
    rest = [key for key in infons if key[:1].isupper() and isinstance(infons[key], str)]
    if "relation" in infons and len(rest) == 2:
        return str(infons[rest[0]]), str(infons[rest[1]])
    return None


def _end(value: Any) -> str:
    if isinstance(value, dict):
        raw = str(value.get("identifier", ""))
        prefix = known_prefix(str(value.get("database", "")))
        if prefix and value.get("normalized_id") is not None:
            return f"{prefix}:{value['normalized_id']}"
        return to_curie(raw, str(value.get("type", ""))) or raw
    return str(value)


def _describe(raw: dict[str, Any], prefix: str) -> tuple[str, dict[str, str], str]:
    """Return id, metadata and date of a document."""
    infons: dict[str, Any] = {}
    for passage in raw["passages"][:1]:
        found = _infons(passage)
        infons |= {
            key: found[key]
            for key in found
            if key.startswith("article-id_") or key in {"journal", "year"}
        }
    infons |= _infons(raw)
    raw_id = str(raw.get("id") or "")
    pmid = str(raw.get("pmid") or infons.get("article-id_pmid") or "")
    pmc = str(raw.get("pmcid") or infons.get("article-id_pmc") or "").removeprefix("PMC")
    if pmid.isdecimal():
        identifier = f"PMID:{pmid}"
    elif pmc and raw_id.removeprefix("PMC") == pmc:
        identifier = f"PMC:PMC{pmc}"
    else:
        identifier = document_id(raw_id, prefix=prefix)
    metadata = {
        key: str(value)
        for key, value in infons.items()
        if isinstance(value, (str, int, float)) and key not in _NOT_METADATA
    }
    doi = (
        infons.get("article-id_doi")
        or infons.get("doi")
        or (raw_id if raw_id.startswith("10.") else "")
    )
    metadata |= {"pmc": f"PMC{pmc}" if pmc else "", "doi": str(doi)}
    for key in ("journal",):
        if isinstance(raw.get(key), str):
            metadata[key] = raw[key]
    date = loose_date(str(raw.get("date") or infons.get("date") or infons.get("year") or "")[:10])
    return identifier, {key: value for key, value in metadata.items() if value}, date
