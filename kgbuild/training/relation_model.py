"""The relation model as a torch module: one pass over a window for all of its pairs.

After ATLOP (Zhou et al. 2021, arXiv:2010.11304): an entity is the log-sum-exp of its mentions, and
each pair sees the text through what both entities attend to in the encoder's last layer. Mentions
are marked by embeddings of their category rather than by tokens, a mention is the mean of its word
pieces, and a few numbers about frequency, place and distance join the pair's representation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from kgbuild.errors import ConfigError
from kgbuild.training.encoder import encoder_layers

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Pooled", "RelationGraph", "RelationNet", "pool"]

_FAR = -1e4


@dataclass(frozen=True, slots=True)
class Pooled:
    """What an encoder's view of a window comes to.

    Attributes:
        entities: ``(entities, hidden)``: the log-sum-exp of each one's mentions.
        context: ``(pairs, hidden)``: the text as both ends of a pair look at it.
        weights: ``(pairs, pieces)``: how much each word piece counted; rows sum to 1.
    """

    entities: Tensor
    context: Tensor
    weights: Tensor


def pool(
    text: Tensor, attention: Tensor, *, spans: Tensor, members: Tensor, pairs: Tensor
) -> Pooled:
    """Pool a window for its pairs.

    Args:
        text: ``(pieces, hidden)``, the encoder's last layer.
        attention: ``(heads, pieces, pieces)`` of that layer.
        spans: ``(mentions, pieces)``, rows that average a mention's pieces.
        members: ``(entities, mentions)``, 1 where a mention is the entity's.
        pairs: ``(pairs, 2)`` places of entities.
    """
    mentions = spans @ text
    outside = (1 - members).unsqueeze(2) * _FAR
    entities = torch.logsumexp(mentions.unsqueeze(0) + outside, dim=1)
    share = (members / members.sum(1, keepdim=True)) @ spans
    looks = torch.matmul(share.unsqueeze(0), attention)
    weights = (looks[:, pairs[:, 0]] * looks[:, pairs[:, 1]]).sum(0)
    weights = weights / (weights.sum(1, keepdim=True) + 1e-9)
    return Pooled(entities, weights @ text, weights)


class PairHead(nn.Module):
    """Scores the pairs of a window.

    Args:
        hidden: width of the encoder.
        features: columns of a pair's row of features.
        width: of the hidden layer.
        columns: scores of a pair.
        dropout: before each of the last two layers.
    """

    def __init__(
        self, *, hidden: int, features: int, width: int, columns: int, dropout: float
    ) -> None:
        super().__init__()
        self.first = nn.Linear(2 * hidden, hidden)
        self.second = nn.Linear(2 * hidden, hidden)
        self.describe = nn.Linear(features, 64)
        self.mix = nn.Linear(4 * hidden + 64, width)
        self.score = nn.Linear(width, columns)
        self.activate = nn.GELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, entities: Tensor, context: Tensor, pairs: Tensor, features: Tensor) -> Tensor:
        """Return logits ``(pairs, columns)``; ``features`` are ``(pairs, features)``."""
        one, other = entities[pairs[:, 0]], entities[pairs[:, 1]]
        subject = torch.tanh(self.first(torch.cat([one, context], 1)))
        object_ = torch.tanh(self.second(torch.cat([other, context], 1)))
        described = self.activate(self.describe(features))
        joined = torch.cat([subject, object_, subject * object_, context, described], 1)
        mixed = self.activate(self.mix(self.dropout(joined)))
        logits: Tensor = self.score(self.dropout(mixed))
        return logits


class RelationNet(nn.Module):
    """An encoder with marks, and the head for its pairs.

    Args:
        encoder: a Hugging Face encoder that computes attention eagerly.
        categories: number of categories that are marked.
        mark_layer: which of the encoder's layers sees the marks first; None: none does. Where the
            layers below are frozen, no gradient goes through them.
        features, width, columns, dropout: see ``PairHead``.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        categories: int,
        mark_layer: int | None,
        features: int,
        width: int,
        columns: int,
        dropout: float,
    ) -> None:
        super().__init__()
        config: Any = encoder.config
        hidden = int(config.hidden_size)
        self.encoder = encoder
        self.marks = nn.Embedding(1 + 2 * categories, hidden, padding_idx=0)
        nn.init.normal_(self.marks.weight, std=0.02)
        with torch.no_grad():
            self.marks.weight[0].zero_()
        self.head = PairHead(
            hidden=hidden, features=features, width=width, columns=columns, dropout=dropout
        )
        self._marked: Tensor | None = None
        if mark_layer is not None:
            layers = encoder_layers(encoder)
            if mark_layer >= len(layers):
                raise ConfigError(
                    f"mark_layer is {mark_layer}, but the encoder has {len(layers)} layers, "
                    "counted from 0"
                )
            layers[mark_layer].register_forward_pre_hook(self._add_marks)

    def _add_marks(self, module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        del module
        assert self._marked is not None
        return (given[0] + self._marked, *given[1:])

    def encode(self, ids: Tensor, marks: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last layer ``(batch, pieces, hidden)`` and its attention, in fp32."""
        self._marked = self.marks(marks)
        output = self.encoder(input_ids=ids, attention_mask=mask, output_attentions=True)
        self._marked = None
        return output.last_hidden_state.float(), output.attentions[-1].float()


class RelationGraph(nn.Module):
    """The whole of a model for one window, as it is exported."""

    def __init__(self, net: RelationNet) -> None:
        super().__init__()
        self.net = net
        self.encoder = net.encoder

    def forward(  # noqa: PLR0917 - an exported graph's inputs have an order
        self,
        ids: Tensor,
        marks: Tensor,
        spans: Tensor,
        members: Tensor,
        pairs: Tensor,
        features: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Return logits and weights; ``ids`` and ``marks`` are ``(1, pieces)``."""
        text, attention = self.net.encode(ids, marks, torch.ones_like(ids))
        pooled = pool(text[0], attention[0], spans=spans, members=members, pairs=pairs)
        logits = self.net.head(pooled.entities, pooled.context, pairs, features)
        return logits, pooled.weights
