"""Derive extractors/common_words.txt: frequent English words that names collide with.

A word is listed when BioRED, BC5CDR and NCBI-disease (training splits, US government works) write
it in lower case at least MIN times outside their mentions and (almost) never as a mention of its
own in BioRED, whose annotation covers six categories.

    python benchmarks/common_words.py > extractors/common_words.txt
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
FILES = (
    "biored/Train.PubTator",
    "bc5cdr/CDR_TrainingSet.PubTator.txt",
    "ncbi_disease/NCBItrainset_corpus.txt",
)
MIN = 6
MIN_BIORED = 2
WORD = re.compile(r"(?<![\w-])[a-z]{2,}(?![\w-])")


def count(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Return how often each lower-case word stands outside mentions, and as a whole mention."""
    outside: Counter[str] = Counter()
    mentions: Counter[str] = Counter()
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip().splitlines()
        text = " ".join(line.split("|", 2)[2] for line in lines if re.match(r"\d+\|[ta]\|", line))
        spans = [
            (int(f[1]), int(f[2]))
            for f in (line.split("\t") for line in lines)
            if len(f) >= 5 and f[1].isdigit() and f[2].isdigit()
        ]
        covered = bytearray(len(text) + 1)
        for start, end in spans:
            mentions[text[start:end].lower()] += 1
            covered[start:end] = b"\x01" * (end - start)
        outside.update(m[0] for m in WORD.finditer(text) if not covered[m.start()])
    return outside, mentions


def main() -> None:
    counts = [count(CORPORA / name) for name in FILES]
    total: Counter[str] = sum((outside for outside, _ in counts), Counter())
    named: Counter[str] = sum((mentions for _, mentions in counts), Counter())
    biored = counts[0][0]
    words = sorted(
        word
        for word, n in total.items()
        if n >= MIN and biored[word] >= MIN_BIORED and named[word] * 50 < n
    )
    print(
        "# Frequent lower-case English words outside mentions; made by benchmarks/common_words.py"
    )
    print("\n".join(words))


if __name__ == "__main__":
    main()
