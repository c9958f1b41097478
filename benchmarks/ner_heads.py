"""Roads beside the recognizer's recipe: a CRF, a span head, scored names, a student of two seeds.

Trained on one corpus's training split, without dropout inside the encoder, measured by strict F1 on
its development split, as in ner_ablations.py; fetch the vocabularies of extractors/weights/ner.yaml
and make its base first. Trainings are kept in --folder and resumed.

    python benchmarks/ner_heads.py --epochs 6
"""

from __future__ import annotations

import argparse
from bisect import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ner_ablations import RECIPE, settings_of
from torch import nn
from torch.nn.functional import cross_entropy, kl_div

from kgbuild.checkpoints import open_tokenizer
from kgbuild.extractors.gazetteer import fold_words
from kgbuild.extractors.labels import decode, runs
from kgbuild.extractors.tagging import TaggedText
from kgbuild.extractors.word_features import FEATURES, SHAPES
from kgbuild.normalizer.encoder import encoder_folder
from kgbuild.records import AnnotatedDocument
from kgbuild.training.encoder import open_base
from kgbuild.training.loop import train
from kgbuild.training.ner import _special, load_corpora, open_gazetteer
from kgbuild.training.ner_data import Corpus, Example
from kgbuild.training.ner_model import Tagger
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.ner_task import Batch, NerTask, _strict, _targets, windows
from kgbuild.training.settings import TrainingSettings
from kgbuild.training.settings_file import read_settings, resolve

Found = list[set[tuple[int, int, str]]]
LONGEST = 24  # words of a span
CPU = torch.device("cpu")


class Measured(NerTask):
    """One corpus; ``name`` tells the checkpoints of one road from those of another."""

    name = "recipe"

    @property
    def identity(self) -> str:
        return f"{self.name} {super().identity}"

    def logits(self, model: nn.Module, batch: Batch, *, training: bool) -> Any:
        """Return the heads' output at the words, ``(batch, words, out)``, and their number."""
        out = model(*self._arrays(batch, training=training)).float()
        places = [torch.from_numpy(_targets(example)[0]) + 1 for example in batch]
        rows = [out[row, own] for row, own in enumerate(places)]
        lengths = torch.tensor([len(own) for own in places])
        return nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths

    def gold(self, batch: Batch) -> torch.Tensor:
        labels = [torch.from_numpy(_targets(example)[1]) for example in batch]
        return nn.utils.rnn.pad_sequence(labels, batch_first=True)

    def development_windows(self, corpus: Corpus) -> list[Example]:
        longest = self._settings.longest_window
        return [
            example
            for text, labels in zip(corpus.texts, corpus.labels, strict=True)
            for example in windows(text, labels, 0, longest)
        ]


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


class StudentTask(Measured):
    """Learns from the labels and, as much, from the mean of teachers' probabilities."""

    name = "student"
    teachers: dict[int, np.ndarray]  # text's id: log probabilities of its words

    def loss(self, model: nn.Module, batch: Batch, device: torch.device) -> torch.Tensor:
        scores, lengths = self.logits(model, batch, training=True)
        inside = torch.arange(scores.shape[1]) < lengths[:, None]
        wanted = []
        for example in batch:
            low = int(np.searchsorted(example.text.first, example.start))
            rows = self.teachers[id(example.text)]
            wanted.append(torch.from_numpy(rows[low : low + len(_targets(example)[0])]))
        target = nn.utils.rnn.pad_sequence(wanted, batch_first=True)[inside]
        own = scores[inside].log_softmax(-1)
        count = int(lengths.sum())
        soft = kl_div(own, target, reduction="sum", log_target=True) / count
        return (cross_entropy(scores[inside], self.gold(batch)[inside]) + soft) / 2


def together(task: NerTask, models: Sequence[nn.Module], corpus: Corpus) -> list[np.ndarray]:
    """Return the mean of the models' log probabilities of each text's words."""
    with torch.no_grad():
        every = [task.emissions(model.eval(), CPU, 0, corpus) for model in models]
    return [np.mean(rows, axis=0) for rows in zip(*every, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--corpus", default="bc5cdr")
    parser.add_argument("--roads", nargs="+", default=["crf", "span", "names", "student"])
    parser.add_argument("--folder", type=Path, default=Path(".work/heads"))
    options = parser.parse_args()
    recipe = read_settings(RECIPE, NerSettings)
    settings = settings_of(
        {}, recipe, corpora=[options.corpus], epochs=options.epochs
    )  # fmt: skip
    beside = RECIPE.parent
    base = encoder_folder(resolve(settings.training.base, beside))
    tokenizer = open_tokenizer(base)
    corpora, development, _ = load_corpora(settings, beside=beside)
    options.folder.mkdir(parents=True, exist_ok=True)
    gazetteer = open_gazetteer(settings.gazetteer, options.folder / "gazetteer.npz")
    for corpus in (*corpora, *development.values()):
        corpus.prepare(tokenizer, gazetteer)
    special = _special(tokenizer, base)

    def run(kind: type[Measured], seed: int, **attributes: Any) -> nn.Module:
        task = kind(corpora, development, settings, special=special)
        for name, value in attributes.items():
            setattr(task, name, value)
        training = settings.training.model_copy(update={"base": str(base), "seed": seed})
        folder = options.folder / f"{options.corpus}-{options.epochs}-{kind.name}-{seed}"
        result = train(task, training, folder)
        print(f"| {kind.name}, seed {seed} | {100 * result.best['score']:.1f} |", flush=True)
        return result.model

    print(f"{options.corpus}, {options.epochs} epochs\n\n| way | strict F1 |\n|---|---:|")
    teachers = [run(Measured, seed) for seed in (1, 2)]
    if "crf" in options.roads:
        run(CrfTask, 1)
    if "span" in options.roads:
        run(SpanTask, 1)
    if "names" in options.roads:
        run(NamesTask, 1, scores=NamesTask.score(corpora[0], development[options.corpus]))
    if "student" not in options.roads:
        return
    task = Measured(corpora, development, settings, special=special)
    gold, labels = development[options.corpus], task._labels[0]
    mean = decode(together(task, teachers, gold), labels)
    found = [
        {(t.words[a][0], t.words[b - 1][1], kind) for a, b, kind in runs(path.tolist(), labels)}
        for t, path in zip(gold.texts, mean, strict=True)
    ]
    print(f"| seeds 1 and 2 together | {100 * _strict(gold, found)['all']:.1f} |", flush=True)
    told = together(task, teachers, corpora[0])
    run(StudentTask, 1, teachers=dict(zip(map(id, corpora[0].texts), told, strict=True)))


if __name__ == "__main__":
    main()
