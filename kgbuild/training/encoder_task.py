"""Training a name encoder: names of one thing come together, names of others apart."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from kgbuild.batching import pack_by_length
from kgbuild.records import content_hash
from kgbuild.training.encoder import open_base
from kgbuild.training.encoder_model import NameEncoder, multi_similarity, parents_closer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from kgbuild.training.concepts import Concepts
    from kgbuild.training.encoder_settings import EncoderSettings
    from kgbuild.training.settings import TrainingSettings

__all__ = ["EncoderTask", "Mentions"]

Mentions = Sequence[tuple[str, int, float]]
"""A mention's text, its concept, and how often it is drawn."""

_CHUNK_TOKENS = 4096
_HIERARCHY_SCALE = 10.0
_DISTRACTORS = 6
_NAMES = 6
_HELD_OUT = 400


class EncoderTask:
    """Learns synonyms, mentions and the hierarchy of concepts.

    Args:
        concepts: what is learned.
        mentions: names as texts have them, learned as synonyms.
        development: mentions to measure on, by corpus.
        tokenizer: of the base; it adds the special tokens.
        settings: of the encoder.
    """

    def __init__(
        self,
        concepts: Concepts,
        mentions: Mentions,
        development: Mapping[str, Mentions],
        *,
        tokenizer: Tokenizer,
        settings: EncoderSettings,
    ) -> None:
        self._concepts, self._mentions = concepts, mentions
        self._weights = [weight for *_, weight in mentions]
        self._development = development or {"synonyms": _hold_out(concepts)}
        self._settings = settings
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(settings.longest)

    @property
    def identity(self) -> str:
        """Hash of the concepts, the mentions and of what is learned of them."""
        said = self._settings.model_dump_json(exclude={"training", "thresholds"})
        data = (self._concepts.fingerprint, self._mentions, sorted(self._development.items()))
        return content_hash("encoder", said, *data)

    def build(self, settings: TrainingSettings) -> nn.Module:
        """Return a new encoder of names."""
        return NameEncoder(open_base(settings))

    def batches(self, epoch: int, random: random.Random) -> Sequence[int]:
        """Return a seed for each batch of the epoch."""
        return [random.getrandbits(32) for _ in range(self._settings.steps)]

    def loss(self, model: nn.Module, batch: int, device: torch.device) -> Tensor:
        """Return the loss of one batch of names."""
        names, rows = self.names(random.Random(batch))  # noqa: S311
        vectors = self._vectors(model, names, device)
        with torch.autocast(device.type, enabled=False):
            related, parents = self._relations(rows)
            concepts = torch.tensor(rows, device=device)
            apart = ~related.to(device)
            found = multi_similarity(
                vectors, concepts, apart, temperature=self._settings.temperature
            )
            if self._settings.hierarchy:
                strangers = apart & (concepts[:, None] != concepts[None, :])
                closer = parents_closer(
                    vectors, parents.to(device), strangers, self._settings.margin
                )
                found = found + self._settings.hierarchy * _HIERARCHY_SCALE * closer
        return found

    def evaluate(self, model: nn.Module, device: torch.device) -> Mapping[str, float]:
        """Return accuracy@1 of each corpus among hard distractors; the score is their mean.

        The candidates are the names of the right concepts and of those written most alike.
        """
        measures = {
            name: self._accuracy(model, device, queries)
            for name, queries in self._development.items()
            if queries
        }
        return {"score": sum(measures.values()) / max(len(measures), 1), **measures}

    def _accuracy(self, model: nn.Module, device: torch.device, queries: Mentions) -> float:
        right = {concept for _, concept, _ in queries}
        pool = right.union(*(self._concepts.alike(c, _DISTRACTORS) for c in right))
        members = self._concepts.members
        named = [(name, c) for c in sorted(pool) for name in members[c].names[:_NAMES]]
        known = self._vectors(model, [name for name, _ in named], device)
        asked = self._vectors(model, [text for text, *_ in queries], device)
        nearest = (asked @ known.T).argmax(1).tolist()
        hits = [
            weight
            for (_, concept, weight), place in zip(queries, nearest, strict=True)
            if named[place][1] == concept
        ]
        return sum(hits) / sum(weight for *_, weight in queries)

    def names(self, rng: random.Random) -> tuple[list[str], list[int]]:
        """Return the names of a batch and the concept of each."""
        own, concepts = self._settings, self._concepts
        names: list[str] = []
        rows: list[int] = []

        def add(concept: int, texts: Sequence[str]) -> None:
            names.extend(texts)
            rows.extend([concept] * len(texts))

        drawn: dict[int, int] = {}
        if self._mentions:
            chosen = rng.choices(self._mentions, weights=self._weights, k=own.mentions)
            for text, concept, _ in dict.fromkeys(chosen):
                add(concept, [text])
                drawn[concept] = 2
        for concept in concepts.draw(own.terms, rng):
            drawn.setdefault(concept, 1)
        done = set(drawn)
        for concept, hard in drawn.items():
            add(concept, concepts.names(concept, 2, rng))
            near = concepts.alike(concept, own.neighbours) if own.neighbours else ()
            others = rng.sample(near, min(hard, len(near)))
            above = sorted(concepts.members[concept].parents)
            if above and rng.random() < own.parents:
                others.append(rng.choice(above))
            for other in others:
                if other not in done:
                    done.add(other)
                    add(other, concepts.names(other, 1, rng))
        return names, rows

    def _relations(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return for each pair of names whether their concepts are related, and as parents."""
        places: dict[int, list[int]] = {}
        for place, concept in enumerate(rows):
            places.setdefault(concept, []).append(place)
        related = torch.zeros((len(rows), len(rows)), dtype=torch.bool)
        parents = torch.zeros_like(related)
        for concept, own in places.items():
            member = self._concepts.members[concept]
            for other in (member.related | member.parents) & places.keys():
                for one in own:
                    related[one, places[other]] = True
                    related[places[other], one] = True
                    parents[one, places[other]] |= other in member.parents
        return related, parents

    def _vectors(self, model: nn.Module, names: Sequence[str], device: torch.device) -> Tensor:
        """Return the vectors of names, computed in chunks of like length."""
        encodings = self._tokenizer.encode_batch(list(names))
        ids = [encoding.ids for encoding in encodings]
        parts, order = [], []
        for chosen in pack_by_length([len(i) for i in ids], batch_tokens=_CHUNK_TOKENS):
            width = max(len(ids[i]) for i in chosen)
            batch = torch.zeros((len(chosen), width), dtype=torch.long)
            mask = torch.zeros_like(batch)
            for row, i in enumerate(chosen):
                batch[row, : len(ids[i])] = torch.tensor(ids[i])
                mask[row, : len(ids[i])] = 1
            parts.append(model(batch.to(device), mask.to(device)))
            order.extend(chosen)
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[back.to(device)]


def _hold_out(concepts: Concepts) -> Mentions:
    """Take one name away from each of some concepts: what to measure on without a corpus."""
    rich = [row for row, concept in enumerate(concepts.members) if len(concept.names) > 3]
    chosen = random.Random(0).sample(rich, min(_HELD_OUT, len(rich) // 2))  # noqa: S311
    return [(concepts.members[row].names.pop(), row, 1.0) for row in sorted(chosen)]
