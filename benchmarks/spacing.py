"""Measure how often the guessed white space between tokens is that of the text.

Run ``python benchmarks/spacing.py``: sentences of annotated abstracts are cut into words and
punctuation, as the corpora in IOB are, put together again by ``kgbuild.readers.spacing``, and each
gap between two tokens compared with the text's own.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from kgbuild.readers import read_documents
from kgbuild.readers.spacing import spaced
from kgbuild.records import AnnotatedDocument
from kgbuild.text import segment

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"
FILES = (
    "bc5cdr/CDR_TrainingSet.PubTator.txt",
    "biored/Train.PubTator",
    "ncbi_disease/NCBItrainset_corpus.txt",
)
TOKEN = re.compile(r"\w+|[^\w\s]")


def gaps(sentence: str) -> tuple[int, int, int]:
    """Return gaps guessed right, gaps that are a space, and all gaps of a sentence."""
    found = [match.span() for match in TOKEN.finditer(sentence)]
    _, spans = spaced([sentence[start:end] for start, end in found], guess=True)
    pairs = list(zip(pairwise(found), pairwise(spans), strict=True))
    right = sum((a[1] == b[0]) == (c[1] == d[0]) for (a, b), (c, d) in pairs)
    return right, sum(a[1] != b[0] for (a, b), _ in pairs), len(pairs)


def main() -> None:
    """Print the share of gaps that each way gets right."""
    items = [item for item in read_documents([SHARED / name for name in FILES])
             if isinstance(item, AnnotatedDocument)]  # fmt: skip
    counts = [
        gaps(item.document.text[sentence.start : sentence.end])
        for item in segment(items)
        for sentence in item.sentences
    ]
    right, spaces, all_gaps = (sum(column) for column in zip(*counts, strict=True))
    print(f"{len(counts):,} sentences, {all_gaps:,} gaps between tokens")
    print(f"guessed  {right / all_gaps:.3f}")
    print(f"a space everywhere  {spaces / all_gaps:.3f}")


if __name__ == "__main__":
    main()
