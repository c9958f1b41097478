"""Circles among the parents of terms: a vocabulary in which a thing is its own ancestor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kgbuild.normalizer.columns import numbers

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["find_cycles", "rows_below"]

_MOST = 100


def find_cycles(terms: pa.Table) -> list[list[str]]:
    """Return groups of CURIEs that are each other's ancestors, at most 100, in order.

    ``terms`` has columns ``id`` and ``parents`` (lists of ids). Terms without a parent among the
    rest, and terms that are nobody's parent, are peeled off until none is left; only what remains
    is searched, so millions of well-ordered terms cost a few passes of numpy.
    """
    import numpy as np

    if not terms.num_rows:
        return []
    child, parent = _edges(terms)
    while len(child):
        has_parent = np.zeros(terms.num_rows, bool)
        has_parent[child] = True
        has_child = np.zeros(terms.num_rows, bool)
        has_child[parent] = True
        keep = has_parent[parent] & has_child[child]
        if keep.all():
            break
        child, parent = child[keep], parent[keep]
    if not len(child):
        return []
    return _circles(terms.column("id"), child.tolist(), parent.tolist())


def rows_below(terms: pa.Table, roots: Sequence[int]) -> list[int]:
    """Return the rows ``roots`` and all whose chain of parents leads to one of them, in order."""
    import numpy as np

    if not roots:
        return []
    child, parent = _edges(terms)
    below = np.zeros(terms.num_rows, bool)
    below[list(roots)] = True
    while True:
        more = child[below[parent] & ~below[child]]
        if not len(more):
            return [int(row) for row in np.flatnonzero(below)]
        below[more] = True


def _edges(terms: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return child and parent rows of each known parent."""
    import numpy as np
    import pyarrow.compute as pc

    parents = terms.column("parents").combine_chunks()
    found = pc.index_in(pc.list_flatten(parents), value_set=terms.column("id").combine_chunks())
    child = numbers(pc.list_parent_indices(parents)).astype(np.int64)
    if found.null_count:
        bits = np.frombuffer(found.buffers()[0], np.uint8)
        child = child[np.unpackbits(bits, count=len(found), bitorder="little").astype(bool)]
    return child, numbers(found.drop_null()).astype(np.int64)


def _circles(ids: pa.ChunkedArray, child: list[int], parent: list[int]) -> list[list[str]]:
    import networkx as nx

    graph = nx.DiGraph(zip(child, parent, strict=True))
    groups = [
        sorted(ids[row].as_py() for row in group)
        for group in nx.strongly_connected_components(graph)
        if len(group) > 1 or graph.has_edge(next(iter(group)), next(iter(group)))
    ]
    return sorted(groups)[:_MOST]
