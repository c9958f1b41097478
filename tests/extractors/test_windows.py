from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.batching import pack_by_length
from kgbuild.extractors.windows import plan_windows, sentence_starts, word_starts
from kgbuild.records import Sentence


@given(
    count=st.integers(0, 300),
    capacity=st.integers(1, 60),
    share=st.floats(0, 0.99),
    starts=st.lists(st.integers(0, 300), max_size=40),
    most=st.none() | st.integers(1, 5),
)
def test_cores_partition_the_tokens(
    count: int, capacity: int, share: float, starts: list[int], most: int | None
) -> None:
    windows = plan_windows(
        count, capacity=capacity, stride=int(share * capacity), starts=sorted(starts),
        max_sentences=most,
    )  # fmt: skip
    covered = [token for w in windows for token in range(w.core_start, w.core_end)]
    assert covered == list(range(count))
    for w in windows:
        assert w.start <= w.core_start <= w.core_end <= w.end <= count
        assert 0 < w.end - w.start <= capacity


def test_every_token_of_a_text_without_sentences_has_context() -> None:
    windows = plan_windows(1000, capacity=100, stride=40)
    for w in windows[1:-1]:
        assert w.core_start - w.start == w.end - w.core_end == 20


def test_windows_end_with_sentences() -> None:
    windows = plan_windows(100, capacity=30, stride=5, starts=range(0, 100, 10))
    assert [(w.start, w.end) for w in windows] == [(0, 30), (30, 60), (60, 90), (90, 100)]
    sharing = plan_windows(100, capacity=30, stride=10, starts=range(0, 100, 10))
    assert [(w.start, w.end) for w in sharing][:3] == [(0, 30), (20, 50), (40, 70)]
    single = plan_windows(30, capacity=30, stride=10, starts=[0, 10, 20], max_sentences=1)
    assert [(w.start, w.end) for w in single] == [(0, 10), (10, 20), (20, 30)]


@pytest.mark.parametrize("stride", [-1, 8])
def test_impossible_strides(stride: int) -> None:
    with pytest.raises(ValueError, match="stride"):
        plan_windows(10, capacity=8, stride=stride)


def test_sentences_begin_at_tokens() -> None:
    offsets = [(0, 3), (4, 6), (8, 9), (10, 12)]
    assert sentence_starts(offsets, [Sentence(0, 6), Sentence(8, 12), Sentence(20, 30)]) == [0, 2]


@pytest.mark.parametrize(
    ("text", "offsets", "expected"),
    [
        ("xhepatitis", [(0, 1), (1, 5), (5, 10)], [0]),
        ("IL-6", [(0, 2), (2, 3), (3, 4)], [0, 1, 2]),
        (" a b", [(0, 2), (2, 4)], [0, 1]),  # byte-level tokens that hold their space
        ("a  b", [(0, 1), (1, 2), (2, 3), (3, 4)], [0, 3]),
        ("\u5929\u6c14", [(0, 1), (1, 2)], [0, 1]),
        ("\U0001f600", [(0, 1), (0, 1)], [0]),
        ("na\u00efve\u0301s", [(0, 2), (2, 3), (3, 5), (5, 6), (6, 7)], [0]),
        ("", [], []),
    ],
)
def test_words(text: str, offsets: list[tuple[int, int]], expected: list[int]) -> None:
    assert word_starts(text, offsets) == expected


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 120))
def test_batches_hold_every_row_once(lengths: list[int], most: int) -> None:
    batches = pack_by_length(lengths, batch_tokens=most)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= most or (
            max(lengths[i] for i in batch) == 0
        )  # fmt: skip
