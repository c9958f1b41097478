from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.errors import ConfigError
from kgbuild.extractors.labels import LabelSet, decode, read_labels, runs

BIO = read_labels({0: "O", 1: "B-X", 2: "I-X", 3: "B-Y", 4: "I-Y"})
BIOES = read_labels({0: "O", 1: "B-X", 2: "I-X", 3: "E-X", 4: "S-X"})
IOB1 = read_labels({0: "O", 1: "B-X", 2: "I-X"}, scheme="IOB1")


@pytest.mark.parametrize(
    ("labels", "scheme", "types"),
    [
        (["O", "B-Disease", "I-Disease"], "BIO", ("Disease",)),
        (["B", "I", "O"], "BIO", ("",)),
        (["O", "I-A", "I-B"], "IO", ("A", "B")),
        (["Disease", "O", "Cell-Line"], "IO", ("Cell-Line", "Disease")),
        (["O", "B_A", "I_A", "E_A", "S_A"], "BIOES", ("A",)),
        (["O", "B-A", "I-A", "L-A", "U-A"], "BIOES", ("A",)),
        (["O", "B-A", "M-A", "E-A", "S-A"], "BIOES", ("A",)),
        (["o", "B-Cell-Line", "I-Cell-Line"], "BIO", ("Cell-Line",)),
    ],
)
def test_schemes_are_told_from_labels(labels: list[str], scheme: str, types: tuple[str]) -> None:
    found = read_labels(dict(enumerate(labels)))
    assert (found.scheme, found.entity_types) == (scheme, types)


@pytest.mark.parametrize(
    ("labels", "scheme", "message"),
    [
        ({0: "O", 1: "B-X", 2: "PAD"}, "auto", "mixes .* with PAD"),
        ({0: "O", 2: "B-X"}, "auto", "0 to n - 1"),
        ({}, "auto", "0 to n - 1"),
        ({0: "O", 1: "S-X"}, "BIO", "not of the scheme BIO"),
    ],
)
def test_labels_that_make_no_scheme(labels: dict[int, str], scheme: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_labels(labels, scheme=scheme)  # type: ignore[arg-type]


def cost(path: tuple[int, ...], emissions: np.ndarray, matrix: np.ndarray) -> float:
    n = matrix.shape[0] - 1
    around = (n, *path, n)
    steps = sum(float(matrix[a, b]) for a, b in itertools.pairwise(around))
    return steps + sum(float(emissions[t, label]) for t, label in enumerate(path))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([BIO, BIOES, IOB1]),
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_decode_finds_the_best_valid_sequence(
    labels: LabelSet, lengths: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n = len(labels.prefixes)
    texts = [rng.normal(size=(length, n)).astype(np.float32) * 3 for length in lengths]
    matrix = labels.transitions()
    for emissions, path in zip(texts, decode(texts, labels), strict=True):
        every = itertools.product(range(n), repeat=len(emissions))
        best = max(cost(p, emissions, matrix) for p in every)
        assert cost(tuple(path.tolist()), emissions, matrix) == pytest.approx(best, abs=1e-3)
        assert best > -1e6  # a valid one exists


def test_invalid_sequences_are_repaired() -> None:
    # Greedy: O I-X I-X, which BIO forbids; IOB1 allows it.
    emissions = np.log(
        np.array([[0.8, 0.1, 0.1], [0.05, 0.35, 0.6], [0.1, 0.1, 0.8]], dtype=np.float32)
    )
    plain = read_labels({0: "O", 1: "B-X", 2: "I-X"})
    assert decode([emissions], plain)[0].tolist() == [0, 1, 2]
    assert decode([emissions], IOB1)[0].tolist() == [0, 2, 2]


@pytest.mark.parametrize(
    ("labels", "path", "expected"),
    [
        (BIO, [1, 2, 3, 4, 0, 1], [(0, 2, "X"), (2, 4, "Y"), (5, 6, "X")]),
        (BIO, [1, 1], [(0, 1, "X"), (1, 2, "X")]),
        (BIOES, [4, 1, 2, 3, 4], [(0, 1, "X"), (1, 4, "X"), (4, 5, "X")]),
        (IOB1, [2, 2, 1, 0], [(0, 2, "X"), (2, 3, "X")]),
        (BIO, [], []),
        (BIO, [2, 4], [(0, 1, "X"), (1, 2, "Y")]),
    ],
)
def test_runs(labels: LabelSet, path: list[int], expected: list[tuple[int, int, str]]) -> None:
    assert runs(path, labels) == expected
