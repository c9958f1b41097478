"""A document as a relation model sees it: windows of word pieces, entities and pairs of them.

Mentions are marked by a category id at each of their word pieces, which becomes an embedding that
is added to the piece's own, so that marking makes no text longer. An entity is all mentions of one
identifier in a window, or of one name where nothing identifies it. Each two entities of categories
that the model relates are a pair, described by a few numbers too (``FEATURES``).

A text longer than a window is cut into overlapping windows at sentences; pairs are those of
entities that share a window, and nothing is truncated.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgbuild.extractors.windows import Window, plan_windows, sentence_starts
from kgbuild.records import AnnotatedDocument, Mention, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.ontologies.schema import Schema

__all__ = ["FEATURES", "Entity", "Layout", "RelationUnit", "entities_of", "make_units"]

FEATURES = 18
"""Numbers that describe a pair, before the categories of its two ends."""
_STANDS_FOR = {"ChemicalRole": "ChemicalEntity"}


@dataclass(frozen=True)
class Layout:
    """What a model marks and pairs.

    Attributes:
        categories: the model's own categories in order; a mention's category counts as the first
            of them that it is a kind of. Mentions of the others are not seen.
        pairs: which categories may be related, each in the order of ``categories``.
        window: most word pieces in a window, special tokens not counted.
        stride: most word pieces that two windows share.
    """

    categories: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    window: int = 510
    stride: int = 128

    def kinds(self, schema: Schema) -> dict[str, int]:
        """Return which of ``categories`` each of the schema's counts as.

        A role of chemicals ("statins") counts as a chemical.
        """
        return {
            name: index
            for name in schema.categories
            for index in range(len(self.categories) - 1, -1, -1)
            if schema.is_a(_STANDS_FOR.get(name, name), self.categories[index])
        }

    def has_pair(self, entities: Iterable[Entity]) -> bool:
        """Tell whether two of ``entities`` are of categories that may be related."""
        counts = Counter(self.categories[entity.kind] for entity in entities)
        return any(counts[one] and counts[other] > (one == other) for one, other in self.pairs)

    @property
    def width(self) -> int:
        """Length of a pair's row of features."""
        return FEATURES + 2 * len(self.categories)


@dataclass(frozen=True, slots=True)
class Entity:
    """What several mentions name: an identifier, or a name in lower case.

    ``kind`` is the index of its category in the layout, ``mentions`` are in order of start.
    """

    key: str
    kind: int
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class RelationUnit:
    """A window of a document, ready for the model.

    Attributes:
        ids: ``(pieces,)``, special tokens included.
        marks: ``(pieces,)``: 0 outside mentions, ``1 + 2 * kind`` where one begins, 1 more inside.
        offsets: each piece's place in the text; special tokens are empty ones.
        spans: first and last but one piece of each mention in the window.
        mentions: these mentions.
        entities: with the mentions of theirs that are in the window.
        members: for each entity, the places of its mentions in ``mentions``.
        pairs: ``(pairs, 2)`` places in ``entities``, the first one's kind being the lower or equal.
        features: ``(pairs, layout.width)``.
    """

    ids: NDArray[np.int64]
    marks: NDArray[np.int64]
    offsets: Sequence[Span]
    spans: Sequence[Span]
    mentions: Sequence[Mention]
    entities: Sequence[Entity]
    members: Sequence[Sequence[int]]
    pairs: NDArray[np.int64]
    features: NDArray[np.float32]


def entities_of(
    item: AnnotatedDocument, kinds: Mapping[str, int], *, named: bool = True
) -> list[Entity]:
    """Return the entities of a document, in order of kind and then of first mention.

    A composite mention belongs to each of its identifiers. An entity's kind is that of most of its
    mentions.

    Args:
        item: a document with mentions and groundings.
        kinds: see ``Layout.kinds``; mentions of other categories are left out.
        named: let mentions without identifier be entities by their name.
    """
    found: dict[str, list[Mention]] = defaultdict(list)
    curies: dict[str, list[str]] = defaultdict(list)
    for grounding in item.groundings:
        if grounding.curie and grounding.curie not in curies[grounding.mention]:
            curies[grounding.mention].append(grounding.curie)
    for mention in sorted(item.mentions, key=lambda m: (m.start, -m.end)):
        if mention.category not in kinds:
            continue
        name = f"{mention.category} {' '.join(mention.text.casefold().split())}"
        for key in curies.get(mention.id) or ([name] if named else []):
            found[key].append(mention)
    entities = [
        Entity(key, Counter(kinds[m.category] for m in own).most_common(1)[0][0], tuple(own))
        for key, own in found.items()
    ]
    return sorted(entities, key=lambda e: (e.kind, e.mentions[0].start))


def make_units(
    item: AnnotatedDocument,
    entities: Sequence[Entity],
    *,
    ids: Sequence[int],
    offsets: Sequence[Span],
    layout: Layout,
    special: tuple[Sequence[int], Sequence[int]],
) -> list[RelationUnit]:
    """Return the windows of a document that hold a pair at least.

    Args:
        item: the document, with sentences.
        entities: see ``entities_of``.
        ids: the text's word pieces, without special tokens.
        offsets: their places in the text.
        layout: of the model.
        special: ids of the tokens before and after a window.
    """
    mentions = list({m.id: m for entity in entities for m in entity.mentions}.values())
    mentions.sort(key=lambda m: (m.start, -m.end))
    places = _piece_spans(mentions, offsets)
    if len(ids) <= layout.window:
        windows = [Window(0, len(ids), 0, len(ids))]
    else:
        windows = plan_windows(
            len(ids),
            capacity=layout.window,
            stride=layout.stride,
            starts=sentence_starts(offsets, item.sentences),
        )
    text = _Text(item, ids, offsets, layout, special)
    named = dict(zip((m.id for m in mentions), places, strict=True))
    units = (_unit(text, entities, mentions, named, window) for window in windows)
    return [unit for unit in units if len(unit.pairs)]


