"""Which of several similar names is meant: by their words, by the text and by what it names.

The nearest vector is right more often than any other, but not where it brings words that neither
the mention nor the text has: "myopathy, Bethlem" for "progressive myopathy". A linear model weighs
a handful of such signs; ``kgbuild train ranking`` learns the weights.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import chain
from math import log1p
from operator import mul
from pathlib import Path
from typing import Any

from kgbuild.errors import ConfigError
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Candidate

__all__ = ["OWN", "RANKING_FILE", "SAID", "Reranker", "Rival", "TextContext", "rival"]

RANKING_FILE = "ranking.json"

OWN = (
    "similarity", "words", "alike", "ratio", "brought", "lost", "under", "over", "barred",
)  # fmt: skip
SAID = ("said", "named", "above", "below")
"""What a ranking weighs, beside the kind of identifier: of a rival, and of a text."""

_REASONS = {
    "words": "words", "said": "words", "brought": "words", "lost": "words", "named": "named",
    "above": "above", "alike": "spelling", "ratio": "spelling", "under": "general",
    "over": "general",
}  # fmt: skip


class TextContext:
    """What a text says beside a mention.

    Args:
        text: of the document.
        entities: CURIEs of what it names by names that the lexicon has.
        ancestors: returns what is above a CURIE in its vocabulary.
    """

    def __init__(
        self,
        text: str = "",
        entities: Sequence[str] = (),
        ancestors: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        self._text = text
        self._ancestors = ancestors
        self.entities = frozenset(entities)

    @cached_property
    def words(self) -> frozenset[str]:
        """The text's words, in normal form."""
        return frozenset(normal_key(self._text).split())

    @cached_property
    def above(self) -> frozenset[str]:
        """What is above the entities."""
        return frozenset(chain.from_iterable(map(self._ancestors, self.entities)))


@dataclass(frozen=True, slots=True)
class Rival:
    """A candidate, and how its term and its names stand to the mention and the other candidates.

    Attributes:
        candidate: the term, by its most similar name.
        words: of this name, those that the mention hasn't.
        cosine: of this name and the mention.
        alike: how alike one of the term's names is written, by character n-grams, in [0, 1].
        ratio: how alike the most alike name is, letter by letter, in [0, 1].
        brought: how many words the term's nearest name has that the mention hasn't.
        lost: how many words of the mention no name of the term has.
        under: how many other candidates are below the term.
        over: how many other candidates are above it.
        barred: the name differs in a digit, a code or an opposite, so it can't be taken.
        ids: what else the term is known by.
        above: the CURIEs above the term.
    """

    candidate: Candidate
    words: frozenset[str]
    cosine: float
    alike: float = 0.0
    ratio: float = 0.0
    brought: int = 0
    lost: int = 0
    under: int = 0
    over: int = 0
    barred: bool = False
    ids: tuple[str, ...] = ()
    above: frozenset[str] = frozenset()

    def own_signs(self) -> tuple[float, ...]:
        """Return what a ranking weighs whatever the text, in the order of ``OWN``."""
        return (
            self.cosine,
            len(self.words),
            self.alike,
            self.ratio,
            self.brought,
            self.lost,
            log1p(self.under),
            log1p(self.over),
            self.barred,
        )

    def said_signs(self, context: TextContext) -> tuple[float, ...]:
        """Return what a ranking weighs of a text, in the order of ``SAID``."""
        curie, entities = self.candidate.curie, context.entities
        said = len(self.words & context.words) if self.words else 0
        if not entities:
            return said, False, False, False
        below = not self.above.isdisjoint(entities)
        return said, curie in entities, curie in context.above, below

    def is_of(self, kinds: Iterable[str]) -> str:
        """Return the first of ``kinds`` that one of the term's identifiers begins with, or "".

        Where the term's own begins with none of them, its cross-references don't count.
        """
        kinds = tuple(kinds)
        if not self.candidate.curie.startswith(kinds):
            return ""
        ids = (self.candidate.curie, *self.ids)
        return next(kind for kind in kinds if any(own.startswith(kind) for own in ids))


def rival(name: str, candidate: Candidate, **more: Any) -> Rival:
    """Return ``candidate`` as a rival for a mention that is called ``name``.

    ``more`` are the other attributes of a ``Rival``.
    """
    own = frozenset(normal_key(candidate.name).split())
    words = own.difference(normal_key(name).split())
    return Rival(candidate, words, more.pop("cosine", candidate.score), **more)


