"""A lexicon of a million names: built, built again with one vocabulary new, opened, asked.

    python benchmarks/lexicon_scale.py [--processes 2] [--vectors extractors/weights] [--folder DIR]
    python benchmarks/lexicon_scale.py --simulate 10000000

The vocabularies are MeSH with its supplementary records, HGNC, MONDO and HPO of ../shared/kb. Each
step is a process of its own, whose peak of resident memory (mapped pages that it touched included)
the table gives; "readers" is the largest of the processes that it starts. Mentions are the gold
ones of the development splits of BC5CDR, NCBI-disease and BioRED, looked up by name alone, then by
what is written alike where no name is equal, and with `--vectors` by vectors there, which use all
cores in one process. Vectors of mentions are not cached, those of names in words are made first;
`--folder` keeps them (and the lexicon) for the next run. Under the table is where the processor's
time goes, of all of a process's threads.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared_vocabularies import KB, SHARED, shared_vocabularies

from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.dense_names import DenseNames
from kgbuild.normalizer.encoder import OnnxEncoder
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.schema import Schema
from kgbuild.protocols import NameSource
from kgbuild.records import Term

SPLITS = (
    "ncbi_disease/NCBIdevelopset_corpus.txt",
    "bc5cdr/CDR_DevelopmentSet.PubTator.txt",
    "biored/Dev.PubTator",
)


def build(folder: Path, processes: int, *, fresh: bool) -> dict[str, Any]:
    """Build the lexicon; with ``fresh``, HPO comes from another file."""
    vocabularies = shared_vocabularies()
    if fresh:
        file = KB / "obo_json/hp.json.gz"
        vocabularies["hpo"] = replace(vocabularies["hpo"], files=(file,), format="term-list")
    report = build_lexicon(
        list(vocabularies.values()), folder / f"lexicon-{fresh}", schema=Schema.load(),
        parts=folder / "parts", processes=processes,
    )  # fmt: skip
    return {"names": report.names, "keys": report.keys, "seconds": report.seconds}


def simulated(folder: Path, processes: int, count: int) -> dict[str, Any]:
    """Build a lexicon of ``count`` made-up names, four to a term, of the words of real ones."""
    table = folder / "simulated.tsv"
    names = shared_vocabularies()["mesh"].terms()
    words = sorted({word for term in names if isinstance(term, Term) for word in term.name.split()})
    choose = random.Random(0)
    with table.open("w", encoding="utf-8") as file:
        file.write("id\tname\tsynonyms\n")
        for number in range(count // 4):
            own = [" ".join(choose.choices(words, k=choose.randint(2, 4))) for _ in range(4)]
            file.write(f"SIM:{number}\t{own[0]}\t{'|'.join(own[1:])}\n")
    report = build_lexicon(
        [open_vocabulary(table, category="Disease")], folder / "simulated", schema=Schema.load(),
        parts=folder / "parts", processes=processes,
    )  # fmt: skip
    return {"names": report.names, "seconds": report.seconds}


def opened(folder: Path) -> dict[str, Any]:
    """Open the lexicon and look one name up."""
    started = time.perf_counter()
    lexicon = Lexicon.open(folder / "lexicon-False")
    found = len(lexicon.lookup("breast cancer"))
    return {"names": found, "seconds": time.perf_counter() - started}


class Timed:
    """An encoder, or an index of vectors, whose calls are counted in seconds of the processor."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.seconds = 0.0
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def encode(self, texts: Sequence[str]) -> Any:
        started = time.process_time()
        vectors = self._inner.encode(texts)
        self.seconds += time.process_time() - started
        self.asked += len(texts)
        return vectors

    def search(self, queries: Any, **options: Any) -> Any:
        started = time.process_time()
        found = self._inner.search(queries, **options)
        self.seconds += time.process_time() - started
        self.asked += len(queries)
        return found


def dense_names(folder: Path, encoder: Any) -> DenseNames:
    lexicon = Lexicon.open(folder / "lexicon-False")
    return DenseNames(lexicon, encoder, schema=Schema.load(), folder=folder / "indexes")


def vectors(folder: Path, model: str) -> dict[str, Any]:
    """Make the vectors of the names in words, and the index over them."""
    started = time.perf_counter()
    dense_names(folder, OnnxEncoder(model)).build()
    [file] = (folder / "indexes").glob("*/manifest.json")
    manifest = json.loads(file.read_text("utf-8"))
    return {"names": manifest["rows"], "seconds": time.perf_counter() - started}


def similar(folder: Path, model: str) -> dict[str, Any]:
    """Do what ``link`` does, with vectors where no name is equal."""
    encoder = Timed(OnnxEncoder(model))
    names = dense_names(folder, encoder)
    names.search(["warm up"], k=1, category="Disease")
    index: Any = names._index
    opened = index._opened
    nearest = Timed(opened.index)
    index._opened = replace(opened, index=nearest)
    encoder.seconds = encoder.asked = 0
    found = link(folder, 0, 1, names)
    rest = found["used"] - encoder.seconds - nearest.seconds
    return found | {
        "encode": encoder.seconds, "encoded": encoder.asked,
        "nearest": nearest.seconds, "searched": nearest.asked, "rest": rest,
    }  # fmt: skip


