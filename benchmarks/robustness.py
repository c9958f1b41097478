"""Whether the graph is the same however it is built: workers, shard sizes, order, kills.

    python benchmarks/robustness.py [--documents 600] [--kills 5] [--seed 7]

Builds the same documents again and again (starter vocabulary), compares the five graph tables of
each output with those of the first, row by row, and prints a line for each. A kill is SIGKILL to
the build and its workers at a random time; the same command then goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
from pipeline import base_documents, write_input

from kgbuild.layout import graph_folder
from kgbuild.tables import GRAPH_TABLES

BUILD = """
import json, sys
from kgbuild.api import build_into
from kgbuild.config import Config
if __name__ == "__main__":
    out, text, run = sys.argv[1:]
    config = {"grounding": {"dense": "off"}, "run": json.loads(run)}
    build_into(out, [text], config=Config.model_validate(config))
"""


def command(script: Path, out: Path, text: Path, **run: int) -> list[str]:
    return [sys.executable, str(script), str(out), str(text), json.dumps(run)]


def same(first: Path, other: Path) -> str:
    """Return what differs between the graphs of two outputs, or "the same"."""
    for name in GRAPH_TABLES:
        one, two = (
            pq.ParquetFile(graph_folder(folder) / f"{name}.parquet").read()
            for folder in (first, other)
        )
        if one.num_rows != two.num_rows:
            return f"{name}: {one.num_rows} rows, {two.num_rows} rows"
        for column in one.column_names:
            if column == "belief":  # sums of floating numbers depend on the order
                gap = max(
                    (abs(a - b) for a, b in zip(one[column].to_pylist(), two[column].to_pylist(),
                                                strict=True)), default=0.0)  # fmt: skip
                if gap > 1e-9:
                    return f"{name}.{column}: differs by {gap}"
            elif one[column].to_pylist() != two[column].to_pylist():
                return f"{name}.{column} differs"
    return "the same"


def killed_build(arguments: list[str], kills: int, longest: float, draw: random.Random) -> str:
    """Run a build, killing it (and its workers) ``kills`` times; return when it was killed."""
    times = []
    while len(times) < kills:
        after = draw.uniform(0.5, longest)
        running = subprocess.Popen(arguments, start_new_session=True)
        try:
            running.wait(after)
            times.append("done before")
            break
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            times.append(f"{after:.1f} s")
    subprocess.run(arguments, check=True)
    return ", ".join(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        text, turned, script = place / "in.jsonl", place / "in" / "in.jsonl", place / "build.py"
        script.write_text(BUILD)
        write_input(base_documents(options.documents), text, 1)
        lines = text.read_text("utf-8").splitlines()
        turned.parent.mkdir()
        started = time.perf_counter()
        subprocess.run(command(script, place / "first", text, workers=1), check=True)
        longest = time.perf_counter() - started
        print(
            f"{len(lines)} documents, first build {longest:.1f} s\n\n| build | graph |\n|---|---|"
        )
        for label, run in (
            ("2 workers", {"workers": 2, "shard_documents": 100}),
            ("shards of 37 documents", {"workers": 1, "shard_documents": 37}),
            ("shards of 30,000 characters", {"workers": 1, "shard_characters": 30_000}),
        ):
            out = place / label.replace(" ", "-")
            subprocess.run(command(script, out, text, **run), check=True)
            print(f"| {label} | {same(place / 'first', out)} |", flush=True)
        for workers in (1, 2):
            out = place / f"killed{workers}"
            arguments = command(script, out, text, workers=workers, shard_documents=50)
            times = killed_build(arguments, options.kills, longest, draw)
            label = f"{workers} worker(s), killed after {times}"
            print(f"| {label} | {same(place / 'first', out)} |", flush=True)


if __name__ == "__main__":
    main()
