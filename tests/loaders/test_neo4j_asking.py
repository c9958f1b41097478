"""Asking a graph in Neo4j: the documented questions, and the same object as over a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from neo4j_server import Server

import kgbuild
from kgbuild.errors import InputError, StoreError
from kgbuild.graph import Graph
from kgbuild.loaders import example_graph as facts
from kgbuild.tables import GRAPH_TABLES

ROOT = Path(__file__).resolve().parents[2]


def questions(page: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(r"^```cypher\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def login(server: Server) -> Iterator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server.environment


def test_documented_questions_are_answered_alike(
    server: Server, login: dict[str, str], example_graph: Path, tmp_path: Path
) -> None:
    """README and docs/graph.md give on Neo4j what they give on the embedded store."""
    with Graph.open(example_graph) as embedded:
        embedded.load(server.local.address, user=server.local.user, password=server.local.password)
        with kgbuild.open(server.local.address) as graph:
            asked = questions("README.md") + questions("docs/graph.md")
            assert len(asked) >= 10
            for query in asked:
                pd.testing.assert_frame_equal(
                    graph.cypher(query), embedded.cypher(query), check_dtype=False
                )
            ten = questions("docs/neo4j.md")
            assert len(ten) == 10
            for query in ten:
                assert len(graph.cypher(query)) > 0, query


def test_it_is_the_same_object(server: Server, login: dict[str, str], tmp_path: Path) -> None:
    tables = facts.example_graph(tmp_path / "out" / "graph")
    server.load(tables)
    with (
        Graph.open(tmp_path / "out") as folder,
        kgbuild.open(server.local.address) as graph,
    ):
        for name in GRAPH_TABLES:
            assert graph.tables.read(name).to_pylist() == tables.read(name).to_pylist(), name
        for text in ("cox-2", "hydroxycloroquin", "vemu"):
            pd.testing.assert_frame_equal(graph.find(text), folder.find(text))
        assert graph.show("melanoma") == folder.show("melanoma")
        assert graph.to_networkx().size() == folder.to_networkx().size()
        assert graph.ask("ASK { CHEBI:6801 biolink:treats MONDO:0005148 }")
        drug = graph.cypher("MATCH (n:Entity {name: 'metformin'}) RETURN n")["n"][0]
        assert drug["id"] == "CHEBI:6801"
        with pytest.raises(StoreError, match="refused"):
            graph.cypher("CREATE (:Gene {id: 'HGNC:1'})")
        with pytest.raises(StoreError, match="Invalid input"):
            graph.cypher("MATCH (n RETURN n")
        copy = graph.folder
    assert not copy.exists()


def test_evidence_kept_as_properties_comes_back(
    server: Server, login: dict[str, str], tmp_path: Path
) -> None:
    tables = facts.example_graph(tmp_path / "graph")
    server.load(tables, evidence="properties")
    with kgbuild.open(server.local.address) as graph:
        wanted = tables.read("evidence").to_pylist()
        assert graph.tables.read("evidence").to_pylist() == [
            row | {"novel": False} for row in wanted
        ]
        assert len(graph.documents) == 0


def test_a_database_without_a_graph_is_named(server: Server, login: dict[str, str]) -> None:
    server.wipe()
    with pytest.raises(InputError, match="holds no whole graph"):
        kgbuild.open(server.local.address)
