"""Search by vectors: each kind of index on the same vectors, its recall@10 beside exact search.

The vectors are those of the names in ../shared/kb, made by an encoder; where more are asked for
than there are names, each further one is a name's vector with noise, at a cosine of about 0.9 from
it, so that they lie in clusters. The queries are 1,000 names that are not among them. Times are in
seconds of one core (processor time at one thread), since machines are busy. Resident memory is
what the process holds of its own after the search, and what it has mapped from files, which the
system may take back.

    python benchmarks/vector_search.py --count 1000000 [--kinds hnsw ivf ivfpq] [--vectors FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from rich.console import Console
from rich.table import Table
from vocabularies import KB, rows

from kgbuild.normalizer.encoder import OnnxEncoder, open_encoder
from kgbuild.normalizer.vector_choice import Choice, choose_index, this_machine
from kgbuild.normalizer.vector_flat import FlatIndex
from kgbuild.normalizer.vector_index import (
    FaissIndex,
    TorchIndex,
    VectorIndex,
    build_index,
    open_index,
)
from kgbuild.ontologies.vocabulary import Vocabulary
from kgbuild.records import Failure

QUERIES, K, BLOCK = 1000, 10, 65_536


def names() -> list[str]:
    """Return all different names of ../shared/kb, in an order of chance."""
    found: set[str] = set()
    for row in rows(KB):
        source = Vocabulary(row.file, "", (KB / row.file,), row.format, row.options)
        for term in source.terms():
            if not isinstance(term, Failure):
                found.add(term.name)
                found.update(synonym.text for synonym in term.synonyms)
    ordered = np.array(sorted(found), dtype=object)
    return list(np.random.default_rng(0).permutation(ordered))


def encode(path: Path, encoder_folder: str | None, most: int) -> None:
    """Write the vectors of up to ``most`` names, and the queries behind them."""
    encoder = OnnxEncoder(encoder_folder) if encoder_folder else open_encoder()
    texts = names()[: most + QUERIES]
    shape = (len(texts), encoder.dimension)
    vectors = np.lib.format.open_memmap(path, mode="w+", dtype="float16", shape=shape)
    by_length = np.array(sorted(range(len(texts)), key=lambda i: len(texts[i])))
    for start in range(0, len(texts), 8192):
        chosen = by_length[start : start + 8192]
        vectors[chosen] = encoder.encode([texts[i] for i in chosen])
    vectors.flush()


def widened(path: Path, real: np.ndarray, count: int) -> np.ndarray:
    """Write ``count`` vectors: the real ones, then noisy copies."""
    shape = (count, real.shape[1])
    vectors = np.lib.format.open_memmap(path, mode="w+", dtype="float16", shape=shape)
    generator = np.random.default_rng(1)
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        block = real[np.arange(start, stop) % len(real)].astype(np.float32)
        copies = np.arange(start, stop) >= len(real)
        noise = generator.standard_normal((int(copies.sum()), shape[1]), dtype=np.float32)
        block[copies] += noise * (0.48 / shape[1] ** 0.5)
        vectors[start:stop] = block / np.linalg.norm(block, axis=1, keepdims=True)
    vectors.flush()
    return vectors


def resident() -> tuple[float, float]:
    """Return megabytes of one's own, and mapped from files."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
    return int(sizes["RssAnon"]) / 1024, int(sizes["RssFile"]) / 1024


def chosen(vectors: np.ndarray, kind: str) -> Choice:
    """Return the choice of a kind, on the processor or where it is searched on this machine."""
    return choose_index(len(vectors), vectors.shape[1], this_machine(), kind)


def measure(folder: Path, kind: str) -> dict[str, Any]:
    """Build in this process, then search in one that only opened the index."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    start = time.process_time()
    index = build_index(vectors, chosen(vectors, kind)) if kind != "torch" else None
    seconds = time.process_time() - start
    path = folder / f"{kind}.faiss"
    if isinstance(index, FaissIndex):
        index.save(path)
    searched = run("search", folder, kind)
    size = path.stat().st_size / 1e6 if path.exists() else 0.0
    path.unlink(missing_ok=True)
    return {"build": seconds, "file": size, **searched}


def search(folder: Path, kind: str) -> dict[str, Any]:
    """Open an index and ask it all queries at once."""
    queries = np.load(folder / "queries.npy").astype(np.float32)
    expected = np.load(folder / "expected.npy")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    start = time.perf_counter()
    index: VectorIndex = (
        TorchIndex(vectors, device="cpu")
        if kind == "torch"
        else open_index(folder / f"{kind}.faiss", vectors, chosen(vectors, kind))
    )
    opened = time.perf_counter() - start
    index.search(queries[:10], k=K)
    start = time.process_time()
    _, found = index.search(queries, k=K)
    rate = len(queries) / (time.process_time() - start)
    own, mapped = resident()
    hits = sum(len(set(a) & set(b)) for a, b in zip(found, expected, strict=True))
    return {"rate": rate, "recall": hits / expected.size, "own": own, "mapped": mapped,
            "open": opened}  # fmt: skip


def run(what: str, folder: Path, kind: str) -> dict[str, Any]:
    """Do it in a process of its own, whose memory is nobody else's."""
    command = [sys.executable, __file__, "--inside", what, "--folder", str(folder), "--kinds", kind]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def prepare(folder: Path, count: int, vectors: Path, encoder: str | None) -> int:
    """Lay down vectors, queries and the exact answer; return the dimension."""
    if not vectors.exists():
        encode(vectors, encoder, count)
    real = np.load(vectors, mmap_mode="r")
    np.save(folder / "queries.npy", real[-QUERIES:])
    chosen = real[:-QUERIES][:count]
    base = widened(folder / "vectors.npy", chosen, count)
    _, expected = FlatIndex(base).search(real[-QUERIES:].astype(np.float32), k=K)
    np.save(folder / "expected.npy", expected)
    return int(base.shape[1])


def lines(arguments: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    with TemporaryDirectory(dir=arguments.folder) as temporary:
        folder = Path(temporary)
        given = Path(arguments.vectors) if arguments.vectors else folder / "real.npy"
        dimension = prepare(folder, arguments.count, given, arguments.encoder)
        for kind in arguments.kinds:
            m = run("measure", folder, kind)
            yield (kind, f"{arguments.count:,}", f"{dimension}", f"{m['build']:,.1f}",
                   f"{m['open'] * 1000:,.0f}", f"{m['rate']:,.0f}", f"{m['recall']:.3f}",
                   f"{m['file']:,.0f}", f"{m['own']:,.0f}", f"{m['mapped']:,.0f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--kinds", nargs="+", default=["flat", "torch", "hnsw", "ivf", "ivfpq"])
    parser.add_argument("--vectors", help="where the names' vectors are, or shall be, kept")
    parser.add_argument("--encoder", help="folder of an exported encoder; default kgbuild's own")
    parser.add_argument("--folder", help="where there is room for the files")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        work = measure if arguments.inside == "measure" else search
        sys.stdout.write(json.dumps(work(Path(arguments.folder), arguments.kinds[0])))
        return
    table = Table("kind")
    for column in ("vectors", "numbers each", "build s", "open ms", "queries/s", "recall@10",
                   "file MB", "own MB", "mapped MB"):  # fmt: skip
        table.add_column(column, justify="right")
    for line in lines(arguments):
        table.add_row(*line)
    console = Console(width=120)
    console.print(table)
    for count in (100_000, 1_000_000, 10_000_000):
        console.print(
            f"{count:,} vectors of 384, unasked: {choose_index(count, 384, this_machine())}"
        )


if __name__ == "__main__":
    main()
