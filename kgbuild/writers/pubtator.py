"""PubTator, which holds a title, an abstract, mentions with identifiers, and relations of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from kgbuild.readers.building import clean
from kgbuild.records import AnnotatedDocument, Document, Grounding, Mention
from kgbuild.writers.identifiers import escape, plain_document_id, plain_identifier
from kgbuild.writers.report import WriteTally

__all__ = ["write_pubtator"]

UNGROUNDED = "relation of a mention without identifier"
NEGATED = "negated relation, which PubTator would state as a fact"
DISCONTINUOUS = "pieces of a discontinuous mention, written as the whole"
_BLANK = str.maketrans("\t\n\r", "   ")


def write_pubtator(
    documents: Iterable[AnnotatedDocument], stream: BinaryIO, tally: WriteTally
) -> None:
    """Write documents with an empty line after each.

    What PubTator can't hold: line feeds and tabs in the text become spaces, offsets stay; all
    after the title is the abstract, whatever its passages; relations join identifiers, not
    mentions, so those of NIL mentions are left out, and negated ones too; scores, extractors,
    names and metadata are left out. Without a title passage at the start the title is empty and
    offsets count from 1, as the format demands.
    """
    for item in documents:
        lines = "\n".join(_lines(item, tally))
        stream.write(lines.encode("utf-8", "replace") + b"\n\n")
        tally.documents += 1


def _lines(item: AnnotatedDocument, tally: WriteTally) -> Iterator[str]:
    document = item.document
    name = escape(plain_document_id(document.id))
    text = clean(document.text).translate(_BLANK)
    title_end, shift, rest = _layout(document, text)
    yield f"{name}|t|{text[:title_end]}"
    yield f"{name}|a|{text[rest:]}"
    identifiers: dict[str, dict[str, str]] = {}
    categories = {mention.id: mention.category for mention in item.mentions}
    for grounding in item.groundings:
        category = categories.get(grounding.mention)
        if grounding.curie and category is not None:
            parts = identifiers.setdefault(grounding.mention, {})
            parts[grounding.curie] = _identifier(grounding, category)
    for mention in item.mentions:
        yield _mention_line(
            mention, name, text, [*identifiers.get(mention.id, {}).values()], (title_end, shift)
        )
        tally.mentions += 1
        if len(mention.spans) > 1:
            tally.lost[DISCONTINUOUS] += 1
    seen = set()
    for relation in item.relations:
        subject, other = identifiers.get(relation.subject), identifiers.get(relation.object)
        if relation.negated or not (subject and other):
            tally.lost[NEGATED if relation.negated else UNGROUNDED] += 1
            continue
        novel = () if relation.novel is None else ("Novel" if relation.novel else "No",)
        predicate = clean(relation.predicate).translate(_BLANK)
        ends = _meant(subject, relation.subject_curie), _meant(other, relation.object_curie)
        line = "\t".join((name, predicate, *ends, *novel))
        if line not in seen:
            seen.add(line)
            tally.relations += 1
            yield line


def _meant(parts: dict[str, str], curie: str) -> str:
    """Return the identifier that a relation names of a composite mention's, else all of them."""
    return parts[curie] if curie in parts else ",".join(parts.values())


def _layout(document: Document, text: str) -> tuple[int, int, int]:
    """Return the title's end, what is added to offsets after it, and where the rest begins."""
    first = document.passages[0] if document.passages else None
    if first is None or first.kind != "title" or first.start > 0:
        return 0, 1, 0
    if text[first.end : first.end + 1].isspace():
        return first.end, 0, first.end + 1
    return first.end, 1 if first.end < len(text) else 0, first.end


def _identifier(grounding: Grounding, category: str) -> str:
    plain = plain_identifier(clean(grounding.curie), category)
    return plain if plain.startswith("tmVar:") else escape(plain)


def _mention_line(
    mention: Mention, name: str, text: str, identifiers: list[str], layout: tuple[int, int]
) -> str:
    title_end, shift = layout
    start = mention.start + (shift if mention.start >= title_end else 0)
    end = mention.end + (shift if mention.end > title_end else 0)
    category = clean(mention.category).translate(_BLANK)
    covered = text[mention.start : mention.end]
    return "\t".join((name, str(start), str(end), covered, category, ",".join(identifiers) or "-"))
