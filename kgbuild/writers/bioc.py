"""Documents in the shape of BioC, which its XML and JSON share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kgbuild.readers.building import clean
from kgbuild.records import AnnotatedDocument, Document, Grounding, Mention, Passage, Relation
from kgbuild.writers.identifiers import plain_document_id, reads_back
from kgbuild.writers.report import WriteTally

__all__ = ["to_bioc"]

UNKNOWN_MENTION = "a relation's mention is not among the document's mentions"
_NIL = ("", "", 0.0, "nil", "the input gives no identifier")


def to_bioc(item: AnnotatedDocument, tally: WriteTally) -> dict[str, Any]:
    """Return ``item`` as a BioC document in the form of BioC JSON.

    The passages cover the whole text: what lies between the document's own (other than line
    feeds, with which readers fill gaps) becomes passages of type ``other``. An annotation stands
    in the passage that holds it, or else in the document. All of mentions, groundings (save
    their candidates) and relations is kept in infons.
    """
    document = item.document
    groundings: dict[str, list[Grounding]] = {}
    for grounding in item.groundings:
        groundings.setdefault(grounding.mention, []).append(grounding)
    passages = [_passage(document, passage) for passage in _cover(document)]
    keys: dict[str, str] = {}
    outside: list[dict[str, Any]] = []
    for number, mention in enumerate(item.mentions):
        mention_id = mention.id
        keys[mention_id] = str(number)
        annotation = _annotation(document, mention, groundings.get(mention_id, []), str(number))
        _home(passages, mention, outside).append(annotation)
    relations: list[dict[str, Any]] = []
    for relation in item.relations:
        if relation.subject in keys and relation.object in keys:
            relations.append(_relation(relation, keys, f"R{len(relations)}"))
        else:
            tally.lost[UNKNOWN_MENTION] += 1
    tally.documents += 1
    tally.mentions += len(item.mentions)
    tally.relations += len(relations)
    infons = {clean(key): clean(value) for key, value in document.metadata.items()}
    if document.date:
        infons["date"] = document.date
    return {
        "id": plain_document_id(document.id),
        "infons": infons,
        "passages": passages,
        "annotations": outside,
        "relations": relations,
    }


def _cover(document: Document) -> Iterator[Passage]:
    """Yield the passages, and passages for the text outside them."""
    position = 0
    text = document.text
    end = Passage("", len(text), len(text))
    for passage in (*document.passages, end):
        if text[position : passage.start].strip("\n"):
            kind = "other" if document.passages else "paragraph"
            yield Passage(kind, position, passage.start)
        if passage is not end:
            yield passage
        position = max(position, passage.end)


def _passage(document: Document, passage: Passage) -> dict[str, Any]:
    infons = {"type": passage.kind}
    if passage.label:
        infons["label"] = clean(passage.label)
    return {
        "offset": passage.start,
        "infons": infons,
        "text": clean(document.text[passage.start : passage.end]),
        "sentences": [],
        "annotations": [],
        "relations": [],
    }


def _home(
    passages: list[dict[str, Any]], mention: Mention, outside: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    for passage in passages:
        start = passage["offset"]
        if start <= mention.start and mention.end <= start + len(passage["text"]):
            home: list[dict[str, Any]] = passage["annotations"]
            return home
    return outside


def _annotation(
    document: Document, mention: Mention, groundings: list[Grounding], key: str
) -> dict[str, Any]:
    pieces = mention.spans or ((mention.start, mention.end),)
    infons = {"type": clean(mention.category)}
    if groundings:
        infons["identifier"] = ",".join(g.curie for g in groundings if g.curie) or "-"
        if len(groundings) == 1 and groundings[0].name:
            infons["name"] = clean(groundings[0].name)
        if not _plain(groundings, mention):
            infons["groundings"] = json.dumps([_whole(g) for g in groundings], ensure_ascii=False)
    if mention.extractor != "given" or mention.score != 1.0:
        infons |= {"extractor": mention.extractor, "score": repr(float(mention.score))}
    return {
        "id": key,
        "infons": infons,
        "text": clean(" ".join(document.text[start:end] for start, end in pieces)),
        "locations": [{"offset": start, "length": end - start} for start, end in pieces],
    }


def _plain(groundings: list[Grounding], mention: Mention) -> bool:
    """Tell whether identifiers and name alone bring back the same groundings."""
    if any(g.category != mention.category for g in groundings):
        return False
    first = groundings[0]
    if len(groundings) == 1 and not first.curie:
        return (first.curie, first.name, first.score, first.method, first.reason) == _NIL
    named = len(groundings) == 1 and not first.name.isdecimal()
    return all(
        g.score == 1.0
        and g.method == "given"
        and not g.reason
        and (named or not g.name)
        and "," not in g.curie
        and reads_back(g.curie, mention.category)
        for g in groundings
    )


def _whole(grounding: Grounding) -> dict[str, str | float]:
    return {
        "curie": clean(grounding.curie),
        "name": clean(grounding.name),
        "category": clean(grounding.category),
        "score": float(grounding.score),
        "method": grounding.method,
        "reason": clean(grounding.reason),
    }


def _relation(relation: Relation, keys: dict[str, str], key: str) -> dict[str, Any]:
    infons = {
        "type": clean(relation.predicate),
        "extractor": relation.extractor,
        "score": repr(float(relation.score)),
        "start": str(relation.start),
        "end": str(relation.end),
    }
    if relation.negated:
        infons["negated"] = "true"
    if relation.hedged:
        infons["hedged"] = "true"
    if relation.novel is not None:
        infons["novel"] = "Novel" if relation.novel else "No"
    if relation.trigger:
        infons["trigger"] = clean(relation.trigger)
    if relation.subject_curie:
        infons["subject_curie"] = clean(relation.subject_curie)
    if relation.object_curie:
        infons["object_curie"] = clean(relation.object_curie)
    return {
        "id": key,
        "infons": infons,
        "nodes": [
            {"refid": keys[relation.subject], "role": "subject"},
            {"refid": keys[relation.object], "role": "object"},
        ],
    }
