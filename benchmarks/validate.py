"""Checking an RDF file against its schema: `kgbuild validate`, and pyshacl with the same shapes.

    python benchmarks/validate.py [--statements 100 1000 10000 100000] [--pyshacl 1000]

Both read the same N-Triples file of a synthetic graph and come to the same verdict. Each runs in a
process of its own, whose peak of resident memory the table gives; pyshacl is left out above
``--pyshacl`` statements, for the time that it takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kgbuild.loaders.serialize import export_rdf
from kgbuild.loaders.shacl import shacl_shapes
from kgbuild.loaders.synthetic import synthetic_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.validation import validate


def by_queries(file: Path) -> bool:
    """Check with kgbuild: the file is streamed into a store, which is asked."""
    return validate(file, schema=Schema.load()).is_clean


def by_pyshacl(file: Path) -> bool:
    """Check with pyshacl over a graph in memory."""
    import pyshacl
    import rdflib

    graph = rdflib.Graph().parse(file, format="ntriples")
    shapes = rdflib.Graph().parse(data=shacl_shapes(Schema.load()), format="turtle")
    conforms: bool = pyshacl.validate(graph, shacl_graph=shapes, inplace=True)[0]
    return conforms


WAYS = {"kgbuild validate": by_queries, "pyshacl": by_pyshacl}


def peak() -> int:
    """Return this process's peak of resident memory in MiB; a parent's isn't part of it."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def measured(way: str, file: Path) -> dict[str, float]:
    """Run one way in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--run", way, str(file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert found["clean"] == 1
    return found


def main() -> None:
    """Print the table, or run one way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--statements", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--pyshacl", type=int, default=1_000)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        started = time.perf_counter()
        clean = WAYS[options.run[0]](Path(options.run[1]))
        seconds = time.perf_counter() - started
        print(json.dumps({"clean": int(clean), "seconds": seconds, "peak": peak()}))
        return
    print("| statements | triples | by | s | peak MiB |\n|---:|---:|---|---:|---:|")
    for statements in options.statements:
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "graph.nt"
            tables = synthetic_graph(Path(name) / "graph", statements=statements)
            export_rdf(tables, file, schema=Schema.load(), format="ntriples")
            with file.open("rb") as lines:
                triples = sum(1 for _ in lines)
            for way in WAYS:
                if way == "pyshacl" and statements > options.pyshacl:
                    continue
                found = measured(way, file)
                print(
                    f"| {statements:,} | {triples:,} | {way} | {found['seconds']:.1f} "
                    f"| {found['peak']:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
