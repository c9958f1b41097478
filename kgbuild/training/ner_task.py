"""Training a tagger on several corpora at once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from kgbuild.batching import pack_by_length
from kgbuild.extractors.conventions import bioes_labels
from kgbuild.extractors.labels import decode, read_labels, runs
from kgbuild.extractors.word_features import FEATURES, multi_hot
from kgbuild.records import content_hash
from kgbuild.training.encoder import described, open_base, take_weights
from kgbuild.training.ner_data import UNLABELLED, Corpus, Example, windows
from kgbuild.training.ner_model import Tagger

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from kgbuild.training.ner_settings import NerSettings
    from kgbuild.training.settings import TrainingSettings
    from kgbuild.training.teachers import Teachers

__all__ = ["NerTask"]

Batch = Sequence[Example]


class NerTask:
    """Learns the labels of each corpus by a head of its own over one encoder.

    Args:
        training: corpora with texts prepared.
        development: corpora of the same names; those without one aren't measured.
        settings: of the tagger.
        special: ids of the classifying, separating, masking and padding tokens.
        start_from: see ``NerSettings``.
        teachers: by whom the training corpora's texts were taught.
        unlabelled: texts that only teachers label.
    """

    def __init__(
        self,
        training: Sequence[Corpus],
        development: Mapping[str, Corpus],
        settings: NerSettings,
        *,
        special: tuple[int, int, int, int],
        start_from: Path | None = None,
        teachers: Teachers | None = None,
        unlabelled: Corpus | None = None,
    ) -> None:
        self._start_from = start_from
        self._teachers, self._unlabelled = teachers, unlabelled
        self._training, self._development = training, development
        self._settings = settings
        self._start, self._stop, self._mask, self._pad = special
        self._labels = [
            read_labels(dict(enumerate(bioes_labels(corpus.categories)))) for corpus in training
        ]
        sizes = [len(labels.types) for labels in self._labels]
        self._bounds = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        self._draws = torch.Generator()

    @property
    def identity(self) -> str:
        """Hash of the corpora and of what is learned of them."""
        corpora = [*self._training, *self._development.values()]
        data = [c.fingerprint for c in (*corpora, *filter(None, [self._unlabelled]))]
        if self._teachers is not None:
            data.append(self._teachers.identity)
        return content_hash("ner", self._settings.model_dump_json(exclude={"training"}), *data)

    def build(self, settings: TrainingSettings) -> nn.Module:
        """Return a new tagger."""
        tagger = Tagger(
            open_base(settings),
            features=FEATURES,
            labels=[len(labels.types) for labels in self._labels],
            dropout=self._settings.dropout,
        )
        if self._start_from is not None:
            known = described(self._start_from, "mentions.json").get("conventions", {})
            own = {corpus.name: list(corpus.categories) for corpus in self._training}
            same = list(known.items()) == list(own.items())
            take_weights(tagger, self._start_from, without=None if same else "heads")
        return tagger

    def batches(self, epoch: int, random: random.Random) -> Sequence[Batch]:
        """Return windows of random length, packed by length, in random order."""
        own = self._settings
        corpora = list(enumerate(self._training))
        if self._unlabelled is not None:
            corpora.append((UNLABELLED, self._unlabelled))
        examples = [
            example
            for index, corpus in corpora
            for example in corpus.examples(
                index, random, shortest=own.shortest_window, longest=own.longest_window
            )
        ]
        random.shuffle(examples)
        # Sorted within pools, so that batches are of like lengths but not always the same.
        pools = [examples[i : i + 2000] for i in range(0, len(examples), 2000)]
        batches = [
            [pool[i] for i in chosen]
            for pool in pools
            for chosen in pack_by_length(
                [e.end - e.start + 2 for e in pool], batch_tokens=own.training.batch_tokens
            )
        ]
        random.shuffle(batches)
        return batches

    def loss(self, model: nn.Module, batch: Batch, device: torch.device) -> Tensor:
        """Return the cross entropy of the labels at the words' first pieces.

        Where there are teachers, their probabilities of every corpus's labels have their share of
        it.
        """
        ids, mask, features = self._arrays(batch, training=True)
        logits = model(ids.to(device), mask.to(device), features.to(device)).float()
        by_corpus: dict[int, tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]] = {}
        width = ids.shape[1]
        for row, example in enumerate(batch):
            places, labels = _targets(example)
            flat, wanted = by_corpus.setdefault(example.corpus, ([], []))
            flat.append(places + row * width + 1)
            wanted.append(labels)
        every = logits.reshape(-1, logits.shape[-1])
        losses = [every.new_zeros(())]
        for corpus, (flat, wanted) in by_corpus.items():
            if corpus != UNLABELLED:
                low, high = self._bounds[corpus], self._bounds[corpus + 1]
                rows = torch.from_numpy(np.concatenate(flat)).to(device)
                right = torch.from_numpy(np.concatenate(wanted)).to(device)
                losses.append(
                    cross_entropy(
                        every[rows, low:high], right, reduction="sum",
                        label_smoothing=self._settings.label_smoothing,
                    )
                )  # fmt: skip
        total = torch.stack(losses).sum()
        if (teachers := self._teachers) is not None:
            theirs = self._taught(teachers, every, batch, width)
            total = (1 - teachers.weight) * total + teachers.weight * theirs
        count = sum(len(labels) for _, wanted in by_corpus.values() for labels in wanted)
        return total / max(count, 1)

    def _taught(self, teachers: Teachers, logits: Tensor, batch: Batch, width: int) -> Tensor:
        """Return the sum of the words' cross entropies with what teachers say of each corpus."""
        places, said = [], []
        for row, example in enumerate(batch):
            assert example.taught is not None  # teachers read every text
            low, high = _word_range(example)
            places.append(example.text.first[low:high] - example.start + row * width + 1)
            said.append(example.taught[low:high])
        rows = logits[torch.from_numpy(np.concatenate(places)).to(logits.device)]
        wanted = torch.from_numpy(np.concatenate(said).astype(np.float32)).to(logits.device)
        bounds = pairwise(self._bounds)
        losses = [
            cross_entropy(rows[:, low:high], wanted[:, low:high], reduction="sum")
            for (low, high), known in zip(bounds, teachers.known, strict=True)
            if known
        ]
        return torch.stack(losses).sum()

    def evaluate(self, model: nn.Module, device: torch.device) -> Mapping[str, float]:
        """Return strict F1 of each corpus and category; the score is the corpora's mean."""
        measures: dict[str, float] = {}
        scores = []
        for index, corpus in enumerate(self._training):
            if corpus.name in self._development:
                gold = self._development[corpus.name]
                found = self._predict(model, device, index, gold)
                counted = _strict(gold, found)
                scores.append(counted["all"])
                measures |= {f"{corpus.name} {key}": value for key, value in counted.items()}
        return {"score": sum(scores) / len(scores), **measures} if scores else {}

    def emissions(
        self, model: nn.Module, device: torch.device, index: int, corpus: Corpus
    ) -> list[NDArray[np.float32]]:
        """Return log probabilities of the labels of each document's words."""
        examples = [
            example
            for text, labels in zip(corpus.texts, corpus.labels, strict=True)
            for example in windows(text, labels, index, self._settings.longest_window)
        ]
        found: dict[int, list[tuple[int, NDArray[np.float32]]]] = {}
        lengths = [e.end - e.start + 2 for e in examples]
        for chosen in pack_by_length(lengths, batch_tokens=8192):
            batch = [examples[i] for i in chosen]
            ids, mask, features = self._arrays(batch, training=False)
            logits = model(ids.to(device), mask.to(device), features.to(device)).float()
            low, high = self._bounds[index], self._bounds[index + 1]
            scores = logits[:, :, low:high].log_softmax(-1).cpu().numpy()
            for row, example in enumerate(batch):
                places, _ = _targets(example)
                found.setdefault(id(example.text), []).append(
                    (example.start, scores[row, places + 1])
                )
        empty = np.zeros((0, self._bounds[index + 1] - self._bounds[index]), np.float32)
        return [
            np.concatenate([rows for _, rows in sorted(found[id(t)], key=lambda x: x[0])])
            if id(t) in found
            else empty
            for t in corpus.texts
        ]

    def _predict(
        self, model: nn.Module, device: torch.device, index: int, corpus: Corpus
    ) -> list[set[tuple[int, int, str]]]:
        emissions = self.emissions(model, device, index, corpus)
        labels = self._labels[index]
        return [
            {
                (text.words[first][0], text.words[stop - 1][1], kind)
                for first, stop, kind in runs(path.tolist(), labels)
            }
            for text, path in zip(corpus.texts, decode(emissions, labels), strict=True)
        ]

    def _arrays(self, batch: Batch, *, training: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return ids, mask and features, with special tokens; in training, some are hidden."""
        longest = max(example.end - example.start for example in batch) + 2
        longest += -longest % 8  # few different shapes: torch keeps what it prepared for each
        ids = np.full((len(batch), longest), self._pad, dtype=np.int64)
        mask = np.zeros((len(batch), longest), dtype=np.int64)
        features = np.zeros((len(batch), longest, FEATURES), dtype=np.float32)
        for row, example in enumerate(batch):
            text, size = example.text, example.end - example.start
            ids[row, 0], ids[row, size + 1] = self._start, self._stop
            ids[row, 1 : size + 1] = text.ids[example.start : example.end]
            mask[row, : size + 2] = 1
            words = text.word_of[example.start : example.end]
            low = words[0]
            tags = text.tags[low : words[-1] + 1]
            if training and float(torch.rand(())) < self._settings.without_gazetteer:
                tags = np.zeros_like(tags)
            rows = multi_hot(text.shapes[low : words[-1] + 1], tags)
            features[row, 1 : size + 1] = rows[words - low]
        if training and self._settings.hide:
            hidden = torch.rand(ids.shape).numpy() < self._settings.hide
            hidden &= (mask == 1) & (ids != self._start) & (ids != self._stop)
            ids[hidden] = self._mask
        return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(features)


def _targets(example: Example) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the window's words within it, and their labels."""
    low, high = _word_range(example)
    return example.text.first[low:high] - example.start, example.labels[low:high]


def _word_range(example: Example) -> tuple[int, int]:
    """Return the window's words: the first, and the one after the last."""
    low, high = np.searchsorted(example.text.first, (example.start, example.end)).tolist()
    return low, high


def _strict(corpus: Corpus, found: Sequence[set[tuple[int, int, str]]]) -> dict[str, float]:
    gold = [
        {(m.start, m.end, m.category) for m in item.mentions if m.category in corpus.categories}
        for item in corpus.documents
    ]
    result = {}
    for name in ("all", *corpus.categories):
        ours = [{x for x in some if name in ("all", x[2])} for some in found]
        theirs = [{x for x in some if name in ("all", x[2])} for some in gold]
        right = sum(len(a & b) for a, b in zip(ours, theirs, strict=True))
        total = sum(map(len, ours)) + sum(map(len, theirs))
        result[name] = 2 * right / max(total, 1)
    return result