@dataclass(frozen=True, slots=True)
class Reranker:
    """Orders rivals by a weighted sum.

    Attributes:
        similarity: weight of the cosine.
        words: of each word of its name that the mention hasn't.
        said: of each of these that the text has.
        named: of a candidate that the text names outright elsewhere.
        above: of one that is more general than something that the text names outright.
        below: of one that is more special than something that the text names outright.
        alike, ratio, brought, lost, barred: of what ``Rival`` says.
        under, over: of the logarithm of one more than their numbers.
        kinds: of identifiers that begin so: ``{"MESH:C": -1.5}``; the first that fits counts.
    """

    similarity: float = 1.0
    words: float = 0.0
    said: float = 0.0
    named: float = 0.0
    above: float = 0.0
    below: float = 0.0
    alike: float = 0.0
    ratio: float = 0.0
    brought: float = 0.0
    lost: float = 0.0
    under: float = 0.0
    over: float = 0.0
    barred: float = 0.0
    kinds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Reranker:
        """Read what ``write`` wrote.

        Raises:
            ConfigError: the file holds something else.
        """
        try:
            data = json.loads(path.read_text("utf-8"))
            kinds = {str(kind): float(weight) for kind, weight in data.pop("kinds").items()}
            return cls(**{name: float(weight) for name, weight in data.items()}, kinds=kinds)
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"{path} holds no ranking ({error}): expected what `kgbuild train ranking` writes"
            ) from error

    def write(self, path: Path) -> None:
        """Write the weights as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

    def order(
        self,
        rivals: Sequence[Rival],
        context: TextContext,
        *,
        weighed: Sequence[float] | None = None,
    ) -> list[Rival]:
        """Return the rivals, the likeliest first; of equal ones the earlier.

        ``weighed`` is what ``weigh`` says of each, where that is known.
        """
        if weighed is None:
            weighed = [self.weigh(own) for own in rivals]
        scores = [
            base + self._weigh_text(own, context) for base, own in zip(weighed, rivals, strict=True)
        ]
        return [rivals[i] for i in sorted(range(len(rivals)), key=lambda i: -scores[i])]

    def weigh(self, own: Rival) -> float:
        """Return the weighted sum of what doesn't hang on a text."""
        weights: list[float] = [getattr(self, sign) for sign in OWN]
        total: float = sum(map(mul, weights, own.own_signs()))
        return total + self._kind(own)

    def _weigh_text(self, own: Rival, context: TextContext) -> float:
        said, named, above, below = own.said_signs(context)
        return self.said * said + self.named * named + self.above * above + self.below * below

    def score(self, own: Rival, context: TextContext) -> float:
        """Return the weighted sum; only differences between rivals mean anything."""
        return self.weigh(own) + self._weigh_text(own, context)

    def why(self, winner: Rival, other: Rival, context: TextContext) -> str:
        """Say what most speaks for ``winner`` against a more similar one."""
        ones = (*winner.own_signs(), *winner.said_signs(context))
        others = (*other.own_signs(), *other.said_signs(context))
        by_sign = {
            sign: getattr(self, sign) * (one - two)
            for sign, one, two in zip((*OWN, *SAID), ones, others, strict=True)
        }
        gains: dict[str, float] = defaultdict(float)
        for sign, gain in by_sign.items():
            if sign in _REASONS:
                gains[_REASONS[sign]] += gain
        gains["kind"] = self._kind(winner) - self._kind(other)
        sign = max(gains, key=gains.__getitem__)
        if sign == "named":
            return f"the text names {winner.candidate.name!r} elsewhere"
        if sign == "above":
            return f"the text names a kind of {winner.candidate.name!r}"
        if sign == "kind":
            return "identifiers of its kind are meant less often"
        if sign == "spelling":
            return f"{winner.candidate.name!r} is written more alike"
        if sign == "general":
            return f"others that are similar are kinds of {winner.candidate.name!r}"
        extra = other.words - winner.words
        unsaid = sorted(extra - context.words) or sorted(extra)
        return f"has words that nothing here says: {', '.join(unsaid)}"

    def _kind(self, own: Rival) -> float:
        return self.kinds.get(own.is_of(self.kinds), 0.0)
