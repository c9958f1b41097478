"""Relations by co-occurrence: two entities named in one sentence, or in one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Literal

from kgbuild.extractors.masking import sentence_mentions
from kgbuild.records import AnnotatedDocument, Mention, Relation, Sentence

__all__ = ["CooccurrenceExtractor"]

_Entity = tuple[str, ...]


class CooccurrenceExtractor:
    """Relates entities that are named together, by ``cooccurs_with``.

    Each pair of entities gets one relation for a sentence (``level="sentence"``) or for a document
    (``level="document"``, whose span runs from the one mention to the other), between its closest
    mentions, the one that comes first in the order of identifiers being the subject.

    A score is ``1 / (1 + distance / scale)`` with the distance in characters between the mentions,
    so that adjacent ones score 1 and those ``scale`` apart 0.5. It says how close, not how true:
    association over the whole graph is computed from counts, in ``kgbuild.associations``.
    """

    def __init__(
        self,
        *,
        level: Literal["sentence", "document"] = "sentence",
        pairs: Iterable[tuple[str, str]] | None = None,
        grounded_only: bool = True,
        max_entities: int = 200,
        scale: float = 100.0,
    ) -> None:
        """Configure what counts as together.

        Args:
            level: sentence or document.
            pairs: category pairs, in any order, that are related; None relates all.
            grounded_only: leave out mentions without an identifier, where the document has
                groundings at all; else those count by their text.
            max_entities: of a sentence or document with more entities than this, only the first
                so many are paired, since pairs grow with the square.
            scale: distance in characters at which the score is 0.5.

        Raises:
            ValueError: for an unknown level or a number out of range.
        """
        if level not in ("sentence", "document"):
            raise ValueError(f"level must be 'sentence' or 'document', got {level!r}")
        if scale <= 0 or max_entities < 2:
            raise ValueError("scale must be positive and max_entities at least 2")
        self._level = level
        self._pairs = None if pairs is None else {frozenset(pair) for pair in pairs}
        self._grounded_only = grounded_only
        self._max_entities = max_entities
        self._scale = scale

    @property
    def name(self) -> str:
        """``cooccurrence-LEVEL/VERSION``."""
        return f"cooccurrence-{self._level}/1"

    def extract(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
        """Return the co-occurrences of each document; none where fewer than two entities are."""
        return [tuple(self._extract(document)) for document in batch]

    def _extract(self, document: AnnotatedDocument) -> Iterator[Relation]:
        entities = self._entities(document)
        mentions = [mention for mention in document.mentions if mention.id in entities]
        if self._level == "document":
            units: Iterable[tuple[Sentence | None, list[Mention]]] = [(None, mentions)]
        else:
            units = sentence_mentions(mentions, document.sentences, nested=True)
        for sentence, inside in units:
            yield from self._unit(document.document.id, sentence, inside, entities)

    def _entities(self, document: AnnotatedDocument) -> dict[str, list[_Entity]]:
        """Return what each mention names: identifiers, else category and text."""
        found: dict[str, list[_Entity]] = {}
        for grounding in document.groundings:
            if grounding.curie:
                found.setdefault(grounding.mention, []).append((grounding.curie,))
        if self._grounded_only and document.groundings:
            return found
        for mention in document.mentions:
            found.setdefault(mention.id, [(mention.category, mention.text.lower())])
        return found

    def _unit(
        self,
        document: str,
        sentence: Sentence | None,
        mentions: Sequence[Mention],
        entities: dict[str, list[_Entity]],
    ) -> Iterator[Relation]:
        places: dict[_Entity, list[Mention]] = {}
        for mention in mentions:
            for entity in entities[mention.id]:
                if entity in places or len(places) < self._max_entities:
                    places.setdefault(entity, []).append(mention)
        done: set[tuple[str, str]] = set()
        for first, second in combinations(sorted(places), 2):
            if not self._allowed(places[first][0].category, places[second][0].category):
                continue
            closest = _closest(places[first], places[second])
            if closest is None or (closest[1].id, closest[2].id) in done:
                continue
            distance, subject, object_ = closest
            done.add((subject.id, object_.id))
            done.add((object_.id, subject.id))
            span = sentence or _around(subject, object_)
            yield Relation(
                document=document,
                subject=subject.id,
                object=object_.id,
                predicate="cooccurs_with",
                score=1 / (1 + distance / self._scale),
                start=span.start,
                end=span.end,
                extractor=self.name,
            )

    def _allowed(self, first: str, second: str) -> bool:
        return self._pairs is None or frozenset((first, second)) in self._pairs


def _around(first: Mention, second: Mention) -> Sentence:
    return Sentence(min(first.start, second.start), max(first.end, second.end))


def _closest(
    firsts: Sequence[Mention], seconds: Sequence[Mention]
) -> tuple[int, Mention, Mention] | None:
    """Return the distance and the closest two mentions that are not one; both are in order."""
    best: tuple[int, Mention, Mention] | None = None
    i = j = 0
    while i < len(firsts) and j < len(seconds):
        first, second = firsts[i], seconds[j]
        distance = max(0, first.start - second.end, second.start - first.end)
        if first.id != second.id and (best is None or distance < best[0]):
            best = (distance, first, second)
        if first.start <= second.start:
            i += 1
        else:
            j += 1
    return best
