"""Belief: how likely it is that a statement holds, given the papers that say so.

After INDRA's belief model (Gyori et al. 2017, doi:10.15252/msb.20177651), with papers where it
counts sentences: ten sentences of one paper are not ten papers.

For an extractor e with systematic error s and papers 1..n whose best sentence is right with
probability p_i, the chance that all of it is wrong is ``s + (1 - s) * prod(1 - p_i)``; extractors
err independently, so these are multiplied. p_i is the relation's score, times
``1 - random error``, times ``HEDGED`` where the sentence hedges. Denying papers give a second such
number, and belief is ``affirmed * (1 - CONTRADICTION * denied)``: a statement that is only denied
has belief 0, and one that is contradicted loses up to half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

__all__ = ["CONTRADICTION", "DEFAULT_RATES", "HEDGED", "Rates", "belief", "support"]

HEDGED = 0.5
CONTRADICTION = 0.5


@dataclass(frozen=True, slots=True)
class Rates:
    """An extractor's error rates, both in [0, 1).

    ``systematic`` errors repeat however many papers there are; ``random`` ones don't.
    """

    systematic: float
    random: float


DEFAULT_RATES: Mapping[str, Rates] = {
    "given": Rates(0.01, 0.02),
    "patterns": Rates(0.05, 0.05),
    "relation-model": Rates(0.1, 0.15),
    "cooccurrence-document": Rates(0.8, 0.5),
    "cooccurrence-sentence": Rates(0.6, 0.2),
    "default": Rates(0.05, 0.1),
}


def support(papers: Mapping[str, Iterable[float]], rates: Mapping[str, Rates]) -> float:
    """Return the probability in [0, 1] that at least one extractor read it rightly.

    Args:
        papers: for each extractor (its name without version) one probability a paper, that of the
            paper's best sentence, before the random error.
        rates: error rates by extractor; ``default`` for those not named.
    """

    def wrong(extractor: str, scores: Iterable[float]) -> float:
        rate = rates.get(extractor, rates["default"])
        chance = prod(1 - score * (1 - rate.random) for score in scores)
        return rate.systematic + (1 - rate.systematic) * chance

    return 1 - prod(wrong(extractor, list(scores)) for extractor, scores in papers.items())


def belief(
    affirmed: Mapping[str, Iterable[float]],
    denied: Mapping[str, Iterable[float]],
    rates: Mapping[str, Rates] = DEFAULT_RATES,
) -> float:
    """Return the belief in [0, 1] of a statement, from papers that affirm and that deny it.

    >>> round(belief({"patterns": [0.8]}, {}), 3)
    0.722
    >>> round(belief({"patterns": [0.8, 0.8]}, {}), 3)
    0.895
    >>> belief({}, {"patterns": [0.8]})
    0.0
    """
    return support(affirmed, rates) * (1 - CONTRADICTION * support(denied, rates))
