"""The share that is right over the score, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import InputError
from kgbuild.evaluation.figures import COLOURS, new_figure, save_figure
from kgbuild.evaluation.reliability import Reliability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["save_reliability"]


def save_reliability(found: Sequence[Reliability], path: Path) -> None:
    """Write a reliability diagram; a dot's area shows how many mentions it stands for.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: nothing was measured, or the format is unknown.
    """
    if not found:
        raise InputError(
            "no reliability to draw: it needs a gold corpus with identifiers, and a configuration "
            "that grounds its mentions (no --predictions)"
        )
    save_figure(_draw(found), path)


def _draw(found: Sequence[Reliability]) -> Figure:
    figure, axes = new_figure("the picture of the reliability")
    most = max(one.mentions for kind in found for one in kind.bins)
    axes.plot([0, 1], [0, 1], color=COLOURS[-1], linewidth=1, linestyle="--", label="calibrated")
    for kind, colour in zip(found, COLOURS, strict=False):
        scores, shares = [b.score for b in kind.bins], [b.share for b in kind.bins]
        label = f"{kind.name} ({kind.mentions:,} mentions, off by {kind.error:.3f})"
        axes.plot(scores, shares, color=colour, linewidth=1.2, label=label)
        sizes = [12 + 240 * b.mentions / most for b in kind.bins]
        axes.scatter(scores, shares, s=sizes, color=colour, alpha=0.6, linewidths=0)
    least = min(b.score for kind in found for b in kind.bins)
    axes.set(
        xlabel="score of the first candidate", ylabel="share that is right",
        xlim=(max(0.0, least - 0.05), 1.03), ylim=(0, 1.05),
    )  # fmt: skip
    axes.legend(frameon=False, loc="upper left")
    return figure
