"""What the relation model adds to a build, in processor seconds.

    OMP_NUM_THREADS=1 python benchmarks/relation_default.py [--documents 300]

Builds the first PubMed abstracts of ../shared/docs with the default configuration (starter
vocabulary, no vectors, no stores, one process), then again without the model, after a small build
that warms both up. Processor seconds are of all threads, so other work on the machine hardly moves
them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import islice
from pathlib import Path

from kgbuild.api import build_into
from kgbuild.config import Config
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument

SHARED = Path(__file__).resolve().parents[2] / "shared"
RELATIONS = {
    "patterns, co-occurrence": ["patterns", "cooccurrence"],
    "the default: with the model": ["patterns", "model", "cooccurrence"],
}


def built(documents: list[AnnotatedDocument], relations: list[str]) -> tuple[float, int, int]:
    """Return the processor seconds of a build, its statements and its pieces of evidence."""
    config = Config.model_validate(
        {
            "relations": [{"type": name} for name in relations],
            "grounding": {"dense": "off"},
            "run": {"workers": 1},
            "stores": [],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        report = build_into(Path(folder) / "graph", memory=documents, config=config)
        return time.process_time() - start, report.counts["statements"], report.counts["evidence"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=300)
    options = parser.parse_args()
    found = (
        AnnotatedDocument(item.document)
        for item in read_documents([SHARED / "docs" / "pubmed_xml"])
        if isinstance(item, AnnotatedDocument) and len(item.document.text) > 500
    )
    documents = list(islice(found, options.documents))
    built(documents[:5], RELATIONS["the default: with the model"])
    print(f"{len(documents)} PubMed abstracts\n")
    print("| relations | processor s | documents/s of one core | statements | evidence |")
    print("|---|--:|--:|--:|--:|")
    for name, relations in RELATIONS.items():
        seconds, statements, evidence = built(documents, relations)
        speed = len(documents) / seconds
        print(f"| {name} | {seconds:.1f} | {speed:.1f} | {statements:,} | {evidence:,} |")


if __name__ == "__main__":
    main()
