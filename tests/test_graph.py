from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kgbuild import entity_view as entity_view_module
from kgbuild.entity_view import EntityView
from kgbuild.errors import InputError, StoreError
from kgbuild.graph import Graph
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.synthetic import write_graph

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    folder = tmp_path_factory.mktemp("out")
    example_graph(folder / "graph")
    with Graph.open(folder) as graph:
        graph.load_stores()
        yield graph


CYPHER_ANSWERS = [
    [["CHEBI:6801", "metformin", 0.91, 2]],
    [
        ["metformin", "In adults with T2DM, metformin lowered HbA1c.", "PMID:90000002", 2017],
        ["metformin", "Metformin is first-line treatment for type 2 diabetes.",
         "PMID:90000001", 2012],
    ],
    [["vemurafenib", "BRAF", pytest.approx(0.49)]],
    [["hydroxychloroquine", "treats", "COVID-19", 0, 1]],
    [["HGNC:1097", "BRAF", 2], ["DBSNP:rs113488022", "BRAF V600E", 1],
     ["CHEBI:63637", "vemurafenib", 1]],
]  # fmt: skip
SPARQL_ANSWERS = [
    [["CHEBI:6801", "metformin"]],
    [
        ["CHEBI:6801", 0.91, "In adults with T2DM, metformin lowered HbA1c.", "PMID:90000002"],
        ["CHEBI:6801", 0.91, "Metformin is first-line treatment for type 2 diabetes.",
         "PMID:90000001"],
    ],
    [["MONDO:0005148", "type 2 diabetes mellitus"]],
    [["CHEBI:5801", "biolink:treats", "MONDO:0100096",
      "Hydroxychloroquine did not reduce deaths from COVID-19."]],
    [["biolink:treats", 4], ["biolink:associated_with", 2], ["kgb:predicate:inhibits", 2],
     ["biolink:causes", 1], ["biolink:has_phenotype", 1],
     ["biolink:preventative_for_condition", 1]],
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "answer"), list(zip(blocks("cypher"), CYPHER_ANSWERS, strict=True))
)
def test_documented_cypher(graph: Graph, query: str, answer: list[list[object]]) -> None:
    assert graph.cypher(query).values.tolist() == answer


@pytest.mark.parametrize(
    ("query", "answer"), list(zip(blocks("sparql"), SPARQL_ANSWERS, strict=True))
)
def test_documented_sparql(graph: Graph, query: str, answer: list[list[object]]) -> None:
    assert graph.sparql(query).values.tolist() == answer


def test_documented_python_runs(graph: Graph) -> None:
    (code,) = blocks("python")
    tree = ast.parse(code)
    names = {"graph": graph}
    ran = 0
    for node in tree.body:
        if isinstance(node, ast.Expr):
            value = eval(compile(ast.Expression(node.value), "docs/graph.md", "eval"), names)
            assert value is not None
            ran += 1
    assert ran == 9


def test_tables_are_frames(graph: Graph) -> None:
    assert graph.entities.shape == (17, 10)
    assert graph.statements["qualifiers"].tolist() == [{}] * 11
    assert graph.evidence["sentence"].str.contains("arachnodactyly").sum() == 1
    assert graph.documents["year"].min() == 1991
    assert repr(graph).endswith("17 entities, 11 statements, 12 evidence, 8 documents)")
    assert "<td>statements</td><td style='text-align:right'>11</td>" in graph._repr_html_()


@pytest.mark.parametrize(
    ("text", "how", "first"),
    [
        ("CHEBI:6801", "id", "CHEBI:6801"),
        ("chebi:6801", "id", "CHEBI:6801"),
        ("Melanoma", "name", "MONDO:0005105"),
        ("cox-2", "synonym", "HGNC:9605"),
        ("vemu", "prefix", "CHEBI:63637"),
        ("hydroxycloroquin", "similar", "CHEBI:5801"),
        ("diabetes mellitus type 2", "similar", "MONDO:0005148"),
    ],
)
def test_find(graph: Graph, text: str, how: str, first: str) -> None:
    found = graph.find(text)
    assert (found["how"][0], found["id"][0]) == (how, first)
    assert found["score"].between(0, 1).all()
    assert found["score"].is_monotonic_decreasing


