"""Exact search by torch: on a GPU where FAISS has no build for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kgbuild.normalizer.vector_flat import BLOCK, Best, blocks, check_queries

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TorchIndex"]

_QUERIES = 1024


class TorchIndex:
    """Vectors kept on a device, compared in float32; answers as ``FlatIndex`` does.

    Args:
        vectors: float32 or float16, a memory map or not; copied to the device, where they keep
            their type.
        device: of torch.
    """

    def __init__(self, vectors: NDArray[Any], *, device: str = "cuda") -> None:
        import numpy as np
        import torch

        dtype = torch.float16 if vectors.dtype == np.float16 else torch.float32
        self._vectors = torch.empty(vectors.shape, dtype=dtype, device=device)
        for start, block in blocks(vectors):
            self._vectors[start : start + len(block)] = torch.from_numpy(block)

    def search(
        self, queries: NDArray[np.float32], *, k: int, rows: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return inner products and row numbers, as ``FlatIndex.search`` does."""
        import numpy as np

        count, dimension = self._vectors.shape
        check_queries(queries, k, dimension)
        first, last = rows or (0, count)
        parts = [
            self._search(queries[start : start + _QUERIES], k, first, last)
            for start in range(0, len(queries), _QUERIES)
        ]
        if not parts:
            parts = [Best(0, k)]
        return np.concatenate([p.scores for p in parts]), np.concatenate([p.rows for p in parts])

    def _search(self, queries: NDArray[np.float32], k: int, first: int, last: int) -> Best:
        import numpy as np
        import torch

        best = Best(len(queries), k)
        asked = torch.tensor(queries, dtype=torch.float32, device=self._vectors.device)
        for start in range(first, last, BLOCK):
            block = self._vectors[start : min(start + BLOCK, last)]
            scores, places = torch.topk(asked @ block.float().T, min(k, len(block)), dim=1)
            best.add(scores.cpu().numpy(), places.cpu().numpy().astype(np.int64) + start)
        return best
