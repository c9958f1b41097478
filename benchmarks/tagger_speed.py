"""The shipped recognizer's speed beside its bare forward pass and a transformers pipeline.

Text to mentions, on the same documents, in one run: the recognizer; ONNX Runtime over the very same
batches and nothing else (the limit); transformers' token-classification pipeline in fp32 over the
same encoder and head. Rates are in documents and word pieces a second; processor time beside wall
time, since machines are busy.

    python benchmarks/tagger_speed.py --documents 200
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kgbuild.checkpoints import quiet_transformers
from kgbuild.extractors.conventions import bioes_labels
from kgbuild.extractors.tagger import TaggerRecognizer
from kgbuild.extractors.tagging import prepare
from kgbuild.ontologies.schema import Schema
from kgbuild.training.corpora import read_corpus

SHARED = Path(__file__).resolve().parents[2] / "shared"
DOCUMENTS = SHARED / "corpora/bc5cdr/CDR_DevelopmentSet.PubTator.txt"


class _Recording:
    """Keeps the batches that pass through a session."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.batches: list[Any] = []

    def run(self, outputs: Any, feed: Any) -> Any:
        self.batches.append(feed)
        return self._session.run(outputs, feed)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def plain_pipeline(base: Path, folder: Path) -> Any:
    """Return transformers' pipeline over an encoder of the same size, fp32, as it comes."""
    with quiet_transformers():
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

        names = dict(enumerate(bioes_labels(["Disease", "ChemicalEntity"])))
        model = AutoModelForTokenClassification.from_pretrained(
            base, num_labels=len(names), id2label=names
        )
        model.save_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(base)
        tokenizer.model_max_length = 512
        return pipeline(
            "token-classification", model=model, tokenizer=tokenizer, device="cpu", stride=64,
            aggregation_strategy="simple",
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", type=Path, default=Path("training/base"))
    options = parser.parse_args()
    read = read_corpus([DOCUMENTS], schema=Schema.load("biomedical"))
    documents = [item.with_mentions(()) for item in read[: options.documents]]
    recognizer = TaggerRecognizer()
    session = recognizer._session
    recording = _Recording(session)
    recognizer._session = recording
    recognizer.recognize(documents)
    recognizer._session = session
    pieces = sum(int(feed["attention_mask"].sum()) for feed in recording.batches)

    def bare() -> None:
        with ThreadPoolExecutor(recognizer._threads) as pool:
            list(pool.map(lambda feed: session.run(None, feed), recording.batches))

    work: dict[str, Callable[[], object]] = {
        "bare forward pass, int8": bare,
        "recognizer": lambda: recognizer.recognize(documents),
        "of which: pieces, words, hints": lambda: prepare(
            documents, recognizer._tokenizer, recognizer._gazetteer
        ),
    }
    with TemporaryDirectory() as scratch:
        pipe = plain_pipeline(options.base, Path(scratch))
        few = [item.document.text for item in documents[: max(len(documents) // 5, 1)]]
        work["transformers pipeline, fp32 (a fifth, x 5)"] = lambda: pipe(few, batch_size=32)
        best: dict[str, tuple[float, float]] = {}
        for _ in range(options.rounds):
            for name, job in work.items():
                factor = len(documents) / len(few) if "pipeline" in name else 1.0
                taken = tuple(factor * seconds for seconds in timed(job))
                best[name] = min(best.get(name, taken), taken)  # type: ignore[type-var]
    limit = best["bare forward pass, int8"]
    print(f"{len(documents)} documents, {pieces:,} word pieces, {os.cpu_count()} cores; best of "
          f"{options.rounds} rounds\n")  # fmt: skip
    print("| | wall s | processor s | documents/s | word pieces/s | bare / this: wall, processor |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, (wall, cpu) in best.items():
        print(
            f"| {name} | {wall:.2f} | {cpu:.2f} | {len(documents) / wall:.0f} "
            f"| {pieces / wall:,.0f} | {limit[0] / wall:.2f}, {limit[1] / cpu:.2f} |"
        )


if __name__ == "__main__":
    main()
