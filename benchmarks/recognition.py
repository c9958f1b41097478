"""Dictionary and variant recognition on development splits, mentions and ids of documents.

Strict: place and category must both be right; phenotypes count as diseases and proteins as genes,
as the corpora have it. Document level: the set of MeSH identifiers of a document. Vocabularies:
MeSH descriptors and supplementary records, HGNC, MONDO, HPO.

    python benchmarks/recognition.py
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from shared_vocabularies import SHARED, shared_vocabularies

from kgbuild.cache import cache_folder
from kgbuild.extractors.dictionary import DictionaryRecognizer
from kgbuild.extractors.variants import VariantRecognizer
from kgbuild.normalizer import Lexicon, build_lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies.schema import Schema
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument
from kgbuild.text import segment

CORPORA = SHARED / "corpora"
SAME = {"PhenotypicFeature": "Disease", "Protein": "Gene"}
SPLITS = {
    "BC5CDR dev": ("bc5cdr/CDR_DevelopmentSet.PubTator.txt", ["ChemicalEntity", "Disease"]),
    "NCBI-disease dev": ("ncbi_disease/NCBIdevelopset_corpus.txt", ["Disease"]),
    "BioRED dev": (
        "biored/Dev.PubTator",
        ["ChemicalEntity", "Disease", "Gene", "OrganismTaxon", "SequenceVariant"],
    ),
}
FOUND = ["Gene", "Protein", "Disease", "PhenotypicFeature", "ChemicalEntity", "OrganismTaxon"]


def documents(path: Path) -> list[AnnotatedDocument]:
    read = (d for d in read_documents([path]) if isinstance(d, AnnotatedDocument))
    return segment(list(read))


def scores(right: int, found: int, gold: int) -> str:
    precision, recall = right / max(found, 1), right / max(gold, 1)
    f1 = 2 * right / max(found + gold, 1)
    return f"{precision:.3f} | {recall:.3f} | {f1:.3f} | {gold}"


def recognition(schema: Schema, lexicon: Lexicon) -> None:
    dictionary = DictionaryRecognizer(lexicon, schema=schema, categories=FOUND)
    linker = Linker(lexicon, schema=schema, trust_given=False)
    print("| corpus | category | precision | recall | F1 | gold |\n|---|---|---|---|---|---|")
    for name, (file, wanted) in SPLITS.items():
        texts = documents(CORPORA / file)
        started = time.perf_counter()
        found = dictionary.recognize(texts)
        took = time.perf_counter() - started
        mentions = [
            (*one, *two)
            for one, two in zip(found, VariantRecognizer().recognize(texts), strict=True)
        ]
        counts: Counter[tuple[str, str]] = Counter()
        for text, predicted in zip(texts, mentions, strict=True):
            gold = {
                (m.start, m.end, _same(schema.category(m.category) or m.category))
                for m in text.mentions
            }
            guess = {(m.start, m.end, _same(m.category)) for m in predicted}
            for kind, places in (("right", gold & guess), ("found", guess), ("gold", gold)):
                counts.update((kind, c) for *_, c in places)
        for category in wanted:
            row = [counts[kind, category] for kind in ("right", "found", "gold")]
            print(f"| {name} | {category} | {scores(*row)} |")
        row = [sum(counts[kind, c] for c in wanted) for kind in ("right", "found", "gold")]
        print(f"| {name} | all | {scores(*row)} |")
        size = sum(len(t.document.text) for t in texts)
        _document_level(name, texts, found, linker)
        speed = f"{len(texts) / took:.0f} documents/s, {size / took / 1e6:.2f} MB/s"
        print(f"| {name} | {speed} | | | | |")


def _same(category: str) -> str:
    return SAME.get(category, category)


def _document_level(
    name: str, texts: list[AnnotatedDocument], found: list[tuple[object, ...]], linker: Linker
) -> None:
    right = guessed = known = 0
    predicted = [
        replace(text, mentions=mentions, groundings=())  # type: ignore[arg-type]
        for text, mentions in zip(texts, found, strict=True)
    ]
    for text, groundings in zip(texts, linker.ground(predicted), strict=True):
        gold = {g.curie for g in text.groundings if g.curie.startswith("MESH:")}
        guess = {
            next((c.curie for c in g.candidates if c.curie.startswith("MESH:")), "")
            for g in groundings
            if g.category in {"Disease", "PhenotypicFeature", "ChemicalEntity"}
        } - {""}
        right, guessed, known = right + len(gold & guess), guessed + len(guess), known + len(gold)
    print(f"| {name} | MeSH ids of documents | {scores(right, guessed, known)} |")


def main() -> None:
    schema = Schema.load()
    folder = cache_folder() / "benchmarks"
    vocabularies = list(shared_vocabularies().values())
    report = build_lexicon(vocabularies, folder / "recognition", schema=schema)
    print(f"{report.terms:,} terms, {report.names:,} names; built {report.built}\n")
    recognition(schema, Lexicon.open(folder / "recognition"))


if __name__ == "__main__":
    main()
