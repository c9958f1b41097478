"""Where boxes, labels and arrows of a picture go."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.picture_layout import between, place_labels, place_nodes

CANVAS = (864.0, 520.0)


def laid_out(network: nx.DiGraph, center: str) -> dict[str, tuple[float, float]]:
    for ends in network.edges:
        network.edges[ends]["label"] = "treats"
    sizes = dict.fromkeys(network, (80.0, 24.0))
    labels = dict.fromkeys(network.edges, (40.0, 12.0))
    return place_nodes(network, center, sizes, labels, CANVAS)


def overlapping(places: dict[str, tuple[float, float]]) -> list[tuple[str, str]]:
    return [
        (a, b)
        for a, b in itertools.combinations(places, 2)
        if abs(places[a][0] - places[b][0]) < 80 and abs(places[a][1] - places[b][1]) < 24
    ]


@pytest.mark.parametrize(
    "network",
    [nx.star_graph(9), nx.star_graph(20), nx.path_graph(8), nx.balanced_tree(3, 2),
     nx.complete_graph(6), nx.trivial_graph()],
    ids=["star", "crowded star", "path", "tree", "complete", "alone"],
)  # fmt: skip
def test_boxes_are_apart_and_on_the_canvas(network: nx.Graph) -> None:
    places = laid_out(nx.relabel_nodes(nx.DiGraph(network), str), "0")
    assert len(places) == len(network)
    assert not overlapping(places)
    for x, y in places.values():
        assert 40 <= x <= CANVAS[0] - 40
        assert 12 <= y <= CANVAS[1] - 12


def test_the_same_graph_is_laid_out_alike() -> None:
    first, second = (
        laid_out(nx.relabel_nodes(nx.DiGraph(nx.balanced_tree(2, 3)), str), "0") for _ in range(2)
    )
    assert first == second


coordinate = st.floats(0, 500, allow_nan=False)
boxes = st.tuples(st.tuples(coordinate, coordinate), st.just((60.0, 20.0)))


@settings(max_examples=100, deadline=None)
@given(boxes, boxes)
def test_arrows_lie_between_their_boxes(
    one: tuple[tuple[float, float], tuple[float, float]],
    other: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    start, end = between(one, other)
    for point in (start, end):
        for (x, y), (width, height) in (one, other):
            inside = abs(point[0] - x) < width / 2 - 1e-6 and abs(point[1] - y) < height / 2 - 1e-6
            assert not inside or math.dist(start, end) < 1e-6


def test_labels_lie_on_their_arrows_and_avoid_what_is_there() -> None:
    arrow = ((0.0, 0.0), (300.0, 0.0))
    [alone] = place_labels([arrow], [(40.0, 12.0)], [])
    assert alone == (150.0, 0.0)
    [moved] = place_labels([arrow], [(40.0, 12.0)], [((150.0, 0.0), (50.0, 20.0))])
    assert moved[1] == 0
    assert abs(moved[0] - 150) >= 45
