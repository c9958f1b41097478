"""Recognizers on texts that none of them has learned from: strict F1, side by side.

LINNAEUS and AnatEM: development splits, each by its own convention (2,500 sentences at most).
ChemProt: 200 abstracts of its development split, chemicals and genes, by the defaults; it marks
them by other rules than the corpora that the shipped models learned from.

    mkdir -p .work/before && cp extractors/weights/* .work/before
    git show bd82f3f~:extractors/weights/mentions.onnx > .work/before/mentions.onnx
    python benchmarks/unseen_texts.py .work/before extractors/weights
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from mentions import CORPORA, SPLITS, scores

from kgbuild.extractors.tagger import TaggerRecognizer
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument
from kgbuild.training.corpora import read_corpus

CHEMPROT = CORPORA / "chemprot/original/chemprot_development_"


def rows(name: str) -> list[list[str]]:
    text = Path(f"{CHEMPROT}{name}.tsv").read_text("utf-8")
    return list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def chemprot(schema: Schema, *, documents: int = 200) -> list[AnnotatedDocument]:
    """Return the first abstracts, by way of PubTator."""
    marked = defaultdict(list)
    for key, _, kind, start, end, text in rows("entities"):
        label = "Chemical" if kind == "CHEMICAL" else "Gene"
        marked[key].append(f"{key}\t{start}\t{end}\t{text}\t{label}")
    blocks = [
        "\n".join([f"{key}|t|{title}", f"{key}|a|{abstract}", *marked[key], ""])
        for key, title, abstract in rows("abstracts")[:documents]
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chemprot.pubtator"
        path.write_text("\n".join(blocks), "utf-8")
        return read_corpus([path], schema=schema)


def main() -> None:
    schema = Schema.load("biomedical")
    models = [Path(name) for name in sys.argv[1:]]
    print(f"| corpus | {' | '.join(map(str, models))} |\n|---|{'---:|' * len(models)}")
    corpora = {name: read_corpus([CORPORA / SPLITS[name]], schema=schema)[:2500]
               for name in ("linnaeus", "anatem")}  # fmt: skip
    corpora["chemprot"] = chemprot(schema)
    for name, documents in corpora.items():
        cells = []
        for model in models:
            if name == "chemprot":
                kinds = ("ChemicalEntity", "Gene")
                recognizer = TaggerRecognizer(model, categories=kinds)
            else:
                recognizer = TaggerRecognizer(model, convention=name)
            cells.append(f"{100 * scores(recognizer, documents)['micro'][2]:.1f}")
        print(f"| {name} ({len(documents):,}) | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
