"""A picture of an entity's neighbourhood."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import MissingExtraError

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    import networkx as nx

    from kgbuild.graph import Graph

__all__ = ["plot_neighborhood"]

# Okabe & Ito's palette, lightened: told apart by colour-blind readers, black text is legible on it
_COLORS = {
    "ChemicalEntity": "#8cc5e3", "Disease": "#f0b266", "Gene": "#7fcfb3",
    "PhenotypicFeature": "#e8a0c0", "SequenceVariant": "#f3e08a", "BiologicalProcess": "#b3a8e0",
    "ChemicalRole": "#c6dff0",
}  # fmt: skip
_SPARE = ("#e69a86", "#c3c9cf", "#a9d18e", "#d9b99b", "#9fb7d9", "#d6a5d9")
_ARROW, _INK = "#868c96", "#3a3f47"
_LEGEND = 46.0  # points below the picture

Point = tuple[float, float]


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

    Colours tell categories, arrows go from subject to object (symmetric predicates are lines),
    their width grows with belief, and statements that some sentences deny are dashed.

    Args:
        graph: an open graph.
        entity: an id, name or synonym; it is drawn in the middle.
        hops: how far to go.
        limit: at most so many statements; more than 25 are hard to read.
        min_belief: leave out weaker statements.
        exclude: predicates to leave out, with what only they lead to. Where nothing else is there
            they are drawn all the same.
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
    rows = _connected((chosen if len(chosen) else frame).to_dict("records"), center)[:limit]
    network, categories = _network(graph, center, rows)
    figure = plt.figure(figsize=(12, 7.8))
    axes = figure.add_axes((0, 0, 1, 1))
    _draw(figure, axes, network, center, categories)
    if path is not None:
        figure.savefig(path, dpi=150)
    return axes


def _connected(rows: list[dict[str, Any]], center: str) -> list[dict[str, Any]]:
    """Return the rows, nearest first, that still lead to the centre once others are left out."""
    reached, left = {center}, rows
    found: list[dict[str, Any]] = []
    while True:
        near = [row for row in left if row["subject"] in reached or row["object"] in reached]
        if not near:
            return found
        left = [row for row in left if row not in near]
        found += near
        reached |= {row[end] for row in near for end in ("subject", "object")}


def _network(
    graph: Graph, center: str, rows: list[dict[str, Any]]
) -> tuple[nx.DiGraph[str], dict[str, str]]:
    """Return the picture's edges, parallel ones merged, and the category of each node."""
    import networkx as nx

    network: nx.DiGraph[str] = nx.DiGraph()
    network.add_node(center)
    predicates = graph.schema.predicates
    for row in sorted(rows, key=lambda row: predicates[row["predicate"]].symmetric):
        ends = row["subject"], row["object"]
        if ends[0] == ends[1]:
            continue
        symmetric = predicates[row["predicate"]].symmetric
        if symmetric and network.has_edge(*reversed(ends)):
            ends = ends[1], ends[0]
        label = row["predicate"].replace("_", " ") + ("" if row["sentences"] else " (denied)")
        edge = network.get_edge_data(*ends)
        if edge is None:
            network.add_edge(*ends, label=label, belief=row["belief"], denied=row["negated"] > 0,
                             symmetric=symmetric)  # fmt: skip
        else:
            edge["label"] += f"\n{label}"
            edge["belief"] = max(edge["belief"], row["belief"])
            edge["denied"] = edge["denied"] or row["negated"] > 0
    found = graph.entity_rows(list(network.nodes))
    for node, name, _ in found:
        network.nodes[node]["label"] = textwrap.fill(name or node, 17, break_long_words=False)
    return network, {node: category for node, _, category in found}


