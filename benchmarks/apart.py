"""Figures of jobs that each run in a process of their own, so that a peak of memory is theirs."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kgbuild.tables import GRAPH_TABLES, GraphTables

Job = Callable[[GraphTables, Path], None]
"""Does what is to be measured within ``clock``: the graph, and an empty folder to write into."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one measurement found: things done, seconds by the clock and of the processors, MB."""

    name: str
    count: int
    seconds: float
    processor: float
    peak: float


class _Done:
    def __init__(self, count: int) -> None:
        self.count = count


@contextmanager
def clock(name: str, count: int = 0) -> Iterator[_Done]:
    """Measure the block and print it for ``measure``; it may set ``count`` of what it is given."""
    done = _Done(count)
    started, before = time.perf_counter(), time.process_time()
    yield done
    seconds, processor = time.perf_counter() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([name, done.count, seconds, processor, peak]), flush=True)


def options_or_job(
    parser: argparse.ArgumentParser, jobs: Mapping[str, Job]
) -> argparse.Namespace | None:
    """Return the options of a script of such jobs; None where it was called to run one, and has."""
    parser.add_argument("--statements", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=jobs, nargs="+", default=list(jobs), metavar="JOB",
                        help=f"of {', '.join(jobs)}; default all")  # fmt: skip
    parser.add_argument("--job", choices=jobs, help=argparse.SUPPRESS)
    parser.add_argument("--graph", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job is None:
        return options
    with tempfile.TemporaryDirectory(dir=options.graph.parent) as place:
        jobs[options.job](GraphTables(options.graph), Path(place))
    return None


def measure(script: str, jobs: Sequence[str], graph: Path, *, rounds: int) -> dict[str, Figures]:
    """Run the jobs in turn, all of them ``rounds`` times; return the best of each by its name.

    ``script`` runs one job where it is called with its name, the graph's folder and ``--job``.
    """
    best: dict[str, Figures] = {}
    for _ in range(rounds):
        for job in jobs:
            command = [sys.executable, script, "--job", job, "--graph", str(graph)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            for line in done.stdout.splitlines():
                found = Figures(*json.loads(line))
                known = best.get(found.name, found)
                best[found.name] = Figures(
                    found.name,
                    found.count,
                    min(found.seconds, known.seconds),
                    min(found.processor, known.processor),
                    max(found.peak, known.peak),
                )
    return best


def print_table(statements: int, found: Mapping[str, Figures], against: Mapping[str, str]) -> None:
    """Print a row of each, with its rates over those of the one that it is compared with."""
    for name, figures in found.items():
        other = found.get(against.get(name, ""))
        ratios = [
            f"{other.seconds / figures.seconds * figures.count / other.count:.2f}"
            f" | {other.processor / figures.processor * figures.count / other.count:.2f}"
            if other
            else " | "
        ]
        print(
            f"| {statements:,} | {name} | {figures.count:,} | {figures.seconds:.1f}"
            f" | {figures.processor:.1f} | {figures.count / figures.seconds:,.0f}"
            f" | {figures.count / figures.processor:,.0f} | {ratios[0]} | {figures.peak:,.0f} |",
            flush=True,
        )


def print_head(what: str) -> None:
    print(f"| drawn | what | {what} | s | CPU s | per s | per CPU s | rate over bare"
          " | per CPU s over bare | peak MB |")  # fmt: skip
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|")


def make_graph(folder: Path, statements: int) -> GraphTables:
    """Write a synthetic graph by a process of its own, whose memory is not this one's."""
    code = (
        "import sys; from pathlib import Path\n"
        "from kgbuild.loaders.synthetic import synthetic_graph\n"
        "synthetic_graph(Path(sys.argv[1]), statements=int(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(folder), str(statements)], check=True)
    return GraphTables(folder)


def withdrawn(tables: GraphTables, folder: Path) -> GraphTables:
    """The same graph without each hundredth statement and its evidence."""
    statements = tables.read("statements")
    gone = statements["id"].take(pa.array(range(0, len(statements), 100)))
    folder.mkdir()
    fewer = GraphTables(folder)
    for name in GRAPH_TABLES:
        rows = tables.read(name)
        if name in ("statements", "evidence"):
            column = rows["id" if name == "statements" else "statement"]
            rows = rows.filter(pc.invert(pc.is_in(column, value_set=gone)))
        pq.write_table(rows, fewer.path(name))
    return fewer
