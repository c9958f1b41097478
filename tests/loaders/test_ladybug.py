from __future__ import annotations

import copy
import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from graph_rows import HOSTILE, entity

from kgbuild.errors import ConfigError, StoreError
from kgbuild.loaders.cypher import CypherStore
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.ladybug import load_ladybug
from kgbuild.loaders.oxigraph import load_oxigraph
from kgbuild.loaders.synthetic import synthetic_graph, write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> Path:
    """A database that holds the example graph, for tests that only read."""
    folder = tmp_path_factory.mktemp("loaded")
    load_ladybug(example_graph(folder / "graph"), folder / "g.lbug", schema=schema)
    return folder / "g.lbug"


def rows(store: CypherStore, query: str, **params: object) -> list[dict[str, object]]:
    return store.query(query, params).to_pylist()


def test_holds_every_row(tmp_path: Path, schema: Schema) -> None:
    tables = synthetic_graph(tmp_path / "graph", statements=400, seed=3)
    report = load_ladybug(tables, tmp_path / "g.lbug", schema=schema)
    with CypherStore(tmp_path / "g.lbug") as store:
        counts = {
            "entities": "MATCH (n:Gene|Disease|ChemicalEntity) RETURN count(n) AS n",
            "statements": "MATCH ()-[r]->() WHERE r.belief IS NOT NULL RETURN count(r) AS n",
            "evidence": "MATCH (e:Evidence)-[:IN_DOCUMENT]->(:Document) RETURN count(e) AS n",
            "documents": "MATCH (d:Document) RETURN count(d) AS n",
            "occurrences": "MATCH (:Document)-[m:MENTIONS]->() RETURN count(m) AS n",
        }
        for table, query in counts.items():
            assert rows(store, query) == [{"n": tables.count(table)}], table
        ends = (
            "MATCH (a)<-[:HAS_SUBJECT]-(e:Evidence)-[:HAS_OBJECT]->(b) MATCH (a)-[r]->(b)"
            " WHERE r.id = e.statement RETURN count(*) AS n"
        )
        assert rows(store, ends) == [{"n": tables.count("evidence")}]
    assert report.rows["Evidence"] == tables.count("evidence")
    assert not list(tmp_path.glob(".*")), "staging is left behind"


def test_statement_properties(tmp_path: Path, schema: Schema, example: GraphTables) -> None:
    evidence = example.read("evidence")
    judged = pa.array([[True, False, None][n % 3] for n in range(len(evidence))], pa.bool_())
    place = evidence.schema.get_field_index("novel")
    pq.write_table(evidence.set_column(place, "novel", judged), example.path("evidence"))
    load_ladybug(example, tmp_path / "g.lbug", schema=schema)
    wanted = {row["id"]: row for row in example.read("statements").to_pylist()}
    with CypherStore(tmp_path / "g.lbug") as store:
        found = rows(
            store,
            "MATCH (a)-[r]->(b) WHERE r.belief IS NOT NULL RETURN a.id AS subject, b.id AS object,"
            " type(r) AS predicate, r.id AS id, r.belief AS belief, r.papers AS papers,"
            " r.sentences AS sentences, r.negated AS negated, r.hedged AS hedged,"
            " r.first_year AS first_year, r.last_year AS last_year, r.extractors AS extractors,"
            " r.novel AS novel",
        )
    assert len(found) == len(wanted)
    novel: dict[str, set[bool | None]] = {}
    for piece in example.read("evidence").to_pylist():
        novel.setdefault(piece["statement"], set()).add(piece["novel"])
    for row in found:
        said = novel.get(str(row["id"]), set()) - {None}
        assert row.pop("novel") == (True in said if said else None)
    for row in found:
        assert row.items() <= wanted[str(row["id"])].items()


def test_unchanged_graph_is_not_loaded_again(
    tmp_path: Path, schema: Schema, example: GraphTables
) -> None:
    path = tmp_path / "g.lbug"
    assert not load_ladybug(example, path, schema=schema).unchanged
    before = path.stat()
    assert load_ladybug(example, path, schema=schema).unchanged
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    write_graph(example.folder, entities=[entity("HGNC:1", "A1BG")])
    assert not load_ladybug(example, path, schema=schema).unchanged
    with CypherStore(path) as store:
        assert rows(store, "MATCH (n) RETURN n.name AS name") == [{"name": "A1BG"}]


