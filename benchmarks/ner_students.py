"""Students of several seeds of the recognizer's recipe: on the corpus, and on unlabelled texts.

The unlabelled texts are those of other corpora's training splits (--texts) and of files of
abstracts (--abstracts: lines of PubMed id, title and abstract); what is held back, or measures a
corpus of the recipe, is left out.

    python benchmarks/ner_students.py --epochs 4
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ner_ablations import RECIPE, settings_of

from kgbuild.training.corpora import readable_documents
from kgbuild.training.held_back import read_held_back
from kgbuild.training.ner import train_ner
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.settings_file import resolve
from kgbuild.yaml_models import read_model

CHEMPROT = RECIPE.parents[3] / "shared/corpora/chemprot/original"


def write_texts(
    recipe: NerSettings, file: Path, corpora: Iterable[str], abstracts: Iterable[Path]
) -> int:
    """Write texts as lines of JSON, none of them held back or in a development split."""
    found: dict[str, str] = {}
    measured = set()
    for own in recipe.corpora:
        for name in (*own.training, *own.development):
            for item in readable_documents([resolve(name, RECIPE.parent)], **own.options):
                if name in own.development:
                    measured.add(item.document.id)
                elif own.name in corpora:
                    found[item.document.id] = item.document.text
    for path in abstracts:
        with path.open(encoding="utf-8", newline="") as lines:
            for pmid, title, abstract in csv.reader(lines, "excel-tab", quoting=csv.QUOTE_NONE):
                found[f"PMID:{pmid}"] = f"{title}\n{abstract}"
    held = measured | read_held_back(Path(resolve(str(recipe.held_back), RECIPE.parent)))
    kept = {name: text for name, text in found.items() if name not in held}
    rows = (json.dumps({"id": name, "text": text}) + "\n" for name, text in kept.items())
    file.write_text("".join(rows), encoding="utf-8")
    return len(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--corpus", default="bc5cdr")
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--texts", nargs="*", default=["ncbi_disease", "biored"])
    parser.add_argument(
        "--abstracts", nargs="*", type=Path, default=sorted(CHEMPROT.glob("*_abstracts.tsv"))
    )
    parser.add_argument("--folder", type=Path, default=Path(".work/students"))
    options = parser.parse_args()
    recipe = read_model(RECIPE, NerSettings)
    options.folder.mkdir(parents=True, exist_ok=True)

    def row(way: str, name: str, **change: Any) -> str:
        own = settings_of(change, recipe, corpora=[options.corpus], epochs=options.epochs)
        folder = (options.folder / f"{options.corpus}-{options.epochs}-{name}").absolute()
        report = train_ner(own, folder, beside=RECIPE.parent)
        print(f"| {way} | {100 * report.best['score']:.1f} |", flush=True)
        return str(report.folder)

    print(f"{options.corpus}, {options.epochs} epochs\n\n| way | strict F1 |\n|---|---:|")
    models = [
        row(f"recipe, seed {seed}", f"seed-{seed}", training={"seed": seed})
        for seed in options.seeds
    ]
    texts = options.folder.absolute() / "texts.jsonl"
    count = write_texts(recipe, texts, options.texts, options.abstracts)
    teachers = {"models": models}
    row("student", "student", teachers=teachers)
    row(
        f"student that also reads {count:,} unlabelled texts", "reader",
        teachers=teachers | {"texts": [str(texts)]},
    )  # fmt: skip


if __name__ == "__main__":
    main()
