"""Ladybug: load and update, against bare COPY of the same rows.

    python benchmarks/ladybug_loading.py [--statements 10000 100000] [--rounds 2] [--only load]

Bare COPY has its rows ready in memory; kgbuild starts from Parquet and sorts them by table. The
update is a load of the graph without a hundredth of its statements into the database that holds
it: kgbuild builds the database anew, so its rows are all those that the graph then has. Each job
runs in a process of its own, in turn, ``--rounds`` times; the best counts.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from apart import (
    Job,
    clock,
    make_graph,
    measure,
    options_or_job,
    print_head,
    print_table,
    withdrawn,
)

from kgbuild.loaders import ladybug_tables as layout
from kgbuild.loaders.ladybug import load_ladybug
from kgbuild.loaders.staging import connect
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

LOAD, UPDATE, BARE = "kgbuild load", "kgbuild load, an update", "bare COPY from Arrow"


def load(tables: GraphTables, folder: Path) -> None:
    import duckdb  # noqa: F401  as the bare job's modules, before the clock starts
    import ladybug  # noqa: F401

    schema, path = Schema.load(), folder / "ours.lbug"
    fewer = withdrawn(tables, folder / "fewer")
    for name, graph in ((LOAD, tables), (UPDATE, fewer)):
        with clock(name) as done:
            done.count = sum(load_ladybug(graph, path, schema=schema).rows.values())


def bare(tables: GraphTables, folder: Path) -> None:
    """Create the tables that have rows, and COPY the same rows from Arrow tables in memory."""
    import ladybug as lb

    parts: list[tuple[str, str, pa.Table]] = []
    with connect(tables, memory=4 << 30) as source:
        for query, by in [(q, ["a"]) for q in layout.NODES] + [
            (q, ["r", "a", "b"]) for q in layout.RELATIONSHIPS
        ]:
            whole = source.sql(query).to_arrow_table()
            for key in whole.select(by).group_by(by).aggregate([]).to_pylist():
                rows = whole
                for column in by:
                    rows = rows.filter(pc.equal(rows[column], key[column]))
                options = f" (from='{key['a']}', to='{key['b']}')" if len(by) > 1 else ""
                parts.append((key[by[0]], options, rows.drop_columns(by)))
    database = lb.Database(str(folder / "bare.lbug"), buffer_pool_size=1 << 30)
    connection = lb.Connection(database)
    with clock(BARE, sum(rows.num_rows for _, _, rows in parts)):
        create(connection, parts)
        for name, options, table in parts:
            rows = table  # COPY looks the name up in this scope
            connection.execute(f"COPY `{name}` FROM rows{options}")
        connection.execute("CHECKPOINT")


def create(connection: object, parts: list) -> None:
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


JOBS: dict[str, Job] = {"load": load, "bare": bare}
AGAINST = {LOAD: BARE, UPDATE: BARE}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options = options_or_job(parser, JOBS)
    if options is None:
        return
    print_head("rows")
    for statements in options.statements:
        with tempfile.TemporaryDirectory() as place:
            tables = make_graph(Path(place) / "graph", statements)
            found = measure(__file__, options.only, tables.folder, rounds=options.rounds)
            print_table(statements, found, AGAINST)


if __name__ == "__main__":
    main()
