"""The export for neo4j-admin, imported by it for real."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from graph_rows import HOSTILE, entity
from neo4j_server import QUICK, Server

from kgbuild.errors import StoreError
from kgbuild.loaders.neo4j_admin import export_neo4j_admin
from kgbuild.loaders.neo4j_server import LocalNeo4j, run_admin
from kgbuild.loaders.report import LoadReport
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


def import_into(local: LocalNeo4j, report: LoadReport) -> None:
    """Run the command of an export."""
    folder = Path(report.target)
    command = (folder / "import.sh").read_text("utf-8").splitlines()[-1]
    assert command == report.advice.splitlines()[-1]
    run_admin(local.home, *shlex.split(command)[1:], folder=folder)


@contextmanager
def serving(local: LocalNeo4j) -> Iterator[Server]:
    with local:
        served = Server(local)
        try:
            yield served
        finally:
            served.driver.close()


def both(tmp_path: Path, *graphs: GraphTables) -> GraphTables:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in GRAPH_TABLES}
    for graph in graphs:
        for name in GRAPH_TABLES:
            rows[name] += graph.read(name).to_pylist()
    return write_graph(tmp_path / "both", **rows)


# what no character is left to separate in CSV
INSEPARABLE = ["\x1f\x1e\x1d\x1c|\t\ue000\ue001", *HOSTILE]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_imported_is_what_is_loaded(
    form: str, server: Server, hostile: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    from kgbuild.loaders import example_graph as facts

    synonyms = INSEPARABLE if form == "parquet" else HOSTILE
    empty = write_graph(
        tmp_path / "empty",
        entities=[
            entity("HGNC:1", "", synonyms=["", *synonyms]),
            entity("HGNC:2", "listed", xrefs=[""]),
        ],
        documents=[{"id": "PMID:0", "title": "untitled", "date": ""}],
    )
    tables = both(tmp_path, hostile, facts.example_graph(tmp_path / "facts"), empty)
    server.wipe()
    server.load(tables)
    loaded = everything(server)
    assert len(loaded) > 100
    report = export_neo4j_admin(tables, tmp_path / "export", schema=schema, form=form)
    assert report.rows["evidence"] == tables.count("evidence")
    # what holds an empty text, or in CSV nothing else than one in a list
    mended = {"entities": 1, "documents": 1} if form == "parquet" else {"entities": 1}
    local = LocalNeo4j(tmp_path / "home", java=QUICK)
    import_into(local, report)
    with serving(local) as other:
        for one, same in zip(everything(other), loaded, strict=True):
            assert one == same or one == without_empty(same)
        following = other.load(tables)
        assert (dict(following.rows), dict(following.removed)) == (mended, {})
        for one, same in zip(everything(other), loaded, strict=True):
            assert one == same
        other.holds(tables)


def without_empty(node: list[Any]) -> list[Any]:
    """Return what the tool makes of a node that holds an empty text, or a list of one alone."""
    labels, properties = node
    kept = {name: value for name, value in properties.items() if value not in ("", [""])}
    return [labels, kept | {"kgb_hash": kept["kgb_hash"] + 1}]


def test_parquet_files_without_rows_are_imported(tmp_path: Path, schema: Schema) -> None:
    tables = write_graph(tmp_path / "graph", entities=[])
    report = export_neo4j_admin(tables, tmp_path / "export", schema=schema, form="parquet")
    assert set(report.rows.values()) == {0}
    import_into(LocalNeo4j(tmp_path / "home", java=QUICK), report)


def test_a_separator_is_one_that_no_item_holds(tmp_path: Path, schema: Schema) -> None:
    tables = write_graph(
        tmp_path / "graph", entities=[entity("HGNC:1", "A1BG", synonyms=["a\x1fb", "c\x1ed"])]
    )
    report = export_neo4j_admin(tables, tmp_path / "export", schema=schema)
    assert "--array-delimiter=U+001D" in report.advice
    rows = [entity("HGNC:1", "A1BG", synonyms=INSEPARABLE)]
    tables = write_graph(tmp_path / "all", entities=rows)
    with pytest.raises(StoreError, match="neo4j-admin-parquet, or use `kgbuild load`"):
        export_neo4j_admin(tables, tmp_path / "export", schema=schema)
