"""Loading Neo4j, against the best hand-written loop on the same graph.

    python benchmarks/neo4j_loading.py [--statements 10000 100000] [--writers 1 2] [--kgx PYTHON]
        [--alone]

For each size, each on an empty server of its own that has done the same with a small graph before:
ours; ours again, unchanged; ours after a hundredth of the statements was withdrawn; a loop with one
writer, written by hand (unique ids, batches of 10,000, UNWIND, CREATE, properties set, evidence
with its three links in one statement). Then the way by neo4j-admin: the export and the import. Ours
makes the indexes for questions too; the hand-written loop gets them in a row of its own.

With --alone only the load, the reload and the way by neo4j-admin.

With --kgx, the interpreter of an environment with KGX (`pip install kgx`): KGX's Neo4j sink too,
from our export, which is entities and statements; and ours of just these.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import neo4j
import pyarrow as pa
from apart import withdrawn

from kgbuild.loaders.kgx import export_kgx_jsonl
from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.neo4j_admin import export_neo4j_admin
from kgbuild.loaders.neo4j_indexes import add_indexes
from kgbuild.loaders.neo4j_server import LocalNeo4j, run_admin
from kgbuild.loaders.report import LoadReport
from kgbuild.loaders.synthetic import synthetic_graph
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

BATCH = 10_000
SMALL = 10_000  # statements of the graph that a server is warmed by


class Bench:
    def __init__(self, server: LocalNeo4j, driver: neo4j.Driver) -> None:
        self.server, self.driver, self.schema = server, driver, Schema.load()

    def server_seconds(self) -> float:
        """Processor time of the server, which says more than the clock on a busy machine."""
        assert self.server._process is not None
        fields = Path(f"/proc/{self.server._process.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / 100

    def wipe(self) -> None:
        """Empty the server of the small graph that it was warmed by."""
        with self.driver.session() as session:
            for what in ("()-[x]->()", "(x)"):
                session.run(
                    f"MATCH {what} CALL (x) {{ DELETE x }} IN TRANSACTIONS OF 20000 ROWS"
                ).consume()
            for name in session.run("SHOW INDEXES YIELD name, type, owningConstraint").data():
                if name["owningConstraint"] is None and name["type"] != "LOOKUP":
                    session.run(f"DROP INDEX {name['name']}").consume()

    def load(self, tables: GraphTables, **options: Any) -> LoadReport:
        return load_neo4j(
            tables,
            self.server.address,
            schema=self.schema,
            options=TargetOptions(user=self.server.user, password=self.server.password, **options),
        )

    def timed(self, name: str, elements: int, work: Callable[[], object]) -> float:
        forget_peak()
        before, own, started = self.server_seconds(), time.process_time(), time.perf_counter()
        work()
        seconds, own = time.perf_counter() - started, time.process_time() - own
        processor = self.server_seconds() - before
        print(
            f"| {name} | {elements:,} | {seconds:,.1f} | {elements / seconds:,.0f} |"
            f" {processor:,.1f} | {own:,.1f} | {peak():,} |",
            flush=True,
        )
        return seconds

    def by_hand(self, tables: GraphTables) -> None:
        """What a careful person would write, with everything in memory."""
        with self.driver.session() as session:
            for label in ("Entity", "Document", "Evidence"):
                session.run(
                    f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"
                ).consume()

            def write(query: str, rows: list[dict[str, Any]]) -> None:
                for start in range(0, len(rows), BATCH):
                    some = rows[start : start + BATCH]
                    session.execute_write(lambda tx, some=some: tx.run(query, rows=some).consume())

            for category, rows in grouped(tables, "entities", "category").items():
                write(
                    f"UNWIND $rows AS r MERGE (n:Entity {{id: r.id}}) SET n:{category}, n += r",
                    rows,
                )
            write(
                "UNWIND $rows AS r MERGE (n:Document {id: r.id}) SET n += r",
                tables.read("documents").to_pylist(),
            )
            ends = {}
            for predicate, rows in grouped(tables, "statements", "predicate").items():
                for row in rows:
                    row["qualifiers"] = [f"{k}={v}" for k, v in row["qualifiers"]]
                    ends[row["id"]] = (row["subject"], row["object"])
                write(
                    "UNWIND $rows AS r MATCH (a:Entity {id: r.s}) MATCH (b:Entity {id: r.o})"
                    f" CREATE (a)-[x:{predicate}]->(b) SET x = r.p",
                    [{"s": row.pop("subject"), "o": row.pop("object"), "p": row} for row in rows],
                )
            write(
                "UNWIND $rows AS r MATCH (a:Entity {id: r.s}) MATCH (b:Entity {id: r.o})"
                " MATCH (d:Document {id: r.p.document}) CREATE (e:Evidence) SET e = r.p"
                " CREATE (e)-[:HAS_SUBJECT]->(a) CREATE (e)-[:HAS_OBJECT]->(b)"
                " CREATE (e)-[:IN_DOCUMENT]->(d)",
                [
                    {"s": ends[row["statement"]][0], "o": ends[row["statement"]][1], "p": row}
                    for row in tables.read("evidence").to_pylist()
                ],
            )
            write(
                "UNWIND $rows AS r MATCH (d:Document {id: r.document})"
                " MATCH (e:Entity {id: r.entity}) CREATE (d)-[x:MENTIONS]->(e)"
                " SET x.mentions = r.mentions, x.sentences = r.sentences",
                tables.read("occurrences").to_pylist(),
            )


def grouped(tables: GraphTables, table: str, by: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in tables.read(table).to_pylist():
        groups.setdefault(row[by], []).append(row)
    return groups


def forget_peak() -> None:
    """Let the system count this process's peak memory from here on."""
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Return the peak in MiB since ``forget_peak``."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) >> 10


