"""Which of several similar names is meant: by their words, by the text and by what it names.

The nearest vector is right more often than any other, but not where it brings words that neither
the mention nor the text has: "myopathy, Bethlem" for "progressive myopathy". A linear model weighs
a handful of such signs; ``kgbuild train ranking`` learns the weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from kgbuild.errors import ConfigError
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Candidate

__all__ = ["RANKING_FILE", "Reranker", "Rival", "TextContext", "rival"]

RANKING_FILE = "ranking.json"


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
    """A candidate, and the words of its name that the mention hasn't."""

    candidate: Candidate
    words: frozenset[str]

    def signs(self, context: TextContext) -> tuple[float, float, float, float, float]:
        """Return what a ranking weighs: similarity, words, words said, named, above a named one."""
        return (
            self.candidate.score,
            len(self.words),
            len(self.words & context.words) if self.words else 0,
            self.candidate.curie in context.entities,
            self.candidate.curie in context.above,
        )


def rival(name: str, candidate: Candidate) -> Rival:
    """Return ``candidate`` as a rival for a mention that is called ``name``."""
    own = frozenset(normal_key(candidate.name).split())
    return Rival(candidate, own.difference(normal_key(name).split()))


@dataclass(frozen=True, slots=True)
class Reranker:
    """Orders rivals by a weighted sum.

    Attributes:
        similarity: weight of the cosine.
        words: of each word of its name that the mention hasn't.
        said: of each of these that the text has.
        named: of a candidate that the text names outright elsewhere.
        above: of one that is more general than something that the text names outright.
        kinds: of identifiers that begin so: ``{"MESH:C": -1.5}``.
    """

    similarity: float = 1.0
    words: float = 0.0
    said: float = 0.0
    named: float = 0.0
    above: float = 0.0
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

    def order(self, rivals: Sequence[Rival], context: TextContext) -> list[Rival]:
        """Return the rivals, the likeliest first; of equal ones the earlier."""
        return sorted(rivals, key=lambda own: -self.score(own, context))

    def score(self, own: Rival, context: TextContext) -> float:
        """Return the weighted sum; only differences between rivals mean anything."""
        similarity, words, said, named, above = own.signs(context)
        return (
            self.similarity * similarity
            + self.words * words
            + self.said * said
            + self.named * named
            + self.above * above
            + self._kind(own)
        )

    def why(self, winner: Rival, other: Rival, context: TextContext) -> str:
        """Say what most speaks for ``winner`` against a more similar one."""
        _, *mine = winner.signs(context)
        _, *others = other.signs(context)
        words, said, named, above = (one - two for one, two in zip(mine, others, strict=True))
        gains = {
            "words": self.words * words + self.said * said,
            "named": self.named * named,
            "above": self.above * above,
            "kind": self._kind(winner) - self._kind(other),
        }
        sign = max(gains, key=gains.__getitem__)
        if sign == "named":
            return f"the text names {winner.candidate.name!r} elsewhere"
        if sign == "above":
            return f"the text names a kind of {winner.candidate.name!r}"
        if sign == "kind":
            return "identifiers of its kind are meant less often"
        others_own = other.words - winner.words
        unsaid = sorted(others_own - context.words) or sorted(others_own)
        return f"has words that nothing here says: {', '.join(unsaid)}"

    def _kind(self, own: Rival) -> float:
        curie = own.candidate.curie
        return sum(weight for kind, weight in self.kinds.items() if curie.startswith(kind))
