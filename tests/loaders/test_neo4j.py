"""Loading into a real Neo4j."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from graph_rows import HOSTILE, entity
from neo4j_server import QUICK, Server

from kgbuild.errors import StoreError
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.neo4j_server import LocalNeo4j
from kgbuild.loaders.synthetic import synthetic_graph, write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GRAPH_TABLES, GraphTables
from kgbuild.testing import HashingEncoder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> GraphTables:
    """A graph of some thousand elements with hubs."""
    return synthetic_graph(tmp_path_factory.mktemp("small"), statements=400, seed=5)


def test_holds_exactly_the_graph(server: Server, small: GraphTables) -> None:
    server.wipe()
    first = server.load(small, batch=200, writers=3)
    server.holds(small)
    assert first.rows["statements"] == small.count("statements")
    assert not first.unchanged
    again = server.load(small)
    assert again.unchanged
    assert again.seconds < first.seconds
    forced = server.load(small, force=True)
    assert (dict(forced.rows), dict(forced.removed)) == ({}, {})


def test_labels_properties_and_indexes(server: Server, example: GraphTables) -> None:
    server.wipe()
    server.load(example)
    ((labels, names, synonyms),) = server.ask(
        "MATCH (n {id: 'HGNC:9605'}) RETURN labels(n), n.name, n.synonyms"
    )
    assert set(labels) == {"Entity", "Gene", "GeneOrGeneProduct", "BiologicalEntity", "NamedThing"}
    assert (names, synonyms) == ("PTGS2", ["COX-2", "COX2"])
    hit = (
        "CALL db.index.fulltext.queryNodes('kgbuild_names', 'fibrillin') YIELD node RETURN node.id"
    )
    assert server.ask(hit) == [["HGNC:3603"]]
    kinds = server.ask(
        "SHOW INDEXES YIELD name, state WHERE name STARTS WITH 'kgbuild' RETURN state"
    )
    assert len(kinds) >= 7
    assert {state for (state,) in kinds} == {"ONLINE"}
    ((evidence, schema),) = server.ask(
        "MATCH (g:KgbuildLoad {id: 'graph'}) RETURN g.evidence, g.schema"
    )
    assert (evidence, schema) == ("nodes", "biomedical")


def test_vectors_are_searched_and_kept_up_to_date(server: Server, tmp_path: Path) -> None:
    server.wipe()
    encoder = HashingEncoder(dimension=64)
    tables = example_graph(tmp_path / "graph")
    assert server.load(tables, vectors=encoder).rows["vectors"] == tables.count("entities")
    nearest = "CALL db.index.vector.queryNodes('kgbuild_vectors', 1, $v) YIELD node RETURN node.id"
    (vector,) = encoder.encode(["Melanoma"]).tolist()
    assert server.ask(nearest, v=vector) == [["MONDO:0005105"]]
    rows = {name: tables.read(name).to_pylist() for name in GRAPH_TABLES}
    rows["entities"][0]["name"] = "aspirin"
    changed = write_graph(tmp_path / "changed", **rows)
    assert server.load(changed, vectors=encoder).rows == {"entities": 1, "vectors": 1}


def test_only_what_changed_is_written(server: Server, tmp_path: Path) -> None:
    """Evidence withdrawn, a score changed, an entity of another category, a new statement."""
    server.wipe()
    tables = example_graph(tmp_path / "graph")
    server.load(tables)
    rows = {
        name: tables.read(name).to_pylist()
        for name in ("entities", "statements", "evidence", "documents", "occurrences")
    }
    gone = next(row for row in rows["statements"] if row["predicate"] == "has_phenotype")
    rows["statements"].remove(gone)
    rows["evidence"] = [row for row in rows["evidence"] if row["statement"] != gone["id"]]
    rows["entities"] = [row for row in rows["entities"] if row["id"] != gone["object"]]
    rows["occurrences"] = [row for row in rows["occurrences"] if row["entity"] != gone["object"]]
    rows["evidence"][0]["score"] = 0.25
    metformin = next(row for row in rows["entities"] if row["name"] == "metformin")
    metformin |= {"category": "Drug", "name": "Metformin"}
    rows["documents"].append({"id": "PMID:90000009", "title": "new", "year": 2024})
    changed = write_graph(tmp_path / "changed", **rows)
    report = server.load(changed)
    assert dict(report.rows) == {"entities": 1, "documents": 1, "evidence": 1}
    assert dict(report.removed) == {
        "statements": 1, "evidence": 1, "entities": 1, "occurrences": 1,
    }  # fmt: skip
    server.holds(changed)
    ((labels,),) = server.ask("MATCH (n:Entity {name: 'Metformin'}) RETURN labels(n)")
    assert set(labels) == {"Entity", "Drug", "ChemicalEntity", "NamedThing"}


def test_what_others_put_there_stays(server: Server, example: GraphTables, tmp_path: Path) -> None:
    server.wipe()
    server.load(example)
    server.ask(
        "MATCH (n:Entity {name: 'melanoma'}) SET n.mine = 1"
        " CREATE (:Note {text: 'x'})-[:ABOUT]->(n)"
    )
    server.ask("MATCH (e:Evidence)-[r:HAS_OBJECT]->(:Entity {name: 'melanoma'}) DELETE r")
    report = server.load(example, force=True)
    assert dict(report.rows) == {"evidence": 3}  # what had lost a link is made again
    assert server.ask("MATCH (:Note)-[:ABOUT]->(n) RETURN n.mine") == [[1]]
    server.load(write_graph(tmp_path / "empty"))
    assert server.ask("MATCH (n) WHERE NOT n:KgbuildLoad RETURN labels(n)") == [[["Note"]]]


@pytest.mark.parametrize("evidence", ["properties", "none"])
def test_evidence_by_choice(server: Server, example: GraphTables, evidence: str) -> None:
    server.load(example)
    server.load(example, evidence=evidence)
    assert server.ask("MATCH (n) WHERE n:Evidence OR n:Document RETURN count(n)") == [[0]]
    ((sentences, documents, denied),) = server.ask(
        "MATCH ({name: 'metformin'})-[r:treats]->() RETURN r.evidence_sentence,"
        " r.evidence_document, r.evidence_negated"
    )
    if evidence == "none":
        assert (sentences, documents, denied) == (None, None, None)
    else:
        assert sorted(documents) == ["PMID:90000001", "PMID:90000002"]
        assert len(sentences) == 2
        assert denied == [False, False]


def test_hostile_texts_come_back(server: Server, hostile: GraphTables) -> None:
    server.wipe()
    server.load(hostile)
    server.holds(hostile)
    assert server.ask("MATCH (g:Gene) RETURN g.name, g.synonyms") == [[HOSTILE[0], HOSTILE]]
    assert server.ask("MATCH (e:Evidence) RETURN e.sentence ORDER BY e.id") == [
        [text] for text in HOSTILE
    ]
    qualifiers = server.ask("MATCH (:Gene)-[r:causes]->() RETURN r.qualifiers")
    assert qualifiers == [[[f"key|=={HOSTILE[0]}"]]]


def test_tiny_graphs(server: Server, tiny: GraphTables) -> None:
    server.load(tiny)
    server.holds(tiny)


KILLED = """
import os, signal, sys
from pathlib import Path
from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.neo4j_server import LocalNeo4j
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GRAPH_TABLES, GraphTables
from kgbuild.testing import HashingEncoder

