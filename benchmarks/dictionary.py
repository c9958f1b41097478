"""Dictionary recognition against the bare automaton, spaCy's PhraseMatcher and flashtext.

All match the same names (MeSH descriptors and supplementary records, HGNC) in the same text, in
one run, one after the other, each in a process of its own so that its memory is its own. The table
goes to the standard output and to benchmarks/dictionary.md.

    python benchmarks/dictionary.py [--names 1000000] [--megabytes 1.3]
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from shared_vocabularies import SHARED, shared_vocabularies

from kgbuild.normalizer import Lexicon, build_lexicon, normal_form, normal_key
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
    """Return abstracts of BC5CDR, repeated where they don't make up the size asked for."""
    texts = []
    for part in ("Training", "Development"):
        path = SHARED / f"corpora/bc5cdr/CDR_{part}Set.PubTator.txt"
        lines = path.read_text(encoding="utf-8").splitlines()
        texts += [line.split("|", 2)[2] for line in lines if "|a|" in line[:12]]
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


def timed(
    build: Callable[[], Callable[[Any], int]], texts: Sequence[Any], *, warm: bool = False
) -> Result:
    started = time.perf_counter()
    match = build()
    built = time.perf_counter() - started
    if warm:
        for text in texts:
            match(text)
    started = time.perf_counter()
    found = sum(match(text) for text in texts)
    return built, memory(), time.perf_counter() - started, found


def recognizer_first_pass(count: int, texts: list[str], folder: str) -> Result:
    return _recognizer(texts, folder, warm=False)


def recognizer_second_pass(count: int, texts: list[str], folder: str) -> Result:
    return _recognizer(texts, folder, warm=True)


def _recognizer(texts: list[str], folder: str, *, warm: bool) -> Result:
    from kgbuild.extractors.dictionary import DictionaryRecognizer

    schema = Schema.load()

    def build() -> Callable[[str], int]:
        lexicon = Lexicon.open(folder)
        recognizer = DictionaryRecognizer(lexicon, schema=schema)
        recognizer.recognize([AnnotatedDocument(Document("x:1", "warm"))])
        return lambda text: len(recognizer.recognize([AnnotatedDocument(Document("x:1", text))])[0])

    return timed(build, texts, warm=warm)


def kgbuild_build(count: int, texts: list[str], folder: str) -> Result:
    started = time.perf_counter()
    report = build_lexicon([First(count)], Path(folder), schema=Schema.load())
    return time.perf_counter() - started, memory(), 0.0, report.names


def bare_automaton(count: int, texts: list[str], folder: str) -> Result:
    import daachorse

    keys = sorted({k for n in names_of(count) if (k := normal_key(n))})
    folded = [normal_form(text).key.encode() for text in texts]

    def build() -> Callable[[bytes], int]:
        automaton = daachorse.DoubleArrayAhoCorasick([key.encode() for key in keys])
        return lambda text: len(automaton.find_overlapping(text))

    return timed(build, folded)


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

    return _flashtext(KeywordProcessor(), names_of(count), texts)


def flashtext2(count: int, texts: list[str], folder: str) -> Result:
    from flashtext2 import KeywordProcessor

    return _flashtext(KeywordProcessor(case_sensitive=False), names_of(count), texts)


def _flashtext(processor: Any, names: list[str], texts: list[str]) -> Result:
    def build() -> Callable[[str], int]:
        for name in names:
            if name.strip():
                processor.add_keyword(name)
        return lambda text: len(processor.extract_keywords(text))

    return timed(build, texts)


RUNS = (
    kgbuild_build,
    recognizer_first_pass,
    recognizer_second_pass,
    bare_automaton,
    flashtext2,
    flashtext,
    phrase_matcher,
)
NOTES = """
- kgbuild build: reading the vocabularies' files, folding, sorting, the automaton, all on disk.
- recognizer, first pass: with the lexicon opened (not built) and nothing remembered: folding,
  scan, case, stop lists, longest match, categories in context, `Mention` records. Second pass:
  the same text again, so words are folded and names judged already, as late in a large job.
- bare automaton: daachorse's overlapping scan alone, of text folded beforehand: every hit, nested
  ones too, as places in the folded text. Its memory includes the names that it was built from.
- the others get the names as they are and match them in lower case, no variants; flashtext and
  flashtext2 return the longest match, PhraseMatcher all. Tokenizing is in PhraseMatcher's time.
- peak MB is the process's; building the others includes adding the names, not reading them.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=float, default=1.3)
    options = parser.parse_args()
    texts = documents(options.megabytes)
    size = sum(map(len, texts)) / 1e6
    command = f"python benchmarks/dictionary.py --names {options.names}"
    page = Path(__file__).with_suffix(".md")
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    say(f"# {options.names:,} names at most in {len(texts)} texts, {size:.2f} M characters\n")
    say(f"`{command} --megabytes {options.megabytes}`, {time.strftime('%Y-%m-%d %H:%M')}, ")
    say(f"{os.cpu_count()} cores shared with other work; load average in the last column.\n")
    say("| matcher | build or open, s | peak MB | MB/s | texts/s | found | time, ratio | load |")
    say("|---|---|---|---|---|---|---|---|")
    base = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for run in RUNS:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                built, peak, took, found = pool.submit(run, options.names, texts, folder).result()
            base = base or took
            rates = f"{size / took:.2f} | {len(texts) / took:.0f}" if took else " | "
            ratio = f"{took / base:.2f}" if took else ""
            name = run.__name__.replace("_", " ")
            load = f"{os.getloadavg()[0]:.1f}"
            say(f"| {name} | {built:.2f} | {peak:.0f} | {rates} | {found:,} | {ratio} | {load} |")
    say(NOTES)
    page.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
