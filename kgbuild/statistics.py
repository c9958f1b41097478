"""Measures of association over 2x2 tables of counts, as numpy functions.

In all of them ``together`` counts the units (documents, sentences) that hold both x and y, ``x``
and ``y`` those that hold each, ``total`` all units. Arrays have shape ``(n,)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Values = NDArray[np.float64]

__all__ = [
    "benjamini_hochberg",
    "hypergeometric_tail",
    "log_likelihood",
    "npmi",
    "pmi",
]


def pmi(together: Counts, x: Counts, y: Counts, total: int) -> Values:
    """Return pointwise mutual information in bits (Church & Hanks 1990); 0 is independence.

    -inf where ``together`` is 0.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(
            np.log2(together) + np.log2(float(total)) - np.log2(x) - np.log2(y), dtype=np.float64
        )


def npmi(together: Counts, x: Counts, y: Counts, total: int) -> Values:
    """Return PMI normalized to [-1, 1] (Bouma 2009): 1 where x and y only come together."""
    information = np.log2(float(total)) - np.log2(np.maximum(together, 1))
    everywhere = information == 0
    scaled = pmi(together, x, y, total) / np.where(everywhere, 1.0, information)
    return np.clip(np.where(everywhere, 1.0, np.where(together == 0, -1.0, scaled)), -1.0, 1.0)


def log_likelihood(together: Counts, x: Counts, y: Counts, total: int) -> Values:
    """Return the log-likelihood ratio G² of the table (Dunning 1993), at least 0.

    It grows with the evidence: about chi-squared with one degree of freedom under independence.
    """
    observed = (together, x - together, y - together, total - x - y + together)
    expected = (
        x * (y / total), x * ((total - y) / total),
        (total - x) * (y / total), (total - x) * ((total - y) / total),
    )  # fmt: skip
    result = np.zeros(len(together))
    for seen, awaited in zip(observed, expected, strict=True):
        some = seen > 0
        result[some] += 2.0 * seen[some] * np.log(seen[some] / awaited[some])
    return np.maximum(result, 0.0)


def hypergeometric_tail(together: Counts, x: Counts, y: Counts, total: int) -> Values:
    """Return the chance of at least ``together`` common units if x and y fell independently.

    The one-sided Fisher test: P(X >= together) for X hypergeometric. The sum of the shorter side
    of the distribution is taken by the ratio of neighbouring terms, so that it needs few steps.
    """
    k = together.astype(np.float64)
    above = k > x * (y / total)
    first = np.where(above, k, k - 1)
    low = np.maximum(0, x + y - total)
    empty = ~above & (first < low)
    start = np.where(empty, low, first)
    log_first = _log_mass(start, x, y, total)
    tail = np.exp(log_first) * _series(start, x, y, total, above)
    tail = np.where(empty, 0.0, tail)
    return np.clip(np.where(above, tail, 1.0 - tail), 0.0, 1.0)


def benjamini_hochberg(p_values: Values) -> Values:
    """Return q-values: the false discovery rate at which each is called (1995 step-up)."""
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")[::-1]
    ranks = np.arange(count, 0, -1)
    result = np.empty(count)
    result[order] = np.minimum.accumulate(p_values[order] * count / ranks) if count else 0.0
    return np.minimum(result, 1.0)


def _series(start: Values, x: Counts, y: Counts, total: int, up: NDArray[np.bool_]) -> Values:
    """Return the sum of the masses from ``start`` outwards, relative to the mass at ``start``."""
    result = np.ones(len(start))
    term, k = np.ones(len(start)), start.copy()
    active = np.arange(len(start))
    rest = float(total) - x - y
    while len(active):
        n, m, r, at, rising = x[active], y[active], rest[active], k[active], up[active]
        forward = (n - at) * (m - at) / ((at + 1) * np.maximum(r + at + 1, 1))
        backward = at * (r + at) / ((n - at + 1) * (m - at + 1))
        term[active] *= np.where(rising, forward, backward)
        k[active] += np.where(rising, 1, -1)
        result[active] += term[active]
        active = active[term[active] > 1e-17 * result[active]]
    return result


def _log_mass(k: Values, x: Counts, y: Counts, total: int) -> Values:
    """Return the logarithm of the hypergeometric mass at ``k``."""
    population = np.full(len(k), float(total))
    drawn, marked = np.zeros(len(k)) + x, np.zeros(len(k)) + y
    return (
        _log_choose(marked, k)
        + _log_choose(population - marked, drawn - k)
        - _log_choose(population, drawn)
    )


def _log_choose(n: Values, k: Values) -> Values:
    return _log_factorial(n) - _log_factorial(k) - _log_factorial(n - k)


_SMALL = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, 256.0)))])


def _log_factorial(n: Values) -> Values:
    """Return log n! by table, beyond it by Stirling's series (error below 1e-15)."""
    large = np.maximum(n, 255.0)
    series = (
        large * np.log(large) - large + 0.5 * np.log(2 * np.pi * large)
        + 1 / (12 * large) - 1 / (360 * large**3)
    )  # fmt: skip
    return np.where(n < 256, _SMALL[np.minimum(n, 255).astype(np.int64)], series)
