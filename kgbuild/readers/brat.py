"""brat standoff: ``NAME.ann`` with the annotations of the text in ``NAME.txt`` beside it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from kgbuild.errors import InputError
from kgbuild.protocols import ReadItem
from kgbuild.readers.annotations import Annotations, RawMention, RawRelation
from kgbuild.readers.building import clean
from kgbuild.readers.identifiers import document_id
from kgbuild.readers.lines import decode, lines
from kgbuild.readers.sources import read_beside
from kgbuild.readers.text import paragraphs
from kgbuild.records import Document, Failure, Span, document_hash

__all__ = ["BratReader"]

_BOUND = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")
_REFERENCE = re.compile(r"Reference (T\d+) (\S+)")
_RELATION = re.compile(r"(\S+) [^\s:]+:(\S+) [^\s:]+:(\S+)\s*")
_EVENT = re.compile(r"\S+?:(T\d+)(?: .*)?")
_NEGATED, _HEDGED = {"negation", "negated"}, {"speculation", "speculated", "hedge", "uncertain"}


@dataclass(slots=True)
class _Lines:
    """What the lines of one file say, before it is put together."""

    bound: dict[str, tuple[str, tuple[Span, ...], str, str]] = field(default_factory=dict)
    references: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    relations: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    triggers: set[str] = field(default_factory=set)
    flags: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    left_out: Counter[str] = field(default_factory=Counter)


class BratReader:
    """Reads brat's annotations with the text beside them, mentions and relations as given ones.

    A text-bound annotation (T) is a mention, of several pieces where it is discontinuous; a
    relation (R) joins two; a reference (N) is an identifier of one; the attributes Negation and
    Speculation of a relation make it negated and hedged. Events (E) have more than two ends: they
    are left out with the annotations that only trigger them, and counted in the metadata.

    Args:
        id_prefix: the prefix of the document's id, which is the file's name without its ending.
    """

    def __init__(self, *, id_prefix: str = "") -> None:
        self._prefix = id_prefix

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield the document, its failures after it; ``source`` says where its text lies."""
        try:
            data = read_beside(source, ".txt")
        except InputError as error:
            yield Failure(source, "read", str(error))
            return
        text, problem = decode(data.removeprefix(b"\xef\xbb\xbf"))
        if problem:
            yield Failure(source, "read", f"the text beside it: {problem}")
            return
        # A carriage return becomes a space, for offsets count it.
        text = clean(text)
        if not text.strip():
            yield Failure(source, "read", "the text beside it holds white space only")
            return
        annotations = Annotations(source)
        found = _Lines()
        for line in lines(stream):
            reason = line.error or (_parse(line.text, f"line {line.number}", found))
            if reason:
                place = f"line {line.number}"
                annotations.failures.append(Failure(source, "read", reason, place=place))
        _fill(annotations, found)
        stem = PurePosixPath(source.rpartition("!")[2].replace("\\", "/")).stem
        document = Document(
            document_id(clean(stem), prefix=self._prefix) or document_hash(text),
            text,
            tuple(paragraphs(text)),
            source=source,
            metadata={f"brat_{what}": str(count) for what, count in found.left_out.items()},
        )
        yield annotations.place(document)
        for failure in annotations.failures:
            yield Failure(source, "read", failure.reason, document.id, failure.place)


def _parse(text: str, place: str, found: _Lines) -> str:
    """Sort a line in; return what is wrong with it, if anything is."""
    if not text.strip() or text[0] in "#*":  # notes, and equivalences
        return ""
    key, _, rest = text.partition("\t")
    body, _, tail = rest.partition("\t")
    kind = key[:1]
    if kind == "T" and (match := _BOUND.fullmatch(body)):
        spans = tuple(
            (int(start), int(end)) for start, end in (s.split() for s in match[2].split(";"))
        )
        found.bound[key] = (match[1], spans, tail, place)
    elif kind == "R" and (match := _RELATION.fullmatch(body)):
        found.relations.append((key, match[1], match[2], match[3], place))
    elif kind == "N" and (match := _REFERENCE.fullmatch(body)):
        found.references[match[1]].append(match[2])
    elif kind == "E" and (match := _EVENT.fullmatch(body)):
        found.triggers.add(match[1])
        found.left_out["events"] += 1
    elif kind in "AM" and body.split():
        name, *target = body.split()
        found.flags[target[0] if target else ""].add(name.lower())
    else:
        return (
            "expected an annotation as brat has it (T1<tab>Type start end<tab>text, R1<tab>Type "
            f"Arg1:T1 Arg2:T2, N1<tab>Reference T1 DB:ID), found {text[:60]!r}"
        )
    return ""


def _fill(annotations: Annotations, found: _Lines) -> None:
    ends = {end for _, _, one, other, _ in found.relations for end in (one, other)}
    only_triggers = found.triggers - ends
    for key, (category, spans, text, place) in found.bound.items():
        if key not in only_triggers:
            identifiers = tuple(dict.fromkeys(found.references.get(key, ())))
            annotations.mentions.append(
                RawMention(spans, text, category, identifiers, key=key, place=place)
            )
    for key, predicate, one, other, place in found.relations:
        if "E" in (one[0], other[0]):
            found.left_out["relations_of_events"] += 1
            continue
        annotations.relations.append(
            RawRelation(
                one, other, predicate, by_key=True, place=place,
                negated=not _NEGATED.isdisjoint(found.flags[key]),
                hedged=not _HEDGED.isdisjoint(found.flags[key]),
            )
        )  # fmt: skip
