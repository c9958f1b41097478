"""How often a linker is right at each score: what a reliability diagram shows.

After Niculescu-Mizil and Caruana 2005 (doi:10.1145/1102351.1102430); the expected calibration
error is that of Naeini et al. 2015 (doi:10.1609/aaai.v29i1.9602).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Judged", "Reliability", "ScoreBin", "reliability"]

_WIDTH = 20  # bins from 0 to 1
_KINDS: Mapping[str, str] = {
    "dense": "similar names", "given": "given", "ngram": "names written alike",
}  # fmt: skip


class Judged(NamedTuple):
    """The first candidate of a gold mention: how it was found, its score, whether it is right."""

    method: str
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Mentions whose first candidate scores about the same; ``score`` is their mean."""

    score: float
    mentions: int
    right: int

    @property
    def share(self) -> float:
        """The share that is right."""
        return self.right / self.mentions


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of width 0.05, of candidates that were found in one way."""

    name: str
    bins: tuple[ScoreBin, ...]

    @property
    def mentions(self) -> int:
        """Mentions in all bins."""
        return sum(one.mentions for one in self.bins)

    @property
    def error(self) -> float:
        """The expected calibration error: how far shares are from scores, by mention."""
        gaps = (one.mentions * abs(one.share - one.score) for one in self.bins)
        return sum(gaps) / self.mentions


def reliability(judged: Iterable[Judged]) -> list[Reliability]:
    """Return the bins of each way of finding, equal names first.

    >>> [found] = reliability([Judged("dense", 0.81, True), Judged("dense", 0.83, False)])
    >>> found.name, found.bins, round(found.error, 2)
    ('similar names', (ScoreBin(score=0.82, mentions=2, right=1),), 0.32)
    """
    bins: dict[str, dict[int, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for one in judged:
        place = min(int(one.score * _WIDTH + 1e-9), _WIDTH - 1)
        bins[_KINDS.get(one.method, "equal names")][place].append(one)
    return [
        Reliability(name, tuple(_bin(found[place]) for place in sorted(found)))
        for name, found in sorted(bins.items())
    ]


def _bin(judged: Sequence[Judged]) -> ScoreBin:
    mean = sum(one.score for one in judged) / len(judged)
    return ScoreBin(round(mean, 4), len(judged), sum(one.right for one in judged))
