"""Training a relation model on several corpora at once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from kgbuild.batching import pack_by_length
from kgbuild.extractors.relation_model import DESCRIPTION_FILE, feed_of
from kgbuild.records import content_hash
from kgbuild.training.encoder import described, open_base, take_weights
from kgbuild.training.relation_measure import best_threshold, gold_pairs, measure, verdicts
from kgbuild.training.relation_model import RelationNet, pool

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from kgbuild.extractors.relation_labels import RelationLabels
    from kgbuild.records import AnnotatedDocument
    from kgbuild.training.relation_data import Example
    from kgbuild.training.relation_settings import RelationSettings
    from kgbuild.training.settings import TrainingSettings

__all__ = ["RelationTask"]

Batch = Sequence["Example"]
_POOL = 64
"""Windows are sorted by length within pools of so many batches' worth, so that batches vary."""


class RelationTask:
    """Learns the relations of each corpus by columns of its own over one encoder.

    Args:
        training: windows of all corpora.
        development: windows and documents to measure on, by the convention's place.
        settings: of the model.
        labels: of the model.
        mask: id of the masking token.
        start_from: see ``RelationSettings``.
    """

    def __init__(
        self,
        training: Sequence[Example],
        development: Mapping[int, tuple[Sequence[Example], Sequence[AnnotatedDocument]]],
        settings: RelationSettings,
        labels: RelationLabels,
        *,
        mask: int,
        start_from: Path | None = None,
    ) -> None:
        self._start_from = start_from
        self._marked = settings.mark_layer is not None
        self._memory: dict[int, tuple[Tensor, Tensor]] = {}
        self.training, self._development = training, development
        self._settings, self.labels, self._mask = settings, labels, mask

    @property
    def identity(self) -> str:
        """Hash of the documents and of what the network learns of them."""
        examples = [*self.training]
        for measured, _ in self._development.values():
            examples += measured
        data = [example.fingerprint for example in examples]
        said = self._settings.model_dump_json(exclude={"bag", "training"})
        return content_hash("relations", said, *data)

    def build(self, settings: TrainingSettings) -> nn.Module:
        """Return a new model."""
        net = RelationNet(
            open_base(settings),
            categories=len(self.labels.layout.categories),
            mark_layer=self._settings.mark_layer,
            features=self.labels.layout.width,
            width=self._settings.width,
            columns=self.labels.columns,
            dropout=self._settings.dropout,
        )
        if self._start_from is not None:
            known = described(self._start_from, DESCRIPTION_FILE).get("conventions", ())
            own = [(c.name, list(c.types)) for c in self.labels.conventions]
            same = [(c["name"], c["types"]) for c in known] == own
            take_weights(net, self._start_from, without=None if same else "head")
        return net

    def batches(self, epoch: int, random: random.Random) -> Sequence[Batch]:
        """Return windows packed by length, in random order."""
        del epoch
        order = list(self.training)
        random.shuffle(order)
        batches = []
        for first in range(0, len(order), _POOL):
            pool = order[first : first + _POOL]
            lengths = [len(example.unit.ids) for example in pool]
            size = self._settings.training.batch_tokens
            batches += [
                [pool[i] for i in own] for own in pack_by_length(lengths, batch_tokens=size)
            ]
        random.shuffle(batches)
        return batches

    def loss(self, model: nn.Module, batch: Batch, device: torch.device) -> Tensor:
        """Return the mean loss of the batch's pairs: type, novelty, and what is implied."""
        rows = self._scores(model, batch, device, training=True)
        total = rows[0].new_zeros(())
        count = 0
        for example, logits in zip(batch, rows, strict=True):
            start = 0
            count += len(example.unit.pairs)
            for place, convention in enumerate(self.labels.conventions):
                own = logits[:, start : start + convention.columns]
                start += convention.columns
                total = total + self._loss(own, example, place, device)
        return total / max(count, 1)

    def _loss(self, own: Tensor, example: Example, place: int, device: torch.device) -> Tensor:
        settings, convention = self._settings, self.labels.conventions[place]
        kinds = own[:, : 1 + len(convention.types)].log_softmax(-1)
        types = torch.from_numpy(example.types[place]).to(device)
        weight = (types >= 0).float()
        if settings.negatives < 1:
            kept = torch.rand(types.shape, device=device) < settings.negatives
            weight = weight * ((types > 0) | kept)
        weight = torch.where(types > 0, weight * settings.positive_weight, weight)
        chosen = kinds.gather(1, types.clamp(min=0)[:, None])[:, 0]
        loss = -(chosen * weight).sum()
        if convention.novelty and settings.novelty_weight:
            novel = torch.from_numpy(example.novel[place]).to(device)
            each = functional.binary_cross_entropy_with_logits(
                own[:, -1], novel.clamp(min=0).float(), reduction="none"
            )
            loss = loss + settings.novelty_weight * (each * (novel >= 0)).sum()
        if settings.implied_weight and example.implied[place].any():
            loss = loss + settings.implied_weight * self._implied(kinds, example, place, device)
        return loss

    def _implied(self, kinds: Tensor, example: Example, place: int, device: torch.device) -> Tensor:
        said = torch.from_numpy(example.implied[place]).to(device)
        unknown = torch.from_numpy(example.types[place]).to(device) < 0
        holds = kinds.gather(1, said.clamp(min=0)[:, None])[:, 0]
        fails = kinds.gather(1, (-1 - said).clamp(min=0)[:, None])[:, 0]
        doubt = torch.log1p(-fails.exp().clamp(max=0.999))
        return -(holds * ((said > 0) & unknown)).sum() - (doubt * ((said < 0) & unknown)).sum()

    def evaluate(self, model: nn.Module, device: torch.device) -> Mapping[str, float]:
        """Return F1 at each level at the best threshold; the score is the mean of pair and all.

        Without development documents nothing is measured.
        """
        measures: dict[str, float] = {}
        scores = []
        for place, (examples, documents) in self._development.items():
            name = self.labels.conventions[place].name
            found = verdicts(examples, self.predict(model, examples, device), self.labels, place)
            gold = gold_pairs(documents, self.labels.conventions[place])
            own = measure(found, gold, best_threshold(found, gold))
            scores.append((own["pair"] + own["all"]) / 2)
            measures |= {f"{name} {key}": value for key, value in own.items()}
        return {"score": sum(scores) / len(scores), **measures} if scores else {}

    def predict(
        self, model: nn.Module, examples: Sequence[Example], device: torch.device
    ) -> list[NDArray[np.float32]]:
        """Return the logits of each window's pairs."""
        found: dict[int, NDArray[np.float32]] = {}
        lengths = [len(example.unit.ids) for example in examples]
        for chosen in pack_by_length(lengths, batch_tokens=4096):
            rows = self._scores(model, [examples[i] for i in chosen], device, training=False)
            found |= {i: row.cpu().numpy() for i, row in zip(chosen, rows, strict=True)}
        return [found[i] for i in range(len(examples))]

    def _scores(
        self, model: nn.Module, batch: Batch, device: torch.device, *, training: bool
    ) -> list[Tensor]:
        """Return the logits of each window's pairs."""
        assert isinstance(model, RelationNet)
        fixed = self._fixed(model)
        pooled = self._kept(model, batch, device) if fixed else None
        if pooled is None:
            pooled = self._pool(model, batch, device, training=training)
        found = []
        for example, (entities, context) in zip(batch, pooled, strict=True):
            pairs = torch.from_numpy(example.unit.pairs).to(device)
            features = torch.from_numpy(example.unit.features).to(device)
            found.append(model.head(entities, context, pairs, features).float())
        return found

    def _fixed(self, model: RelationNet) -> bool:
        """Say whether the head alone is trained, so that a window always pools to the same."""
        return not self._marked and not any(p.requires_grad for p in model.encoder.parameters())

    def _kept(
        self, model: RelationNet, batch: Batch, device: torch.device
    ) -> list[tuple[Tensor, Tensor]]:
        """Return pooled windows, those seen before from memory."""
        fresh = [example for example in batch if id(example) not in self._memory]
        if fresh:
            with torch.no_grad():
                pooled = self._pool(model, fresh, device, training=False)
            self._memory |= {id(e): own for e, own in zip(fresh, pooled, strict=True)}
        return [self._memory[id(example)] for example in batch]

    def _pool(
        self, model: RelationNet, batch: Batch, device: torch.device, *, training: bool
    ) -> list[tuple[Tensor, Tensor]]:
        """Return the entities and contexts of each window (see ``pool``)."""
        longest = max(len(example.unit.ids) for example in batch)
        ids = np.zeros((len(batch), longest), dtype=np.int64)
        marks, mask = np.zeros_like(ids), np.zeros_like(ids)
        for row, example in enumerate(batch):
            size = len(example.unit.ids)
            ids[row, :size], marks[row, :size] = example.unit.ids, example.unit.marks
            mask[row, :size] = 1
            if training:
                self._hide(ids[row, :size], example)
        arrays = (torch.from_numpy(array).to(device) for array in (ids, marks, mask))
        text, attention = model.encode(*arrays)
        found = []
        for row, example in enumerate(batch):
            size = len(example.unit.ids)
            feed = feed_of(example.unit)
            spans, members, pairs = (
                torch.from_numpy(feed[name]).to(device) for name in ("spans", "members", "pairs")
            )
            own = pool(
                text[row, :size], attention[row, :, :size, :size],
                spans=spans, members=members, pairs=pairs,
            )  # fmt: skip
            found.append((own.entities.float(), own.context.float()))
        return found

    def _hide(self, ids: NDArray[np.int64], example: Example) -> None:
        """Hide word pieces, and whole mentions, by the masking token, in place."""
        settings = self._settings
        inner = ids[1:-1]
        if settings.hide:
            inner[torch.rand(len(inner)).numpy() < settings.hide] = self._mask
        if settings.hide_mentions:
            drawn = torch.rand(len(example.unit.spans)).tolist()
            for (first, stop), chance in zip(example.unit.spans, drawn, strict=True):
                if chance < settings.hide_mentions:
                    ids[first:stop] = self._mask
