"""load: the graph into files and servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from neo4j_server import Server
from running import Run

from kgbuild.graph import Graph
from kgbuild.loaders import example_graph as facts
from kgbuild.loaders.cypher import CypherStore
from kgbuild.loaders.synthetic import write_graph


def test_a_file_of_its_own(kgb: Run, example_graph: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.lbug"
    loaded = kgb("load", example_graph, target)
    assert (loaded.code, loaded.out) == (0, "")
    assert "wrote" in loaded.err
    query = "MATCH (n) RETURN count(n) AS n"
    with CypherStore(target) as store, Graph.open(example_graph) as graph:
        assert store.query(query).to_pylist() == graph.cypher(query).to_dict("records")
    assert "holds this graph already" in kgb("load", example_graph, target).err
    assert "wrote" in kgb("load", example_graph, target, "--force").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gopher://x"], "nothing to load into"),
        (["x.parquet"], "expected one of"),
        (["x.lbug", "--writers", 2], "takes no 'writers'"),
    ],
)
def test_what_cannot_be_loaded_is_said(
    kgb: Run, example_graph: Path, arguments: list[object], said: str
) -> None:
    loaded = kgb("load", example_graph, *arguments)
    assert loaded.code == 2
    assert said in " ".join(loaded.err.split())
    assert "Traceback" not in loaded.err


def test_a_server_is_loaded(
    kgb: Run, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    tables = facts.example_graph(tmp_path / "out" / "graph")
    loaded = kgb("load", tmp_path / "out", server.local.address)
    assert (loaded.code, loaded.out) == (0, "")
    assert "wrote" in loaded.err
    server.holds(tables)
    assert "holds this graph already" in kgb("load", tmp_path / "out", server.local.address).err
    write_graph(tables.folder)
    assert "removed 68" in kgb("load", tmp_path / "out", server.local.address).err
    refused = kgb("load", tmp_path / "out", server.local.address, "--database", "nope")
    assert refused.code == 2
    assert "no such database" in refused.err
    assert server.local.password not in loaded.err + refused.err
