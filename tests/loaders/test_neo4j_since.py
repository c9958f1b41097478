"""What differs from an earlier graph, exported for Neo4j and applied to a real one."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from graph_rows import HOSTILE, entity
from neo4j.exceptions import Neo4jError
from neo4j_server import QUICK, Server
from test_neo4j_admin import everything, serving

from kgbuild.errors import StoreError
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.neo4j_admin import export_neo4j_admin, export_neo4j_admin_since
from kgbuild.loaders.neo4j_delta import Earlier
from kgbuild.loaders.neo4j_server import LocalNeo4j, run_admin
from kgbuild.loaders.report import LoadReport
from kgbuild.loaders.synthetic import write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GRAPH_TABLES, GraphTables

Rows = dict[str, list[dict[str, Any]]]
STRANGE = [text for text in HOSTILE if len(text) < 1000] + ["100%", "%5C|%25|", "ends in \\", "\\"]


@pytest.fixture
def earlier(hostile: GraphTables, tmp_path: Path) -> GraphTables:
    rows = rows_of(hostile, example_graph(tmp_path / "facts"))
    rows["entities"].append(entity("HGNC:5", "A1BG", xrefs=["X:1"]))
    return write_graph(tmp_path / "earlier", **rows)


@pytest.fixture
def later(earlier: GraphTables, tmp_path: Path) -> GraphTables:
    """Of each kind something is new, something changed, something is gone, and some has moved."""
    rows = rows_of(earlier)
    dead = rows["documents"][1]["id"]
    rows["documents"] = [row for row in rows["documents"] if row["id"] != dead]
    rows["evidence"] = [row for row in rows["evidence"] if row["document"] != dead]
    rows["occurrences"] = [row for row in rows["occurrences"] if row["document"] != dead]
    kept = {row["statement"] for row in rows["evidence"]}
    rows["statements"] = [row for row in rows["statements"] if row["id"] in kept]
    rows["entities"] = [row for row in rows["entities"] if row["id"] != "HGNC:5"]
    by_id = {row["id"]: row for row in rows["entities"]}
    by_id["HGNC:1097"] |= {"name": "", "synonyms": [], "category": "Protein", "mentions": 99}
    by_id["HGNC:9605"] |= {"synonyms": ["", *STRANGE], "xrefs": [""], "name": None}
    rows["documents"][0] |= {"title": None, "year": None, "source": STRANGE[0]}
    rows["occurrences"][0] |= {"mentions": 7}
    del rows["occurrences"][1]
    statements = rows["statements"]
    statements[0] |= {"belief": 1e-300, "extractors": [], "qualifiers": [("a", STRANGE[0])]}
    # ids of someone else's graph need not follow from what they name
    statements[1] |= {"subject": statements[1]["object"], "object": statements[1]["subject"]}
    statements[2] |= {"predicate": "related_to"}
    rows["evidence"][0] |= {"novel": True, "negated": True, "score": 0.1 + 0.2, "sentence": ""}
    rows["evidence"][-1] |= {"statement": statements[0]["id"]}
    del rows["evidence"][-2]
    for number, text in enumerate(STRANGE):
        rows["entities"].append(entity(f"e:{text}", text, "Disease", parents=[text]))
        rows["documents"].append({"id": f"d:{text}", "title": text, "date": text, "year": number})
        rows["statements"].append(
            statements[0] | {"id": f"s:{text}", "subject": f"e:{text}", "extractors": [text]}
        )
        rows["evidence"].append(
            rows["evidence"][0]
            | {"id": f"v:{text}", "document": f"d:{text}", "sentence": text}
            | {"statement": f"s:{text}"}
        )
        rows["occurrences"].append(
            {"document": f"d:{text}", "entity": f"e:{text}", "mentions": number, "sentences": 1}
        )
    return write_graph(tmp_path / "later", **rows)


def rows_of(*graphs: GraphTables) -> Rows:
    return {name: [r for g in graphs for r in g.read(name).to_pylist()] for name in GRAPH_TABLES}


def apply(server: Server, folder: Path) -> list[list[Any]]:
    """Run the script, from the import folder, as cypher-shell does; return its last answer."""
    imports = server.local.home / "import"
    shutil.copytree(folder, imports / folder.name, dirs_exist_ok=True)
    answer: list[list[Any]] = []
    with server.driver.session() as session:
        for statement in (folder / "apply.cypher").read_text("utf-8").split(";\n"):
            if statement.strip():
                answer = [record.values() for record in session.run(statement)]
    shutil.rmtree(imports / folder.name)
    return answer


def export(later: GraphTables, earlier: GraphTables, path: Path, **options: Any) -> LoadReport:
    schema = Schema.load()
    return export_neo4j_admin_since(
        later, path, schema=schema, since=Earlier(earlier, schema), **options
    )


def as_loaded(server: Server, graph: GraphTables) -> list[list[Any]]:
    server.wipe()
    server.load(graph)
    return everything(server)


def test_a_live_load_brings_what_has_moved_too(
    server: Server, earlier: GraphTables, later: GraphTables
) -> None:
    wanted = as_loaded(server, later)
    server.wipe()
    server.load(earlier)
    server.load(later)
    server.holds(later)
    assert everything(server) == wanted
    assert server.load(later).unchanged


def test_a_database_is_brought_to_what_is_loaded(
    server: Server, earlier: GraphTables, later: GraphTables, tmp_path: Path
) -> None:
    wanted = as_loaded(server, later)
    server.wipe()
    server.load(earlier)
    assert everything(server) != wanted
    folder = tmp_path / "it's a [delta] 100% ü"
    report = export(later, earlier, folder)
    assert all(report.rows[name] > len(STRANGE) for name in report.rows)
    assert all(report.removed[name] for name in report.rows)
    assert f"{folder.name}/apply.cypher" in report.advice.replace("'\"'\"'", "'")
    for _ in range(2):  # again is fine
        answer = apply(server, folder)
        assert [[row[0], row[3]] for row in answer] == [[name, True] for name in report.rows]
        assert [row[1:3] for row in answer] == [[later.count(n)] * 2 for n in report.rows]
        for one, same in zip(everything(server), wanted, strict=True):
            assert one == same
    following = server.load(later)
    assert (following.unchanged, dict(following.rows), dict(following.removed)) == (False, {}, {})
    server.holds(later)


def test_the_way_back_and_a_start_from_nothing(
    server: Server, earlier: GraphTables, later: GraphTables, tmp_path: Path
) -> None:
    empty = write_graph(tmp_path / "empty", entities=[])
    server.wipe()
    for number, (before, after) in enumerate(
        [(empty, later), (later, earlier), (earlier, earlier), (earlier, empty)]
    ):
        report = export(after, before, tmp_path / f"delta{number}")
        assert all(row[3] for row in apply(server, tmp_path / f"delta{number}"))
        if before is after:
            assert not any([*report.rows.values(), *report.removed.values()])
        server.holds(after)


def test_what_is_not_the_earlier_graph_is_told(
    server: Server, earlier: GraphTables, later: GraphTables, tmp_path: Path
) -> None:
    server.wipe()
    export(later, earlier, tmp_path / "delta")
    answer = {row[0]: row[3] for row in apply(server, tmp_path / "delta")}
    assert not answer["entities"]
    assert not answer["statements"]
    server.load(later)
    server.holds(later)


def test_a_database_with_another_choice_of_evidence_is_left_as_it_is(
    server: Server, earlier: GraphTables, later: GraphTables, tmp_path: Path
) -> None:
    server.wipe()
    server.load(earlier, evidence="properties")
    before = everything(server)
    export(later, earlier, tmp_path / "delta")
    with pytest.raises(Neo4jError, match="loaded with --evidence properties, and the script is"):
        apply(server, tmp_path / "delta")
    assert everything(server) == before
    assert server.load(earlier, evidence="properties").unchanged


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_import_takes_what_is_new_and_the_script_does_the_rest(
    form: str, server: Server, earlier: GraphTables, later: GraphTables, tmp_path: Path
) -> None:
    """``import incremental`` needs Enterprise: here ``full`` takes its files, beside the rest."""
    whole = export_neo4j_admin(earlier, tmp_path / "whole", schema=Schema.load(), form=form)
    report = export(later, earlier, tmp_path / "delta", form=form)
    command = (tmp_path / "delta" / "import.sh").read_text("utf-8").splitlines()[-1]
    assert command == report.advice.splitlines()[-1]
    words = shlex.split(command)
    assert words[1:6] == ["database", "import", "incremental", "neo4j", "--force"]
    new = [w.replace("./", "../delta/") for w in words if w[:6] in ("--node", "--rela")]
    full = shlex.split(whole.advice.splitlines()[-1])[1:]
    assert set(words) & {w for w in full if "delimiter" in w} == {w for w in full if "delim" in w}
    settings = {"db.import.csv.legacy_quote_escaping": "false"}
    local = LocalNeo4j(tmp_path / "home", java=QUICK, settings=settings)
    run_admin(local.home, *full, *new, folder=tmp_path / "whole")
    server.wipe()
    server.load(later)
    with serving(local) as other:
        count = other.ask("MATCH (n:Document) WHERE n.id STARTS WITH 'd:' RETURN count(n)")
        assert count == [[len(STRANGE)]]
        assert all(row[3] for row in apply(other, tmp_path / "delta"))
        for one, same in zip(everything(other), everything(server), strict=True):
            assert one == same
        other.holds(later)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.unlink(), "absent: the earlier graph must be whole"),
        (
            lambda path: pq.write_table(pq.read_table(path).drop_columns(["novel"]), path),
            "lacks the column novel, or has it otherwise: the earlier graph is of another version",
        ),
        (lambda path: path.write_bytes(b"PA"), "evidence.parquet can't be read"),
    ],
)
def test_an_earlier_graph_that_will_not_do(
    damage: Callable[[Path], None], said: str, example: GraphTables, tmp_path: Path
) -> None:
    old = write_graph(tmp_path / "old", **rows_of(example))
    damage(old.path("evidence"))
    with pytest.raises(StoreError, match=said):
        export(example, old, tmp_path / "delta")
    assert not (tmp_path / "delta").exists()