def test_a_failed_load_leaves_the_old_graph(
    tmp_path: Path, schema: Schema, example: GraphTables
) -> None:
    path = tmp_path / "g.lbug"
    load_ladybug(example, path, schema=schema)
    statements = example.read("statements").to_pylist()
    write_graph(example.folder, entities=[entity("HGNC:1", "A1BG")], statements=statements)
    with pytest.raises(StoreError, match="don't fit together"):
        load_ladybug(example, path, schema=schema)
    with CypherStore(path) as store:
        assert rows(store, "MATCH (n:Disease {name: 'melanoma'}) RETURN count(n) AS n") == [
            {"n": 1}
        ]
    assert not list(tmp_path.glob(".*"))


def test_a_broken_file_is_replaced(tmp_path: Path, schema: Schema, example: GraphTables) -> None:
    path = tmp_path / "g.lbug"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="delete it"):
        CypherStore(path)
    assert load_ladybug(example, path, schema=schema).rows["Gene"] == 3


def test_hostile_texts_round_trip(hostile: GraphTables, schema: Schema) -> None:
    path = hostile.folder.parent / "stores" / "g.lbug"
    load_ladybug(hostile, path, schema=schema)
    with CypherStore(path) as store:
        (gene,) = rows(store, "MATCH (g:Gene) RETURN g.id AS id, g.name AS n, g.synonyms AS s")
        assert gene["n"] == HOSTILE[0]
        assert gene["s"] == HOSTILE
        sentences = rows(store, "MATCH (e:Evidence) RETURN e.sentence AS s ORDER BY e.id")
        assert [row["s"] for row in sentences] == HOSTILE
        by_name = "MATCH (g:Gene)-[r:causes]->() WHERE g.name = $name RETURN r.qualifiers AS q"
        assert rows(store, by_name, name=HOSTILE[0]) == [{"q": [f"key|=={HOSTILE[0]}"]}]


def test_tiny_graphs(tiny: GraphTables, tmp_path: Path, schema: Schema) -> None:
    load_ladybug(tiny, tmp_path / "g.lbug", schema=schema)
    with CypherStore(tmp_path / "g.lbug") as store:
        n = tiny.count("entities")
        assert rows(store, "MATCH (n:Gene) RETURN count(n) AS n") == [{"n": n}]
        assert rows(store, "MATCH (g:Gene)-[r:treats]->(d:Disease) RETURN g.id") == []
        assert rows(store, "MATCH (e:Evidence)-[:HAS_SUBJECT]->(g:Gene) RETURN g.id") == []


@pytest.mark.parametrize("column", ["category", "predicate"])
def test_names_that_the_schema_lacks(
    column: str, tmp_path: Path, schema: Schema, example: GraphTables
) -> None:
    content = {name: example.read(name).to_pylist() for name in ("entities", "statements")}
    table = "entities" if column == "category" else "statements"
    content[table][0][column] = "Spaceship`"
    tables = write_graph(tmp_path / "other", **content)
    with pytest.raises(StoreError, match=f"the {column} 'Spaceship`', which the schema lacks"):
        load_ladybug(tables, tmp_path / "g.lbug", schema=schema)
    assert not (tmp_path / "g.lbug").exists()


@pytest.mark.parametrize("name", ["Gene`; DROP", "9lives", "evidence", "MENTIONS", "Gene Product"])
def test_names_that_can_not_be_labels(
    name: str, tmp_path: Path, schema: Schema, example: GraphTables
) -> None:
    category = dataclasses.replace(schema.categories["Gene"], name=name, aliases=())
    bad = copy.copy(schema)
    bad.categories = {**schema.categories, name: category}
    with pytest.raises(ConfigError, match="category"):
        load_ladybug(example, tmp_path / "g.lbug", schema=bad)


def test_an_absent_table_is_named(tmp_path: Path, schema: Schema) -> None:
    tables = example_graph(tmp_path / "graph")
    tables.path("evidence").unlink()
    with pytest.raises(StoreError, match=r"evidence\.parquet is absent"):
        load_ladybug(tables, tmp_path / "g.lbug", schema=schema)


def test_an_unwritable_place(tmp_path: Path, schema: Schema, example: GraphTables) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="can't be written"):
        load_ladybug(example, tmp_path / "file" / "g.lbug", schema=schema)


def test_too_little_room_is_said_first(
    tmp_path: Path, schema: Schema, example: GraphTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10 << 20)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    for load in (load_ladybug, load_oxigraph):
        with pytest.raises(StoreError, match="its disk has 10 MB"):
            load(example, tmp_path / "new" / "store", schema=schema)
    assert not (tmp_path / "new").exists()


