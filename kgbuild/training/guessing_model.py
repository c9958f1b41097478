"""The head of masked language modelling, as a torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Guesser"]


class Guesser(nn.Module):
    """Guesses hidden word pieces by their embeddings' own weights (Press and Wolf 2017)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        config: Any = encoder.config
        self.encoder = encoder
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size)
        own: Any = encoder
        self.bias = nn.Parameter(own.get_input_embeddings().weight.new_zeros(config.vocab_size))

    def forward(self, ids: Tensor, mask: Tensor, chosen: Tensor) -> Tensor:
        """Return logits of the chosen places, ``(chosen places, pieces)``."""
        encoder: Any = self.encoder
        hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state[chosen]
        hidden = self.norm(nn.functional.gelu(self.dense(hidden)))
        logits: Tensor = nn.functional.linear(
            hidden, encoder.get_input_embeddings().weight, self.bias
        )
        return logits
