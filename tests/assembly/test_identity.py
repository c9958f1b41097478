"""From several vocabularies to one graph: one thing is one node, and Cypher climbs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.api import build_into
from kgbuild.assembly.hierarchy import Edge, Lookup, climb
from kgbuild.components import check
from kgbuild.config import AssemblyConfig, Config
from kgbuild.errors import ConfigError, VocabularyError
from kgbuild.graph import Graph
from kgbuild.records import Term

MONDO = """\
id\tname\tcategory\tsynonyms\texact\tparents\tpart_of
MONDO:0005148\ttype 2 diabetes mellitus\tDisease\t\tDOID:9352\tMONDO:0005015\t
MONDO:0005015\tdiabetes mellitus\tDisease\t\t\tMONDO:0700096\t
MONDO:0700096\thuman disease\tDisease\t\t\t\t
UBERON:0000016\tendocrine pancreas\tAnatomicalEntity\t\t\t\tUBERON:0001264
UBERON:0001264\tpancreas\tAnatomicalEntity\t\t\t\t
"""
MESH = """\
id\tname\tcategory\tsynonyms\txrefs
MESH:D003924\tDiabetes Mellitus, Type 2\tDisease\tNIDDM\t
MESH:D008687\tMetformin\tChemicalEntity\t\t
MESH:D003920\tDiabetes\tDisease\t\tMONDO:0005148
"""
MAPPINGS = """\
subject_id\tpredicate_id\tobject_id
MONDO:0005148\tskos:exactMatch\tMESH:D003924
MONDO:0005015\tskos:closeMatch\tMESH:D003920
"""
TEXT = """\
Metformin treats type 2 diabetes mellitus.
Metformin is used to treat NIDDM.
Diabetes is common. The endocrine pancreas makes insulin.
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    files = {"mondo.tsv": MONDO, "mesh.tsv": MESH, "a.sssom.tsv": MAPPINGS, "note.txt": TEXT}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    return Config(
        vocabularies=[str(tmp_path / "mondo.tsv"), str(tmp_path / "mesh.tsv")],
        mappings=[str(tmp_path / "a.sssom.tsv")],
    )


def build(config: Config, folder: Path, **assembly: object) -> Graph:
    chosen = config.model_copy(update={"assembly": AssemblyConfig(**assembly)})  # type: ignore[arg-type]
    build_into(folder / "out", [folder / "note.txt"], config=chosen)
    return Graph.open(folder / "out")


def test_one_disease_in_two_vocabularies_is_one_node(config: Config, tmp_path: Path) -> None:
    graph = build(config, tmp_path)
    treats = graph.statements.query("predicate == 'treats'")
    assert treats[["subject", "object"]].to_numpy().tolist() == [["MESH:D008687", "MONDO:0005148"]]
    assert treats["sentences"].tolist() == [2]
    entities = graph.entities.set_index("id")
    assert "MESH:D003924" not in entities.index
    node = entities.loc["MONDO:0005148"]
    assert list(node["xrefs"])[:2] == ["DOID:9352", "MESH:D003924"]
    assert "NIDDM" in list(node["synonyms"])
    assert node["mentions"] == 2
    assert graph.find("NIDDM")["id"].tolist()[0] == "MONDO:0005148"


def test_uniting_can_be_switched_off_and_on_again(config: Config, tmp_path: Path) -> None:
    apart = build(config, tmp_path, unite=False)
    assert set(apart.statements.query("predicate == 'treats'")["object"]) == {
        "MONDO:0005148", "MESH:D003924",
    }  # fmt: skip
    together = build(config, tmp_path)
    assert set(together.statements.query("predicate == 'treats'")["object"]) == {"MONDO:0005148"}


def test_cypher_climbs_the_ontology(config: Config, tmp_path: Path) -> None:
    graph = build(config, tmp_path, ontology=["is_a", "part_of", "xref"])
    rows = graph.cypher(
        "MATCH (c:ChemicalEntity)-[:treats]->(d:Disease)-[:subclass_of*1..5]->"
        "(above:Disease {name: 'human disease'}) RETURN c.name AS drug, d.id AS disease"
    )
    assert rows.to_numpy().tolist() == [["Metformin", "MONDO:0005148"]]
    parts = graph.cypher(
        "MATCH (a:AnatomicalEntity)-[r:part_of]->(b:AnatomicalEntity) "
        "RETURN a.name AS part, b.name AS whole, r.papers AS papers, b.mentions AS mentions"
    )
    assert parts.to_numpy().tolist() == [["endocrine pancreas", "pancreas", 0, 0]]
    near = graph.statements.query("predicate == 'close_match'")
    assert near[["subject", "object"]].to_numpy().tolist() == [["MESH:D003920", "MONDO:0005148"]]
    own = graph.statements[[list(e) == ["ontology"] for e in graph.statements["extractors"]]]
    assert set(own["belief"]) == {1.0}
    assert set(own["sentences"]) == {0}
    shown = graph.show("type 2 diabetes mellitus").statements
    assert shown[0].predicate == "treats"  # what texts say comes before what the ontology says


def test_without_the_option_nothing_of_the_ontology_enters(config: Config, tmp_path: Path) -> None:
    graph = build(config, tmp_path)
    assert not set(graph.statements["predicate"]) & {"subclass_of", "part_of", "close_match"}
    assert "MONDO:0005015" not in set(graph.entities["id"])


def test_a_circle_ends_and_obsolete_parents_are_left_out() -> None:
    terms = {
        "X:1": Term("X:1", "a", "Disease", parents=("X:2", "X:1", "X:9"), part_of=("X:3",)),
        "X:2": Term("X:2", "b", "Disease", parents=("X:1", "Y:2")),
        "X:3": Term("X:3", "c", "Disease", obsolete=True),
    }
    lookup = Lookup(terms.get, {"Y:2": "X:2"}.get)  # type: ignore[arg-type]
    lookup = Lookup(terms.get, lambda curie: {"Y:2": "X:2"}.get(curie, curie))
    above, edges = climb(["X:1"], ["is_a", "part_of"], lookup)
    assert list(above) == ["X:2"]
    assert edges == [Edge("X:1", "subclass_of", "X:2"), Edge("X:2", "subclass_of", "X:1")]
    assert climb(["X:7"], ["is_a"], lookup) == ({}, [])
    assert climb(["X:1"], ["part_of"], lookup) == ({}, [])


def test_what_can_not_be_is_said_before_the_build(config: Config, tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"gone\.tsv: no such file of mappings"):
        check(config.model_copy(update={"mappings": [str(tmp_path / "gone.tsv")]}))
    science = Config(schema="computer-science", assembly=AssemblyConfig(ontology=["xref"]))
    with pytest.raises(ConfigError, match="needs the predicate 'close_match'"):
        check(science)