@pytest.mark.parametrize("text", ["", "  ", "zzzzqqqq", "'; DROP TABLE entities; --", "%", "*\\"])
def test_find_nothing(graph: Graph, text: str) -> None:
    found = graph.find(text)
    assert len(found) == 0
    assert list(found.columns) == list(graph.find("aspirin").columns)


def test_find_within_a_category_and_limit(graph: Graph) -> None:
    assert graph.find("braf")["category"].tolist() == ["Gene", "SequenceVariant"]
    assert graph.find("braf", category="SequenceVariant")["how"].tolist() == ["prefix"]
    assert len(graph.find("b", limit=1)) == 1
    assert len(graph.find("b", limit=0)) == 0


def test_evidence_for_is_best_first(graph: Graph) -> None:
    (statement,) = graph.cypher("MATCH (:ChemicalEntity {name: 'metformin'})-[r]->() RETURN r.id")[
        "r.id"
    ]
    assert graph.evidence_for(statement)["year"].tolist() != []
    assert set(graph.evidence_for(statement)["document"]) == {"PMID:90000001", "PMID:90000002"}
    assert len(graph.evidence_for("no such statement")) == 0


def test_neighborhood_walks_outwards(graph: Graph) -> None:
    one = graph.neighborhood("melanoma")
    assert set(one["subject_name"]) == {"BRAF", "BRAF V600E", "vemurafenib"}
    two = graph.neighborhood("melanoma", hops=2)
    assert two["id"].is_unique
    assert two[two["hop"] == 2]["predicate"].tolist() == ["inhibits"]
    assert len(graph.neighborhood("melanoma", hops=9)) == len(two)
    assert len(graph.neighborhood("melanoma", hops=2, limit=3)) == 3
    assert len(graph.neighborhood("melanoma", min_belief=0.99)) == 0


def test_show_quotes_the_sentences(graph: Graph) -> None:
    view = graph.show("T2DM", sentences=1)
    assert isinstance(view, EntityView)
    assert (view.id, view.statement_count, view.parents) == (
        "MONDO:0005148",
        1,
        ("MONDO:0005015",),
    )
    (statement,) = view.statements
    assert (statement.subject_name, statement.predicate, statement.papers) == (
        "metformin", "treats", 2,
    )  # fmt: skip
    (proof,) = statement.evidence
    subject, object_ = (proof.sentence[slice(*at)] for at in (proof.subject, proof.object))
    assert {subject.lower(), object_} in ({"metformin", "T2DM"}, {"metformin", "type 2 diabetes"})


