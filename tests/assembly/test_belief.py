from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from kgbuild.assembly.belief import DEFAULT_RATES, Rates, belief, support

RATES = {"default": Rates(0.1, 0.2), "sure": Rates(0.0, 0.0)}
scores = st.lists(st.floats(0, 1), max_size=5)


def test_one_paper() -> None:
    assert support({"x": [0.5]}, RATES) == approx(1 - (0.1 + 0.9 * (1 - 0.5 * 0.8)))
    assert support({"sure": [1.0]}, RATES) == 1.0


def test_nothing_supports_nothing() -> None:
    assert support({}, RATES) == 0.0
    assert belief({}, {}, RATES) == 0.0


def test_many_papers_approach_the_systematic_limit() -> None:
    assert support({"x": [0.9] * 50}, RATES) == approx(0.9)


def test_extractors_are_independent() -> None:
    one, both = support({"x": [0.5]}, RATES), support({"x": [0.5], "y": [0.5]}, RATES)
    assert both == approx(1 - (1 - one) ** 2)


def test_the_relation_model_is_believed_less_than_patterns_by_its_probability() -> None:
    model, patterns = (
        [belief({name: [score]}, {}, DEFAULT_RATES) for score in (0.5, 0.6, 0.8, 0.9)]
        for name in ("relation-model", "patterns")
    )
    assert model == sorted(model)
    assert all(one < other for one, other in zip(model, patterns, strict=True))
    # what is believed more than even is what its documentation says
    assert model[1] < 0.5 < model[2]


@given(scores, scores, scores)
def test_belief_rises_with_affirming_and_falls_with_denying_papers(
    first: list[float], more: list[float], against: list[float]
) -> None:
    alone = belief({"x": first}, {}, RATES)
    assert 0 <= alone <= 1
    assert belief({"x": first + more}, {}, RATES) >= alone - 1e-12
    assert belief({"x": first}, {"x": against}, RATES) <= alone + 1e-12
    assert belief({}, {"x": against}, RATES) == 0
