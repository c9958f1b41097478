"""Annotations of the input, put in their places: mentions, groundings, relations.

Offsets of annotated files are not always what they claim: some count bytes or UTF-16 units, some
are off by a little. Each annotation's text says where it belongs, so offsets are verified
against it, repaired where that has one answer, and reported where it has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate, product

from kgbuild.readers.building import clean
from kgbuild.readers.identifiers import to_curie
from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Failure,
    Grounding,
    Mention,
    Relation,
    Span,
)

__all__ = ["Annotations", "RawMention", "RawRelation"]

WINDOW = 40
NO_IDENTIFIER = "the input gives no identifier"
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class RawMention:
    """An annotation as the file has it: ``spans`` are its pieces, in the file's own offsets.

    ``base`` is where the passage starts that it lies in: from there on offsets may count in
    another unit than characters. ``groundings`` replaces ``identifiers`` where the file is ours.
    """

    spans: tuple[Span, ...]
    text: str
    category: str
    identifiers: tuple[str, ...] = ()
    key: str = ""
    name: str = ""
    place: str = ""
    score: float = 1.0
    extractor: str = "given"
    groundings: tuple[Grounding, ...] | None = None
    base: int = 0


@dataclass(frozen=True, slots=True)
class RawRelation:
    """A relation as the file has it: between annotation keys, or between identifiers."""

    subject: str
    object: str
    predicate: str
    by_key: bool = False
    novel: bool | None = None
    place: str = ""
    score: float = 1.0
    extractor: str = "given"
    negated: bool = False
    hedged: bool = False
    trigger: str = ""
    span: Span | None = None
    subject_curie: str = ""
    object_curie: str = ""


@dataclass(slots=True)
class Annotations:
    """Collects what a file says of one document and places it in the document's text."""

    source: str
    mentions: list[RawMention] = field(default_factory=list)
    relations: list[RawRelation] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def place(self, document: Document) -> AnnotatedDocument:
        """Return the annotated document; what has no place is added to ``failures``."""
        spans = _resolve(document.text, self.mentions)
        placed: dict[str, Mention] = {}
        groundings: dict[tuple[str, str], Grounding] = {}
        index = _Index()
        for raw, pieces in zip(self.mentions, spans, strict=True):
            if not pieces:
                self.fail(document, raw.place, _misplaced(document.text, raw))
                continue
            mention = _mention(document, raw, pieces)
            mention_id = mention.id
            placed.setdefault(mention_id, mention)
            for grounding in _groundings(mention, mention_id, raw):
                groundings.setdefault((mention_id, grounding.curie), grounding)
            index.add(mention, mention_id, raw)
        relations = (self._relate(document, raw, index) for raw in self.relations)
        order = sorted(placed, key=lambda key: (placed[key].start, placed[key].end))
        rank = {key: position for position, key in enumerate(order)}
        return AnnotatedDocument(
            document,
            mentions=tuple(placed[key] for key in order),
            groundings=tuple(sorted(groundings.values(), key=lambda g: rank[g.mention])),
            relations=tuple(filter(None, relations)),
        )

    def fail(self, document: Document, place: str, reason: str) -> None:
        """Note what could not be read."""
        self.failures.append(Failure(self.source, "read", reason, document.id, place))

    def _relate(self, document: Document, raw: RawRelation, index: _Index) -> Relation | None:
        pair = index.pair(raw)
        if pair is None:
            lost = [end for end in (raw.subject, raw.object) if not index.knows(end, raw.by_key)]
            what = "annotation" if raw.by_key else "identifier"
            self.fail(
                document, raw.place,
                f"relation {raw.predicate} of {raw.subject!r} and {raw.object!r}: expected a "
                f"mention with each {what}, found none for {', '.join(map(repr, lost))}",
            )  # fmt: skip
            return None
        subject, other = pair
        start, end = raw.span or (min(subject.start, other.start), max(subject.end, other.end))
        return Relation(
            document.id, subject.id, other.id, raw.predicate, raw.score, start, end,
            raw.extractor, raw.negated, raw.hedged, raw.novel, clean(raw.trigger),
            raw.subject_curie or index.part(raw.subject, subject),
            raw.object_curie or index.part(raw.object, other),
        )  # fmt: skip


