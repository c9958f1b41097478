"""Exact nearest neighbours, block by block; vectors may be a memory map and are never copied whole.

What the other kinds share lies here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from kgbuild.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Rows = NDArray[np.int64]

__all__ = ["BLOCK", "Best", "FlatIndex", "blocks", "check_queries", "gpu_resources", "import_faiss"]

BLOCK = 65_536

_QUERIES = 256  # compared at once: their products with a block take 64 MiB
_GROUP = 64


class FlatIndex:
    """Exact search over vectors of float32 or float16.

    Runs on numpy, or on a GPU where FAISS is built for it and one is there.
    """

    def __init__(self, vectors: NDArray[Any]) -> None:
        self.vectors = vectors

    def search(
        self, queries: Floats, *, k: int, rows: tuple[int, int] | None = None
    ) -> tuple[Floats, Rows]:
        """Return inner products and row numbers, ``(n, k)`` each, best first.

        Args:
            queries: ``(n, dimension)``.
            k: how many neighbours, at least 1. Where fewer rows exist the number is -1, the
                product -inf.
            rows: search only ``rows[0]:rows[1]``.
        """
        check_queries(queries, k, self.vectors.shape[1])
        best = Best(len(queries), k)
        for start, block in blocks(self.vectors, *(rows or (0, len(self.vectors)))):
            scores, places = _nearest(queries, block, min(k, len(block)))
            best.add(scores, places + start)
        return best.scores, best.rows


class Best:
    """The best rows so far of each query; equal products stay in the order they came.

    Attributes:
        scores: ``(queries, k)``, best first; -inf where there is none.
        rows: as many; -1 where there is none.
    """

    def __init__(self, queries: int, k: int) -> None:
        import numpy as np

        self.scores: Floats = np.full((queries, k), -np.inf, dtype=np.float32)
        self.rows: Rows = np.full((queries, k), -1, dtype=np.int64)

    def add(self, scores: Floats, rows: Rows) -> None:
        """Take some more rows into account."""
        import numpy as np

        k = self.scores.shape[1]
        scores = np.concatenate([self.scores, scores], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        self.scores = np.take_along_axis(scores, order, axis=1)
        self.rows = np.take_along_axis(np.concatenate([self.rows, rows], axis=1), order, axis=1)


def blocks(
    vectors: NDArray[Any], first: int = 0, last: int | None = None
) -> Iterator[tuple[int, Floats]]:
    """Yield the first row's number and the vectors of each block, as contiguous float32."""
    import numpy as np

    last = len(vectors) if last is None else last
    for start in range(first, last, BLOCK):
        yield start, np.ascontiguousarray(vectors[start : min(start + BLOCK, last)], np.float32)


def check_queries(queries: Floats, k: int, dimension: int) -> None:
    """Raise a ValueError where ``k`` or the shape of ``queries`` is wrong."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise ValueError(f"queries must have shape (n, {dimension}), got {queries.shape}")


def import_faiss() -> Any:
    """Return FAISS, or raise a MissingExtraError."""
    try:
        import faiss
    except ImportError:
        raise MissingExtraError("dense", needed_for="a FAISS index") from None
    return faiss


@cache
def gpu_resources() -> Any:
    """Return the process's one: each takes more than a gigabyte of a GPU's memory for itself."""
    return import_faiss().StandardGpuResources()


def _nearest(queries: Floats, block: Floats, k: int) -> tuple[Floats, Rows]:
    import numpy as np

    asked = np.ascontiguousarray(queries, dtype=np.float32)
    if _on_gpu():
        metric = import_faiss().METRIC_INNER_PRODUCT
        scores, rows = import_faiss().knn_gpu(gpu_resources(), asked, block, k, metric=metric)
        return scores, rows.astype(np.int64, copy=False)
    # FAISS's own search of so many neighbours takes five times as long as the products alone.
    few = [
        _largest(asked[at : at + _QUERIES] @ block.T, k) for at in range(0, len(asked), _QUERIES)
    ]
    if not few:
        return np.zeros((0, k), np.float32), np.zeros((0, k), np.int64)
    return np.concatenate([scores for scores, _ in few]), np.concatenate([rows for _, rows in few])


def _on_gpu() -> bool:
    return find_spec("faiss") is not None and import_faiss().get_num_gpus() > 0


def _largest(products: Floats, k: int) -> tuple[Floats, Rows]:
    """Return the ``k`` largest of each line and their places, ``(n, k)``; ties by place.

    The largest of some groups of a line are known first: no fewer than ``k`` numbers reach the
    ``k``-th of these, and few others do.
    """
    import numpy as np

    lines, width = products.shape
    groups = width // _GROUP
    if groups >= 2 * k:
        whole = products[:, : groups * _GROUP].reshape(lines, _GROUP, groups)
        least = np.partition(whole.max(axis=1), groups - k, axis=1)[:, groups - k]
    else:
        least = np.partition(products, width - k, axis=1)[:, width - k]
    line, place = np.nonzero(products >= least[:, None])
    values = products[line, place]
    order = np.lexsort((-values, line))  # stable: of equal ones the first place comes first
    ends = np.searchsorted(line, np.arange(lines))  # lexsort leaves each line where it was
    chosen = order[ends[:, None] + np.arange(k)]
    return values[chosen], place[chosen]
