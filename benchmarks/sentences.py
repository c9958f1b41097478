"""Compare sentence splitters on biomedical text: boundaries, cut mentions, speed, upkeep.

Run ``python benchmarks/sentences.py``. It needs ../shared/corpora, and the libraries that are
compared: ``uv pip install syntok pysbd blingfire segtok nltk spacy``; one that is absent is left
out with a note.

(a) jnlpba, linnaeus, anatem and bc2gm hold tokens in blocks of a sentence. They are detokenized,
joined by one space, and boundaries are compared by the count of characters that are not space. A
gold sentence without final punctuation (a title, a heading) ends the passage: readers know those.
(b) BC5CDR, BioRED and NCBI-disease keep their text untouched: a boundary inside a gold mention is
certainly wrong. (c) Speed is measured on the text of (b), in megabytes of UTF-8 a second.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"
Splitter = Callable[[str], list[tuple[int, int]]]

TOKENIZED = {
    "jnlpba": "jnlpba/dev.tsv",
    "linnaeus": "linnaeus/devel.tsv",
    "anatem": "anatem/devel.tsv",
    "bc2gm": "bc2gm/devel.tsv",
}
UNTOUCHED = {
    "bc5cdr": "bc5cdr/CDR_DevelopmentSet.PubTator.txt",
    "biored": "biored/Dev.PubTator",
    "ncbi_disease": "ncbi_disease/NCBIdevelopset_corpus.txt",
}
PACKAGES = {
    "kgbuild": ["kgbuild"],
    "syntok": ["syntok", "regex"],
    "pysbd": ["pysbd"],
    "blingfire": ["blingfire"],
    "segtok": ["segtok", "regex"],
    "nltk punkt": ["nltk", "regex", "click", "joblib", "tqdm"],
    "spacy sentencizer": ["spacy", "thinc", "blis", "srsly", "cymem", "preshed", "murmurhash"],
    "spacy blank rules": ["spacy"],
}
_NO_SPACE_BEFORE = re.compile(r" ([,.;:?!%)\]}’'])")
_NO_SPACE_AFTER = re.compile(r"([(\[{]) ")


def detokenize(tokens: list[str]) -> str:
    """Join tokens as an author would have written them, near enough for a splitter."""
    text = " ".join(tokens).replace("`` ", '"').replace(" ''", '"')
    text = re.sub(r"(?<=\w) ?([-/]) (?=\w)", r"\1", text)
    text = re.sub(r"(?<=\d) ([.,]) (?=\d)", r"\1", text)
    text = re.sub(r"\b([a-zA-Z]) \. ([a-zA-Z]) \.", r"\1.\2.", text)
    return _NO_SPACE_AFTER.sub(r"\1", _NO_SPACE_BEFORE.sub(r"\1", text))


def tokenized_passages(path: Path) -> Iterator[list[str]]:
    """Yield passages, each a list of gold sentences."""
    passage: list[str] = []
    tokens: list[str] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.strip():
            if not line.startswith("-DOCSTART-"):
                tokens.append(line.split("\t")[0])
            elif passage:
                yield passage
                passage = []
            continue
        if tokens:
            sentence = detokenize(tokens)
            passage.append(sentence)
            tokens = []
            if not re.search(r"[.?!][\"')\]]*$", sentence):
                yield passage
                passage = []
    if passage:
        yield passage


def untouched_documents(path: Path) -> Iterator[tuple[list[str], list[tuple[int, int]]]]:
    """Yield title and abstract, with the mentions as offsets into ``title + " " + abstract``."""
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.strip().split("\n")
        texts = [line.split("|", 2)[2] for line in lines if re.match(r"\d+\|[ta]\|", line)]
        rows = [line.split("\t") for line in lines if re.match(r"\d+\t\d+\t\d+\t", line)]
        yield texts, [(int(row[1]), int(row[2])) for row in rows]


def boundaries(text: str, spans: list[tuple[int, int]]) -> set[int]:
    """Return the ends of all sentences but the last, as counts of characters not space."""
    found = {len("".join(text[:end].split())) for _, end in spans}
    return found - {len("".join(text.split()))}


def score_boundaries(split: Splitter, passages: list[list[str]]) -> tuple[int, int, int]:
    """Return true positives, false positives and false negatives."""
    tp = fp = fn = 0
    for sentences in passages:
        text = " ".join(sentences)
        gold: set[int] = set()
        count = 0
        for sentence in sentences[:-1]:
            count += len("".join(sentence.split()))
            gold.add(count)
        found = boundaries(text, split(text))
        tp, fp, fn = tp + len(gold & found), fp + len(found - gold), fn + len(gold - found)
    return tp, fp, fn


def count_cut(split: Splitter, documents: list[tuple[list[str], list[tuple[int, int]]]]) -> int:
    """Return how many gold mentions a boundary cuts (they lie in no single sentence)."""
    cut = 0
    for texts, mentions in documents:
        spans, offset = [], 0
        for text in texts:
            spans += [(start + offset, end + offset) for start, end in split(text)]
            offset += len(text) + 1
        cut += sum(not any(s <= start and end <= e for s, e in spans) for start, end in mentions)
    return cut


def from_strings(text: str, sentences: list[str]) -> list[tuple[int, int]]:
    """Find the offsets of sentences that a library returns as strings."""
    spans, position = [], 0
    for sentence in sentences:
        wanted = sentence.strip()
        start = text.find(wanted, position)
        if wanted and start >= 0:
            position = start + len(wanted)
            spans.append((start, position))
    return spans


def kgbuild_splitter() -> Splitter:
    from kgbuild.text import split_sentences

    return lambda text: [(s.start, s.end) for s in split_sentences(text)]


def syntok_splitter() -> Splitter:
    from syntok import segmenter

    def split(text: str) -> list[tuple[int, int]]:
        return [
            (sentence[0].offset, sentence[-1].offset + len(sentence[-1].value))
            for paragraph in segmenter.analyze(text)
            for sentence in map(list, paragraph)
        ]

    return split


def pysbd_splitter() -> Splitter:
    import pysbd

    segmenter = pysbd.Segmenter(language="en", clean=False, char_span=True)

    def split(text: str) -> list[tuple[int, int]]:
        return [(s.start, s.start + len(s.sent.rstrip())) for s in segmenter.segment(text)]

    return split


def blingfire_splitter() -> Splitter:
    import blingfire

    def split(text: str) -> list[tuple[int, int]]:
        return list(blingfire.text_to_sentences_and_offsets(text)[1])

    return split


def segtok_splitter() -> Splitter:
    from segtok.segmenter import split_single

    return lambda text: from_strings(text, list(split_single(text)))


def nltk_splitter() -> Splitter:
    """Punkt without its downloaded model: trained here on the training texts (unsupervised)."""
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    train = SHARED / "bc5cdr" / "CDR_TrainingSet.PubTator.txt"
    text = "\n".join(" ".join(texts) for texts, _ in untouched_documents(train))
    tokenizer = PunktSentenceTokenizer(text)
    return lambda text: list(tokenizer.span_tokenize(text))


def spacy_splitter() -> Splitter:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 10**8

    return lambda text: [(s.start_char, s.end_char) for s in nlp(text).sents]


FACTORIES: dict[str, Callable[[], Splitter]] = {
    "kgbuild": kgbuild_splitter,
    "syntok": syntok_splitter,
    "pysbd": pysbd_splitter,
    "blingfire": blingfire_splitter,
    "segtok": segtok_splitter,
    "nltk punkt": nltk_splitter,
    "spacy sentencizer": spacy_splitter,
}


def package_facts(name: str) -> str:
    """Return version, licence and installed megabytes of a library with its own dependencies."""
    size = 0
    for package in PACKAGES[name]:
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        size += sum(p.stat().st_size for f in files if (p := Path(str(f.locate()))).is_file())
    info = metadata.metadata(PACKAGES[name][0])
    licence = info.get("License-Expression") or (info.get("License") or "?").split("\n")[0]
    return f"{info['Version']:>8} {licence[:16]:<16} {size / 1e6:6.1f}"


def main() -> None:
    """Print the tables."""
    tokenized = {k: list(tokenized_passages(SHARED / v)) for k, v in TOKENIZED.items()}
    untouched = {k: list(untouched_documents(SHARED / v)) for k, v in UNTOUCHED.items()}
    texts = [text for documents in untouched.values() for pair, _ in documents for text in pair]
    size = sum(len(text.encode()) for text in texts)
    mentions = sum(len(m) for documents in untouched.values() for _, m in documents)
    corpora = "".join(f" | {name:^17}" for name in TOKENIZED)
    head = "   P     R     F1 "
    print(f"{'':<18}{corpora} | {'cut':>4} {'MB/s':>6} | {'version':>8} {'licence':<16} {'MB':>6}")
    print(f"{'':<18}" + f" | {head}" * len(TOKENIZED) + f" | of {mentions}")
    for name in sys.argv[1:] or FACTORIES:
        try:
            split = FACTORIES[name]()
        except ImportError as error:
            print(f"{name:<18} | left out: {error}")
            continue
        row = ""
        for passages in tokenized.values():
            tp, fp, fn = score_boundaries(split, passages)
            p, r = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
            row += f" | {p:.3f} {r:.3f} {2 * p * r / max(p + r, 1e-9):.3f}"
        cut = sum(count_cut(split, documents) for documents in untouched.values())
        start = time.process_time()
        for text in texts:
            split(text)
        speed = size / 1e6 / (time.process_time() - start)
        print(f"{name:<18}{row} | {cut:>4} {speed:6.2f} | {package_facts(name)}", flush=True)


if __name__ == "__main__":
    main()