@contextmanager
def warmed(folder: Path, small: GraphTables, first: str) -> Iterator[Bench]:
    """A server of its own: it compiles its code while it works, so the first would pay."""
    with (
        LocalNeo4j(folder, memory="2g") as server,
        neo4j.GraphDatabase.driver(server.address, auth=(server.user, server.password)) as driver,
    ):
        bench = Bench(server, driver)
        getattr(bench, first)(small)
        bench.wipe()
        yield bench


def measure(tables: GraphTables, writers: list[int], folder: Path, *, alone: bool) -> Path:
    elements = sum(tables.count(name) for name in
                   ("entities", "documents", "statements", "evidence", "occurrences"))  # fmt: skip
    small = synthetic_graph(folder / "small", statements=SMALL, seed=1)
    ours = {}
    for count in writers:
        with warmed(folder / f"ours-{count}", small, "load") as bench:
            ours[count] = bench.timed(
                f"kgbuild load, {count} writers", elements,
                lambda bench=bench, count=count: bench.load(tables, writers=count),
            )  # fmt: skip
            if count != writers[-1]:
                continue
            again = bench.timed("... again, unchanged", elements, lambda: bench.load(tables))
            print(f"|   times faster than the first | | {ours[count] / again:.0f} | | | | |")
            if alone:
                return bench.server.jars
            bench.timed("... told to compare everything", elements,
                        lambda: bench.load(tables, force=True))  # fmt: skip
            fewer = withdrawn(tables, folder / "fewer")
            bench.timed("... a hundredth of the statements withdrawn", elements,
                        lambda fewer=fewer: bench.load(fewer))  # fmt: skip
    with warmed(folder / "by-hand", small, "by_hand") as bench:
        by_hand = bench.timed("by hand, 1 writer", elements, lambda: bench.by_hand(tables))
        indexes = bench.timed("... the indexes of ours", elements,
                              lambda: add_indexes(bench.driver, ""))  # fmt: skip
    for count, seconds in ours.items():
        print(
            f"| {count} writers: times the rate by hand, without and with indexes | |"
            f" {by_hand / seconds:.2f}, {(by_hand + indexes) / seconds:.2f} | | | | |",
            flush=True,
        )
    return bench.server.jars


def by_import(tables: GraphTables, folder: Path, jars: Path) -> None:
    rows = 0
    started = time.perf_counter()
    report = export_neo4j_admin(tables, folder / "export", schema=Schema.load())
    rows = sum(report.rows.values())
    written = time.perf_counter() - started
    server = LocalNeo4j(folder / "imported", memory="2g", jars=jars)
    started = time.perf_counter()
    words = shlex.split(report.advice.splitlines()[-1])[1:]
    run_admin(server.home, *words, jars=jars, memory="2g", folder=folder / "export")
    imported = time.perf_counter() - started
    print(
        f"| export --format neo4j-admin | {rows:,} | {written:.1f} | {rows / written:,.0f} | | | |"
    )
    print(f"| neo4j-admin import | {rows:,} | {imported:.1f} | {rows / imported:,.0f} | | | |")


def by_kgx(tables: GraphTables, folder: Path, python: str) -> None:
    elements = tables.count("entities") + tables.count("statements")
    small = synthetic_graph(folder / "small-too", statements=SMALL, seed=1)
    with warmed(folder / "ours-too", small, "load") as bench:
        bench.timed("kgbuild load --evidence none", elements,
                    lambda: bench.load(tables, evidence="none"))  # fmt: skip
    export_kgx_jsonl(tables, folder / "kgx", schema=Schema.load())
    with warmed(folder / "by-kgx", small, "by_hand") as bench:
        server = bench.server
        before = bench.server_seconds()
        done = subprocess.run(
            [python, str(Path(__file__).with_name("kgx_neo4j.py")), str(folder / "kgx"),
             server.address, server.user, server.password],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        processor = bench.server_seconds() - before
        nodes, edges = (
            bench.driver.execute_query(f"MATCH {what} RETURN count(x)").records[0][0]
            for what in ("(x)", "()-[x]->()")
        )
        assert nodes + edges == elements, done.stderr
    seconds = float(done.stdout.split()[-1])
    print(
        f"| KGX's Neo4j sink | {elements:,} | {seconds:,.1f} | {elements / seconds:,.0f} |"
        f" {processor:,.1f} | | |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statements", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--kgx", metavar="PYTHON")
    parser.add_argument("--alone", action="store_true")
    arguments = parser.parse_args()
    for statements in arguments.statements:
        print(f"\n## {statements:,} statements\n")
        print("| what | elements | seconds | elements/s | server's processor s"
              " | client's processor s | client's peak MiB |\n"
              "|---|---:|---:|---:|---:|---:|---:|")  # fmt: skip
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            tables = synthetic_graph(folder / "graph", statements=statements)
            jars = measure(tables, arguments.writers, folder, alone=arguments.alone)
            by_import(tables, folder, jars)
            if arguments.kgx:
                by_kgx(tables, folder, arguments.kgx)


if __name__ == "__main__":
    main()
