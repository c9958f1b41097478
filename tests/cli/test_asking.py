"""query, show and ground: what they answer, and what they say to questions that have no answer."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from running import ANSI, Run, in_process

ROOT = Path(__file__).resolve().parents[2]
TREATS = (
    "MATCH (c:ChemicalEntity)-[r:treats]->(d:Disease {id: 'MONDO:0007254'}) "
    "RETURN c.id AS id, c.name AS name, r.belief AS belief, r.papers AS papers "
    "ORDER BY papers DESC, id"
)


def test_cypher_as_table_csv_and_json_says_the_same(kgb: Run, example_graph: Path) -> None:
    asked = kgb("query", example_graph, TREATS, "--format", "json")
    rows = json.loads(asked.out)
    assert (asked.code, asked.err) == (0, "")
    assert {"MESH:D000068878"} <= {row["id"] for row in rows}
    as_csv = kgb("query", example_graph, TREATS, "--format", "csv").out
    read = list(csv.DictReader(io.StringIO(as_csv)))
    assert [row["id"] for row in read] == [row["id"] for row in rows]
    assert [float(row["belief"]) for row in read] == [row["belief"] for row in rows]
    table = kgb("query", example_graph, TREATS).out.splitlines()
    assert table[0].split() == ["id", "name", "belief", "papers"]
    assert [line.split()[0] for line in table[2:-1]] == [row["id"] for row in rows]
    assert table[-1] == f"{len(rows)} row{'' if len(rows) == 1 else 's'}"


def test_a_query_comes_from_a_file_or_standard_input(
    kgb: Run, example_graph: Path, tmp_path: Path
) -> None:
    expected = kgb("query", example_graph, TREATS, "--format", "csv").out
    file = tmp_path / "my question.cypher"
    file.write_text(TREATS)
    assert kgb("query", example_graph, file, "--format", "csv").out == expected
    piped = kgb("query", example_graph, "-", "--format", "csv", stdin=TREATS.encode())
    assert piped.out == expected


def test_the_example_questions_have_answers(kgb: Run, example_graph: Path) -> None:
    cypher = kgb("query", example_graph, ROOT / "examples" / "treats.cypher", "--format", "csv")
    sparql = kgb(
        "query", example_graph, ROOT / "examples" / "inhibits.rq", "--sparql", "--format", "csv"
    )
    assert (cypher.code, sparql.code) == (0, 0)
    assert len(cypher.out.splitlines()) > 5
    assert len(sparql.out.splitlines()) > 5


def test_sparql_selects_asks_and_constructs(kgb: Run, example_graph: Path) -> None:
    pattern = "{ ?drug biolink:treats MONDO:0007254 }"
    selected = kgb(
        "query", example_graph, "--sparql", f"SELECT ?drug WHERE {pattern}", "--format", "csv"
    )
    drugs = selected.out.splitlines()
    assert drugs[0] == "drug"
    assert "MESH:D000068878" in drugs
    assert kgb("query", example_graph, "--sparql", f"ASK {pattern}").out == "true\n"
    none = "ASK { MONDO:0007254 biolink:treats ?x }"
    assert kgb("query", example_graph, "--sparql", none).out == "false\n"
    made = kgb(
        "query", example_graph, "--sparql", f"CONSTRUCT {pattern} WHERE {pattern}",
        "--format", "json",
    )  # fmt: skip
    assert len(json.loads(made.out)) == len(drugs) - 1


def test_nodes_and_lists_come_as_json_in_csv(kgb: Run, example_graph: Path) -> None:
    query = "MATCH (d:Disease {id: 'MONDO:0007254'}) RETURN d, d.synonyms AS synonyms"
    [row] = csv.DictReader(io.StringIO(kgb("query", example_graph, query, "--format", "csv").out))
    assert json.loads(row["d"])["id"] == "MONDO:0007254"
    assert json.loads(row["synonyms"]) == json.loads(row["d"])["synonyms"]


def test_no_row_is_said(kgb: Run, example_graph: Path) -> None:
    query = "MATCH (d:Disease) WHERE d.name = 'no such disease' RETURN d.name AS name"
    assert kgb("query", example_graph, query).out.splitlines()[-1] == "0 rows"
    assert json.loads(kgb("query", example_graph, query, "--format", "json").out) == []
    assert kgb("query", example_graph, query, "--format", "csv").out == "name\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["this is no Cypher"], "this"),
        (["MATCH (d:Diseas) RETURN d"], "Disease"),
        (["CREATE (d:Disease {id: 'x'})"], "refused"),
        (["MATCH (d:Disease) DETACH DELETE d"], "refused"),
        (["COPY Disease TO 'stolen.csv'"], "refused"),
        ([""], "empty"),
        (["missing.cypher"], "no file"),
        (["--sparql", "SELEC ?x"], "wrong"),
        (["--sparql", "INSERT DATA { <a:a> <a:b> <a:c> }"], "refused"),
        (["--sparql", "SELECT * { SERVICE <http://localhost/> { ?a ?b ?c } }"], "refused"),
        (["RETURN 1", "--format", "xml"], "xml"),
    ],
)
def test_a_wrong_query_is_one_message(
    kgb: Run, example_graph: Path, arguments: list[str], said: str
) -> None:
    asked = kgb("query", example_graph, *arguments)
    assert (asked.code, asked.out) == (2, "")
    assert said in asked.err
    assert "Traceback" not in asked.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "DIR", "RETURN 1 AS one"],
        ["show", "DIR", "aspirin"],
        ["export", "DIR", "--format", "turtle", "-o", "x"],
        ["export", "DIR", "--format", "pubtator", "-o", "x"],
    ],
)
def test_a_folder_that_is_no_graph_is_said(kgb: Run, tmp_path: Path, arguments: list[str]) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        asked = kgb(*(folder if part == "DIR" else part for part in arguments))
        assert asked.code == 2
        assert str(folder) in asked.err
        assert "kgbuild build" in asked.err
        assert not (tmp_path / "absent").exists()


def test_show_prints_statements_with_their_sentences(kgb: Run, example_graph: Path) -> None:
    shown = kgb("show", example_graph, "acetylsalicylic acid", "--statements", 3)
    lines = shown.out.splitlines()
    assert lines[0] == "Aspirin  MESH:D001241  ChemicalEntity"
    assert "ASA" in lines[1]
    statements = [line for line in lines if "  belief " in line]
    assert len(statements) == 3
    assert statements[0].startswith("Aspirin inhibits PTGS1")
    beliefs = [float(line.split("belief ")[1].split(",")[0]) for line in statements]
    assert beliefs == sorted(beliefs, reverse=True)
    sentences = [line for line in lines if line.startswith("  ")]
    assert "PMID:90000001 (2002)" in shown.out
    assert all(line.rstrip(")").rstrip("0123456789").endswith("(") for line in sentences)


def test_show_leaves_out_what_is_weak(kgb: Run, example_graph: Path) -> None:
    shown = kgb("show", example_graph, "aspirin", "--min-belief", 0.9, "--sentences", 0)
    assert shown.out.count("belief") == 1
    assert "\n  " not in shown.out


def test_show_names_the_nearest_of_an_unknown_entity(kgb: Run, example_graph: Path) -> None:
    shown = kgb("show", example_graph, "asprin")
    assert (shown.code, shown.out) == (2, "")
    assert "did you mean Aspirin (MESH:D001241)" in shown.err
    assert kgb("show", example_graph, "qqqqqqqq").code == 2


def test_ground_resolves_and_explains(kgb: Run, fast: Path) -> None:
    plain = kgb("ground", "heart attack", "-c", fast)
    assert plain.out.startswith("heart attack is MONDO:0005068 ")
    assert len(plain.out.splitlines()) == 1
    explained = kgb("ground", "MS", "-c", fast, "--explain").out.splitlines()
    assert explained[1].split() == ["identifier", "name", "category", "method", "score"]
    assert any(line.startswith("MONDO:0005301 ") for line in explained[3:])
    scores = [float(line.split()[-1]) for line in explained[3:]]
    assert scores == sorted(scores, reverse=True)


def test_ground_tells_each_thing_that_a_name_stands_for(kgb: Run, fast: Path) -> None:
    lines = kgb("ground", "heart attack and multiple sclerosis", "-c", fast).out.splitlines()
    assert [line.split(" names ")[1].split()[0] for line in lines] == [
        "MONDO:0005068", "MONDO:0005301",
    ]  # fmt: skip
    asked = kgb("ground", "heart attack and multiple sclerosis", "-c", fast, "--format", "json")
    found = json.loads(asked.out)
    assert (found["id"], found["reason"]) == (None, "it names several things")
    assert [part["id"] for part in found["parts"]] == ["MONDO:0005068", "MONDO:0005301"]


def test_ground_keeps_to_a_category_and_says_nil(kgb: Run, fast: Path) -> None:
    gene = kgb("ground", "CAT", "--category", "Gene", "-c", fast).out
    animal = kgb("ground", "CAT", "--category", "OrganismTaxon", "-c", fast).out
    assert "HGNC:1516" in gene
    assert "HGNC:1516" not in animal
    nil = kgb("ground", "zzyzx", "-c", fast, "--explain")
    assert (nil.code, nil.out.splitlines()[0][:12]) == (0, "zzyzx is NIL")


def test_ground_answers_programs(kgb: Run, fast: Path) -> None:
    found = json.loads(kgb("ground", "heart attack", "-c", fast, "--format", "json").out)
    assert (found["id"], found["category"]) == ("MONDO:0005068", "Disease")
    assert 0.9 < found["score"] <= 1
    assert "candidates" not in found
    nil = json.loads(kgb("ground", "zzyzx", "-c", fast, "--format", "json", "--explain").out)
    assert (nil["id"], nil["text"], nil["candidates"]) == (None, "zzyzx", [])
    assert nil["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["aspirin", "--category", "Diseese"], "Disease"),
        (["aspirin", "--vocab", "nope"], "no vocabulary 'nope'"),
        (["  "], "nothing to ground"),
    ],
)
def test_ground_says_what_is_wrong(kgb: Run, fast: Path, arguments: list[str], said: str) -> None:
    asked = kgb("ground", *arguments, "-c", fast)
    assert asked.code == 2
    assert said in asked.err


def test_what_is_piped_has_no_colours_and_whole_lines(example_graph: Path) -> None:
    shown = in_process("show", example_graph, "aspirin", COLUMNS="40")
    assert (shown.code, shown.err) == (0, "")
    assert not ANSI.search(shown.out)
    assert max(map(len, shown.out.splitlines())) > 80
    assert all(line == line.rstrip() for line in shown.out.splitlines())
