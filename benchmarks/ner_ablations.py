"""What each part of the recognizer's recipe is worth: short trainings, one thing changed in each.

Trained on one corpus's training split, without dropout inside the encoder, measured by strict F1 on
its development split, with the hints of extractors/weights/ner.yaml (fetch its vocabularies and
make its base first, and for the last way that of pretrain.yaml). Trainings are kept in --folder and
resumed, so ways can be added to a table.

    python benchmarks/ner_ablations.py --epochs 4
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kgbuild.training.ner import train_ner
from kgbuild.training.ner_settings import NerSettings
from kgbuild.yaml_models import read_model

RECIPE = Path(__file__).resolve().parents[1] / "extractors/weights/ner.yaml"
READ_ON = RECIPE.parents[2] / "training/pretrained/model"
WAYS: dict[str, dict[str, Any]] = {
    "the recipe": {},
    "learning rate 5e-5 instead of 3e-4": {"training": {"learning_rate": 5e-5}},
    "no gazetteer": {"gazetteer": []},
    "no hidden word pieces": {"hide": 0.0},
    "no running average of weights": {"training": {"average": 0.0}},
    "windows of one sentence or two (48 pieces)": {"shortest_window": 32, "longest_window": 48},
    "top layer started afresh": {"training": {"reinitialize_layers": 1}},
    "two lower layers frozen": {"training": {"freeze_layers": 2}},
    "label smoothing 0.1": {"label_smoothing": 0.1},
    "LoRA, rank 16": {"training": {"lora": {"rank": 16, "alpha": 32}, "learning_rate": 2e-3}},
    "another seed": {"training": {"seed": 1}},
    "all layers at one learning rate": {"training": {"layer_decay": 1.0}},
    "windows of 128 to 254 pieces": {"shortest_window": 128, "longest_window": 254},
    "dropout 0.1 inside the encoder": {"training": {"encoder_dropout": 0.1}},
    "word embeddings learn too": {"training": {"freeze_words": False}},
    "a base that read on (pretrain.yaml)": {"training": {"base": str(READ_ON)}},
}


def settings_of(
    change: dict[str, Any], recipe: NerSettings, *, corpora: Sequence[str], epochs: int
) -> NerSettings:
    data = recipe.model_dump(by_alias=True)
    data["corpora"] = [own for own in data["corpora"] if own["name"] in corpora]
    data["default"] = {}
    base = {"epochs": epochs, "encoder_dropout": 0.0}
    training = data["training"] | base | change.get("training", {})
    return NerSettings.model_validate(data | change | {"training": training})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--corpus", default="bc5cdr")
    parser.add_argument("--folder", type=Path, default=Path(".work/ablations"))
    parser.add_argument("--ways", nargs="*", type=int, help="numbers of the ways, from 0")
    options = parser.parse_args()
    recipe = read_model(RECIPE, NerSettings)
    chosen = [w for i, w in enumerate(WAYS) if options.ways is None or i in options.ways]
    print(f"{options.corpus}, {options.epochs} epochs\n\n| way | strict F1 | trained weights |")
    print("|---|---:|---:|")
    for way in chosen:
        own = settings_of(WAYS[way], recipe, corpora=[options.corpus], epochs=options.epochs)
        folder = options.folder / f"{options.corpus}-{options.epochs}-{list(WAYS).index(way)}"
        report = train_ner(own, folder, beside=RECIPE.parent)
        print(
            f"| {way} | {100 * report.best['score']:.1f} | {report.trained_share:.0%} |", flush=True
        )


if __name__ == "__main__":
    main()
