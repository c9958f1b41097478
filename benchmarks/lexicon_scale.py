"""A lexicon of a million names: built, built again with one vocabulary new, opened, asked.

    python benchmarks/lexicon_scale.py [--processes 2]

The vocabularies are MeSH with its supplementary records, HGNC, MONDO and HPO of ../shared/kb. Each
step is a process of its own, whose peak of resident memory (mapped pages that it touched included)
the table gives; "readers" is the largest of the processes that it starts. Mentions are the gold
ones of the development splits of BC5CDR, NCBI-disease and BioRED, looked up by name alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared_vocabularies import KB, SHARED, shared_vocabularies

from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies.schema import Schema

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


def opened(folder: Path) -> dict[str, Any]:
    """Open the lexicon and look one name up."""
    started = time.perf_counter()
    lexicon = Lexicon.open(folder / "lexicon-False")
    found = len(lexicon.lookup("breast cancer"))
    return {"names": found, "seconds": time.perf_counter() - started}


def link(folder: Path, worker: int, workers: int) -> dict[str, Any]:
    """Ground this worker's documents, each mention where it stands, and count what is asked."""
    from kgbuild.training.corpora import read_corpus

    schema = Schema.load()
    items = [
        replace(item, groundings=())
        for name in SPLITS
        for item in read_corpus([SHARED / "corpora" / name], schema=schema)
    ][worker::workers]
    linker = Linker(Lexicon.open(folder / "lexicon-False"), schema=schema, trust_given=False)
    linker.ground(items[:3])
    started = time.perf_counter()
    linker.ground(items)
    seconds = time.perf_counter() - started
    return {"names": sum(len(item.mentions) for item in items), "seconds": seconds}


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
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, folder, worker = options.step[0], Path(options.step[1]), int(options.step[2])
        steps: dict[str, Callable[[], dict[str, Any]]] = {
            "build": lambda: build(folder, options.processes, fresh=False),
            "again": lambda: build(folder, options.processes, fresh=True),
            "open": lambda: opened(folder),
            "link": lambda: link(folder, worker, options.processes),
        }
        found = steps[name]()
        status = Path("/proc/self/status").read_text("utf-8")
        found["peak"] = int(status.split("VmHWM:")[1].split()[0]) // 1024
        found["readers"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(json.dumps(found))
        return
    processes = ["--processes", str(options.processes)]
    with TemporaryDirectory() as folder:
        print("| | s | a second | peak MiB | readers' MiB |\n|---|---:|---:|---:|---:|")
        for name in ("build", "again"):
            found = result(step("--step", name, folder, "0", *processes))
            row(
                f"{name}: {found['names']:,} names",
                found,
                f"{found['names'] / found['seconds']:,.0f} names",
            )
        found = result(step("--step", "open", folder, "0", *processes))
        row("open", found, "")
        for count in sorted({1, options.processes}):
            running = [
                step("--step", "link", folder, str(worker), "--processes", str(count))
                for worker in range(count)
            ]
            each = [result(process) for process in running]
            whole = {key: max(one[key] for one in each) for key in ("seconds", "peak", "readers")}
            mentions = sum(one["names"] for one in each)
            rate = f"{mentions / whole['seconds']:,.0f} mentions"
            row(f"link: {mentions:,} mentions, {count} at once", whole, rate)


if __name__ == "__main__":
    main()