def test_progress_ends_at_the_total(tmp_path: Path, schema: Schema, example: GraphTables) -> None:
    seen: list[tuple[str, int, int]] = []
    load_ladybug(
        example, tmp_path / "g.lbug", schema=schema, progress=lambda *step: seen.append(step)
    )
    done = [step[1] for step in seen]
    assert done == sorted(done)
    assert seen[-1][1] == seen[-1][2]


def test_several_readers_at_once(loaded: Path) -> None:
    with CypherStore(loaded) as one, CypherStore(loaded) as two:
        query = "MATCH (g:Gene) RETURN count(g) AS n"
        assert rows(one, query) == rows(two, query) == [{"n": 3}]


@pytest.mark.parametrize(
    "query",
    [
        "MATCH (g:Gene) SET g.name = 'x'",
        "CREATE (:Gene {id: 'HGNC:1'})",
        "MATCH (g:Gene) DETACH DELETE g",
        "DROP TABLE treats",
        "COPY (MATCH (g:Gene) RETURN g.id) TO '{file}'",
        "cOpY/**/(MATCH (g:Gene) RETURN g.id) TO '{file}'",
        "RETURN 1; COPY (MATCH (g:Gene) RETURN g.id) TO '{file}'",
        "LOAD FROM '/etc/hostname' (file_format='csv') RETURN *",
        "INSTALL json",
        "ATTACH '{file}' AS other (dbtype duckdb)",
        "EXPORT DATABASE '{file}'",
    ],
)
def test_writes_and_files_are_refused(query: str, tmp_path: Path, loaded: Path) -> None:
    with CypherStore(loaded) as store, pytest.raises(StoreError, match="refused"):
        store.query(query.replace("{file}", str(tmp_path / "out.csv")))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("MATCH (g:Gen) RETURN g", "Did you mean Gene"),
        ("MATCH ()-[r:treat]->() RETURN r", "Did you mean treats"),
        ("MATCH (g:Gene) RETURN g.nam", "Did you mean name"),
        ("MATCH (n) WHERE n:Gene RETURN n", "labels in the pattern"),
        ("MATCH (e:Evidence) RETURN e.end", "e.`end`"),
        ("RETURN 1; RETURN 2", "one at a time"),
        ("MATCH", "Parser exception"),
    ],
)
def test_errors_say_what_to_do(query: str, hint: str, loaded: Path) -> None:
    with CypherStore(loaded) as store, pytest.raises(StoreError) as caught:
        store.query(query)
    assert hint in str(caught.value)


def test_words_in_texts_are_no_clauses(loaded: Path) -> None:
    with CypherStore(loaded) as store:
        query = "MATCH (g:Gene) WHERE g.name = 'COPY (x) TO' /* LOAD FROM */ RETURN g.id AS load"
        assert rows(store, query) == []


CRIPPLED = """
import os, resource, signal, sys
from pathlib import Path
from kgbuild.errors import StoreError
from kgbuild.loaders.ladybug import load_ladybug
from kgbuild.loaders.oxigraph import load_oxigraph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

folder, how = Path(sys.argv[1]), sys.argv[2]
load, target = (load_oxigraph, "rdf") if "rdf" in how else (load_ladybug, "g.lbug")
progress = None
if "kill" in how:
    progress = lambda *step: os.kill(os.getpid(), signal.SIGKILL) if step[1] > 20 else None
else:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = 100_000 if target == "g.lbug" else 4096
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
schema = Schema.load()
try:
    load(GraphTables(folder / "graph"), folder / target, schema=schema, progress=progress)
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")
@pytest.mark.parametrize("how", ["kill", "kill rdf", "full", "full rdf"])
def test_a_kill_or_a_full_disk_loses_nothing(how: str, tmp_path: Path, schema: Schema) -> None:
    tables = example_graph(tmp_path / "graph")
    command = [sys.executable, "-c", CRIPPLED, str(tmp_path), how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "kill" in how:
        assert done.returncode == -9
    else:
        assert "can't be written" in done.stdout
    load, name = (load_oxigraph, "rdf") if "rdf" in how else (load_ladybug, "g.lbug")
    assert not (tmp_path / name).exists()
    assert not load(tables, tmp_path / name, schema=schema).unchanged
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["graph", name])


def test_columns_are_named_as_the_query_says(tmp_path: Path) -> None:
    tables = example_graph(tmp_path / "graph")
    load_ladybug(tables, tmp_path / "g.lbug", schema=Schema.load())
    with CypherStore(tmp_path / "g.lbug") as store:
        table = store.query(
            "MATCH (a)-[r]->(b:Disease) RETURN type(r), a.id AS x, count(*) LIMIT 1"
        )
    assert table.column_names[:2] == ["type(r)", "x"]
