"""Counts and what follows from them: precision, recall and F1."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Set
from dataclasses import dataclass

__all__ = ["Counts", "Score", "harmonic", "score_sets", "total"]


@dataclass(frozen=True, slots=True)
class Score:
    """How many there are in the gold standard, how many were found, and how many are right.

    ``right`` of the ``found`` are right; ``covered`` of the ``gold`` were found. Both are the
    same number unless one may match several, as overlapping mentions do. Scores add up.

    >>> score = Score(gold=4, found=5, right=3, covered=3) + Score(gold=1, found=0)
    >>> score.precision, score.recall, round(score.f1, 3)
    (0.6, 0.6, 0.6)
    """

    gold: int = 0
    found: int = 0
    right: int = 0
    covered: int = 0

    @property
    def precision(self) -> float:
        """The share of what was found that is right, in [0, 1]; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of the gold standard that was found, in [0, 1]; 0 where there is none."""
        return self.covered / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, in [0, 1]."""
        return harmonic(self.precision, self.recall)

    def __add__(self, other: Score) -> Score:
        return Score(
            self.gold + other.gold,
            self.found + other.found,
            self.right + other.right,
            self.covered + other.covered,
        )


Counts = Mapping[str, Mapping[str, Score]]
"""Document to label (a category, a level) to score: what is summed, and what is resampled."""


def harmonic(precision: float, recall: float) -> float:
    """Return F1; 0 where both are 0."""
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def score_sets(gold: Set[Hashable], found: Set[Hashable]) -> Score:
    """Score what was found by equality.

    >>> score_sets({1, 2, 3}, {3, 4})
    Score(gold=3, found=2, right=1, covered=1)
    """
    right = len(gold & found)
    return Score(len(gold), len(found), right, right)


def total(counts: Counts) -> dict[str, Score]:
    """Return each label's score over all documents, labels in order of first appearance."""
    sums: dict[str, Score] = {}
    for label, score in _flat(counts.values()):
        sums[label] = sums.get(label, Score()) + score
    return sums


def _flat(documents: Iterable[Mapping[str, Score]]) -> Iterable[tuple[str, Score]]:
    for labels in documents:
        yield from labels.items()
