"""Loading and exporting synthetic graphs, against the bare cost of the same stores.

    python benchmarks/stores.py [--statements 10000 100000 500000]

Each measurement runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kgbuild.loaders.ladybug import load_ladybug
from kgbuild.loaders.oxigraph import load_oxigraph
from kgbuild.loaders.serialize import export_rdf
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables


def ladybug(tables: GraphTables, folder: Path) -> int:
    report = load_ladybug(tables, folder / "ours.lbug", schema=Schema.load())
    return sum(report.rows.values())


def ladybug_bare(tables: GraphTables, folder: Path) -> int:
    """COPY the same rows from Arrow tables in memory, prepared before the clock starts."""
    import ladybug as lb
    import pyarrow as pa

    from kgbuild.loaders import ladybug_tables as layout
    from kgbuild.loaders.staging import connect

    parts: list[tuple[str, str, pa.Table]] = []
    with connect(tables, memory=4 << 30) as source:
        for query, by in [(q, ["a"]) for q in layout.NODES] + [
            (q, ["r", "a", "b"]) for q in layout.RELATIONSHIPS
        ]:
            whole = source.sql(query).to_arrow_table()
            for key in whole.select(by).group_by(by).aggregate([]).to_pylist():
                rows = whole
                for column in by:
                    rows = rows.filter(pa.compute.equal(rows[column], key[column]))
                options = f" (from='{key['a']}', to='{key['b']}')" if len(by) > 1 else ""
                parts.append((key[by[0]], options, rows.drop_columns(by)))
    database = lb.Database(str(folder / "bare.lbug"), buffer_pool_size=1 << 30)
    connection = lb.Connection(database)
    _create(connection, parts)
    started = _clock()
    for name, options, table in parts:
        rows = table  # COPY looks the name up in this scope
        connection.execute(f"COPY `{name}` FROM rows{options}")
    connection.execute("CHECKPOINT")
    _note(started)
    return sum(rows.num_rows for _, _, rows in parts)


def _create(connection: object, parts: list) -> None:
    from kgbuild.loaders import ladybug_tables as layout

    ends: dict[str, list[str]] = {}
    for name, options, _ in parts:
        if options:
            a, b = options.split("'")[1::2]
            ends.setdefault(name, []).append(f"FROM `{a}` TO `{b}`")
            continue
        kinds = {"Evidence": layout.EVIDENCE, "Document": layout.DOCUMENT}
        columns = kinds.get(name, layout.ENTITY).items()
        connection.execute(
            f"CREATE NODE TABLE `{name}`({', '.join(f'`{c}` {t}' for c, t in columns)})"
        )
    for name, pairs in ends.items():
        columns = {} if name in layout.RESERVED else layout.STATEMENT
        if name == "MENTIONS":
            columns = {"mentions": "INT64", "sentences": "INT64"}
        fields = ", ".join(pairs + [f"`{c}` {t}" for c, t in columns.items()])
        connection.execute(f"CREATE REL TABLE `{name}`({fields})")


def oxigraph(tables: GraphTables, folder: Path) -> int:
    return load_oxigraph(tables, folder / "ours", schema=Schema.load()).rows["triples"]


def oxigraph_bare(tables: GraphTables, folder: Path) -> int:
    """bulk_load the same triples from an N-Triples file, written before the clock starts."""
    import pyoxigraph

    path = folder / "bare.nt"
    count = export_rdf(tables, path, schema=Schema.load(), format="ntriples").rows["triples"]
    started = _clock()
    store = pyoxigraph.Store(str(folder / "bare"))
    store.bulk_load(path=path, format=pyoxigraph.RdfFormat.N_TRIPLES)
    store.flush()
    _note(started)
    return count


def ntriples(tables: GraphTables, folder: Path) -> int:
    return export_rdf(tables, folder / "ours.nt", schema=Schema.load(), format="ntriples").rows[
        "triples"
    ]


def turtle(tables: GraphTables, folder: Path) -> int:
    return export_rdf(tables, folder / "ours.ttl", schema=Schema.load(), format="turtle").rows[
        "triples"
    ]


def turtle_rdflib(tables: GraphTables, folder: Path) -> int:
    """Serialize the same triples by rdflib, read into its memory before the clock starts."""
    import rdflib

    export_rdf(tables, folder / "ours.nt", schema=Schema.load(), format="ntriples")
    graph = rdflib.Graph().parse(folder / "ours.nt", format="nt")
    started = _clock()
    graph.serialize(folder / "rdflib.ttl", format="turtle")
    _note(started)
    return len(graph)


JOBS: dict[str, tuple[str, Callable[[GraphTables, Path], int], str]] = {
    "ladybug": ("Ladybug, kgbuild (rows)", ladybug, "ladybug-bare"),
    "ladybug-bare": ("Ladybug, bare COPY from Arrow", ladybug_bare, ""),
    "oxigraph": ("Oxigraph, kgbuild (triples)", oxigraph, "oxigraph-bare"),
    "oxigraph-bare": ("Oxigraph, bare bulk_load of a file", oxigraph_bare, ""),
    "ntriples": ("N-Triples, kgbuild (triples)", ntriples, ""),
    "turtle": ("Turtle, kgbuild (triples)", turtle, "turtle-rdflib"),
    "turtle-rdflib": ("Turtle, rdflib serializer", turtle_rdflib, ""),
}
_noted: list[tuple[float, float]] = []


def _clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _note(started: tuple[float, float]) -> None:
    """Keep the wall and processor seconds since ``started``: of what the job is about."""
    now = _clock()
    _noted.append((now[0] - started[0], now[1] - started[1]))


def measure(job: str, folder: Path) -> None:
    """Run one job and print its figures as JSON, for the process that asked."""
    tables = GraphTables(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        started = _clock()
        count = JOBS[job][1](tables, Path(place))
        if not _noted:
            _note(started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, cpu = _noted[0]
    print(json.dumps({"count": count, "seconds": seconds, "cpu": cpu, "peak": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, nargs="+", default=[10_000, 100_000, 500_000])
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        measure(options.job, options.folder)
        return
    print("| drawn | what | count | s | CPU s | per s | time of bare | CPU of bare | peak MB |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for statements in options.statements:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "graph"
            subprocess.run(
                [sys.executable, "-c", "import sys; from pathlib import Path\n"
                 "from kgbuild.loaders.synthetic import synthetic_graph\n"
                 "synthetic_graph(Path(sys.argv[1]), statements=int(sys.argv[2]))",
                 str(folder), str(statements)], check=True,
            )  # fmt: skip
            report(statements, folder)


def report(statements: int, folder: Path) -> None:
    found = {}
    for job in JOBS:
        if job == "turtle-rdflib" and statements > 10_000:
            continue  # rdflib holds everything in memory, at some 1 kB a triple
        command = [sys.executable, __file__, "--job", job, "--folder", str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[job] = json.loads(done.stdout.splitlines()[-1])
    for job, figures in found.items():
        name, _, bare = JOBS[job]
        rate = figures["count"] / figures["seconds"]
        times = [f"x{figures[x] / found[bare][x]:.2f}" if bare in found else ""
                 for x in ("seconds", "cpu")]  # fmt: skip
        print(
            f"| {statements:,} | {name} | {figures['count']:,} | {figures['seconds']:.1f}"
            f" | {figures['cpu']:.1f} | {rate:,.0f} | {' | '.join(times)}"
            f" | {figures['peak']:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
