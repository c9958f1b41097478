"""The vocabulary of the whole project: the frozen records that pass between stages.

One offset contract holds everywhere: offsets count characters (Python string indices) of
``Document.text``, ends are exclusive, and ``document.text[m.start:m.end] == m.text``.

Ids are content hashes (or, for documents and entities, CURIEs), so that doing a thing twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

__all__ = [
    "Abbreviation",
    "AnnotatedDocument",
    "Candidate",
    "Document",
    "Evidence",
    "Failure",
    "Grounding",
    "Mention",
    "Passage",
    "Relation",
    "Sentence",
    "Statement",
    "Synonym",
    "Term",
    "Withdrawal",
    "content_hash",
    "document_hash",
]

Span = tuple[int, int]


def content_hash(*parts: object) -> str:
    """Return 24 hexadecimal digits (96 bits of SHA-256) that identify ``parts``.

    Parts are joined as netstrings, so ``("ab", "c")`` and ``("a", "bc")`` differ.

    >>> content_hash("MESH:D001241", "treats", "MESH:D006261")
    'b5f045895fe1d2c1d0861b53'
    """
    encoded = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    data = b"".join([b"%d:%b" % (len(part), part) for part in encoded])
    return sha256(data).hexdigest()[:24]


def _remembered(record: Mention | Relation, id: str) -> str:
    """Keep a content hash in its record: stages ask for it again and again."""
    object.__setattr__(record, "_id", id)
    return id


def document_hash(text: str) -> str:
    """Return the CURIE of a document that has no identifier of its own."""
    return f"kgb.doc:{content_hash(text)}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document's text: ``text[start:end]``.

    ``kind`` is one of title, abstract, heading, paragraph, figure, table, list, keywords, other;
    ``label`` is what the source calls it ("METHODS", "Figure 2"), or empty.
    """

    kind: str
    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A text with an identity.

    Attributes:
        id: a CURIE (``PMID:1234``, ``PMC:PMC1234``, ``DOI:10.1/x``) or ``kgb.doc:HASH``.
        text: the whole text; passages, sentences and mentions are offsets into it.
        passages: in order of start, not overlapping.
        date: ISO 8601, as precise as the source: ``2002``, ``2002-09``, ``2002-09-16``; or empty.
        source: where it was read from: ``folder/file.xml.gz`` or ``archive.zip!member``.
        metadata: whatever else the source says, as strings (journal, mesh, chemicals, ...).
            Lists are joined by ``"|"``.
    """

    id: str
    text: str
    passages: tuple[Passage, ...] = ()
    date: str = ""
    source: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: ``document.text[start:end]``, with no surrounding white space."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A short form with the long form that the document defines it by, both with offsets."""

    short: str
    long: str
    short_start: int
    long_start: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a document that names an entity.

    ``spans`` lists the pieces of a discontinuous mention; empty means the one piece
    ``(start, end)``. ``score`` is in [0, 1]. ``extractor`` is ``name/version``.
    """

    document: str
    start: int
    end: int
    text: str
    category: str
    score: float = 1.0
    extractor: str = "given"
    spans: tuple[Span, ...] = ()
    _id: str = field(default="", init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The content hash of document, place, text, category and extractor."""
        if self._id:
            return self._id
        pieces = self.spans or ((self.start, self.end),)
        own = content_hash(self.document, pieces, self.text, self.category, self.extractor)
        return _remembered(self, own)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An identifier that a mention might mean, with its score in [0, 1] and how it was found."""

    curie: str
    name: str
    score: float
    method: str


@dataclass(frozen=True, slots=True)
class Grounding:
    """A mention resolved to an identifier, or to NIL.

    A composite mention ("BRCA1/2") has several groundings. ``curie`` is empty for NIL and
    ``reason`` then says why. ``method`` is one of given, exact, abbreviation, memory (of a
    longer name of the document), normalized, dense, ngram, nil. ``candidates`` may be kept for
    explanation, best first.
    """

    mention: str
    curie: str
    name: str
    category: str
    score: float
    method: str
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between two mentions that a span of the document carries.

    ``subject`` and ``object`` are mention ids. ``start`` and ``end`` delimit the sentence or
    passage that carries it; ``trigger`` is the text that signals it, or empty. ``novel`` is None
    where the extractor doesn't judge novelty. ``subject_curie`` and ``object_curie`` say which
    identifier of a composite mention ("BRCA1/2") is meant; empty means each.
    """

    document: str
    subject: str
    object: str
    predicate: str
    score: float
    start: int
    end: int
    extractor: str
    negated: bool = False
    hedged: bool = False
    novel: bool | None = None
    trigger: str = ""
    subject_curie: str = ""
    object_curie: str = ""
    _id: str = field(default="", init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The content hash of everything that distinguishes this relation from another."""
        if self._id:
            return self._id
        own = content_hash(
            self.document, self.subject, self.predicate, self.object,
            self.start, self.end, self.negated, self.extractor, self.trigger,
            self.subject_curie, self.object_curie,
        )  # fmt: skip
        return _remembered(self, own)


@dataclass(frozen=True, slots=True)
class Statement:
    """Subject, predicate, object and qualifiers; identity of an edge of the graph."""

    subject: str
    predicate: str
    object: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The content hash of subject, predicate, object and sorted qualifiers."""
        flat = (text for pair in sorted(self.qualifiers) for text in pair)
        return content_hash(self.subject, self.predicate, self.object, *flat)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves (or, ``negated``, denies) a statement: a sentence of a document.

    Offsets are those of the document's text; ``sentence`` is ``text[start:end]``.
    """

    statement: str
    document: str
    start: int
    end: int
    sentence: str
    subject_start: int
    subject_end: int
    object_start: int
    object_end: int
    score: float
    extractor: str
    negated: bool = False
    hedged: bool = False
    novel: bool | None = None

    @property
    def id(self) -> str:
        """The content hash of statement, document, place, text, polarity and extractor."""
        return content_hash(
            self.statement, self.document, self.start, self.end, self.sentence,
            self.subject_start, self.subject_end, self.object_start, self.object_end,
            self.negated, self.extractor,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """A document (or a part of an input) that could not be processed, and why.

    ``document`` is its id where one is known, else empty; ``place`` says where in ``source``
    (``line 12``, ``byte 4096``, ``article 3``); ``reason`` says what was expected and the fix.
    """

    source: str
    stage: str
    reason: str
    document: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The input's word that a document (a CURIE) is deleted or retracted from the source."""

    document: str
    source: str


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name of a term.

    ``scope`` is one of exact, narrow, broad, related, abbreviation (OBO's four and the last,
    which matches only with its case). ``language`` is a BCP 47 tag ("es", "pt-br"), or empty where
    the vocabulary doesn't say.
    """

    text: str
    scope: str = "exact"
    language: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A class or individual of a vocabulary.

    ``category`` is one of the schema's; ``parents`` are CURIEs by is_a, ``part_of`` those of its
    wholes; ``xrefs`` are CURIEs of other vocabularies, and ``exact`` those of them (and others) of
    which the vocabulary says that they mean just the same; an ``obsolete`` term may name its
    successor in ``replaced_by``; ``taxon`` is the organism of a gene, as a CURIE.
    """

    id: str
    name: str
    category: str
    synonyms: tuple[Synonym, ...] = ()
    xrefs: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    definition: str = ""
    obsolete: bool = False
    replaced_by: str = ""
    exact: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    taxon: str = ""


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A document with all that is known of it so far: what stages take and return.

    Readers fill ``document`` and, where the input carries annotations, ``mentions``,
    ``groundings`` and ``relations``; every stage adds its own with ``dataclasses.replace``.
    """

    document: Document
    sentences: tuple[Sentence, ...] = ()
    abbreviations: tuple[Abbreviation, ...] = ()
    mentions: tuple[Mention, ...] = ()
    groundings: tuple[Grounding, ...] = ()
    relations: tuple[Relation, ...] = ()

    def with_mentions(self, mentions: tuple[Mention, ...]) -> AnnotatedDocument:
        """Return the document with other mentions.

        What was known of the old ones (groundings, relations) follows to those at the same place:
        of several there, to the one of the same category, else to them in turn.
        """
        moved = _successors(self.mentions, mentions)
        groundings = [
            replace(g, mention=moved[g.mention]) for g in self.groundings if g.mention in moved
        ]
        relations = [
            replace(r, subject=moved[r.subject], object=moved[r.object])
            for r in self.relations
            if r.subject in moved and r.object in moved
        ]
        return replace(
            self, mentions=mentions, groundings=tuple(groundings), relations=tuple(relations)
        )


def _successors(old: tuple[Mention, ...], new: tuple[Mention, ...]) -> dict[str, str]:
    """Map the id of each old mention to that of the new one that takes its place."""
    places: dict[tuple[Span, ...], list[Mention]] = {}
    for mention in new:
        places.setdefault(_place(mention), []).append(mention)
    turns: dict[tuple[Span, ...], int] = {}
    moved = {}
    for mention in old:
        place = _place(mention)
        if place not in places:
            continue
        there = places[place]
        same = next((m for m in there if m.category == mention.category), None)
        if same is None:
            turn = turns[place] = turns.get(place, -1) + 1
            same = there[turn % len(there)]
        moved[mention.id] = same.id
    return moved


def _place(mention: Mention) -> tuple[Span, ...]:
    return mention.spans or ((mention.start, mention.end),)
