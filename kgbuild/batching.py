"""Packing texts of unlike lengths into batches that waste little on padding."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["pack_by_length"]


def pack_by_length(lengths: Sequence[int], *, batch_tokens: int) -> list[list[int]]:
    """Return batches of indices into ``lengths``, longest first, each within ``batch_tokens``.

    A batch of ``n`` rows costs ``n * longest`` tokens, padding included. A row longer than
    ``batch_tokens`` is a batch of its own; empty input gives no batch.

    >>> pack_by_length([3, 9, 4, 1], batch_tokens=10)
    [[1], [2, 0], [3]]
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        # The first row of a batch is its longest, so it alone sets the cost of the rest.
        if not batches or (len(batches[-1]) + 1) * longest > batch_tokens:
            batches.append([])
            longest = max(lengths[index], 1)
        batches[-1].append(index)
    return batches
