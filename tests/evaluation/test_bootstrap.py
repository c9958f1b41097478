from __future__ import annotations

import random

import pytest

from kgbuild.evaluation.bootstrap import Interval, bootstrap, bootstrap_all
from kgbuild.evaluation.score import Score, total


def documents(count: int, *, seed: int = 0) -> dict[str, Score]:
    rng = random.Random(seed)
    scores = {}
    for number in range(count):
        gold = rng.randint(0, 20)
        right = sum(rng.random() < 0.8 for _ in range(gold))
        scores[str(number)] = Score(gold, right + rng.randint(0, 4), right, right)
    return scores


def test_the_score_lies_within_and_more_documents_say_more() -> None:
    few, many = documents(30), documents(1000)
    for scores in (few, many):
        intervals = bootstrap(scores)
        whole = total({d: {"x": s} for d, s in scores.items()})["x"]
        for interval, value in zip(
            intervals, (whole.precision, whole.recall, whole.f1), strict=True
        ):
            assert interval.low < value < interval.high
    width = [bootstrap(s).f1.high - bootstrap(s).f1.low for s in (few, many)]
    assert width[1] < width[0] / 3


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    scores = documents(50)
    assert bootstrap(scores, seed=1) == bootstrap(scores, seed=1)
    assert bootstrap(scores, seed=1) != bootstrap(scores, seed=2)


def test_two_documents_by_hand() -> None:
    """One document all right, one all wrong: F1 of a draw is 0, 1/2 or 1, in ratio 1:2:1."""
    scores = {"1": Score(1, 1, 1, 1), "2": Score(1, 1, 0, 0)}
    assert bootstrap(scores, samples=2000).f1 == Interval(0.0, 1.0)
    # The middle half of the draws is one of each.
    assert bootstrap(scores, samples=2000, confidence=0.4).f1 == Interval(0.5, 0.5)


def test_coverage_is_about_what_is_asked_for() -> None:
    """Draw corpora whose true recall is known: most intervals hold it."""
    inside = 0
    for seed in range(60):
        rng = random.Random(seed)
        scores = {}
        for number in range(80):
            right = sum(rng.random() < 0.7 for _ in range(10))
            scores[str(number)] = Score(10, 10, right, right)
        low, high = bootstrap(scores, samples=300, seed=seed).recall
        inside += low <= 0.7 <= high
    assert inside >= 50


def test_labels_and_documents_without_them() -> None:
    counts = {"1": {"X": Score(2, 2, 1, 1)}, "2": {"Y": Score(1, 0, 0, 0)}, "3": {}}
    intervals = bootstrap_all(counts)
    assert list(intervals) == ["X", "Y"]
    assert intervals["X"].f1 == Interval(0.0, 0.5)  # a draw may miss its one document
    assert intervals["Y"].recall == Interval(0.0, 0.0)
    assert bootstrap({}).f1 == Interval(0.0, 0.0)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"confidence": 1.0}, {"confidence": 0.0}])
def test_wrong_arguments(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected samples >= 1 and confidence in"):
        bootstrap(documents(3), **wrong)  # type: ignore[arg-type]
