"""Corpora that disagree on what a mention is: a head for each, or one head that is told whose.

Trained on several corpora's training splits, without dropout inside the encoder, measured by strict
F1 on each one's development split. One head has the labels of all categories; those that a corpus
doesn't annotate are unknown there: they count as "outside" in its loss and in its decoding. Fetch
the vocabularies of extractors/weights/ner.yaml and make its base first. Trainings are kept in
--folder and resumed.

    python benchmarks/ner_conventions.py --epochs 4
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from ner_ablations import RECIPE, settings_of
from torch import Tensor, nn

from kgbuild.checkpoints import open_tokenizer
from kgbuild.extractors.conventions import bioes_labels
from kgbuild.extractors.word_features import FEATURES
from kgbuild.normalizer.encoder import encoder_folder
from kgbuild.training.encoder import open_base
from kgbuild.training.loop import train
from kgbuild.training.ner import _special, load_corpora, open_gazetteer
from kgbuild.training.ner_model import Tagger
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.ner_task import Batch, NerTask
from kgbuild.training.settings import TrainingSettings
from kgbuild.training.settings_file import resolve
from kgbuild.yaml_models import read_model


class SharedHead(Tagger):
    """One head; its logits are read as each corpus would, side by side, as of a head for each.

    Args:
        encoder: a Hugging Face encoder.
        features: columns of the feature matrix.
        conventions: categories that each corpus annotates.
        dropout: before the head.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        features: int,
        conventions: Sequence[Sequence[str]],
        dropout: float,
    ) -> None:
        every = bioes_labels(sorted({category for own in conventions for category in own}))
        super().__init__(encoder, features=features, labels=[len(every)], dropout=dropout)
        place = {label: i for i, label in enumerate(every)}
        known = [[place[label] for label in bioes_labels(own)[1:]] for own in conventions]
        everything = set(range(len(every)))
        self._read = [(sorted(everything - set(own)), own) for own in known]

    def forward(self, ids: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        logits = super().forward(ids, mask, features)
        columns = [
            column
            for outside, own in self._read
            for column in (logits[..., outside].logsumexp(-1, keepdim=True), logits[..., own])
        ]
        return torch.cat(columns, -1)


class OneHeadTask(NerTask):
    """Every corpus by the same head, which doesn't know whose text it reads."""

    told = False

    @property
    def identity(self) -> str:
        return f"one head, told: {self.told} {super().identity}"

    def build(self, settings: TrainingSettings) -> nn.Module:
        return SharedHead(
            open_base(settings),
            features=FEATURES + (len(self._training) if self.told else 0),
            conventions=[corpus.categories for corpus in self._training],
            dropout=self._settings.dropout,
        )


class ToldTask(OneHeadTask):
    """The same, told whose convention is asked for, by a feature of every word piece."""

    told = True

    def _arrays(self, batch: Batch, *, training: bool) -> tuple[Tensor, Tensor, Tensor]:
        ids, mask, features = super()._arrays(batch, training=training)
        whose = torch.tensor([example.corpus for example in batch])
        tag = nn.functional.one_hot(whose, len(self._training))[:, None] * mask[..., None]
        return ids, mask, torch.cat([features, tag.to(features.dtype)], -1)


WAYS: dict[str, type[NerTask]] = {
    "a head for each convention (the recipe)": NerTask,
    "one head, told whose convention": ToldTask,
    "one head, not told": OneHeadTask,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--corpora", nargs="+", default=["bc5cdr", "ncbi_disease", "biored"])
    parser.add_argument("--folder", type=Path, default=Path(".work/conventions"))
    options = parser.parse_args()
    recipe = read_model(RECIPE, NerSettings)
    settings = settings_of({}, recipe, corpora=options.corpora, epochs=options.epochs)
    beside = RECIPE.parent
    base = encoder_folder(resolve(settings.training.base, beside))
    training = settings.training.model_copy(update={"base": str(base)})
    tokenizer = open_tokenizer(base)
    corpora, development, _ = load_corpora(settings, beside=beside)
    options.folder.mkdir(parents=True, exist_ok=True)
    gazetteer = open_gazetteer(settings.gazetteer, options.folder / "gazetteer.npz")
    for corpus in (*corpora, *development.values()):
        corpus.prepare(tokenizer, gazetteer)
    names = [corpus.name for corpus in corpora]
    print(f"{options.epochs} epochs\n\n| way | {' | '.join(names)} | mean |")
    print(f"|---|{'---:|' * (len(names) + 1)}")
    for number, (way, kind) in enumerate(WAYS.items()):
        task = kind(corpora, development, settings, special=_special(tokenizer, base))
        best: Any = train(task, training, options.folder / f"{options.epochs}-{number}").best
        scores = [best.get(f"{name} all", float("nan")) for name in names] + [best["score"]]
        print(f"| {way} | {' | '.join(f'{100 * s:.1f}' for s in scores)} |", flush=True)


if __name__ == "__main__":
    main()