class _Index:
    """Mentions by annotation key and by identifier, as written and as CURIE."""

    def __init__(self) -> None:
        self._keys: dict[str, Mention] = {}
        self._ids: dict[str, dict[str, Mention]] = {}
        self._locals: dict[str, dict[str, Mention]] = {}
        self._parts: dict[str, set[str]] = {}
        self._used: set[tuple[str, str, str]] = set()

    def add(self, mention: Mention, mention_id: str, raw: RawMention) -> None:
        if raw.key:
            self._keys.setdefault(raw.key, mention)
        names = list(raw.identifiers)
        names += [grounding.curie for grounding in raw.groundings or ()]
        if len(names) > 1:
            curies = {to_curie(name, raw.category) for name in names}
            self._parts.setdefault(mention_id, set()).update(curies)
        for identifier in names:
            curie = to_curie(identifier, raw.category)
            for name in {identifier, curie} - {""}:
                self._ids.setdefault(name, {})[mention_id] = mention
            self._locals.setdefault(curie.partition(":")[2], {})[mention_id] = mention

    def knows(self, end: str, by_key: bool) -> bool:
        return end in self._keys if by_key else bool(self._candidates(end))

    def _candidates(self, end: str) -> dict[str, Mention]:
        """Return the mentions of an identifier, or of all identifiers of a composite one."""
        if found := self._ids.get(end) or self._locals.get(end):
            return found
        # Variants' identifiers hold "|", so the comma goes first.
        for separators in (r",", r"[,;|+]"):
            names = map(str.strip, re.split(separators, end))
            parts = [self._ids.get(name) or self._locals.get(name, {}) for name in names]
            if common := set.intersection(*map(set, parts)):
                return {key: mention for key, mention in parts[0].items() if key in common}
        return {}

    def part(self, end: str, mention: Mention) -> str:
        """Return the CURIE that ``end`` names among those of a composite mention, or nothing."""
        parts = self._parts.get(mention.id, ())
        curie = to_curie(end, mention.category)
        return curie if curie in parts else ""

    def pair(self, raw: RawRelation) -> tuple[Mention, Mention] | None:
        """Return the closest two mentions of the relation's ends.

        Mentions of one identifier alone come before composite ones, a pair that no other
        relation of the same predicate has taken before one that has.
        """
        if not (self.knows(raw.subject, raw.by_key) and self.knows(raw.object, raw.by_key)):
            return None
        if raw.by_key:
            return self._keys[raw.subject], self._keys[raw.object]
        best = min(
            product(self._candidates(raw.subject).items(), self._candidates(raw.object).items()),
            key=lambda pair: self._rank(pair[0], pair[1], raw.predicate),
        )
        (first_id, first), (second_id, second) = best
        self._used.add((first_id, raw.predicate, second_id))
        return first, second

    def _rank(
        self, first: tuple[str, Mention], second: tuple[str, Mention], predicate: str
    ) -> tuple[bool, bool, int, int, int]:
        composite = (first[0] in self._parts) + (second[0] in self._parts)
        gap = max(first[1].start, second[1].start) - min(first[1].end, second[1].end)
        taken = (first[0], predicate, second[0]) in self._used
        return first[0] == second[0], taken, composite, max(gap, 0), first[1].start


def _mention(document: Document, raw: RawMention, pieces: tuple[Span, ...]) -> Mention:
    start, end = pieces[0][0], max(stop for _, stop in pieces)
    return Mention(
        document.id, start, end, document.text[start:end], clean(raw.category), raw.score,
        raw.extractor, pieces if len(pieces) > 1 else (),
    )  # fmt: skip


