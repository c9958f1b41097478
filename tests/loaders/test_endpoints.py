"""Loading into real SPARQL servers; each is started once."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rdf_questions import QUESTIONS

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from endpoint_tools import endpoint_of, held, loading, wanted
from sparql_servers import SERVERS, Fuseki, Oxigraph, Server, running

from kgbuild.errors import StoreError
from kgbuild.loaders.endpoint import EndpointStore
from kgbuild.loaders.endpoint_load import load_endpoint
from kgbuild.loaders.report import LoadReport
from kgbuild.loaders.synthetic import synthetic_graph
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

GRAPH = "urn:kgbuild:graph"


@pytest.fixture(scope="session", params=sorted(SERVERS))
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture(scope="session")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("oxigraph", tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def some(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a graph of 40,000 triples, as ``kgbuild load`` takes it."""
    folder = tmp_path_factory.mktemp("some")
    synthetic_graph(folder / "graph", statements=800)
    return folder


def load(tables: GraphTables, server: Server, schema: Schema, **more: object) -> LoadReport:
    options = TargetOptions(user=server.user, password=server.password, **more)
    return load_endpoint(tables, server.url, schema=schema, options=options)


def test_a_server_holds_exactly_the_graph_and_then_what_changed(
    server: Server, example: GraphTables, hostile: GraphTables, schema: Schema
) -> None:
    report = load(example, server, schema)
    assert held(server) == wanted(example, schema)
    assert report.rows["triples"] == len(wanted(example, schema))
    assert load(example, server, schema).unchanged
    forced = load(example, server, schema, force=True)
    assert (forced.rows["triples"], forced.removed["resources"]) == (0, 0)
    with endpoint_of(server) as endpoint:
        store = EndpointStore(endpoint, schema=schema)
        for query, answer in QUESTIONS:
            spelt = query.replace("kgb:predicate:inhibits", "<urn:kgbuild:predicate:inhibits>")
            assert store.select(spelt).values.tolist() == answer, query

    load(hostile, server, schema)
    assert held(server) == wanted(hostile, schema)

    load(example, server, schema)
    path = example.path("evidence")
    pq.write_table(pq.read_table(path).slice(1), path)
    report = load(example, server, schema)
    assert held(server) == wanted(example, schema)
    # the evidence, its sentence, what counts them, and the dataset's description
    assert report.removed["resources"] < 10
    assert report.rows["triples"] < 130


def test_two_graphs_of_one_server_stay_apart(
    oxigraph: Server, example: GraphTables, hostile: GraphTables, schema: Schema
) -> None:
    load(example, oxigraph, schema, database="http://example.org/a")
    load(hostile, oxigraph, schema, database="http://example.org/b")
    assert held(oxigraph, "http://example.org/a") == wanted(example, schema)
    assert held(oxigraph, "http://example.org/b") == wanted(hostile, schema)


def test_a_graph_of_others_is_not_touched(
    oxigraph: Server, example: GraphTables, schema: Schema
) -> None:
    with endpoint_of(oxigraph) as endpoint:
        endpoint.add("urn:theirs", b"<urn:a> <urn:b> <urn:c> .\n")
    with pytest.raises(StoreError, match="holds 1 triples that kgbuild did not load"):
        load(example, oxigraph, schema, database="urn:theirs")
    assert len(held(oxigraph, "urn:theirs")) == 1


def test_killed_loads_go_on(oxigraph: Server, some: Path, schema: Schema) -> None:
    draw = random.Random(7)
    for _ in range(4):
        process = loading(some, oxigraph)
        time.sleep(draw.uniform(0.8, 3.0))
        process.kill()
        process.communicate()
    process = loading(some, oxigraph)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert held(oxigraph) == wanted(GraphTables(some / "graph"), schema)


def test_two_loaders_at_once(tmp_path: Path, some: Path, schema: Schema) -> None:
    with running("oxigraph", tmp_path) as server:
        both = [loading(some, server) for _ in range(2)]
        said = [process.communicate()[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert sum("holds this graph already" in text for text in said) == 1
        assert held(server) == wanted(GraphTables(some / "graph"), schema)


def test_a_server_that_is_killed_and_comes_back(tmp_path: Path, some: Path, schema: Schema) -> None:
    with running("oxigraph", tmp_path) as server:
        process = loading(some, server)
        with endpoint_of(server) as endpoint:
            while endpoint.count(GRAPH) < 4_000 and process.poll() is None:
                time.sleep(0.05)
        server.stop(kill=True)
        time.sleep(1)
        server.start()
        said, _ = process.communicate()
        assert process.returncode == 0, said
        assert held(server) == wanted(GraphTables(some / "graph"), schema)


def test_wrong_password_and_rights(tmp_path: Path, example: GraphTables, schema: Schema) -> None:
    server = Fuseki(tmp_path / "fuseki", is_locked=True)
    server.start()
    try:
        right, server.password = server.password, "wrong"
        with pytest.raises(StoreError, match=r"refuses the user 'loader' \(401\): give --user"):
            load(example, server, schema)
        server.password = right
        load(example, server, schema)
        assert held(server) == wanted(example, schema)
    finally:
        server.stop()


def test_wrong_addresses(
    oxigraph: Server, example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    absent = Oxigraph(tmp_path)
    with pytest.raises(StoreError, match=r"can't be reached .*start the server, or check"):
        load(example, absent, schema)
    options = TargetOptions(evidence="none")
    with pytest.raises(ValueError, match="takes no 'evidence'"):
        load_endpoint(example, oxigraph.url, schema=schema, options=options)
    with pytest.raises(StoreError, match=r"nothing at .*answers SPARQL: give the address of an"):
        load_endpoint(example, f"{oxigraph.url}/no/such", schema=schema, options=TargetOptions())
