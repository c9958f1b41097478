"""Roads beside the recognizer's recipe: a CRF, a span head, and scored names.

Trained on one corpus's training split, without dropout inside the encoder, measured by strict F1 on
its development split, as in ner_ablations.py; fetch the vocabularies of extractors/weights/ner.yaml
and make its base first. Trainings are kept in --folder and resumed.

    python benchmarks/ner_heads.py --epochs 4
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from ner_roads import Found, Ground, Measured, arguments
from torch import nn
from torch.nn.functional import cross_entropy

from kgbuild.extractors.gazetteer import fold_words
from kgbuild.extractors.labels import runs
from kgbuild.extractors.tagging import TaggedText
from kgbuild.extractors.word_features import FEATURES, SHAPES
from kgbuild.records import AnnotatedDocument
from kgbuild.training.encoder import open_base
from kgbuild.training.ner_data import Corpus
from kgbuild.training.ner_model import Tagger
from kgbuild.training.ner_task import Batch, _targets
from kgbuild.training.settings import TrainingSettings

LONGEST = 24  # words of a span


class CrfTask(Measured):
    """A linear chain over the words of a window (Lample et al. 2016), forbidden steps included."""

    name = "crf"

    def build(self, settings: TrainingSettings) -> nn.Module:
        model = super().build(settings)
        size = len(self._labels[0].types)
        model.transitions = nn.Parameter(torch.zeros(size + 1, size + 1))
        return model

    def _matrix(self, model: nn.Module) -> torch.Tensor:
        return model.transitions + torch.from_numpy(self._labels[0].transitions())

    def loss(self, model: nn.Module, batch: Batch, device: torch.device) -> torch.Tensor:
        scores, lengths = self.logits(model, batch, training=True)
        labels, matrix = self.gold(batch), self._matrix(model)
        n = scores.shape[-1]
        rows = torch.arange(len(batch))
        alpha = scores[:, 0] + matrix[n, :n]
        right = scores[rows, 0, labels[:, 0]] + matrix[n, labels[:, 0]]
        for t in range(1, scores.shape[1]):
            alive = t < lengths
            step = (alpha[:, :, None] + matrix[:n, :n]).logsumexp(1) + scores[:, t]
            alpha = torch.where(alive[:, None], step, alpha)
            taken = matrix[labels[:, t - 1], labels[:, t]] + scores[rows, t, labels[:, t]]
            right = right + torch.where(alive, taken, 0.0)
        last = labels[rows, lengths - 1]
        whole = (alpha + matrix[:n, n]).logsumexp(1)
        return (whole - right - matrix[last, n]).sum() / lengths.sum()

    def _predict(self, model: nn.Module, device: torch.device, index: int, corpus: Corpus) -> Found:
        matrix = self._matrix(model).detach().numpy()
        found: dict[int, set[tuple[int, int, str]]] = {}
        for example in self.development_windows(corpus):
            scores, _ = self.logits(model, [example], training=False)
            low = int(np.searchsorted(example.text.first, example.start))
            path = _viterbi(scores[0].numpy(), matrix)
            for first, stop, kind in runs(path, self._labels[0]):
                words = example.text.words
                span = (words[low + first][0], words[low + stop - 1][1], kind)
                found.setdefault(id(example.text), set()).add(span)
        return [found.get(id(text), set()) for text in corpus.texts]


def _viterbi(scores: np.ndarray, matrix: np.ndarray) -> list[int]:
    n = scores.shape[1]
    best, back = scores[0] + matrix[n, :n], []
    for row in scores[1:]:
        through = best[:, None] + matrix[:n, :n]
        back.append(through.argmax(0))
        best = through.max(0) + row
    path = [int((best + matrix[:n, n]).argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


class SpanTask(Measured):
    """Spans of up to LONGEST words, judged by a biaffine product of their ends (Yu et al. 2020)."""

    name = "span"
    width = 128

    def build(self, settings: TrainingSettings) -> nn.Module:
        kinds = 1 + len(self._training[0].categories)
        model = Tagger(
            open_base(settings), features=FEATURES, labels=[2 * self.width],
            dropout=self._settings.dropout,
        )  # fmt: skip
        model.product = nn.Parameter(torch.randn(kinds, self.width + 1, self.width + 1) * 0.01)
        model.lengths = nn.Parameter(torch.zeros(LONGEST, kinds))
        return model

    def _scores(self, model: nn.Module, batch: Batch, *, training: bool) -> Any:
        """Return ``(batch, words, LONGEST, kinds)`` and which of the spans are in their text."""
        out, lengths = self.logits(model, batch, training=training)
        one = torch.ones(*out.shape[:2], 1)
        starts = torch.cat([nn.functional.gelu(out[..., : self.width]), one], -1)
        ends = torch.cat([nn.functional.gelu(out[..., self.width :]), one], -1)
        words = out.shape[1]
        places = torch.arange(words)[:, None] + torch.arange(LONGEST)
        by_kind = torch.einsum("bwi,kij->bkwj", starts, model.product)
        every = by_kind @ ends.transpose(1, 2)[:, None]  # (batch, kinds, words, words)
        last = places.clamp(max=words - 1).expand(*every.shape[:2], -1, -1)
        scores = every.gather(3, last).permute(0, 2, 3, 1) + model.lengths
        return scores, places[None] < lengths[:, None, None]

    def loss(self, model: nn.Module, batch: Batch, device: torch.device) -> torch.Tensor:
        scores, inside = self._scores(model, batch, training=True)
        wanted = torch.zeros(scores.shape[:3], dtype=torch.long)
        kinds = self._training[0].categories
        count = 0
        for row, example in enumerate(batch):
            labels = _targets(example)[1]
            count += len(labels)
            for first, stop, kind in runs(labels.tolist(), self._labels[0]):
                if stop - first <= LONGEST:
                    wanted[row, first, stop - first - 1] = 1 + kinds.index(kind)
        return cross_entropy(scores[inside], wanted[inside], reduction="sum") / count

    def _predict(self, model: nn.Module, device: torch.device, index: int, corpus: Corpus) -> Found:
        found: dict[int, set[tuple[int, int, str]]] = {}
        kinds = corpus.categories
        for example in self.development_windows(corpus):
            scores, inside = self._scores(model, [example], training=False)
            chances = scores[0].softmax(-1)
            best = chances[..., 1:].max(-1)
            takers = (inside[0] & (chances[..., 0] < best.values)).nonzero().tolist()
            low = int(np.searchsorted(example.text.first, example.start))
            taken: set[int] = set()
            for word, extra in sorted(takers, key=lambda at: -float(best.values[at[0], at[1]])):
                covered = set(range(word, word + extra + 1))
                if not covered & taken:
                    taken |= covered
                    words = example.text.words
                    kind = kinds[int(best.indices[word, extra])]
                    span = (words[low + word][0], words[low + word + extra][1], kind)
                    found.setdefault(id(example.text), set()).add(span)
        return [found.get(id(text), set()) for text in corpus.texts]


class NamesTask(Measured):
    """Told how often a name that the gazetteer knows was a mention in the training documents.

    The document at hand doesn't count, so that the scores say in training what they say later.
    """

    name = "names"
    bounds = (0.1, 0.5, 0.9)  # shares of a name's occurrences that are mentions
    columns = len(bounds) + 2  # and names that no other document has
    scores: dict[int, np.ndarray]  # text's id: (words, columns)

    def build(self, settings: TrainingSettings) -> nn.Module:
        return Tagger(
            open_base(settings), features=FEATURES + self.columns,
            labels=[len(self._labels[0].types)], dropout=self._settings.dropout,
        )  # fmt: skip

    def _arrays(self, batch: Batch, *, training: bool) -> Any:
        ids, mask, features = super()._arrays(batch, training=training)
        told = torch.zeros(*features.shape[:2], self.columns)
        for row, example in enumerate(batch):
            words = example.text.word_of[example.start : example.end]
            told[row, 1 : len(words) + 1] = torch.from_numpy(self.scores[id(example.text)][words])
        told *= features[..., len(SHAPES) :].any(-1, keepdim=True)  # hints may be left out
        return ids, mask, torch.cat([features, told], -1)

    @classmethod
    def score(cls, training: Corpus, development: Corpus) -> dict[int, np.ndarray]:
        counts: dict[str, dict[str, list[int]]] = {}  # name, document: occurrences, mentions
        for item, text in zip(training.documents, training.texts, strict=True):
            gold = {(m.start, m.end) for m in item.mentions}
            for first, stop, name in names_in(item, text):
                count = counts.setdefault(name, {}).setdefault(item.document.id, [0, 0])
                count[0] += 1
                count[1] += (text.words[first][0], text.words[stop - 1][1]) in gold
        scores = {}
        for corpus in (training, development):
            for item, text in zip(corpus.documents, corpus.texts, strict=True):
                rows = scores[id(text)] = np.zeros((len(text.words), cls.columns), np.float32)
                for first, stop, name in names_in(item, text):
                    others = {**counts.get(name, {}), item.document.id: [0, 0]}.values()
                    seen, right = map(sum, zip(*others, strict=True))
                    column = bisect(cls.bounds, right / seen) if seen else cls.columns - 1
                    rows[first:stop, column] = 1
        return scores


def names_in(item: AnnotatedDocument, text: TaggedText) -> Iterator[tuple[int, int, str]]:
    """Yield the first word, the word after the last, and the folded name, of every kind."""
    for tags in text.tags.T:
        for stop in np.flatnonzero(tags >= 3) + 1:  # its last word, or its only one
            first = stop - 1
            while tags[first] not in (1, 4):
                first -= 1
            words = item.document.text[text.words[first][0] : text.words[stop - 1][1]]
            yield int(first), int(stop), " ".join(fold_words(words))


ROADS: dict[str, type[Measured]] = {"crf": CrfTask, "span": SpanTask, "names": NamesTask}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--roads", nargs="+", choices=ROADS, default=list(ROADS))
    parser.add_argument(
        "--seeds", nargs="*", type=int, default=[1, 2], help="of the recipe, to compare with"
    )
    options = parser.parse_args()
    ground = Ground.open(options)
    for seed in options.seeds:
        ground.run(Measured, seed)
    for road in options.roads:
        more = {}
        if road == "names":
            more["scores"] = NamesTask.score(ground.training, ground.development)
        ground.run(ROADS[road], 1, **more)


if __name__ == "__main__":
    main()
