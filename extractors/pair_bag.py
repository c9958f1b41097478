"""A pair of entities as a bag of features: words around and between them, places and counts.

Features are hashed into a fixed number of buckets (Weinberger et al. 2009, arXiv:0902.2206), most
of them twice: by themselves, and together with the categories of the pair's two ends. The names of
the window's entities are left out: what is to be learned is how a text speaks, and not of whom.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

from kgbuild.records import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.extractors.relation_units import Entity, RelationUnit
    from kgbuild.records import AnnotatedDocument, Mention

__all__ = ["BUCKETS", "FEATURES", "PairBag"]

BUCKETS = 1 << 16
FEATURES = 1
"""Says which features these are: one more with each change of what is hashed."""
_WORD = re.compile(r"[^\W\d_]{2,}|[<>=±]")
_FARTHEST, _BESIDE, _BESIDE_WORDS = 400, 60, 3


@dataclass(frozen=True)
class _Close:
    """The closest two mentions of a pair, of all or of one sentence; ``first`` begins first."""

    distance: int
    first: Mention
    second: Mention
    turned: bool


@dataclass(frozen=True)
class _Place:
    """Where an entity is named, and how it stands among those of its category in the window."""

    sentences: list[int]
    title: bool
    rank: int
    rivals: int


class PairBag:
    """The bags of a window's pairs.

    Args:
        item: the document; without sentences it counts as one.
        unit: a window of it.
    """

    def __init__(self, item: AnnotatedDocument, unit: RelationUnit) -> None:
        self._unit = unit
        self._text = _without(item.document.text, unit.mentions)
        whole = Sentence(0, len(item.document.text))
        self._sentences = item.sentences or (whole,)
        self._begins = [sentence.start for sentence in self._sentences]
        titles = [p.end for p in item.document.passages if p.kind == "title"]
        self._title = titles[0] if titles else 0
        self._known: dict[tuple[object, ...], list[int]] = {}

    def buckets(self) -> list[NDArray[np.int64]]:
        """Return the buckets of each of the window's pairs, in order and without repetition."""
        import numpy as np

        entities = self._unit.entities
        found = []
        for i, j in self._unit.pairs.tolist():
            ends = f"{entities[i].kind}-{entities[j].kind}"
            own: list[int] = []
            for part in self._parts(i, j, ends):
                own += part
            found.append(np.unique(np.array(own, dtype=np.int64)))
        return found

    def _parts(self, i: int, j: int, ends: str) -> Iterator[list[int]]:
        one, other = self._unit.entities[i], self._unit.entities[j]
        near, shared = self._closest(one, other)
        yield _hashed("numbers", self._numbers(i, j, near, shared), ends)
        between = self._between(near)
        yield self._remember("between", between, ends, self._stems)
        yield self._remember("bigrams", between, "", self._bigrams)
        before = max(0, near.first.start - _BESIDE), near.first.start
        after = near.second.end, min(near.second.end + _BESIDE, len(self._text))
        yield self._remember("before", before, ends, lambda *s: self._words(*s)[-_BESIDE_WORDS:])
        yield self._remember("after", after, ends, lambda *s: self._words(*s)[:_BESIDE_WORDS])
        for sentence, close in shared.items():
            own = self._sentences[sentence]
            yield self._remember("sentence", (own.start, own.end), ends, self._stems)
            yield self._remember("betweens", self._between(close), ends, self._stems)
            yield _hashed("order", [str(close.turned)], ends)
        yield self._remember("title", (0, self._title), ends, self._stems)
        if self._places[i].title and self._places[j].title:
            yield self._remember("both in title", (0, self._title), ends, self._stems)

    def _numbers(self, i: int, j: int, near: _Close, shared: dict[int, _Close]) -> Iterator[str]:
        one, other = self._places[i], self._places[j]
        ends = [len(self._unit.entities[place].mentions) for place in (i, j)]
        yield "pair"
        yield f"turned {near.turned}"
        yield f"together {self._sentence(near.first) == self._sentence(near.second)}"
        yield f"words between {min(len(self._words(*self._between(near))), 12)}"
        yield f"distance {int(1.5 * math.log1p(near.distance))}"
        yield from (f"named {side} {_few(count)}" for side, count in zip("ab", ends, strict=True))
        yield f"named both {_few(ends[0])} {_few(ends[1])}"
        yield f"title {one.title} {other.title}"
        yield f"shared {_few(len(shared))}"
        yield f"sentences apart {min(4, _apart(one.sentences, other.sentences))}"
        last = len(self._begins) - 1
        yield f"at the end {not shared.keys().isdisjoint((last, last - 1))}"
        yield f"begin {min(one.sentences[0], 5)} {min(other.sentences[0], 5)}"
        yield f"entities {len(self._unit.entities) // 5}"
        yield f"least {_few(min(ends))} {one.title and other.title} {_few(len(shared))}"
        yield f"rank a {_few(one.rank)}"
        yield f"rank b {_few(other.rank)}"
        yield f"ranks {_few(one.rank)} {_few(other.rank)}"
        yield f"rivals {_few(one.rivals)} {_few(other.rivals)}"
        inside = self._inside(near)
        yield f"inside {_few(len(inside))}"
        yield from (f"inside {category}" for category in {m.category for m in inside})

    @cached_property
    def _places(self) -> list[_Place]:
        entities = self._unit.entities
        found = []
        for entity in entities:
            alike = [len(e.mentions) for e in entities if e.kind == entity.kind]
            found.append(
                _Place(
                    sorted(self._sentence(m) for m in entity.mentions),
                    any(m.start < self._title for m in entity.mentions),
                    sum(count > len(entity.mentions) for count in alike),
                    len(alike),
                )
            )
        return found

    def _closest(self, one: Entity, other: Entity) -> tuple[_Close, dict[int, _Close]]:
        """Return the closest two mentions, and those of each sentence that names both."""
        best: _Close | None = None
        least = math.inf
        shared: dict[int, _Close] = {}
        others = [(b, self._sentence(b)) for b in other.mentions]
        for a in one.mentions:
            sentence = self._sentence(a)
            for b, beside in others:
                turned = b.start < a.start
                first, second = (b, a) if turned else (a, b)
                distance = max(0, second.start - first.end)
                nearest = distance < least
                known = shared.get(sentence) if beside == sentence else None
                nearer = beside == sentence and (known is None or distance < known.distance)
                if nearest or nearer:
                    close = _Close(distance, first, second, turned)
                    if nearest:
                        best, least = close, distance
                    if nearer:
                        shared[sentence] = close
        assert best is not None
        return best, shared

    def _inside(self, near: _Close) -> Sequence[Mention]:
        mentions = self._unit.mentions
        first = bisect_left(mentions, near.first.end, key=lambda m: m.start)
        stop = bisect_left(mentions, near.second.start, key=lambda m: m.start)
        return [m for m in mentions[first:stop] if m.end <= near.second.start]

    def _sentence(self, mention: Mention) -> int:
        return max(bisect_right(self._begins, mention.start) - 1, 0)

    def _between(self, close: _Close) -> tuple[int, int]:
        start, end = close.first.end, close.second.start
        return (start, end) if 0 <= end - start <= _FARTHEST else (start, start)

    def _words(self, start: int, end: int) -> list[str]:
        return [word.lower() for word in _WORD.findall(self._text, start, end)]

    def _stems(self, start: int, end: int) -> Iterable[str]:
        return {_stem(word) for word in self._words(start, end)}

    def _bigrams(self, start: int, end: int) -> Iterable[str]:
        return (f"{a} {b}" for a, b in pairwise(self._words(start, end)))

    def _remember(
        self,
        group: str,
        span: tuple[int, int],
        ends: str,
        read: Callable[[int, int], Iterable[str]],
    ) -> list[int]:
        """Return the buckets of what ``read`` gives for a part of the text, hashed once."""
        key = group, span, ends
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _hashed(group, read(*span), ends)
        return known


def _without(text: str, mentions: Sequence[Mention]) -> str:
    """Return the text with blanks in place of mentions."""
    parts, end = [], 0
    for mention in mentions:
        if mention.end > end:
            parts += [text[end : mention.start], " " * (mention.end - max(mention.start, end))]
            end = mention.end
    return "".join((*parts, text[end:]))


def _hashed(group: str, names: Iterable[str], ends: str) -> list[int]:
    found = []
    for name in names:
        found.append(crc32(f"{group}|{name}".encode()) % BUCKETS)
        if ends:
            found.append(crc32(f"{group}|{ends}|{name}".encode()) % BUCKETS)
    return found


def _stem(word: str) -> str:
    return word if len(word) < 6 else word[: 5 if len(word) < 8 else 6]


def _few(count: int) -> str:
    """Return a count, the larger ones in steps."""
    if count < 3:
        return str(count)
    return "3-4" if count < 5 else "5-8" if count < 9 else "9+"


def _apart(one: Sequence[int], other: Sequence[int]) -> int:
    return min(abs(a - b) for a in one for b in other)
