"""A recognizer on the development splits: strict F1, with hints and without.

Each corpus is read by its own convention. With hints the recognizer sees which words are names of
vocabularies; without, it doesn't. `--fp32 FOLDER` compares a model exported without quantization.
The shipped weights learned from the development splits too (`--final`), so measure those of the
same training without them, an hour on two cores (extractors/weights/ner.yaml says what it needs):

    kgbuild train ner extractors/weights/ner.yaml --out training/ner
    python benchmarks/mentions.py --model training/ner/model
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kgbuild.evaluation.mentions import mention_spans, score_mentions
from kgbuild.extractors.tagger import SHIPPED_MODEL, TaggerRecognizer
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument
from kgbuild.training.corpora import read_corpus

CORPORA = Path(__file__).resolve().parents[2] / "shared/corpora"
SPLITS = {
    "bc5cdr": "bc5cdr/CDR_DevelopmentSet.PubTator.txt",
    "ncbi_disease": "ncbi_disease/NCBIdevelopset_corpus.txt",
    "biored": "biored/Dev.PubTator",
    "bc2gm": "bc2gm/devel.tsv",
    "linnaeus": "linnaeus/devel.tsv",
    "anatem": "anatem/devel.tsv",
}


def scores(
    recognizer: TaggerRecognizer, documents: Sequence[AnnotatedDocument]
) -> dict[str, tuple[float, float, float, int]]:
    categories = set(recognizer.categories)
    gold = [
        item.with_mentions(tuple(m for m in item.mentions if m.category in categories))
        for item in documents
    ]
    found = recognizer.recognize([replace(item, mentions=()) for item in documents])
    predicted = [item.with_mentions(m) for item, m in zip(documents, found, strict=True)]
    counted = score_mentions(mention_spans(gold), mention_spans(predicted), match="strict")
    return {n: (s.precision, s.recall, s.f1, s.gold) for n, s in counted.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, help="default: the shipped one")
    parser.add_argument("--fp32", type=Path, help="a model exported without quantization")
    options = parser.parse_args()
    schema = Schema.load("biomedical")
    ways: dict[str, tuple[Path | None, bool]] = {
        "with hints": (options.model, True), "without": (options.model, False)
    }  # fmt: skip
    if options.fp32:
        ways["with hints, fp32"] = (options.fp32, True)
    folder = options.model or SHIPPED_MODEL
    if "score" not in json.loads((folder / "mentions.json").read_text("utf-8"))["development"]:
        print("These weights may have seen the documents below in training: no measure.\n")
    print(f"| corpus | category | gold | P | R | {' | '.join(f'F1 {w}' for w in ways)} |")
    print(f"|---|---|---:|---:|---:|{'---:|' * len(ways)}")
    for name, file in SPLITS.items():
        documents = read_corpus([CORPORA / file], schema=schema)
        found = {
            way: scores(TaggerRecognizer(model, convention=name, hints=hints), documents)
            for way, (model, hints) in ways.items()
        }
        for category, (p, r, _, gold) in next(iter(found.values())).items():
            cells = " | ".join(f"{100 * own[category][2]:.1f}" for own in found.values())
            print(f"| {name} | {category} | {gold} | {100 * p:.1f} | {100 * r:.1f} | {cells} |")


if __name__ == "__main__":
    main()
