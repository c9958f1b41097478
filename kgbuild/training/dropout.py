"""Dropout that draws fast on a CPU, where torch draws one number at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["fast_dropout"]


def fast_dropout(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which dropout on ``device`` draws fast; on a GPU it does already.

    Shares are rounded to 1/65536. What is drawn follows from the state of torch's generator.
    """
    if device.type != "cpu":
        return nullcontext()
    import torch
    from torch.overrides import TorchFunctionMode

    class Mode(TorchFunctionMode):
        def __torch_function__(
            self,
            func: Callable[..., Any],
            types: Sequence[type],
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            if func is torch.nn.functional.dropout:
                return _dropout(*args, **(kwargs or {}))
            return func(*args, **(kwargs or {}))

    return Mode()


def _dropout(
    input: torch.Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> torch.Tensor:
    if not training or not p:
        return input
    kept = _kept(input.numel(), p).view(input.shape).to(input.dtype).mul_(1 / (1 - p))
    return input.mul_(kept) if inplace else input * kept


def _kept(count: int, p: float) -> torch.Tensor:
    """Return ``count`` booleans, false with probability ``p``."""
    import numpy as np
    import torch

    seed = int(torch.randint(2**62, ()))
    drawn = np.random.Generator(np.random.SFC64(seed)).integers(
        2**64, size=-(-count // 4), dtype=np.uint64
    )
    least = np.uint16(min(round(p * 65536), 65535))
    return torch.from_numpy((drawn.view(np.uint16) >= least)[:count])