def _draw(
    figure: matplotlib.figure.Figure,
    axes: matplotlib.axes.Axes,
    network: nx.DiGraph[str],
    center: str,
    categories: dict[str, str],
) -> None:
    from kgbuild.picture_layout import between, place_labels, place_nodes

    width, height = (72 * inches for inches in figure.get_size_inches())
    axes.set(xlim=(0, width), ylim=(-_LEGEND, height - _LEGEND))
    axes.set_axis_off()
    colors = _colors(set(categories.values()))
    texts = {
        node: _node_text(axes, network.nodes[node].get("label", node), colors[categories[node]],
                         is_center=node == center)
        for node in network
    }  # fmt: skip
    sizes = {node: _size(text) for node, text in texts.items()}
    edges = list(network.edges(data=True))
    labels = [_label_text(axes, edge["label"]) for _, _, edge in edges]
    room = {(a, b): _size(label) for (a, b, _), label in zip(edges, labels, strict=True)}
    places = place_nodes(network, center, sizes, room, (width, height - _LEGEND))
    for node, text in texts.items():
        text.set_position(places[node])
    arrows = [between((places[a], sizes[a]), (places[b], sizes[b])) for a, b, _ in edges]
    boxes = [(places[node], sizes[node]) for node in network]
    middles = place_labels(arrows, list(room.values()), boxes)
    for arrow, (_, _, edge), label, middle in zip(arrows, edges, labels, middles, strict=True):
        label.set_position(middle)
        _draw_arrow(axes, arrow, edge)
    _legend(figure, colors, any(edge["denied"] for _, _, edge in edges))


def _colors(kinds: set[str]) -> dict[str, str]:
    """Return a colour for each category: the usual ones always have the same."""
    others = sorted(kinds - set(_COLORS))
    spare = {kind: _SPARE[number % len(_SPARE)] for number, kind in enumerate(others)}
    return {kind: _COLORS.get(kind) or spare[kind] for kind in sorted(kinds)}


def _node_text(axes: matplotlib.axes.Axes, label: str, color: str, *, is_center: bool) -> Any:
    return axes.text(
        0, 0, label, ha="center", va="center", zorder=4, linespacing=1.1,
        fontsize=13 if is_center else 11, fontweight="bold" if is_center else "normal",
        bbox={
            "boxstyle": "round,pad=0.45", "fc": color, "ec": _INK if is_center else "white",
            "lw": 1.6,
        },
    )  # fmt: skip


def _label_text(axes: matplotlib.axes.Axes, label: str) -> Any:
    return axes.text(
        0, 0, label, ha="center", va="center", zorder=3, fontsize=9.5, color=_INK,
        linespacing=1.05, bbox={"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none"},
    )  # fmt: skip


def _size(text: Any) -> tuple[float, float]:
    """Return width and height in points of a text with its box."""
    figure = text.figure
    figure.canvas.draw_idle()
    text.get_window_extent(figure.canvas.get_renderer())
    text.update_bbox_position_size(figure.canvas.get_renderer())
    box = text.get_bbox_patch().get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def _draw_arrow(
    axes: matplotlib.axes.Axes,
    ends: tuple[Point, Point],
    edge: dict[str, Any],
) -> None:
    axes.annotate(
        "", ends[1], ends[0], zorder=2,
        arrowprops={
            "arrowstyle": "-" if edge["symmetric"] else "-|>", "mutation_scale": 16,
            "color": _ARROW, "lw": _width(edge["belief"]), "ls": "--" if edge["denied"] else "-",
            "shrinkA": 1, "shrinkB": 2,
        },
    )  # fmt: skip


def _width(belief: float) -> float:
    return 0.7 + 2.6 * belief


def _legend(figure: matplotlib.figure.Figure, colors: dict[str, str], disputed: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="s", ls="", ms=11, mfc=color, mec="none", label=kind)
        for kind, color in colors.items()
    ]
    handles += [
        Line2D([], [], color=_ARROW, lw=_width(belief), label=f"belief {belief:g}")
        for belief in (0.2, 0.9)
    ]
    if disputed:
        handles.append(Line2D([], [], color=_ARROW, lw=1.5, ls="--", label="denied, or disputed"))
    columns = len(handles) if len(handles) < 8 else (len(handles) + 1) // 2
    figure.legend(
        handles=handles, loc="lower center", frameon=False, fontsize=10, ncols=columns,
        handletextpad=0.4, columnspacing=1.4,
    )  # fmt: skip
