"""A running average of a model's weights (Polyak and Juditsky 1992): flatter, and better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["Average"]


class Average:
    """The exponential moving average of the weights that are trained.

    Args:
        model: its weights now are the first average.
        decay: share of the old average that a step keeps, in [0, 1); 0 averages nothing. The
            first steps keep less, so that the beginning is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._steps = 0
        self._kept: dict[str, torch.Tensor] = {}
        if decay:
            self._kept = {
                name: weight.detach().clone()
                for name, weight in model.named_parameters()
                if weight.requires_grad
            }

    def update(self, model: nn.Module) -> None:
        """Take in the model's weights after a step."""
        if not self._decay:
            return
        import torch

        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        weights = dict(model.named_parameters())
        torch._foreach_lerp_(
            list(self._kept.values()), [weights[name].detach() for name in self._kept], 1 - decay
        )

    @contextmanager
    def in_place(self, model: nn.Module) -> Iterator[None]:
        """Let the model have the averaged weights inside the block."""
        own = {name: w for name, w in model.named_parameters() if name in self._kept}
        before = {name: weight.detach().clone() for name, weight in own.items()}
        for name, weight in own.items():
            weight.data.copy_(self._kept[name])
        try:
            yield
        finally:
            for name, weight in own.items():
                weight.data.copy_(before[name])

    def state(self) -> dict[str, object]:
        """Return what ``restore`` takes."""
        return {"steps": self._steps, "kept": self._kept}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take up the average that ``state`` describes."""
        steps, kept = state["steps"], state["kept"]
        assert isinstance(steps, int)
        assert isinstance(kept, dict)
        self._steps, self._kept = steps, kept
