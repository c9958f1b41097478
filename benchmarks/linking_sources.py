"""What each source of candidates is worth: switched off alone, and added one after the other.

The dictionary is MEDIC of July 2012, the mentions are the gold ones of NCBI-disease and BC5CDR
(development splits, diseases); measured as `kgbuild evaluate --task grounding` measures gold
mentions, so as benchmarks/linking.py does. The last columns have the names of the training split
in the dictionary, too, as `kgbuild evaluate --train` adds them.

    python benchmarks/linking_sources.py [--encoder extractors/weights] [--split training]

`--split training` measures on the training splits instead: what is chosen is chosen there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from linking import SPLITS, TRAINING, medic

from kgbuild.components import make_components, prepare
from kgbuild.config import Config, GivenConfig
from kgbuild.evaluation.candidates import Completion
from kgbuild.evaluation.corpus import read_corpus
from kgbuild.evaluation.evaluate import Settings, add_grounding
from kgbuild.evaluation.predict import CANDIDATES, cross_references, training_vocabulary
from kgbuild.evaluation.result import Evaluation, Resampling
from kgbuild.normalizer.candidates import CandidateSearch
from kgbuild.normalizer.encoder import encoder_reranker, encoder_thresholds
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Candidate
from kgbuild.text import segment

SOURCES = {
    "normalized": "names equal in normal form",
    "rewritten": "inverted names, words that don't tell",
    "abbreviations": "abbreviations that the document defines",
    "memory": "a longer name of the document that adds the kind",
    "composites": "names of several things",
    "induced": "diseases that a text says a chemical induces",
    "guards": "guards of similar names",
    "ranking": "the learned order of similar names",
}
NOTES = """
"@1", "@5": right among the first candidates, sure of them or not; "@1 decided": NIL is wrong. "All
but" rows switch one thing off; the rows from "names equal as written" on add one after the other.
Character n-grams are asked where there are no vectors.
`species` moves no disease.
"""
EXACT = "names equal as written"
NGRAMS = "character n-grams"
VECTORS = "vectors"
MEASURES = ("@1", "@5", "@1 decided")


def ways() -> dict[str, dict[str, Any]]:
    """Return the rows of the table: what each is called, and its ``grounding`` section."""
    on: dict[str, Any] = {"dense": "on"}
    rows: dict[str, dict[str, Any]] = {"all": on}
    for source, name in {"exact": EXACT, **SOURCES}.items():
        rows[f"all but {name}"] = {**on, "without": [source]}
    rows[f"all but {VECTORS}, {NGRAMS} for them"] = {"dense": "off"}
    rows[f"all but {VECTORS}"] = {"dense": "off", "without": ["ngrams"]}
    rows[f"{VECTORS} alone"] = {**on, "without": ["exact", *SOURCES]}
    left = [*SOURCES, "ngrams"]
    rows[EXACT] = {"dense": "off", "without": list(left)}
    for source in list(SOURCES)[:-2]:  # guards and ranking are of what is similar
        left.remove(source)
        rows[f"+ {SOURCES[source]}"] = {"dense": "off", "without": list(left)}
    rows[f"+ {NGRAMS}, guarded"] = {"dense": "off"}
    rows[f"+ {VECTORS} instead"] = {**on, "without": list(left)}
    rows[f"+ {SOURCES['guards']}"] = {**on, "without": ["ranking"]}
    rows[f"+ {SOURCES['ranking']} (all)"] = on
    return rows


class Remembered:
    """A search whose answers are kept, since every row of the table asks for the same names."""

    def __init__(self, search: CandidateSearch) -> None:
        self.inner = search
        self.known: dict[tuple[str, int, Any], list[Candidate]] = {}

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """See ``CandidateSearch``."""
        new = [text for text in dict.fromkeys(texts) if (text, k, category) not in self.known]
        for text, found in zip(new, self.inner.search(new, k=k, category=category), strict=True):
            self.known[text, k, category] = found
        return [self.known[text, k, category] for text in texts]


def linkers(vocabularies: Sequence[Path], encoder: str) -> Callable[[Mapping[str, Any]], Linker]:
    """Return what makes the linker of a row, over one lexicon and one index."""
    on = {"dense": "on", "encoder": encoder, "trust_given": False}
    config = Config.model_validate({"vocabularies": list(map(str, vocabularies)), "grounding": on})
    config = config.model_copy(update={"recognizers": [GivenConfig()], "relations": []})
    whole: Any = make_components(prepare(config)).grounder
    dense = Remembered(whole.dense)
    thresholds = encoder_thresholds(encoder)
    return lambda row: Linker(
        whole.lexicon, schema=whole.schema, trust_given=False, thresholds=thresholds,
        dense=None if row["dense"] == "off" else dense, without=row.get("without", ()),
        reranker=encoder_reranker(encoder),
    )  # fmt: skip


def measure(
    gold: Sequence[AnnotatedDocument], segmented: Sequence[AnnotatedDocument], linker: Linker
) -> list[float]:
    """Return the accuracies of ``MEASURES`` and the documents' F1, in percent."""
    found = linker.ground(segmented)
    linked = [replace(item, groundings=own) for item, own in zip(segmented, found, strict=True)]
    if linker.goes_by_similarity:
        linked = Completion(linker, k=CANDIDATES).complete(linked)
    evaluation = Evaluation("", "", len(gold))
    settings = Settings(linker.schema, ("Disease",), resampling=Resampling(0))
    xrefs = cross_references(linker.lexicon, linker.schema)
    add_grounding(evaluation, gold, linked, xrefs, settings)
    accuracy, identifiers = evaluation.tables
    shares = {row.column: row.score.recall for row in accuracy.rows if row.label == "micro"}
    [f1] = [row.score.f1 for row in identifiers.rows if row.label == "micro"]
    return [100 * share for share in (*(shares[key] for key in MEASURES), f1)]


