"""Circles among the parents of terms: a vocabulary in which a thing is its own ancestor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["find_cycles"]

_MOST = 100


def find_cycles(terms: pa.Table) -> list[list[str]]:
    """Return groups of CURIEs that are each other's ancestors, at most 100, in order.

    ``terms`` has columns ``id`` and ``parents`` (lists of ids). Terms without a parent among the
    rest, and terms that are nobody's parent, are peeled off until none is left; only what remains
    is searched, so millions of well-ordered terms cost a few passes of numpy.
    """
    import numpy as np
    import pyarrow.compute as pc

    if not terms.num_rows:
        return []
    parents = terms.column("parents").combine_chunks()
    rows = pc.index_in(pc.list_flatten(parents), value_set=terms.column("id").combine_chunks())
    child = pc.list_parent_indices(parents).to_numpy(zero_copy_only=False)
    known = rows.is_valid().to_numpy(zero_copy_only=False)
    child = child[known].astype(np.int64)
    parent = rows.filter(rows.is_valid()).to_numpy(zero_copy_only=False).astype(np.int64)
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


def _circles(ids: pa.ChunkedArray, child: list[int], parent: list[int]) -> list[list[str]]:
    import networkx as nx

    graph = nx.DiGraph(zip(child, parent, strict=True))
    groups = [
        sorted(ids[row].as_py() for row in group)
        for group in nx.strongly_connected_components(graph)
        if len(group) > 1 or graph.has_edge(next(iter(group)), next(iter(group)))
    ]
    return sorted(groups)[:_MOST]
