"""What a training runs on, and in which numbers."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kgbuild.errors import MissingExtraError
from kgbuild.extractors.backends import choose_device

if TYPE_CHECKING:
    import torch

__all__ = ["autocast", "choose_precision", "require_training", "training_device"]

_BF16 = ("amx_tile", "avx512_bf16")


def require_training(*more: str) -> None:
    """Check that what every training needs is installed, and what ``more`` names.

    Raises:
        MissingExtraError: it isn't.
    """
    if not all(find_spec(name) for name in ("torch", "transformers", "onnx", *more)):
        raise MissingExtraError("train", needed_for="training")


def training_device(device: str) -> torch.device:
    """Return the device that ``device`` (auto, cpu, cuda, cuda:N) means.

    Raises:
        ConfigError: CUDA is asked for and torch sees none.
    """
    import torch

    return torch.device(choose_device(device))


def choose_precision(precision: str, device: torch.device) -> torch.dtype:
    """Return the type that matrices are multiplied in; weights themselves stay fp32."""
    import torch

    named = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    if precision in named:
        return named[precision]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    # AMX and AVX-512 multiply bf16 two to several times as fast as fp32; else it is emulated
    checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in _BF16)
    return torch.bfloat16 if any(check and check() for check in checks) else torch.float32


def autocast(device: torch.device, precision: torch.dtype) -> AbstractContextManager[object]:
    """Return the context in which a model runs in ``precision``."""
    import torch

    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)
