"""The tagger as a torch module: an encoder with word features, and a head for each convention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Tagger"]


class Tagger(nn.Module):
    """Scores the labels of every convention for each word piece, in one pass.

    Features are added to the word embeddings and, by a second matrix, to what the heads see.

    Args:
        encoder: a Hugging Face encoder.
        features: columns of the feature matrix.
        labels: number of labels of each head.
        dropout: before the heads.
    """

    def __init__(
        self, encoder: nn.Module, *, features: int, labels: Sequence[int], dropout: float
    ) -> None:
        super().__init__()
        config: Any = encoder.config
        width = int(config.hidden_size)
        self.encoder = encoder
        self.into_words = nn.Linear(features, width, bias=False)
        self.into_heads = nn.Linear(features, width, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(width, sum(labels))
        nn.init.zeros_(self.into_words.weight)
        nn.init.zeros_(self.into_heads.weight)

    def forward(self, ids: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        """Return logits, ``(batch, pieces, all labels)``.

        Args:
            ids: ``(batch, pieces)``.
            mask: ``(batch, pieces)``, 1 where there is a piece.
            features: ``(batch, pieces, features)``.
        """
        encoder: Any = self.encoder
        words = encoder.get_input_embeddings()(ids) + self.into_words(features)
        hidden = encoder(inputs_embeds=words, attention_mask=mask).last_hidden_state
        logits: Tensor = self.heads(self.dropout(hidden) + self.into_heads(features))
        return logits
