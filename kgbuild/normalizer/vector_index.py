"""Nearest neighbours behind one small seam: built and opened here, whatever the kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kgbuild.normalizer.vector_choice import Choice, check_buildable, choose_index, this_machine
from kgbuild.normalizer.vector_faiss import FaissIndex
from kgbuild.normalizer.vector_flat import FlatIndex
from kgbuild.normalizer.vector_torch import TorchIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FaissIndex", "FlatIndex", "TorchIndex", "VectorIndex", "build_index", "open_index"]


class VectorIndex(Protocol):
    """Finds the nearest of its vectors; ``FlatIndex`` says what a search returns."""

    def search(
        self, queries: NDArray[np.float32], *, k: int, rows: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return inner products and row numbers, ``(n, k)`` each, best first."""
        ...


def build_index(vectors: NDArray[Any], choice: Choice | None = None) -> VectorIndex:
    """Return an index over unit vectors, ``(n, dimension)``.

    Args:
        vectors: float32 or float16, a memory map or not; an index may read them as long as it is
            used.
        choice: by default what ``choose_index`` says of this machine.

    Raises:
        ConfigError: CAGRA is asked for without a GPU.
        MissingExtraError: an approximate kind is asked for and FAISS is not installed.
    """
    chosen = choice or choose_index(len(vectors), vectors.shape[1], this_machine())
    check_buildable(chosen)
    if len(vectors) < 2 or (chosen.kind, chosen.place) == ("flat", "cpu"):
        return FlatIndex(vectors)
    return TorchIndex(vectors) if chosen.place == "torch" else FaissIndex.build(vectors, chosen)


def open_index(path: Path, vectors: NDArray[Any], choice: Choice) -> VectorIndex:
    """Return the index that was saved in ``path``; an exact one is made anew, it has no file."""
    if choice.kind == "flat" or not path.is_file():
        return build_index(vectors, choice)
    return FaissIndex.load(path, vectors, choice)
