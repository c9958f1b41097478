"""Confidence intervals by resampling documents (Efron 1979): how much a score owes to chance.

Mentions of one document are no independent observations, so whole documents are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from kgbuild.evaluation.score import Counts, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Interval", "Intervals", "bootstrap", "bootstrap_all"]


class Interval(NamedTuple):
    """The range in which the score lies with the confidence asked for."""

    low: float
    high: float


class Intervals(NamedTuple):
    """The intervals of one label's precision, recall and F1."""

    precision: Interval
    recall: Interval
    f1: Interval


def bootstrap(
    scores: Mapping[str, Score], *, samples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> Intervals:
    """Return percentile intervals of a score that is summed over documents.

    The same documents in the same order with the same seed give the same intervals.

    Args:
        scores: each document's score; those without any count too, for they may be drawn.
        samples: how many times as many documents are drawn, with replacement.
        confidence: in (0, 1).
        seed: of the random numbers.

    Raises:
        ValueError: no samples, or a confidence outside (0, 1).

    >>> bootstrap({"1": Score(2, 2, 1, 1), "2": Score(2, 2, 1, 1)}).f1
    Interval(low=0.5, high=0.5)
    """
    import numpy as np

    if samples < 1 or not 0 < confidence < 1:
        raise ValueError(
            f"expected samples >= 1 and confidence in (0, 1), got {samples}, {confidence}"
        )
    if not scores:
        nothing = Interval(0.0, 0.0)
        return Intervals(nothing, nothing, nothing)
    counts = np.array([(s.gold, s.found, s.right, s.covered) for s in scores.values()], float)
    rng = np.random.default_rng(seed)
    share = np.full(len(counts), 1 / len(counts))
    # How often each document is drawn; in blocks, for memory.
    sums = [
        rng.multinomial(len(counts), share, size=min(100, samples - first)) @ counts
        for first in range(0, samples, 100)
    ]
    gold, found, right, covered = np.concatenate(sums).T
    precision, recall = _ratio(right, found), _ratio(covered, gold)
    f1 = _ratio(2 * precision * recall, precision + recall)
    tail = 100 * (1 - confidence) / 2
    return Intervals(*(_interval(values, tail) for values in (precision, recall, f1)))


def bootstrap_all(
    counts: Counts, *, samples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> dict[str, Intervals]:
    """Return the intervals of each label; documents without a label count as nothing there."""
    labels = dict.fromkeys(label for scores in counts.values() for label in scores)
    return {
        label: bootstrap(
            {document: scores.get(label, Score()) for document, scores in counts.items()},
            samples=samples, confidence=confidence, seed=seed,
        )
        for label in labels
    }  # fmt: skip


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _interval(values: NDArray[np.float64], tail: float) -> Interval:
    import numpy as np

    low, high = np.percentile(values, [tail, 100 - tail])
    return Interval(float(low), float(high))