def link(
    folder: Path,
    worker: int,
    workers: int,
    dense: DenseNames | None = None,
    without: tuple[NameSource, ...] = (),
) -> dict[str, Any]:
    """Ground this worker's documents, each mention where it stands, and count what is asked."""
    from kgbuild.training.corpora import read_corpus

    schema = Schema.load()
    items = [
        replace(item, groundings=())
        for name in SPLITS
        for item in read_corpus([SHARED / "corpora" / name], schema=schema)
    ][worker::workers]
    lexicon = Lexicon.open(folder / "lexicon-False")
    Linker(lexicon, schema=schema, trust_given=False).ground(items[:3])
    linker = Linker(lexicon, schema=schema, trust_given=False, dense=dense, without=without)
    started, used = time.perf_counter(), time.process_time()
    linker.ground(items)
    used, seconds = time.process_time() - used, time.perf_counter() - started
    mentions = sum(len(item.mentions) for item in items)
    return {"names": mentions, "seconds": seconds, "used": used}


def step(*words: str) -> subprocess.Popen[str]:
    """Start this script for one step."""
    return subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True)


def result(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a step and return what it printed."""
    text, _ = process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(text)
    return found


def row(name: str, found: dict[str, Any], rate: str) -> None:
    """Print one line of the table."""
    own, others = found["peak"], found["readers"]
    print(f"| {name} | {found['seconds']:.3g} | {rate} | {own:,} | {others or ''} |", flush=True)


def main() -> None:
    """Print the table, or do one step of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--vectors", metavar="ENCODER", help="also link by vectors")
    parser.add_argument("--folder", type=Path, help="keep the lexicon and the vectors there")
    parser.add_argument("--simulate", type=int, metavar="NAMES", help="so many made-up names, only")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, folder, worker = options.step[0], Path(options.step[1]), int(options.step[2])
        steps: dict[str, Callable[[], dict[str, Any]]] = {
            "build": lambda: build(folder, options.processes, fresh=False),
            "again": lambda: build(folder, options.processes, fresh=True),
            "open": lambda: opened(folder),
            "simulated": lambda: simulated(folder, options.processes, options.simulate),
            "by name": lambda: link(folder, worker, options.processes, without=("ngrams",)),
            "written alike": lambda: link(folder, worker, options.processes),
            "vectors": lambda: vectors(folder, options.vectors),
            "by vectors": lambda: similar(folder, options.vectors),
        }
        found = steps[name]()
        status = Path("/proc/self/status").read_text("utf-8")
        found["peak"] = int(status.split("VmHWM:")[1].split()[0]) // 1024
        found["readers"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(json.dumps(found))
        return
    if options.simulate:
        simulate(options.simulate, options.processes)
        return
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        table(options.folder, options.processes, options.vectors)
        return
    with TemporaryDirectory() as place:
        table(Path(place), options.processes, options.vectors)


def simulate(count: int, processes: int) -> None:
    """Print what a lexicon of made-up names costs."""
    print("| | s | a second | peak MiB | readers' MiB |\n|---|---:|---:|---:|---:|")
    more = ["--processes", str(processes), "--simulate", str(count)]
    with TemporaryDirectory() as place:
        found = result(step("--step", "simulated", place, "0", *more))
        size = sum(file.stat().st_size for file in Path(place, "simulated").rglob("*.*")) >> 20
    rate = f"{found['names'] / found['seconds']:,.0f} names"
    row(f"simulated: {found['names']:,} names, {size:,} MiB on disk", found, rate)


def table(folder: Path, processes: int, encoder: str | None) -> None:
    """Do all steps, and print the table."""
    more = ["--processes", str(processes), *(["--vectors", encoder] if encoder else [])]
    print("| | s | a second | peak MiB | readers' MiB |\n|---|---:|---:|---:|---:|")
    builds = ["build", "again"] if not (folder / "lexicon-False").is_dir() else []
    if encoder and not (folder / "indexes").is_dir():
        builds.append("vectors")
    for name in builds:
        found = result(step("--step", name, str(folder), "0", *more))
        rate = f"{found['names'] / found['seconds']:,.0f} names"
        row(f"{name}: {found['names']:,} names", found, rate)
    found = result(step("--step", "open", str(folder), "0", *more))
    row("open", found, "")
    notes = []
    for name in ("by name", "written alike", *(["by vectors"] if encoder else [])):
        for count in [1] if name == "by vectors" else sorted({1, processes}):
            own = ["--processes", str(count), *more[2:]]
            running = [
                step("--step", name, str(folder), str(worker), *own) for worker in range(count)
            ]
            each = [result(process) for process in running]
            whole = {key: max(one[key] for one in each) for key in ("seconds", "peak", "readers")}
            mentions = sum(one["names"] for one in each)
            label = f"{name}: {mentions:,} mentions, {count} at once"
            row(label, whole, f"{mentions / whole['seconds']:,.0f} mentions")
            sums = {
                key: sum(one[key] for one in each)
                for key in ("used", "encode", "encoded", "nearest", "searched", "rest")
                if key in each[0]
            }
            notes.append(f"- {label}: {_spent(sums, mentions)}")
    print("\n" + "\n".join(notes))


def _spent(sums: dict[str, float], mentions: int) -> str:
    """Say where the processor's time went."""
    text = (
        f"{sums['used']:.2f} s of processor time, {mentions / sums['used']:,.0f} mentions a second"
    )
    if "encode" not in sums:
        return text
    return (
        f"{text}; {sums['encode']:.2f} s to encode {sums['encoded']:,} names, "
        f"{sums['nearest']:.2f} s for their nearest ({sums['searched']:,} searches), "
        f"{sums['rest']:.2f} s for all else"
    )


if __name__ == "__main__":
    main()
