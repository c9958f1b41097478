from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest import approx

from kgbuild.assembly.belief import DEFAULT_RATES, HEDGED, belief
from kgbuild.assembly.statements import PARTS, assemble
from kgbuild.errors import WorkspaceError
from kgbuild.records import Statement, Synonym, Term
from kgbuild.tables import GRAPH_TABLES, GraphTables

TERMS = {
    "MESH:D001241": Term("MESH:D001241", "Aspirin", "ChemicalEntity", (Synonym("ASA"),)),
    "MONDO:1": Term("MONDO:1", "stroke", "Disease"),
}


def evidence(number: int, document: str, **more: Any) -> dict[str, Any]:
    statement = Statement("MESH:D001241", more.pop("predicate", "prevents"), "MONDO:1")
    return {
        "id": f"e{number}", "statement": statement.id, "document": document, "start": number * 10,
        "end": number * 10 + 9, "sentence": "…", "subject_start": 0, "subject_end": 1,
        "object_start": 2, "object_end": 3, "score": 0.8, "extractor": "patterns/1",
        "negated": False, "hedged": False, "novel": None, "subject": "MESH:D001241",
        "subject_category": "ChemicalEntity", "predicate": statement.predicate,
        "object": "MONDO:1", "object_category": "Disease", "year": 2000 + number,
    } | more  # fmt: skip


def occurrence(document: str, entity: str, category: str, text: str) -> dict[str, Any]:
    return {
        "document": document, "entity": entity, "category": category, "text": text,
        "mentions": 2, "sentences": 1,
    }  # fmt: skip


def parts(folder: Path, *shards: list[dict[str, Any]]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {name: [] for name in PARTS}
    for number, rows in enumerate(shards):
        documents = sorted({row["document"] for row in rows})
        tables = {
            "graph_evidence": rows,
            "graph_occurrences": [
                o
                for d in documents
                for o in (
                    occurrence(d, "MESH:D001241", "Drug", "aspirin"),
                    occurrence(d, "MONDO:1", "Disease", "stroke"),
                    occurrence(d, "kgb.nil:1", "Gene", "geneX"),
                )
            ],
            "graph_documents": [
                {
                    "id": d,
                    "title": d,
                    "date": "2001",
                    "year": 2001,
                    "source": "x",
                    "sentences": 7,
                }
                for d in documents
            ],
        }
        for name, own in tables.items():
            path = folder / "tables" / name / f"{number:06d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(own, schema=PARTS[name]), path)
            files[name].append(path)
    return files


def run(folder: Path, *shards: list[dict[str, Any]], **more: Any) -> GraphTables:
    options: dict[str, Any] = {"retired": [], "rates": DEFAULT_RATES, "term": TERMS.get} | more
    tables, _ = assemble(parts(folder, *shards), folder / "graph", **options)
    return tables


def rows(tables: GraphTables, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables.read(name).to_pylist()
    return found


def test_papers_count_not_sentences(tmp_path: Path) -> None:
    tables = run(tmp_path, [evidence(1, "P:1"), evidence(2, "P:1"), evidence(3, "P:2")])
    [row] = rows(tables, "statements")
    assert (row["papers"], row["sentences"]) == (2, 3)
    assert (row["first_year"], row["last_year"]) == (2001, 2003)
    assert row["belief"] == approx(belief({"patterns": [0.8, 0.8]}, {}))


def test_sql_belief_is_the_documented_one(tmp_path: Path) -> None:
    tables = run(
        tmp_path,
        [
            evidence(1, "P:1", score=0.6),
            evidence(2, "P:1", score=0.9, hedged=True),
            evidence(3, "P:2", extractor="cooccurrence-sentence/1", score=0.5),
            evidence(4, "P:3", negated=True, score=0.7),
            evidence(5, "P:3", extractor="unheard-of/2", score=0.4),
        ],
    )
    [row] = rows(tables, "statements")
    expected = belief(
        {
            "patterns": [max(0.6, 0.9 * HEDGED)],
            "cooccurrence-sentence": [0.5],
            "unheard-of": [0.4],
        },
        {"patterns": [0.7]},
    )
    assert row["belief"] == approx(expected)
    assert (row["negated"], row["hedged"], row["papers"]) == (1, 1, 3)
    assert row["extractors"] == ["cooccurrence-sentence", "patterns", "unheard-of"]


def test_a_statement_that_is_only_denied_is_kept_with_belief_0(tmp_path: Path) -> None:
    [row] = rows(run(tmp_path, [evidence(1, "P:1", negated=True)]), "statements")
    assert (row["belief"], row["papers"], row["sentences"], row["negated"]) == (0, 0, 0, 1)


def test_retired_documents_do_not_count(tmp_path: Path) -> None:
    shards = [evidence(1, "P:1"), evidence(2, "P:2")], [evidence(3, "P:1", score=0.3)]
    tables = run(tmp_path, *shards, retired=[("P:1", 0)])
    assert {row["id"] for row in rows(tables, "evidence")} == {"e2", "e3"}
    assert rows(tables, "statements")[0]["papers"] == 2
    assert [row["id"] for row in rows(tables, "documents")] == ["P:1", "P:2"]
    assert len(rows(tables, "occurrences")) == 6


def test_entities_take_name_and_category_from_their_term(tmp_path: Path) -> None:
    tables = run(tmp_path, [evidence(1, "P:1")], [evidence(2, "P:2")])
    found = {row["id"]: row for row in rows(tables, "entities")}
    assert found["MESH:D001241"]["name"] == "Aspirin"
    assert found["MESH:D001241"]["category"] == "ChemicalEntity"
    assert found["MESH:D001241"]["synonyms"] == ["ASA"]
    assert (found["MESH:D001241"]["documents"], found["MESH:D001241"]["mentions"]) == (2, 4)
    assert (found["kgb.nil:1"]["name"], found["kgb.nil:1"]["vocabulary"]) == ("geneX", "")
    assert rows(tables, "statements")[0]["subject_category"] == "ChemicalEntity"


def test_tables_have_their_schemas_and_are_sorted(tmp_path: Path) -> None:
    tables = run(tmp_path, [evidence(9 - i, f"P:{i % 3}", predicate=f"p{i % 4}") for i in range(9)])
    for name, schema in GRAPH_TABLES.items():
        table = tables.read(name)
        assert table.schema.equals(schema), name
        if "id" in schema.names:
            ids = table["id"].to_pylist()
            assert ids == sorted(set(ids)), name


def test_an_empty_graph_has_empty_tables(tmp_path: Path) -> None:
    tables, sentences = assemble(
        {name: [] for name in PARTS}, tmp_path / "graph",
        retired=[], rates=DEFAULT_RATES, term=TERMS.get,
    )  # fmt: skip
    assert {name: tables.count(name) for name in GRAPH_TABLES} == dict.fromkeys(GRAPH_TABLES, 0)
    assert sentences == 0


def test_sentences_of_live_documents_are_counted(tmp_path: Path) -> None:
    shards = [evidence(1, "P:1"), evidence(2, "P:2")], [evidence(3, "P:1")]
    _, sentences = assemble(
        parts(tmp_path, *shards), tmp_path / "graph",
        retired=[("P:1", 0)], rates=DEFAULT_RATES, term=TERMS.get,
    )  # fmt: skip
    assert sentences == 14


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="can't be written"):
        assemble(
            parts(tmp_path, [evidence(1, "P:1")]), tmp_path / "file" / "graph",
            retired=[], rates=DEFAULT_RATES, term=TERMS.get,
        )  # fmt: skip
