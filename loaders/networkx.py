"""The graph as a networkx multigraph, held in memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

    from kgbuild.tables import GraphTables

__all__ = ["to_networkx"]


def to_networkx(
    tables: GraphTables, *, min_belief: float = 0.0, categories: Collection[str] | None = None
) -> nx.MultiDiGraph[str]:
    """Return the graph with entities as nodes and statements as edges, keyed by statement id.

    Node attributes are the columns of ``entities``, edge attributes those of ``statements``
    (``extractors`` a list, ``qualifiers`` a dict).

    Args:
        tables: the assembled graph.
        min_belief: leave out statements below it.
        categories: keep entities of these categories only, and the statements among them.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for batch in tables.batches("entities"):
        for row in batch.to_pylist():
            if categories is None or row["category"] in categories:
                graph.add_node(row.pop("id"), **row)
    for batch in tables.batches("statements"):
        for row in batch.to_pylist():
            if (row["belief"] or 0.0) >= min_belief:
                _add_edge(graph, row)
    return graph


def _add_edge(graph: nx.MultiDiGraph[str], row: dict[str, Any]) -> None:
    subject, object_, key = row.pop("subject"), row.pop("object"), row.pop("id")
    if subject in graph and object_ in graph:
        row["qualifiers"] = dict(row["qualifiers"] or ())
        graph.add_edge(subject, object_, key, **row)
