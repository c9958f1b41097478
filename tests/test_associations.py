from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild import statistics
from kgbuild.graph import Graph
from kgbuild.loaders.synthetic import synthetic_graph

stats = pytest.importorskip("scipy.stats")


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    total = draw(st.integers(1, 10 ** draw(st.integers(0, 8))))
    x, y = draw(st.integers(1, total)), draw(st.integers(1, total))
    together = draw(st.integers(max(0, x + y - total), min(x, y)))
    return together, x, y, total


@given(tables())
@settings(max_examples=300, deadline=None)
def test_hypergeometric_tail_is_scipys(table: tuple[int, int, int, int]) -> None:
    together, x, y, total = table
    ours = statistics.hypergeometric_tail(*map(np.array, ([together], [x], [y])), total)[0]
    theirs = stats.hypergeom.sf(together - 1, total, x, y)
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-9)


def test_small_tails_keep_their_digits() -> None:
    ours = statistics.hypergeometric_tail(np.array([40]), np.array([60]), np.array([70]), 100_000)
    exact = stats.hypergeom.sf(39, 100_000, 60, 70)
    assert 0 < exact < 1e-80
    assert ours[0] == pytest.approx(exact, rel=1e-8)


@given(tables())
@settings(max_examples=200, deadline=None)
def test_log_likelihood_is_scipys(table: tuple[int, int, int, int]) -> None:
    together, x, y, total = table
    ours = statistics.log_likelihood(*map(np.array, ([together], [x], [y])), total)[0]
    cells = [[together, x - together], [y - together, total - x - y + together]]
    if min(x, y, total - x, total - y) == 0:
        assert ours == pytest.approx(0, abs=1e-6)
    else:
        theirs = stats.chi2_contingency(cells, correction=False, lambda_="log-likelihood")[0]
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-6 * max(1, total / 1e6))


@given(st.lists(st.floats(0, 1), max_size=50))
def test_benjamini_hochberg_is_scipys(values: list[float]) -> None:
    ours = statistics.benjamini_hochberg(np.array(values))
    theirs = stats.false_discovery_control(values) if values else []
    assert ours == pytest.approx(np.asarray(theirs))


def test_pmi_and_npmi_by_hand() -> None:
    together, x, y = np.array([10, 1, 5, 0]), np.array([10, 10, 10, 10]), np.array([10, 10, 50, 10])
    assert statistics.pmi(together, x, y, 100).tolist() == pytest.approx(
        [np.log2(10), 0, 0, -np.inf]
    )
    assert statistics.npmi(together, x, y, 100).tolist() == pytest.approx([1, 0, 0, -1])
    everywhere = np.array([7])
    assert statistics.npmi(everywhere, everywhere, everywhere, 7).tolist() == [1]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    folder: Path = tmp_path_factory.mktemp("graph")
    synthetic_graph(folder / "graph", statements=600, seed=5)
    return Graph.open(folder)


def test_counts_are_those_of_the_documents(graph: Graph) -> None:
    frame = graph.associations()
    seen: dict[str, set[str]] = {}
    for row in graph.tables.read("occurrences").to_pylist():
        seen.setdefault(row["entity"], set()).add(row["document"])
    pairs = 0
    for row in frame.to_dict("records"):
        a, b = seen[row["subject"]], seen[row["object"]]
        assert (row["together"], row["subject_count"], row["object_count"]) == (
            len(a & b), len(a), len(b),
        )  # fmt: skip
        pairs += 1
    entities = sorted(seen)
    wanted = sum(bool(seen[a] & seen[b]) for i, a in enumerate(entities) for b in entities[i + 1 :])
    assert pairs == wanted
    assert (frame["q_value"] >= frame["p_value"]).all()


def test_categories_and_least_count(graph: Graph) -> None:
    frame = graph.associations(categories=("Disease", "ChemicalEntity"), min_together=2)
    assert len(frame) > 0
    assert frame["together"].min() >= 2
    kinds = {frozenset(pair) for pair in zip(
        frame["subject_category"], frame["object_category"], strict=True)}  # fmt: skip
    assert kinds == {frozenset({"Disease", "ChemicalEntity"})}


def test_sentences_need_a_total(graph: Graph) -> None:
    with pytest.raises(ValueError, match="needs total"):
        graph.associations(level="sentence")
    with pytest.raises(ValueError, match="expected 'document' or 'sentence'"):
        graph.associations(level="paragraph")
    with pytest.raises(ValueError, match="total is 1"):
        graph.associations(total=1)
    frame = graph.associations(level="sentence", total=5000)
    cooccurring = graph.statements[graph.statements["predicate"] == "cooccurs_with"]
    assert len(frame) == len(cooccurring)
    assert frame["together"].sum() > 0
