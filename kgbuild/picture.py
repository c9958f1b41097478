"""A picture of an entity's neighbourhood."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import MissingExtraError

if TYPE_CHECKING:
    import matplotlib.axes
    import networkx as nx

    from kgbuild.graph import Graph

__all__ = ["plot_neighborhood"]

# Okabe & Ito's palette, lightened: told apart by colour-blind readers, black text is legible on it
_COLORS = (
    "#8cc5e3", "#f0b266", "#7fcfb3", "#e8a0c0", "#f3e08a", "#b3a8e0", "#e69a86", "#c3c9cf",
)  # fmt: skip


def plot_neighborhood(
    graph: Graph,
    entity: str,
    *,
    hops: int = 1,
    limit: int = 16,
    min_belief: float = 0.0,
    exclude: tuple[str, ...] = ("cooccurs_with",),
    path: str | Path | None = None,
) -> matplotlib.axes.Axes:
    """Draw the strongest statements round an entity.

    Colours tell categories, arrows go from subject to object, their width grows with belief, and
    statements that some sentences deny are dashed.

    Args:
        graph: an open graph.
        entity: an id, name or synonym; it is drawn in the middle.
        hops: how far to go.
        limit: at most so many statements; more than 25 are hard to read.
        min_belief: leave out weaker statements.
        exclude: predicates to leave out. Where nothing else is there they are drawn all the same.
        path: a PNG, SVG or PDF file to write as well.

    Raises:
        InputError: there is no such entity.
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingExtraError("notebook", needed_for="Drawing a graph") from error

    center = graph.resolve(entity)
    frame = graph.neighborhood(center, hops=hops, min_belief=min_belief, limit=limit * 20)
    chosen = frame[~frame["predicate"].isin(exclude)]
    rows = (chosen if len(chosen) else frame).head(limit).to_dict("records")
    network, categories = _network(graph, center, rows)
    figure, axes = plt.subplots(figsize=(11, 7.5), layout="constrained")
    _draw(axes, network, center, categories)
    if path is not None:
        figure.savefig(path, dpi=150)
    return axes


def _network(
    graph: Graph, center: str, rows: list[dict[str, Any]]
) -> tuple[nx.DiGraph[str], dict[str, str]]:
    """Return the picture's edges, parallel ones merged, and the category of each node."""
    import networkx as nx

    network: nx.DiGraph[str] = nx.DiGraph()
    network.add_node(center)
    for row in rows:
        ends = row["subject"], row["object"]
        if ends[0] == ends[1]:
            continue
        if network.has_edge(*ends):
            edge = network.edges[ends]
            edge["label"] += f"\n{row['predicate'].replace('_', ' ')}"
            edge["belief"] = max(edge["belief"], row["belief"])
            edge["denied"] = edge["denied"] or row["negated"] > 0
        else:
            network.add_edge(
                *ends,
                label=row["predicate"].replace("_", " "),
                belief=row["belief"],
                denied=row["negated"] > 0,
            )
    found = graph.entity_rows(list(network.nodes))
    for node, name, _ in found:
        network.nodes[node]["label"] = textwrap.fill(name or node, 16)
    return network, {node: category for node, _, category in found}


def _draw(
    axes: matplotlib.axes.Axes,
    network: nx.DiGraph[str],
    center: str,
    categories: dict[str, str],
) -> None:
    from matplotlib.lines import Line2D

    places = _layout(network, center)
    kinds = sorted(set(categories.values()))
    color = {kind: _COLORS[number % len(_COLORS)] for number, kind in enumerate(kinds)}
    boxes = {}
    for node, (x, y) in places.items():
        middle = node == center
        text = axes.text(
            x, y, network.nodes[node].get("label", node), ha="center", va="center", zorder=4,
            fontsize=12 if middle else 10, fontweight="bold" if middle else "normal",
            bbox={
                "boxstyle": "round,pad=0.5", "fc": color[categories[node]],
                "ec": "#333333" if middle else "white", "lw": 1.5,
            },
        )  # fmt: skip
        boxes[node] = text.get_bbox_patch()
    handles = [
        Line2D([], [], marker="o", ls="", ms=10, mfc=color[kind], mec="none", label=kind)
        for kind in kinds
    ]
    axes.figure.legend(
        handles=handles, loc="outside lower center", frameon=False, fontsize=10, ncols=len(kinds)
    )
    axes.update_datalim(list(places.values()))
    axes.margins(0.12, 0.08)
    axes.set_axis_off()
    axes.autoscale_view()
    axes.figure.canvas.draw()  # arrows end at the boxes, which have a place only once drawn
    for subject, object_, edge in network.edges(data=True):
        bend = 0.16 if network.has_edge(object_, subject) else 0.0
        _draw_edge(axes, (places[subject], places[object_]), (boxes[subject], boxes[object_]),
                   edge, bend=bend)  # fmt: skip


def _draw_edge(
    axes: matplotlib.axes.Axes,
    ends: tuple[tuple[float, float], tuple[float, float]],
    boxes: tuple[Any, Any],
    edge: dict[str, Any],
    *,
    bend: float,
) -> None:
    (x, y), (to_x, to_y) = ends
    axes.annotate(
        "", ends[1], ends[0], zorder=2,
        arrowprops={
            "arrowstyle": "-|>", "mutation_scale": 15, "color": "#8a8f98",
            "lw": 0.8 + 2.0 * edge["belief"], "ls": "--" if edge["denied"] else "-",
            "patchA": boxes[0], "patchB": boxes[1], "shrinkA": 1, "shrinkB": 2,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )  # fmt: skip
    # the middle of a quadratic curve whose control point lies `bend` chords beside its middle
    middle = (x + to_x) / 2 + bend * (to_y - y) / 2, (y + to_y) / 2 - bend * (to_x - x) / 2
    axes.text(
        *middle, edge["label"], ha="center", va="center", zorder=3, fontsize=8.5, color="#444444",
        bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.9},
    )  # fmt: skip


def _layout(network: nx.DiGraph[str], center: str) -> dict[str, tuple[float, float]]:
    """Return places: a ring round the centre, or springs where the graph is more than a star."""
    import math

    import networkx as nx

    around = [node for node in network if node != center]
    if all(center in ends for ends in network.edges):
        # grouped by predicate, so that labels of one kind lie together; two radii when crowded
        def kind(node: str) -> tuple[str, str]:
            edge = network.get_edge_data(center, node) or network.get_edge_data(node, center)
            return str(edge["label"]), node

        places = {center: (0.0, 0.0)}
        for number, node in enumerate(sorted(around, key=kind)):
            angle = 2 * math.pi * (number + 0.5) / len(around)
            radius = 1.0 if len(around) <= 10 or number % 2 else 0.66
            places[node] = (1.45 * radius * math.cos(angle), radius * math.sin(angle))
        return places
    springs = nx.kamada_kawai_layout(network.to_undirected())
    return {node: (1.45 * float(x), float(y)) for node, (x, y) in springs.items()}
