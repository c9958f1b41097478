"""Numbers of a report as text."""

from __future__ import annotations

from kgbuild.evaluation.bootstrap import Intervals

__all__ = ["interval", "percent"]


def percent(value: float) -> str:
    """Return a share as percent with one decimal, as papers print scores.

    >>> percent(0.81251)
    '81.3'
    """
    return f"{100 * value:.1f}"


def interval(intervals: Intervals | None, measure: str) -> str:
    """Return the interval of precision, recall or f1 in brackets; nothing where there is none."""
    if intervals is None:
        return ""
    low, high = intervals._asdict()[measure]
    return f"({percent(low)}–{percent(high)})"
