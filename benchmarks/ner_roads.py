"""What the roads beside the recognizer's recipe share: one corpus, its trainings, their table."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from ner_ablations import RECIPE, settings_of
from tokenizers import Tokenizer
from torch import nn

from kgbuild.checkpoints import open_tokenizer
from kgbuild.extractors.gazetteer import Gazetteer
from kgbuild.normalizer.encoder import encoder_folder
from kgbuild.training.loop import train
from kgbuild.training.ner import _special, load_corpora, open_gazetteer
from kgbuild.training.ner_data import Corpus, Example
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.ner_task import Batch, NerTask, _targets, windows
from kgbuild.training.settings_file import resolve
from kgbuild.yaml_models import read_model

Found = list[set[tuple[int, int, str]]]


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


@dataclass(frozen=True, slots=True)
class Ground:
    """A corpus ready for trainings, with what they need of the recipe."""

    settings: NerSettings
    base: Path
    tokenizer: Tokenizer
    gazetteer: Gazetteer | None
    training: Corpus
    development: Corpus
    folder: Path

    @classmethod
    def open(cls, options: argparse.Namespace) -> Ground:
        """Read and prepare the corpus that the command line names, and begin the table."""
        recipe = read_model(RECIPE, NerSettings)
        settings = settings_of({}, recipe, corpora=[options.corpus], epochs=options.epochs)
        base = encoder_folder(resolve(settings.training.base, RECIPE.parent))
        tokenizer = open_tokenizer(base)
        (training,), development, _ = load_corpora(settings, beside=RECIPE.parent)
        own = development[options.corpus]
        options.folder.mkdir(parents=True, exist_ok=True)
        gazetteer = open_gazetteer(settings.gazetteer, options.folder / "gazetteer.npz")
        for corpus in (training, own):
            corpus.prepare(tokenizer, gazetteer)
        print(f"{options.corpus}, {options.epochs} epochs\n\n| way | strict F1 |\n|---|---:|")
        return cls(settings, base, tokenizer, gazetteer, training, own, options.folder)

    def task(
        self, kind: type[Measured] = Measured, *, training: Corpus | None = None, **attributes: Any
    ) -> Measured:
        """Return a task over the corpus, or over another in its place."""
        corpus = training or self.training
        special = _special(self.tokenizer, self.base)
        own = kind([corpus], {corpus.name: self.development}, self.settings, special=special)
        for name, value in attributes.items():
            setattr(own, name, value)
        return own

    def run(self, kind: type[Measured], seed: int, **more: Any) -> nn.Module:
        """Train, print a row of the table, and return the best epoch's model."""
        task = self.task(kind, **more)
        training = self.settings.training.model_copy(update={"base": str(self.base), "seed": seed})
        name = f"{self.training.name}-{training.epochs}-{task.name}-{seed}"
        result = train(task, training, self.folder / name)
        print(f"| {task.name}, seed {seed} | {100 * result.best['score']:.1f} |", flush=True)
        return result.model


def arguments(doc: str) -> argparse.ArgumentParser:
    """Return a parser of what every table of roads can be told."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--corpus", default="bc5cdr")
    parser.add_argument("--folder", type=Path, default=Path(".work/heads"))
    return parser
