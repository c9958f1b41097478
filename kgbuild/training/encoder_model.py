"""The model that turns names into vectors: an encoder, its mean, length one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["NameEncoder", "multi_similarity", "parents_closer"]

_EASY = 0.2
_POSITIVE = 2.0
_BASE = 0.5
_FAR = 9.0


class NameEncoder(nn.Module):
    """Mean of the last layer over a name's word pieces, as a unit vector."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return ``(names, width)``; ``attention_mask`` is 1 at pieces, 0 at padding."""
        found: Any = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        weight = attention_mask.unsqueeze(-1).float()
        mean = (found.last_hidden_state.float() * weight).sum(1) / weight.sum(1)
        return nn.functional.normalize(mean, dim=-1)


def multi_similarity(
    vectors: Tensor, concepts: Tensor, apart: Tensor, *, temperature: float
) -> Tensor:
    """Return the multi-similarity loss (Wang et al. 2019) over the hard pairs of a batch.

    Args:
        vectors: unit vectors, ``(n, width)``.
        concepts: which concept each names, ``(n,)``.
        apart: True for pairs that may be pushed apart, ``(n, n)``.
        temperature: of the negatives; a larger one looks at the hardest alone.
    """
    cosines = vectors @ vectors.T
    same = concepts[:, None] == concepts[None, :]
    alike = same & ~torch.eye(len(concepts), dtype=torch.bool, device=vectors.device)
    unlike = apart & ~same
    farthest = cosines.masked_fill(~alike, _FAR).min(1).values
    nearest = cosines.masked_fill(~unlike, -_FAR).max(1).values
    hard_alike = alike & (cosines - _EASY < nearest[:, None])
    hard_unlike = unlike & (cosines + _EASY > farthest[:, None])
    pull = (torch.exp(-_POSITIVE * (cosines - _BASE)) * hard_alike).sum(1)
    push = (torch.exp(temperature * (cosines - _BASE)) * hard_unlike).sum(1)
    losses = torch.log1p(pull) / _POSITIVE + torch.log1p(push) / temperature
    counted = hard_alike.any(1) | hard_unlike.any(1)
    return losses[counted].mean() if bool(counted.any()) else losses.sum() * 0


def parents_closer(vectors: Tensor, parents: Tensor, strangers: Tensor, margin: float) -> Tensor:
    """Return by how much strangers are not farther than a name's parent, by the margin.

    Args:
        vectors: unit vectors, ``(n, width)``.
        parents: True where the second names a parent of the first, ``(n, n)``.
        strangers: True where the second is unrelated to the first, ``(n, n)``.
        margin: cosine by which a parent must be closer.
    """
    rows = parents.any(1)
    if not bool(rows.any()):
        return vectors.sum() * 0
    cosines = vectors @ vectors.T
    parent = cosines.masked_fill(~parents, -_FAR).max(1).values[rows]
    wrong = torch.relu(cosines[rows] - parent[:, None] + margin) * strangers[rows]
    return wrong.sum() / strangers[rows].sum().clamp(min=1)
