"""Where the boxes and labels of a picture go: apart from each other, off the arrows, on the canvas.

Lengths are in points of the canvas; a box is given by its middle and its size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["between", "place_labels", "place_nodes"]

Point = tuple[float, float]
Box = tuple[Point, Point]  # middle and size
Boxes = NDArray[np.float64]  # (n, 2)

_GAP = 15.0
_ROUNDS = 400
_SLIDES = (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.27, 0.73)


def place_nodes(
    network: nx.DiGraph[str],
    center: str,
    sizes: Mapping[str, Point],
    labels: Mapping[tuple[str, str], Point],
    canvas: Point,
) -> dict[str, Point]:
    """Return the middle of each node's box: no two overlap where the canvas has room for all.

    A star becomes an ellipse round its centre, with two radii when it is crowded; anything else
    is laid out by springs (Kamada & Kawai 1989). Then boxes are pushed off each other and off
    arrows that they have no part in.

    Args:
        network: at least the node ``center``.
        center: laid into the middle where the network is a star.
        sizes: width and height of each node's box.
        labels: width and height of each arrow's label, for which there shall be room.
        canvas: width and height.
    """
    nodes = list(network)
    size = np.array([sizes[node] for node in nodes], dtype=np.float64)
    start = _star(network, center) or _springs(network)
    places = _spread(np.array([start[node] for node in nodes]), size, np.array(canvas))
    number = {node: i for i, node in enumerate(nodes)}
    edges = [(number[a], number[b]) for a, b in network.edges]
    room = np.array([labels[edge] for edge in network.edges], dtype=np.float64)
    for round_ in range(_ROUNDS):
        moved = _apart(places, size) + _off_arrows(places, size, edges)
        moved += _longer(places, size, edges, room)
        places += moved * (1 - round_ / _ROUNDS / 2)
        places = np.clip(places, size / 2 + 10, np.array(canvas) - size / 2 - 10)
        if not moved.any():
            break
    return {node: (float(x), float(y)) for node, (x, y) in zip(nodes, places, strict=True)}


def _star(network: nx.DiGraph[str], center: str) -> dict[str, Point]:
    """Return an ellipse round the centre, or nothing where the network is no star."""
    if not all(center in ends for ends in network.edges):
        return {}

    # grouped by predicate, so that labels of one kind lie together
    def kind(node: str) -> tuple[str, str]:
        edge = network.get_edge_data(center, node) or network.get_edge_data(node, center)
        return str(edge["label"]), node

    around = sorted((node for node in network if node != center), key=kind)
    places = {center: (0.0, 0.0)}
    for turn, node in enumerate(around):
        angle = 2 * math.pi * (turn + 0.5) / len(around)
        radius = 1.0 if len(around) <= 10 or turn % 2 else 0.62
        places[node] = (radius * math.cos(angle), radius * math.sin(angle))
    return places


def _springs(network: nx.DiGraph[str]) -> dict[str, Point]:
    import networkx as nx

    plain = network.to_undirected()
    # a start without crossings seldom ends with many
    start = nx.planar_layout(plain) if nx.is_planar(plain) else None
    found = nx.kamada_kawai_layout(plain, pos=start, weight=None)
    return {node: (float(x), float(y)) for node, (x, y) in found.items()}


def _spread(places: Boxes, size: Boxes, canvas: NDArray[np.float64]) -> Boxes:
    """Stretch a layout to the canvas, turned so that its longer axis is the canvas's."""
    middle = places - places.mean(axis=0)
    if len(places) > 2:
        _, _, axes = np.linalg.svd(middle, full_matrices=False)
        if abs(axes[0, 0]) < abs(axes[0, 1]):
            middle = middle[:, ::-1]
    low, high = middle.min(axis=0), middle.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    margin = size.max(axis=0) / 2 + 10
    inside: Boxes = margin + (middle - low) / extent * (canvas - 2 * margin)
    return np.where(high > low, inside, canvas / 2)