folder, address, after = sys.argv[1], sys.argv[2], int(sys.argv[3])
options = TargetOptions(user=os.environ["KGBUILD_USER"], password=os.environ["KGBUILD_PASSWORD"],
                        batch=100, writers=2)
progress = lambda name, done, total: os.kill(os.getpid(), signal.SIGKILL) if done > after else None
load_neo4j(GraphTables(Path(folder)), address, schema=Schema.load(), options=options,
           progress=progress)
"""


def test_kills_lose_and_double_nothing(server: Server, small: GraphTables) -> None:
    server.wipe()
    for after in (100, 700, 400):
        command = [sys.executable, "-c", KILLED, str(small.folder), server.local.address]
        done = subprocess.run(
            [*command, str(after)], env={**os.environ, **server.environment}, check=False
        )
        assert done.returncode == -signal.SIGKILL
    server.load(small)
    server.holds(small)


def test_two_loads_at_once(server: Server, small: GraphTables, example: GraphTables) -> None:
    server.wipe()
    reports: list[object] = []

    def load() -> None:
        reports.append(server.load(small, batch=100))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2
    server.holds(small)


def test_a_server_that_is_restarted_is_waited_for(server: Server, small: GraphTables) -> None:
    server.wipe()
    reached, ended = threading.Event(), list[object]()

    def progress(name: str, done: int, total: int) -> None:
        if name == "evidence" and not reached.is_set():
            reached.set()
            time.sleep(0.5)

    def load() -> None:
        ended.append(
            load_neo4j(
                small, server.local.address, schema=Schema.load(),
                options=server.options(batch=100), progress=progress,
            )
        )  # fmt: skip

    thread = threading.Thread(target=load)
    thread.start()
    assert reached.wait(240)
    server.local.kill()
    server.local.start()  # in the main thread: the server ends with the thread that began it
    thread.join()
    assert len(ended) == 1
    server.holds(small)


def test_transactions_that_are_too_large_are_halved(tmp_path: Path, small: GraphTables) -> None:
    with LocalNeo4j(tmp_path, java=QUICK, settings={"db.memory.transaction.max": "2m"}) as local:
        server = Server(local)
        try:
            server.load(small, batch=5000)
            server.holds(small)
        finally:
            server.driver.close()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    tables = synthetic_graph(tmp_path / "graph", statements=4000, seed=6)
    sparing = {"db.tx_log.preallocate": "false", "db.tx_log.rotation.size": "128k"}
    try:
        with LocalNeo4j(disk / "server", java=QUICK, settings=sparing) as local:
            server = Server(local)
            with pytest.raises(StoreError, match="disk is full"):
                server.load(tables, batch=1000)
            subprocess.run(["mount", "-o", "remount,size=400m", str(disk)], check=True)
            with pytest.raises(StoreError, match="start it again"):
                server.load(tables)
            local.kill()
            local.start()
            server.load(tables)
            server.holds(tables)
            server.driver.close()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_read_only_database_is_named(tmp_path: Path, example: GraphTables) -> None:
    with LocalNeo4j(tmp_path, java=QUICK) as local:
        Server(local).driver.close()  # the database must be there before it can't be made
    read_only = {"server.databases.read_only": "neo4j"}
    with LocalNeo4j(tmp_path, java=QUICK, settings=read_only) as local:
        server = Server(local)
        with pytest.raises(StoreError, match="has this database read-only: name another"):
            server.load(example)
        server.driver.close()


@pytest.mark.parametrize(
    ("address", "options", "said"),
    [
        ("bolt://127.0.0.1:1", {}, "nothing answers"),
        ("{http}", {}, "nothing answers"),
        ("{bolt}", {"password": "wrong"}, "KGBUILD_PASSWORD"),
        ("{bolt}", {"database": "nope"}, "no such database"),
        ("bolt://user:secret@127.0.0.1", {}, "must not hold"),
    ],
)
def test_what_goes_wrong_is_said(
    server: Server, example: GraphTables, address: str, options: dict[str, str], said: str
) -> None:
    places = {"bolt": server.local.address, "http": f"bolt://127.0.0.1:{server.local.http}"}
    with pytest.raises(StoreError, match=said) as caught:
        load_neo4j(
            example, address.format(**places), schema=Schema.load(),
            options=server.options(**options),
        )  # fmt: skip
    assert "secret" not in str(caught.value)
    assert server.local.password not in str(caught.value)


def test_an_unknown_choice_of_evidence(server: Server, example: GraphTables) -> None:
    with pytest.raises(ValueError, match="nodes, properties, none"):
        server.load(example, evidence="some")


def test_data_in_the_way_are_named(server: Server, tmp_path: Path) -> None:
    server.wipe()
    for constraint in ("kgbuild_entity", "kgbuild_document", "kgbuild_evidence"):
        server.ask(f"DROP CONSTRAINT {constraint} IF EXISTS")
    server.ask("CREATE (:Entity {id: 'HGNC:1'}), (:Entity {id: 'HGNC:1'})")
    tables = write_graph(tmp_path / "graph", entities=[entity("HGNC:1", "A1BG")])
    with pytest.raises(StoreError, match="do not allow"):
        server.load(tables)
    server.wipe()
    server.load(tables)
    server.holds(tables)