@dataclass(frozen=True, slots=True)
class _Text:
    """A document in word pieces, see ``make_units``."""

    item: AnnotatedDocument
    ids: Sequence[int]
    offsets: Sequence[Span]
    layout: Layout
    special: tuple[Sequence[int], Sequence[int]]


def _piece_spans(mentions: Sequence[Mention], offsets: Sequence[Span]) -> list[Span]:
    """Return the word pieces of each mention; one that has none is an empty span."""
    starts = [start for start, _ in offsets]
    ends = [end for _, end in offsets]
    spans = []
    for mention in mentions:
        first = bisect_right(ends, mention.start)
        stop = bisect_left(starts, mention.end)
        spans.append((first, max(first, stop)))
    return spans


def _unit(
    text: _Text,
    entities: Sequence[Entity],
    mentions: Sequence[Mention],
    places: Mapping[str, Span],
    window: Window,
) -> RelationUnit:
    import numpy as np

    before, after = text.special
    shift = len(before) - window.start
    inside = {
        m.id: (first + shift, stop + shift)
        for m in mentions
        for first, stop in [places[m.id]]
        if window.start <= first < stop <= window.end
    }
    own = [m for m in mentions if m.id in inside]
    index = {m.id: i for i, m in enumerate(own)}
    kept = [Entity(e.key, e.kind, tuple(m for m in e.mentions if m.id in inside)) for e in entities]
    kept = sorted((e for e in kept if e.mentions), key=lambda e: (e.kind, e.mentions[0].start))
    size = window.end - window.start + len(before) + len(after)
    marks = np.zeros(size, dtype=np.int64)
    kind_of = {m.id: e.kind for e in kept for m in e.mentions}
    for mention in own:
        first, stop = inside[mention.id]
        mark = 1 + 2 * kind_of[mention.id]
        rest = marks[first + 1 : stop]
        rest[rest == 0] = mark + 1
        marks[first] = mark
    bounds = text.offsets[window.start : window.end]
    pairs, features = _pairs(text.item, kept, text.layout, bounds)
    return RelationUnit(
        ids=np.array([*before, *text.ids[window.start : window.end], *after], dtype=np.int64),
        marks=marks,
        offsets=[*[(0, 0)] * len(before), *bounds, *[(0, 0)] * len(after)],
        spans=[inside[m.id] for m in own],
        mentions=own,
        entities=kept,
        members=[[index[m.id] for m in e.mentions] for e in kept],
        pairs=pairs,
        features=features,
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """Where an entity's mentions are: characters, sentences of the window, in the title or not."""

    starts: list[int]
    sentences: list[int]
    title: bool


def _pairs(
    item: AnnotatedDocument, entities: Sequence[Entity], layout: Layout, offsets: Sequence[Span]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    import numpy as np

    low, high = (offsets[0][0], offsets[-1][1]) if offsets else (0, 0)
    begins = [s.start for s in item.sentences if s.end > low and s.start < high]
    titles = [p.end for p in item.document.passages if p.kind == "title"]
    title = titles[0] if titles else 0
    spreads = []
    for entity in entities:
        starts = [m.start for m in entity.mentions]
        sentences = sorted({max(bisect_right(begins, start) - 1, 0) for start in starts})
        spreads.append(_Spread(starts, sentences, any(start < title for start in starts)))
    kinds = len(layout.categories)
    pairs, rows = [], []
    for i, first in enumerate(entities):
        for j in range(i + 1, len(entities)):
            second = entities[j]
            names = layout.categories[first.kind], layout.categories[second.kind]
            if names not in layout.pairs:
                continue
            pairs.append((i, j))
            row = _describe(spreads[i], spreads[j], low, high, max(len(begins), 1))
            row.append(len(entities) / 20)
            row += [float(first.kind == kind) for kind in range(kinds)]
            row += [float(second.kind == kind) for kind in range(kinds)]
            rows.append(row)
    return (
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        np.array(rows, dtype=np.float32).reshape(-1, layout.width),
    )


def _describe(one: _Spread, other: _Spread, low: int, high: int, sentences: int) -> list[float]:
    """Return how often, where and how near the two ends are named, all about 0 to 2."""
    shared = set(one.sentences) & set(other.sentences)
    apart = min(abs(a - b) for a in one.sentences for b in other.sentences)
    distance = min(abs(a - b) for a in one.starts for b in other.starts)
    size = max(high - low, 1)
    return [
        math.log1p(len(one.starts)),
        math.log1p(len(other.starts)),
        float(one.title),
        float(other.title),
        float(one.title and other.title),
        math.log1p(len(shared)),
        float(apart == 0),
        float(apart == 1),
        float(apart == 2),
        float(apart > 2),
        math.log1p(distance) / 3 - 1.3,
        (one.starts[0] - low) / size,
        (other.starts[0] - low) / size,
        (one.starts[-1] - low) / size,
        (other.starts[-1] - low) / size,
        len({*one.sentences, *other.sentences}) / sentences,
        float(bool(shared & {sentences - 1, sentences - 2})),
    ]