def _groundings(mention: Mention, mention_id: str, raw: RawMention) -> Iterable[Grounding]:
    category = mention.category
    if raw.groundings is not None:
        for given in raw.groundings:
            yield Grounding(
                mention_id, given.curie, given.name, given.category or category, given.score,
                given.method, given.reason,
            )  # fmt: skip
        return
    if not raw.identifiers:
        yield Grounding(mention_id, "", "", category, 0.0, "nil", NO_IDENTIFIER)
    for identifier in raw.identifiers:
        if curie := clean(to_curie(identifier, raw.category)):
            name = raw.name if len(raw.identifiers) == 1 else ""
            yield Grounding(mention_id, curie, clean(name), category, 1.0, "given")
        else:
            reason = f"the input's identifier {identifier!r} names no vocabulary"
            yield Grounding(mention_id, "", "", category, 0.0, "nil", reason)


def _same(text: str, pieces: tuple[Span, ...], wanted: str) -> bool:
    """Tell whether ``pieces`` of ``text`` read ``wanted``, white space aside."""
    if any(not 0 <= start < end <= len(text) for start, end in pieces):
        return False
    joined = " ".join(text[start:end] for start, end in pieces)
    if joined == wanted:
        return True
    found = _SPACE.sub("", joined)
    whole = text[pieces[0][0] : max(end for _, end in pieces)]
    wanted = _SPACE.sub("", clean(wanted))
    return wanted in (found, _SPACE.sub("", whole)) and bool(found)


def _resolve(text: str, raws: list[RawMention]) -> list[tuple[Span, ...]]:
    """Return the pieces of each annotation in characters of ``text``; none for no place."""
    identity = [tuple(sorted(raw.spans)) for raw in raws]
    good = [bool(s) and _same(text, s, raw.text) for s, raw in zip(identity, raws, strict=True)]
    if all(good):
        return identity
    best, best_good = identity, good
    if not text.isascii():
        for unit in ("utf-8", "utf-16-le"):
            spans = _converted(text, raws, identity, unit)
            fits = [
                bool(s) and _same(text, s, raw.text) for s, raw in zip(spans, raws, strict=True)
            ]
            if sum(fits) > sum(best_good):
                best, best_good = spans, fits
    return [
        pieces if fits else _nearby(text, raw, pieces)
        for raw, pieces, fits in zip(raws, best, best_good, strict=True)
    ]


def _converted(
    text: str, raws: list[RawMention], spans: list[tuple[Span, ...]], unit: str
) -> list[tuple[Span, ...]]:
    """Return spans that count bytes of UTF-8, or units of UTF-16, in characters."""
    width = 2 if unit == "utf-16-le" else 1
    maps: dict[int, dict[int, int]] = {}
    for base in {raw.base for raw in raws}:
        sizes = (len(character.encode(unit)) // width for character in text[base:])
        maps[base] = {base + at: base + i for i, at in enumerate(accumulate(sizes, initial=0))}
    return [
        tuple((maps[raw.base].get(a, -1), maps[raw.base].get(b, -1)) for a, b in pieces)
        for raw, pieces in zip(raws, spans, strict=True)
    ]


def _nearby(text: str, raw: RawMention, pieces: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the one place within ``WINDOW`` characters where the annotation's text is."""
    if len(pieces) != 1 or not raw.text:
        return ()
    wanted = clean(raw.text)
    start = pieces[0][0] if pieces[0][0] >= 0 else raw.spans[0][0]
    low = max(0, start - WINDOW)
    found = [
        match.start() + low
        for match in re.finditer(re.escape(wanted), text[low : start + WINDOW + len(wanted)])
    ]
    if not found:
        return ()
    distances = sorted((abs(place - start), place) for place in found)
    if len(distances) > 1 and distances[0][0] == distances[1][0]:
        return ()
    place = distances[0][1]
    return ((place, place + len(wanted)),)


def _misplaced(text: str, raw: RawMention) -> str:
    if not raw.spans:
        return f"annotation {raw.text!r} has no location; expected an offset and a length"
    start, end = raw.spans[0][0], raw.spans[-1][1]
    there = text[max(0, start) : max(0, end)][:60]
    return (
        f"annotation {raw.text[:60]!r} at {start}-{end}: the text there is {there!r}, and the "
        f"annotation's own is not within {WINDOW} characters"
    )
