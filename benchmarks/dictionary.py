"""Dictionary recognition against the bare automaton, spaCy's PhraseMatcher and flashtext.

All match the same names (MeSH descriptors and supplementary records, HGNC) in the same text, in
one run, each in a process of its own so that its memory is its own.

    python benchmarks/dictionary.py [--names 1000000] [--megabytes 1]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from shared_vocabularies import SHARED, shared_vocabularies

from kgbuild.normalizer import Lexicon, build_lexicon, normal_key
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Failure, Term

VOCABULARIES = ("mesh", "mesh-supplementary", "hgnc")
Result = tuple[float, float, float, int]


class First:
    """The first terms of the vocabularies, up to a number of names."""

    name, version = "first", "1"

    def __init__(self, names: int) -> None:
        self.names = names
        self.fingerprint = str(names)

    def terms(self) -> Iterator[Term | Failure]:
        left = self.names
        known = shared_vocabularies()
        for name in VOCABULARIES:
            for item in known[name].terms():
                if isinstance(item, Term):
                    left -= 1 + len(item.synonyms)
                    if left < 0:
                        return
                yield item


def names_of(count: int) -> list[str]:
    terms = (t for t in First(count).terms() if isinstance(t, Term))
    return [text for t in terms for text in (t.name, *(s.text for s in t.synonyms))]


def documents(megabytes: float) -> list[str]:
    """Return abstracts of BC5CDR's training split, repeated to the size asked for."""
    lines = (SHARED / "corpora/bc5cdr/CDR_TrainingSet.PubTator.txt").read_text().splitlines()
    texts = [line.split("|", 2)[2] for line in lines if "|a|" in line[:12]]
    wanted, chosen = megabytes * 1e6, []
    while wanted > 0:
        for text in texts:
            chosen.append(text)
            wanted -= len(text)
            if wanted <= 0:
                break
    return chosen


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def timed(build: Callable[[], Callable[[str], int]], texts: list[str]) -> Result:
    started = time.perf_counter()
    match = build()
    built = time.perf_counter()
    found = sum(match(text) for text in texts)
    return built - started, memory(), time.perf_counter() - built, found


def kgbuild_recognizer(count: int, texts: list[str], folder: str) -> Result:
    from kgbuild.extractors.dictionary import DictionaryRecognizer

    schema = Schema.load()

    def build() -> Callable[[str], int]:
        lexicon = Lexicon.open(folder)
        recognizer = DictionaryRecognizer(lexicon, schema=schema)
        lexicon.scan("warm")
        return lambda text: len(recognizer.recognize([AnnotatedDocument(Document("x:1", text))])[0])

    return timed(build, texts)


def kgbuild_build(count: int, texts: list[str], folder: str) -> Result:
    started = time.perf_counter()
    report = build_lexicon([First(count)], Path(folder), schema=Schema.load())
    return time.perf_counter() - started, memory(), 0.0, report.names


def bare_automaton(count: int, texts: list[str], folder: str) -> Result:
    import daachorse

    keys = sorted({k for n in names_of(count) if (k := normal_key(n))})

    def build() -> Callable[[str], int]:
        automaton = daachorse.DoubleArrayAhoCorasick([key.encode() for key in keys])
        return lambda text: len(automaton.find_overlapping(f" {text.lower()} ".encode()))

    return timed(build, texts)


def phrase_matcher(count: int, texts: list[str], folder: str) -> Result:
    import spacy
    from spacy.matcher import PhraseMatcher

    names = names_of(count)

    def build() -> Callable[[str], int]:
        language = spacy.blank("en")
        matcher = PhraseMatcher(language.vocab, attr="LOWER")
        for start in range(0, len(names), 10_000):
            chunk = [language.make_doc(name) for name in names[start : start + 10_000]]
            matcher.add("NAME", chunk)
        return lambda text: len(matcher(language.make_doc(text)))

    return timed(build, texts)


def flashtext(count: int, texts: list[str], folder: str) -> Result:
    from flashtext import KeywordProcessor

    names = names_of(count)

    def build() -> Callable[[str], int]:
        processor = KeywordProcessor()
        for name in names:
            if name:
                processor.add_keyword(name)
        return lambda text: len(processor.extract_keywords(text))

    return timed(build, texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=float, default=1.0)
    options = parser.parse_args()
    texts = documents(options.megabytes)
    size = sum(map(len, texts)) / 1e6
    print(f"{options.names:,} names at most; {len(texts)} texts, {size:.2f} M characters\n")
    print("| matcher | build or open, s | peak MB | MB/s | documents/s | found | time, ratio |")
    print("|---|---|---|---|---|---|---|")
    base = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for run in (kgbuild_build, kgbuild_recognizer, bare_automaton, phrase_matcher, flashtext):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                built, peak, took, found = pool.submit(run, options.names, texts, folder).result()
            base = base or took
            rates = f"{size / took:.2f} | {len(texts) / took:.0f}" if took else " | "
            ratio = f"{took / base:.2f}" if took else ""
            name = run.__name__.replace("_", " ")
            print(
                f"| {name} | {built:.2f} | {peak:.0f} | {rates} | {found:,} | {ratio} |", flush=True
            )


if __name__ == "__main__":
    main()