def _apart(places: Boxes, size: Boxes) -> Boxes:
    """Return how boxes that overlap, or nearly, move: each pair along its shorter way."""
    moves = np.zeros_like(places)
    for i in range(len(places)):
        for j in range(i):
            between = places[i] - places[j]
            overlap = (size[i] + size[j]) / 2 + _GAP - np.abs(between)
            if (overlap > 0).all():
                axis = int(overlap[1] <= overlap[0])
                step = math.copysign(overlap[axis] / 2, between[axis] or 1.0)
                moves[i, axis] += step
                moves[j, axis] -= step
    return moves


def _off_arrows(places: Boxes, size: Boxes, edges: Sequence[tuple[int, int]]) -> Boxes:
    """Return how boxes move that lie on an arrow between two others."""
    moves = np.zeros_like(places)
    for a, b in edges:
        along = places[b] - places[a]
        length = float(np.hypot(*along)) or 1.0
        normal = np.array([-along[1], along[0]]) / length
        for i in range(len(places)):
            at = float((places[i] - places[a]) @ along) / length**2
            if i in (a, b) or not 0 < at < 1:
                continue
            off = float((places[i] - places[a]) @ normal)
            need = float(np.abs(normal) @ size[i]) / 2 + 5 - abs(off)
            if need > 0:
                moves[i] += normal * math.copysign(min(need, 12.0) / 2, off or 1.0)
    return moves


def _longer(places: Boxes, size: Boxes, edges: Sequence[tuple[int, int]], labels: Boxes) -> Boxes:
    """Return how boxes move whose arrow is too short for its label."""
    moves = np.zeros_like(places)
    for (a, b), label in zip(edges, labels, strict=True):
        start, end = between(_box(places[a], size[a]), _box(places[b], size[b]))
        along = places[b] - places[a]
        along = along / (float(np.hypot(*along)) or 1.0)
        lack = float(np.abs(along) @ label) + 2 * _GAP - math.dist(start, end)
        if lack > 0:
            moves[a] -= along * min(lack, 12.0) / 2
            moves[b] += along * min(lack, 12.0) / 2
    return moves


def _box(place: NDArray[np.float64], size: NDArray[np.float64]) -> Box:
    return (float(place[0]), float(place[1])), (float(size[0]), float(size[1]))


def between(one: Box, other: Box) -> tuple[Point, Point]:
    """Return the part of the line between the middles of two boxes that neither covers.

    >>> between(((0, 0), (2, 2)), ((10, 0), (4, 2)))
    ((1.0, 0.0), (8.0, 0.0))
    """
    (x, y), (to_x, to_y) = one[0], other[0]
    along = to_x - x, to_y - y

    def covered(size: Point) -> float:
        ways = [size[axis] / 2 / abs(along[axis]) for axis in (0, 1) if along[axis]]
        return min(ways, default=0.0)

    first, last = covered(one[1]), 1 - covered(other[1])
    if first > last:  # they overlap
        first = last = 0.5
    return (
        (x + first * along[0], y + first * along[1]),
        (x + last * along[0], y + last * along[1]),
    )


def place_labels(
    edges: Sequence[tuple[Point, Point]],
    sizes: Sequence[Point],
    boxes: Sequence[Box],
) -> list[Point]:
    """Return the middle of each arrow's label: on the arrow, where it covers the least.

    Args:
        edges: where arrows begin and end.
        sizes: width and height of each label.
        boxes: middle and size of what should not be covered; labels placed before are added.
    """
    taken = list(boxes)
    found: list[Point] = []
    for ((x, y), (to_x, to_y)), size in zip(edges, sizes, strict=True):
        options = [(x + at * (to_x - x), y + at * (to_y - y)) for at in _SLIDES]
        best = min(options, key=lambda place: sum(_shared((place, size), box) for box in taken))
        taken.append((best, size))
        found.append(best)
    return found


def _shared(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    sides = [
        (one[1][axis] + other[1][axis]) / 2 - abs(one[0][axis] - other[0][axis]) for axis in (0, 1)
    ]
    return max(sides[0], 0.0) * max(sides[1], 0.0)
