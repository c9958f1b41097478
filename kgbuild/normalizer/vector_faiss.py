"""FAISS indexes: HNSW and inverted lists on a processor, what its build for GPUs has on a GPU."""

from __future__ import annotations

from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.vector_choice import FLAT_LIMIT, Choice
from kgbuild.normalizer.vector_flat import (
    FlatIndex,
    blocks,
    check_queries,
    gpu_resources,
    import_faiss,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Rows = NDArray[np.int64]

__all__ = ["FaissIndex"]

_LISTS = 4096
_CODE_BYTES = 64
_RERANKED = 10
_LEAST_RERANKED = 100
_QUERIES = 256


class FaissIndex:
    """Approximate search by a FAISS index over ``vectors``; few rows are searched exactly.

    Neighbours found by compressed vectors are compared again by the whole ones, which may be a
    memory map, so that every score is an inner product.
    """

    def __init__(self, index: Any, vectors: NDArray[Any]) -> None:
        self.index = index
        self._vectors = vectors
        self._flat = FlatIndex(vectors)
        self._on_gpu = "Gpu" in type(index).__name__
        self._compressed = isinstance(index, import_faiss().IndexIVFPQ)

    @classmethod
    def build(cls, vectors: NDArray[Any], choice: Choice) -> FaissIndex:
        """Put vectors into a new index.

        Raises:
            MissingExtraError: FAISS is not installed.
        """
        dimension = vectors.shape[1]
        faiss = import_faiss()
        if choice.kind == "cagra":
            return cls(_cagra(vectors), vectors)
        if choice.kind == "flat":
            index = faiss.IndexFlatIP(dimension)
        elif choice.kind == "hnsw":
            index = _hnsw(dimension)
        else:
            index = _lists(len(vectors), dimension, compressed=choice.kind == "ivfpq")
        if choice.place == "gpu":
            index = _to_gpu(index)
        if not index.is_trained:
            index.train(_sample(vectors, 64 * index.nlist))
        for _, block in blocks(vectors):
            index.add(block)
        return cls(index, vectors)

    def search(
        self, queries: Floats, *, k: int, rows: tuple[int, int] | None = None
    ) -> tuple[Floats, Rows]:
        """Return inner products and row numbers, as ``FlatIndex.search`` does but approximately."""
        import numpy as np

        # Indexes on a GPU can't be held to rows.
        if rows is not None and (self._on_gpu or rows[1] - rows[0] < FLAT_LIMIT):
            return self._flat.search(queries, k=k, rows=rows)
        check_queries(queries, k, self.index.d)
        asked = np.ascontiguousarray(queries, dtype=np.float32)
        if self._on_gpu:
            scores, found = self.index.search(asked, k)
        elif self._compressed:
            wide = min(max(_RERANKED * k, _LEAST_RERANKED), self.index.ntotal)
            _, found = self.index.search(asked, wide, params=self._parameters(wide, rows))
            return self._compared(asked, found, k)
        else:
            scores, found = self.index.search(asked, k, params=self._parameters(k, rows))
        return np.where(found < 0, np.float32("-inf"), scores), found

    def _compared(self, queries: Floats, found: Rows, k: int) -> tuple[Floats, Rows]:
        """Return the best ``k`` of the rows found, by their whole vectors."""
        import numpy as np

        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        best = np.full((len(queries), k), -1, dtype=np.int64)
        for start in range(0, len(queries), _QUERIES):
            # In order of row, since neighbours in a file are read together.
            places = np.sort(found[start : start + _QUERIES], axis=1)
            whole = self._vectors[np.maximum(places, 0)].astype(np.float32, copy=False)
            products = np.matmul(whole, queries[start : start + _QUERIES, :, None])[:, :, 0]
            products[places < 0] = -np.inf
            order = np.argsort(-products, axis=1, kind="stable")[:, :k]
            part = slice(start, start + len(places))
            scores[part, : order.shape[1]] = np.take_along_axis(products, order, axis=1)
            best[part, : order.shape[1]] = np.take_along_axis(places, order, axis=1)
        return scores, best

    def _parameters(self, k: int, rows: tuple[int, int] | None) -> Any:
        faiss = import_faiss()
        chosen = {} if rows is None else {"sel": faiss.IDSelectorRange(*rows)}
        if isinstance(self.index, faiss.IndexHNSW):
            return faiss.SearchParametersHNSW(efSearch=max(64, 2 * k), **chosen)
        return faiss.SearchParametersIVF(nprobe=self.index.nprobe, **chosen)

    def save(self, path: Path) -> None:
        """Write the FAISS index, without the vectors that it was built from."""
        faiss = import_faiss()
        index = self.index
        if self._on_gpu and "Cagra" in type(index).__name__:
            index = faiss.IndexHNSWCagra()
            self.index.copyTo(index)
        elif self._on_gpu:
            index = faiss.index_gpu_to_cpu(index)
        faiss.write_index(index, str(path))

    @classmethod
    def load(cls, path: Path, vectors: NDArray[Any], choice: Choice | None = None) -> FaissIndex:
        """Read what ``save`` wrote, onto a GPU where the choice says so.

        Raises:
            VocabularyError: the file is no FAISS index, or one over other vectors.
            MissingExtraError: FAISS is not installed.
        """
        faiss = import_faiss()
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise VocabularyError(f"{path} is not a FAISS index: {error}; build it again") from None
        if (index.ntotal, index.d) != vectors.shape:
            raise VocabularyError(
                f"{path} holds {index.ntotal} vectors of {index.d}, expected {vectors.shape}: "
                "build it again"
            )
        if choice is not None and choice.place == "gpu":
            index = _cagra_to_gpu(index) if choice.kind == "cagra" else _to_gpu(index)
        return cls(index, vectors)


def _hnsw(dimension: int) -> Any:
    """Return an empty graph (Malkov & Yashunin 2016)."""
    faiss = import_faiss()
    index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    return index


def _lists(count: int, dimension: int, *, compressed: bool) -> Any:
    """Return empty inverted lists: of float16, or of product-quantized codes (Jégou 2011)."""
    faiss = import_faiss()
    # Lists need a few dozen vectors each to be trained on.
    lists = max(1, min(int(4 * count**0.5), count // 40, _LISTS))
    coarse, metric = faiss.IndexFlatIP(dimension), faiss.METRIC_INNER_PRODUCT
    if compressed:
        most = max(1, min(_CODE_BYTES, dimension // 2))
        parts = next(n for n in range(most, 0, -1) if dimension % n == 0)
        bits = max(1, min(8, int(log2(max(2, count / 40)))))
        index = faiss.IndexIVFPQ(coarse, dimension, lists, parts, bits, metric)
        index.pq.cp.niter = 10
    else:
        half = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexIVFScalarQuantizer(coarse, dimension, lists, half, metric, False)
    index.nprobe = max(1, min(lists, 64))
    index.cp.niter = 10
    return index


def _sample(vectors: NDArray[Any], most: int) -> Floats:
    import numpy as np

    chosen = np.random.default_rng(0).choice(
        len(vectors), size=min(len(vectors), most), replace=False
    )
    return np.ascontiguousarray(vectors[np.sort(chosen)], dtype=np.float32)


def _to_gpu(index: Any) -> Any:
    faiss = import_faiss()
    options = faiss.GpuClonerOptions()
    options.useFloat16 = True
    return faiss.index_cpu_to_gpu(gpu_resources(), 0, index, options)


def _cagra(vectors: NDArray[Any]) -> Any:
    """Return a graph that is built on the GPU (Ootomo et al. 2023)."""
    import numpy as np

    index = _empty_cagra(vectors.shape[1])
    index.train(np.ascontiguousarray(vectors, dtype=np.float32))
    return index


def _cagra_to_gpu(saved: Any) -> Any:
    index = _empty_cagra(saved.d)
    index.copyFrom(saved)
    return index


def _empty_cagra(dimension: int) -> Any:
    faiss = import_faiss()
    return faiss.GpuIndexCagra(gpu_resources(), dimension, faiss.METRIC_INNER_PRODUCT)
