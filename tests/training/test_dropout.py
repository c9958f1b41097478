"""Dropout drawn fast: the share, the scale, and the same numbers from the same seed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from kgbuild.training.dropout import fast_dropout  # noqa: E402

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_drops_the_share_and_keeps_the_mean(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    ones = torch.ones(1001, 333, dtype=dtype)
    with fast_dropout(CPU):
        dropped = torch.nn.Dropout(0.1)(ones)
    assert dropped.dtype == dtype
    assert float((dropped == 0).float().mean()) == pytest.approx(0.1, abs=0.003)
    assert float(dropped.float().mean()) == pytest.approx(1, abs=0.005)
    assert {round(float(value), 2) for value in dropped.unique()} == {0.0, 1.11}


def test_follows_from_torchs_generator() -> None:
    values = torch.randn(50, 7)
    drawn = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        with fast_dropout(CPU):
            drawn.append(torch.nn.functional.dropout(values, 0.5))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_gradients_pass_where_values_do() -> None:
    values = torch.ones(400, requires_grad=True)
    with fast_dropout(CPU):
        dropped = torch.nn.functional.dropout(values, 0.25)
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, dropped.detach())


def test_leaves_a_model_that_is_measured_alone() -> None:
    values = torch.randn(9)
    with fast_dropout(CPU):
        assert torch.equal(torch.nn.Dropout(0.9).eval()(values), values)
        assert torch.equal(torch.nn.functional.dropout(values, 0.0), values)
        inplace = torch.ones(1000)
        torch.nn.functional.dropout(inplace, 0.5, inplace=True)
    assert set(inplace.tolist()) == {0.0, 2.0}
