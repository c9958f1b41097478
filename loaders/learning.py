"""The graph for machine learning and graph libraries: igraph, PyTorch Geometric, PyKEEN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kgbuild.errors import MissingExtraError
from kgbuild.loaders.rows import EDGE, NODE, Row, edges, nodes, pair

if TYPE_CHECKING:
    from kgbuild.tables import GraphTables

__all__ = ["from_igraph", "from_networkx", "to_hetero_data", "to_igraph", "to_triples_factory"]


def to_igraph(tables: GraphTables, *, min_belief: float = 0.0) -> Any:
    """Return a directed ``igraph.Graph``: vertices named by id, edges with all columns.

    Raises:
        MissingExtraError: igraph is not installed.
    """
    try:
        import igraph
    except ImportError as error:
        raise MissingExtraError("exchange", needed_for="igraph") from error

    vertices = list(nodes(tables))
    place = {row["id"]: number for number, row in enumerate(vertices)}
    kept = list(_strong(tables, min_belief))
    return igraph.Graph(
        n=len(vertices),
        edges=[(place[row["subject"]], place[row["object"]]) for row in kept],
        directed=True,
        # igraph finds vertices by "name"
        vertex_attrs={"name": list(place), "label": [row["name"] for row in vertices],
                      **{key: [row[key] for row in vertices] for key in NODE if key != "name"}},
        edge_attrs={key: [row[key] for row in kept] for key in ("id", *EDGE)},
    )  # fmt: skip


def from_igraph(graph: Any) -> Iterator[tuple[str, Row]]:
    """Yield ``("node", row)`` and ``("edge", row)`` of a graph that ``to_igraph`` made."""
    for vertex in graph.vs:
        values = vertex.attributes()
        yield "node", {**values, "id": values["name"], "name": values["label"]}
    names = graph.vs["name"]
    for edge in graph.es:
        ends = {"subject": names[edge.source], "object": names[edge.target]}
        yield "edge", {**edge.attributes(), **ends}


def from_networkx(graph: Any) -> Iterator[tuple[str, Row]]:
    """Yield ``("node", row)`` and ``("edge", row)`` of a graph that ``to_networkx`` made."""
    for id_, data in graph.nodes(data=True):
        yield "node", {"id": id_, **data}
    for subject, object_, key, data in graph.edges(keys=True, data=True):
        qualifiers = [pair(*item) for item in data["qualifiers"].items()]
        ends = {"id": key, "subject": subject, "object": object_}
        yield "edge", {**data, **ends, "qualifiers": qualifiers}


def to_hetero_data(tables: GraphTables, *, min_belief: float = 0.0) -> Any:
    """Return a ``torch_geometric.data.HeteroData``.

    Each category is a node type with ``names`` (ids, in order) and ``num_nodes``; each combination
    of categories and predicate an edge type with ``edge_index`` (2, n), ``edge_attr`` (n, 4:
    belief, papers, sentences, negated) and ``statements`` (ids, in order). No features: names,
    synonyms and cross-references stay behind.

    Raises:
        MissingExtraError: torch_geometric is not installed.
    """
    try:
        import torch
        from torch_geometric.data import HeteroData
    except ImportError as error:
        raise MissingExtraError("exchange", needed_for="PyTorch Geometric") from error

    data = HeteroData()
    place: dict[str, tuple[str, int]] = {}
    names: dict[str, list[str]] = {}
    for row in nodes(tables):
        mine = names.setdefault(row["category"], [])
        place[row["id"]] = row["category"], len(mine)
        mine.append(row["id"])
    for category, ids in names.items():
        data[category].names = ids
        data[category].num_nodes = len(ids)
    kinds: dict[tuple[str, str, str], list[Row]] = {}
    for row in _strong(tables, min_belief):
        kind = place[row["subject"]][0], row["predicate"], place[row["object"]][0]
        kinds.setdefault(kind, []).append(row)
    for kind, rows in sorted(kinds.items()):
        ends = [[place[row[end]][1] for row in rows] for end in ("subject", "object")]
        columns = ("belief", "papers", "sentences", "negated")
        values = [[float(row[column] or 0) for column in columns] for row in rows]
        data[kind].edge_index = torch.tensor(ends, dtype=torch.long)
        data[kind].edge_attr = torch.tensor(values, dtype=torch.float64)
        data[kind].statements = [row["id"] for row in rows]
    return data


def to_triples_factory(tables: GraphTables, *, min_belief: float = 0.0) -> Any:
    """Return a ``pykeen.triples.TriplesFactory`` of subject, predicate and object.

    Two statements that differ in qualifiers only are one triple; only-denied statements are left
    out, and all else but the triple stays behind.

    Raises:
        MissingExtraError: pykeen is not installed.
    """
    try:
        from pykeen.triples import TriplesFactory
    except ImportError as error:
        raise MissingExtraError("exchange", needed_for="PyKEEN") from error
    import numpy as np

    triples = sorted(
        {
            (row["subject"], row["predicate"], row["object"])
            for row in _strong(tables, min_belief)
            if row["sentences"]
        }
    )
    return TriplesFactory.from_labeled_triples(np.array(triples, dtype=str).reshape(-1, 3))


def _strong(tables: GraphTables, min_belief: float) -> Iterator[Row]:
    return (row for row in edges(tables) if (row["belief"] or 0.0) >= min_belief)