def test_show_fetches_what_it_shows(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = graph.show("MONDO:0005105", statements=1000)
    assert whole.statement_count == len(whole.statements) > 1
    fetched = []
    original = entity_view_module._dicts

    def counted(result: Any) -> list[dict[str, Any]]:
        rows = original(result)
        fetched.append(len(rows))
        return rows

    monkeypatch.setattr(entity_view_module, "_dicts", counted)
    view = graph.show("MONDO:0005105", statements=1)
    assert fetched[0] == 1
    assert view.statements == whole.statements[:1]
    assert view.statement_count == whole.statement_count
    none = graph.show("MONDO:0005105", statements=0)
    assert (none.statements, none.statement_count) == ((), whole.statement_count)


def test_show_prefers_plain_sentences(tmp_path: Path) -> None:
    tables = example_graph(tmp_path / "graph")
    content = {name: tables.read(name).to_pylist() for name in tables_names()}
    statement = content["evidence"][0]["statement"]
    base = next(row for row in content["evidence"] if row["statement"] == statement)
    content["evidence"] = [
        base | {"id": str(number), "document": f"PMID:{document}", "start": start} | said
        for number, (document, start, said) in enumerate(
            [
                (1, 10, {"negated": True, "score": 1.0, "sentence": "denied"}),
                (1, 20, {"hedged": True, "score": 1.0, "sentence": "hedged"}),
                (2, 30, {"score": 0.8, "sentence": "plain"}),
                (2, 40, {"score": 0.9, "sentence": "better"}),
                (2, 40, {"score": 0.7, "sentence": "better", "extractor": "another"}),
            ]
        )
    ]
    write_graph(tmp_path / "graph", **content)
    with Graph.open(tmp_path) as graph:
        subject = next(s["subject"] for s in content["statements"] if s["id"] == statement)
        views = {s.id: s for s in graph.show(subject, sentences=4).statements}
    order = [(proof.sentence, proof.score) for proof in views[statement].evidence]
    assert order == [("better", 0.9), ("hedged", 1.0), ("plain", 0.8), ("denied", 1.0)]


def tables_names() -> tuple[str, ...]:
    return ("entities", "statements", "evidence", "documents", "occurrences")


def test_unknown_entities_name_the_nearest(graph: Graph) -> None:
    with pytest.raises(InputError, match=r"did you mean melanoma \(MONDO:0005105\)"):
        graph.show("melanomma")
    with pytest.raises(InputError, match="no entity 'zzzzqqqq'"):
        graph.neighborhood("zzzzqqqq")


def test_folders_without_a_graph_or_stores(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no graph"):
        Graph.open(tmp_path)
    example_graph(tmp_path / "graph")
    graph = Graph.open(str(tmp_path))
    with pytest.raises(StoreError, match="no Cypher store"):
        graph.cypher("MATCH (n) RETURN n")
    with pytest.raises(StoreError, match="no SPARQL store"):
        graph.sparql("SELECT ?x { ?x ?y ?z }")


def test_stores_follow_the_tables(tmp_path: Path) -> None:
    example_graph(tmp_path / "graph")
    with Graph.open(tmp_path) as graph:
        assert [report.unchanged for report in graph.load_stores()] == [False, False]
        assert graph.cypher("MATCH (n:Gene) RETURN count(n) AS n")["n"].tolist() == [3]
        assert [report.unchanged for report in graph.load_stores()] == [True, True]
        assert graph.cypher("MATCH (n:Gene) RETURN count(n) AS n")["n"].tolist() == [3]


def test_the_empty_graph_answers_everything(tmp_path: Path) -> None:
    write_graph(tmp_path / "graph")
    with Graph.open(tmp_path) as graph:
        graph.load_stores()
        assert len(graph.cypher("MATCH (n) RETURN n")) == 0
        assert not graph.ask("ASK { ?x a ?kind . ?kind a ?other }")
        assert len(graph.find("aspirin")) == 0
        assert len(graph.to_networkx()) == 0
        assert len(graph.associations()) == 0
        assert isinstance(graph.entities, pd.DataFrame)


def test_a_picture_is_drawn(graph: Graph, tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    axes = graph.plot("melanoma", hops=2, path=tmp_path / "graph.png")
    texts = {text.get_text() for text in axes.texts}
    assert {"melanoma", "BRAF", "vemurafenib", "inhibits", "treats"} <= texts
    assert (tmp_path / "graph.png").read_bytes()[:4] == b"\x89PNG"
    assert graph.plot("diabetes mellitus").texts[0].get_text().split() == ["diabetes", "mellitus"]
    plt.close("all")


def test_importing_the_graph_is_light() -> None:
    code = (
        "import sys, kgbuild, kgbuild.graph, kgbuild.loaders\n"
        "heavy = {'pandas', 'pyarrow', 'ladybug', 'duckdb', 'pyoxigraph', 'networkx', 'numpy',"
        " 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
