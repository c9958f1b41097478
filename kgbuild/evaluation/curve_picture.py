"""The curve of precision over recall as belief rises, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import InputError
from kgbuild.evaluation.figures import COLOURS, new_figure, save_figure
from kgbuild.evaluation.result import Curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["curve_svg", "save_curves"]

_MARKED = (0.5, 0.7, 0.9)


def save_curves(curves: Sequence[Curve], path: Path, *, title: str = "") -> None:
    """Write the curves as a picture; the file's ending says in which format (png, svg, pdf).

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: there is no curve, or the format is unknown.
    """
    save_figure(_draw(curves, title), path)


def curve_svg(curves: Sequence[Curve]) -> str:
    """Return the curves as an SVG element, to stand in a page.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: there is no curve.
    """
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "kgbuild", "svg.fonttype": "none"}):
        data = io.StringIO()
        _draw(curves, "").savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    text = data.getvalue()
    return text[text.index("<svg") :]


def _draw(curves: Sequence[Curve], title: str) -> Figure:
    figure, axes = new_figure("the picture of the curve")
    if not curves:
        raise InputError(
            "no curve to draw: it needs a gold corpus with relations, and predictions that are a "
            "graph (a build, or the pipeline)"
        )
    for curve, colour in zip(curves, COLOURS, strict=False):
        _line(axes, curve, colour)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, None), ylim=(0, 1.02), title=title)
    axes.set_xlim(0, max(0.05, axes.dataLim.x1 * 1.08))
    axes.legend(frameon=False, loc="best")
    return figure


def _line(axes: Any, curve: Curve, colour: str) -> None:
    points = [point for point in curve.points if point.score.found]
    label = f"{curve.name} (average precision {curve.average_precision:.3f})"
    axes.plot(
        [p.score.recall for p in points], [p.score.precision for p in points],
        color=colour, label=label, linewidth=1.6,
    )  # fmt: skip
    for belief in _MARKED:
        reached = [p for p in points if p.threshold >= belief]
        if not reached:
            continue
        place = reached[0].score.recall, reached[0].score.precision
        axes.plot(*place, "o", color=colour, markersize=4)
        axes.annotate(
            f"≥ {belief:g}", place, xytext=(5, 4), textcoords="offset points", fontsize=7,
            color=colour, bbox={"fc": "white", "ec": "none", "pad": 0.4, "alpha": 0.8},
        )  # fmt: skip
