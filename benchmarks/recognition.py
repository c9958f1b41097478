"""Dictionary and variant recognition, and linking, on development splits.

Strict: place and category must both be right; phenotypes count as diseases and proteins as genes,
as the corpora have it. Document level: the set of MeSH identifiers of a document. Vocabularies:
MeSH descriptors and supplementary records, HGNC, MONDO, HPO.

    python benchmarks/recognition.py
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
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
from kgbuild.records import AnnotatedDocument, Failure, Synonym, Term
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


class Medic:
    """MEDIC of July 2012: the identifiers that NCBI-disease is annotated with."""

    name, version, fingerprint = "medic", "2012-07-06", "medic-1"

    def terms(self) -> Iterable[Term | Failure]:
        import gzip

        path = SHARED / "kb/medic/medic_06Jul2012.txt.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                raw, other, _, *names = line.rstrip("\n").split("|")
                if names:
                    curies = [_medic_curie(code) for code in (raw, *other.split(";")) if code]
                    synonyms = tuple(Synonym(name) for name in names[1:] if name)
                    yield Term(curies[0], names[0], "Disease", synonyms, tuple(curies[1:]))


def _medic_curie(code: str) -> str:
    return f"OMIM:{code}" if code.isdigit() else f"MESH:{code}"


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


def linking(schema: Schema, folder: Path) -> None:
    build_lexicon([Medic()], folder, schema=schema)  # type: ignore[list-item]
    lexicon = Lexicon.open(folder)
    linker = Linker(lexicon, schema=schema, trust_given=False)
    texts = documents(CORPORA / SPLITS["NCBI-disease dev"][0])
    asked = [
        replace(
            t, groundings=(), mentions=tuple(replace(m, category="Disease") for m in t.mentions)
        )
        for t in texts
    ]
    methods: Counter[str] = Counter()
    right: Counter[str] = Counter()
    at_five = 0
    for text, groundings in zip(texts, linker.ground(asked), strict=True):
        gold: dict[str, set[str]] = {}
        for given in text.groundings:
            gold.setdefault(given.mention, set()).add(given.curie)
        for mention, grounding in zip(text.mentions, groundings, strict=True):
            accepted = gold.get(mention.id, set())
            methods[grounding.method] += 1
            right[grounding.method] += bool(_ids(lexicon, grounding.curie) & accepted)
            at_five += any(_ids(lexicon, c.curie) & accepted for c in grounding.candidates[:5])
    total = sum(methods.values())
    print("\nLinking gold mentions of NCBI-disease dev to MEDIC, without vectors:\n")
    print("| method | mentions | right |\n|---|---|---|")
    for method, count in methods.most_common():
        print(f"| {method} | {count} | {right[method]} |")
    print(f"\naccuracy@1 {sum(right.values()) / total:.3f}, @5 {at_five / total:.3f}, of {total}")


def _ids(lexicon: Lexicon, curie: str) -> set[str]:
    if not curie or curie not in lexicon:
        return set()
    return {curie, *lexicon.term(curie).xrefs}


def main() -> None:
    schema = Schema.load()
    folder = cache_folder() / "benchmarks"
    vocabularies = list(shared_vocabularies().values())
    report = build_lexicon(vocabularies, folder / "recognition", schema=schema)
    print(f"{report.terms:,} terms, {report.names:,} names; built {report.built}\n")
    recognition(schema, Lexicon.open(folder / "recognition"))
    linking(schema, folder / "medic")


if __name__ == "__main__":
    main()
