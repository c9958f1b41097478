"""What the pictures of an evaluation have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "check_picture", "new_figure", "save_figure"]

COLOURS = ("#0b6e99", "#c05621", "#8a8f98")


def new_figure(what: str) -> tuple[Figure, Any]:
    """Return a figure and its axes, with a grid and without a frame.

    Raises:
        MissingExtraError: matplotlib is not installed; it says that it is needed for ``what``.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("notebook", needed_for=what) from error
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.grid(color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def check_picture(path: Path) -> None:
    """Raise what would keep a picture from being written to ``path``.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: the format is unknown.
    """
    figure, _ = new_figure(f"the picture {path}")
    _check_format(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the file's ending names (png, svg, pdf).

    Raises:
        InputError: the format is unknown.
    """
    _check_format(figure, path)
    figure.savefig(path, dpi=150)


def _check_format(figure: Figure, path: Path) -> None:
    known = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise InputError(f"{path}: no picture format; expected one of {', '.join(sorted(known))}")
