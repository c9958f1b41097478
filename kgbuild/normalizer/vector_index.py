"""Nearest neighbours behind one small seam: exact over memory-mapped vectors, or FAISS."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.errors import ConfigError, MissingExtraError, VocabularyError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Rows = NDArray[np.int64]

__all__ = ["FLAT_LIMIT", "FaissIndex", "FlatIndex", "IndexKind", "build_index", "choose_kind"]

IndexKind = Literal["flat", "hnsw", "ivf"]

FLAT_LIMIT = 200_000
"""Above so many vectors, approximate search is worth its build."""

_BLOCK = 65_536


class FlatIndex:
    """Exact search; vectors may be a memory map, of float32 or float16, and are never copied whole.

    Runs on FAISS where it is installed (on a GPU where that build and a GPU are there), else on
    numpy.
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
        import numpy as np

        _check(queries, k, self.vectors.shape[1])
        first, last = rows if rows is not None else (0, len(self.vectors))
        best = np.full((len(queries), k), -np.inf, dtype=np.float32)
        found = np.full((len(queries), k), -1, dtype=np.int64)
        for start in range(first, last, _BLOCK):
            stop = min(start + _BLOCK, last)
            block = np.ascontiguousarray(self.vectors[start:stop], dtype=np.float32)
            scores, places = _nearest(queries, block, min(k, stop - start))
            best = np.concatenate([best, scores], axis=1)
            found = np.concatenate([found, places + start], axis=1)
            # Stable, so that equal products come in order of row whatever the blocks.
            order = np.argsort(-best, axis=1, kind="stable")[:, :k]
            best = np.take_along_axis(best, order, axis=1)
            found = np.take_along_axis(found, order, axis=1)
        return best, found


class FaissIndex:
    """Approximate search by a FAISS index over ``vectors``; few rows are searched exactly."""

    def __init__(self, index: Any, vectors: NDArray[Any]) -> None:
        self.index = index
        self._flat = FlatIndex(vectors)

    def search(
        self, queries: Floats, *, k: int, rows: tuple[int, int] | None = None
    ) -> tuple[Floats, Rows]:
        """Return inner products and row numbers, as ``FlatIndex.search`` does but approximately."""
        import numpy as np

        if rows is not None and rows[1] - rows[0] < FLAT_LIMIT:
            return self._flat.search(queries, k=k, rows=rows)
        _check(queries, k, self.index.d)
        scores, found = self.index.search(
            np.ascontiguousarray(queries, dtype=np.float32), k, params=self._parameters(k, rows)
        )
        return np.where(found < 0, np.float32("-inf"), scores), found

    def _parameters(self, k: int, rows: tuple[int, int] | None) -> Any:
        faiss = _faiss()
        chosen = {} if rows is None else {"sel": faiss.IDSelectorRange(*rows)}
        if isinstance(self.index, faiss.IndexHNSW):
            return faiss.SearchParametersHNSW(efSearch=max(64, 2 * k), **chosen)
        return faiss.SearchParametersIVF(nprobe=self.index.nprobe, **chosen)

    def save(self, path: Path) -> None:
        """Write the FAISS index, without the vectors that it was built from."""
        _faiss().write_index(self.index, str(path))

    @classmethod
    def load(cls, path: Path, vectors: NDArray[Any]) -> FaissIndex:
        """Read what ``save`` wrote.

        Raises:
            VocabularyError: the file is no FAISS index, or one over other vectors.
            MissingExtraError: FAISS is not installed.
        """
        faiss = _faiss()
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise VocabularyError(f"{path} is not a FAISS index: {error}; build it again") from None
        if (index.ntotal, index.d) != vectors.shape:
            raise VocabularyError(
                f"{path} holds {index.ntotal} vectors of {index.d}, expected {vectors.shape}: "
                "build it again"
            )
        return cls(index, vectors)


def choose_kind(count: int, kind: str = "auto") -> IndexKind:
    """Return the kind of index for ``count`` vectors: flat, or IVF above ``FLAT_LIMIT``.

    Raises:
        ConfigError: the kind is unknown.
    """
    if kind == "auto":
        return "ivf" if count >= FLAT_LIMIT and find_spec("faiss") else "flat"
    for known in ("flat", "hnsw", "ivf"):
        if kind == known:
            return known
    raise ConfigError(f"unknown kind of index {kind!r}: expected auto, flat, hnsw or ivf")


def build_index(vectors: NDArray[Any], *, kind: str = "auto") -> FlatIndex | FaissIndex:
    """Return an index over unit vectors, ``(n, dimension)``.

    Args:
        vectors: float32 or float16, a memory map or not.
        kind: flat is exact; hnsw (Malkov & Yashunin 2016) builds slowly, answers fast and keeps
            float32; ivf (inverted lists of float16) builds fast; auto decides by size.

    Raises:
        ConfigError: the kind is unknown.
        MissingExtraError: hnsw or ivf is asked for and FAISS is not installed.
    """
    chosen = choose_kind(len(vectors), kind)
    # Lists need a few dozen vectors each to be trained on.
    if chosen == "flat" or len(vectors) < 2:
        return FlatIndex(vectors)
    index = _hnsw(vectors) if chosen == "hnsw" else _ivf(vectors)
    for start in range(0, len(vectors), _BLOCK):
        index.add(_block(vectors, start))
    return FaissIndex(index, vectors)


def _block(vectors: NDArray[Any], start: int) -> Floats:
    import numpy as np

    return np.ascontiguousarray(vectors[start : start + _BLOCK], dtype=np.float32)


def _hnsw(vectors: NDArray[Any]) -> Any:
    faiss = _faiss()
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    return index


def _ivf(vectors: NDArray[Any]) -> Any:
    import numpy as np

    faiss = _faiss()
    count, dimension = vectors.shape
    lists = max(1, min(int(4 * count**0.5), count // 40))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, lists, faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT, False,
    )  # fmt: skip
    index.nprobe = max(1, min(lists, 64))
    index.cp.niter = 10
    sample = np.random.default_rng(0).choice(count, size=min(count, 64 * lists), replace=False)
    index.train(np.ascontiguousarray(vectors[np.sort(sample)], dtype=np.float32))
    return index


def _nearest(queries: Floats, block: Floats, k: int) -> tuple[Floats, Rows]:
    import numpy as np

    if find_spec("faiss"):
        faiss = _faiss()
        asked = np.ascontiguousarray(queries, dtype=np.float32)
        metric = faiss.METRIC_INNER_PRODUCT
        if faiss.get_num_gpus() > 0:
            scores, rows = faiss.knn_gpu(_gpu_resources(), asked, block, k, metric=metric)
        else:
            scores, rows = faiss.knn(asked, block, k, metric=metric)
        return scores, rows.astype(np.int64, copy=False)
    products = queries @ block.T
    part = np.argpartition(-products, k - 1, axis=1)[:, :k]
    scores = np.take_along_axis(products, part, axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(part, order, axis=1)


@cache
def _gpu_resources() -> Any:
    """Return the process's one: each takes more than a gigabyte of a GPU's memory for itself."""
    return _faiss().StandardGpuResources()


def _check(queries: Floats, k: int, dimension: int) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise ValueError(f"queries must have shape (n, {dimension}), got {queries.shape}")


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise MissingExtraError("dense", needed_for="a FAISS index") from None
    return faiss
