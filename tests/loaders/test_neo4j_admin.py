"""The export for neo4j-admin, imported by it for real."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from graph_rows import HOSTILE, entity
from neo4j_server import QUICK, Server

from kgbuild.errors import StoreError
from kgbuild.loaders.neo4j_admin import export_neo4j_admin
from kgbuild.loaders.neo4j_server import LocalNeo4j, run_admin
from kgbuild.loaders.synthetic import write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GRAPH_TABLES, GraphTables


def everything(server: Server) -> list[list[Any]]:
    nodes = server.ask(
        "MATCH (n) WHERE NOT n:KgbuildLoad UNWIND labels(n) AS label WITH n, label ORDER BY label"
        " WITH n, collect(label) AS labels RETURN labels, properties(n) ORDER BY labels, n.id"
    )
    edges = server.ask(
        "MATCH (a)-[r]->(b) RETURN a.id AS a, type(r) AS t, b.id AS b, properties(r), r.id AS id"
        " ORDER BY a, t, b, id"
    )
    return [*nodes, *edges]


def both(tmp_path: Path, *graphs: GraphTables) -> GraphTables:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in GRAPH_TABLES}
    for graph in graphs:
        for name in GRAPH_TABLES:
            rows[name] += graph.read(name).to_pylist()
    return write_graph(tmp_path / "both", **rows)


def test_what_is_imported_is_what_is_loaded(
    server: Server, hostile: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    from kgbuild.loaders import example_graph as facts

    tables = both(tmp_path, hostile, facts.example_graph(tmp_path / "facts"))
    server.wipe()
    server.load(tables)
    loaded = everything(server)
    assert len(loaded) > 100
    report = export_neo4j_admin(tables, tmp_path / "export", schema=schema)
    assert report.rows["evidence"] == tables.count("evidence")
    command = (tmp_path / "export" / "import.sh").read_text("utf-8").splitlines()[-1]
    assert command == report.advice.splitlines()[-1]
    local = LocalNeo4j(tmp_path / "home", java=QUICK)
    run_admin(local.home, *shlex.split(command)[1:], folder=tmp_path / "export")
    with local:
        imported = Server(local)
        try:
            for one, other in zip(everything(imported), loaded, strict=True):
                assert one == other
            following = imported.load(tables)
            assert (dict(following.rows), dict(following.removed)) == ({}, {})
            imported.holds(tables)
        finally:
            imported.driver.close()


def test_a_separator_is_one_that_no_item_holds(tmp_path: Path, schema: Schema) -> None:
    tables = write_graph(
        tmp_path / "graph", entities=[entity("HGNC:1", "A1BG", synonyms=["a\x1fb", "c\x1ed"])]
    )
    report = export_neo4j_admin(tables, tmp_path / "export", schema=schema)
    assert "--array-delimiter=U+001D" in report.advice
    every = ["\x1f\x1e\x1d\x1c|\t\ue000\ue001", *HOSTILE]
    tables = write_graph(tmp_path / "all", entities=[entity("HGNC:1", "A1BG", synonyms=every)])
    with pytest.raises(StoreError, match="kgbuild load"):
        export_neo4j_admin(tables, tmp_path / "export", schema=schema)