def names_of(corpus: str, path: Path, gold: set[str], schema: Schema) -> int:
    """Write the names of the corpus's training split as `kgbuild evaluate --train` does."""
    items: Any = read_corpus([TRAINING[corpus]], schema=schema).documents.values()
    return training_vocabulary(items, path, leave_out=gold.__contains__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--encoder", default="extractors/weights")
    parser.add_argument("--split", choices=["development", "training"], default="development")
    options = parser.parse_args()
    schema = Schema.load("biomedical")
    page = [f"`python benchmarks/linking_sources.py`, {time.strftime('%Y-%m-%d')}\n"]

    def say(line: str) -> None:
        print(line, flush=True)
        page.append(line)

    splits = SPLITS if options.split == "development" else TRAINING
    with TemporaryDirectory() as folder:
        table, names = Path(folder) / "medic.tsv", Path(folder) / "zz-training.tsv"
        table.write_text("\n".join(medic()) + "\n", "utf-8")
        for corpus, split in splits.items():
            documents = read_corpus([split], schema=schema).documents
            gold = list(documents.values())
            count = names_of(corpus, names, set(documents), schema)
            also = [f"{m}, {count:,} training names" for m in ("@1", "@1 decided")] if count else []
            say(f"\n| {corpus} | {' | '.join((*MEASURES, 'documents F1', *also))} |")
            say(f"|---|{'---:|' * (len(MEASURES) + 1 + len(also))}")
            bare = [replace(item, groundings=(), relations=()) for item in gold]
            segmented = segment(bare)
            plain = linkers([table], options.encoder)
            taught = linkers([table, names], options.encoder) if count else None
            for name, row in ways().items():
                cells = measure(gold, segmented, plain(row))
                if taught:
                    trained = measure(gold, segmented, taught(row))
                    cells += [trained[0], trained[2]]
                say(f"| {name} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")
    if options.split == "development":
        Path(__file__).with_suffix(".md").write_text("\n".join([*page, NOTES]), encoding="utf-8")


if __name__ == "__main__":
    main()
