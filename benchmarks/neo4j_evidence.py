"""What evidence costs in Neo4j: as nodes, as lists on the relationships, left out.

    python benchmarks/neo4j_evidence.py [--statements 100000]

Each choice is loaded into a server of its own, which is stopped before its database is measured:
the store with its indexes, without the transaction log.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from apart import make_graph

from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.neo4j_server import LocalNeo4j
from kgbuild.loaders.neo4j_shape import EVIDENCE_CHOICES
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statements", type=int, default=100_000)
    statements = parser.parse_args().statements
    print(f"{statements:,} statements drawn\n")
    print("| evidence | elements | seconds | MB on disk |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        tables = make_graph(Path(name) / "graph", statements)
        for choice in EVIDENCE_CHOICES:
            home = Path(name) / choice
            with LocalNeo4j(home, memory="2g") as server:
                login = TargetOptions(user=server.user, password=server.password, evidence=choice)
                started = time.perf_counter()
                report = load_neo4j(tables, server.address, schema=Schema.load(), options=login)
                seconds = time.perf_counter() - started
            store = home / "data/databases/neo4j"
            size = sum(file.stat().st_blocks * 512 for file in store.rglob("*") if file.is_file())
            elements = sum(report.rows.values())
            print(f"| `{choice}` | {elements:,} | {seconds:.1f} | {size / 1e6:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
