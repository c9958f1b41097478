"""export: every format is read back by the library that others would use."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import networkx as nx
import pandas as pd
import pyarrow.parquet as pq
import pyoxigraph
import pytest
import rdflib
from pyoxigraph import RdfFormat
from running import Run

from kgbuild.loaders.exporters import EXPORTERS
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument
from kgbuild.tables import GraphTables
from kgbuild.workspace import Workspace
from kgbuild.writers import WRITERS


@pytest.fixture(scope="module")
def graph(example_graph: Path) -> GraphTables:
    return GraphTables(example_graph / "graph")


def annotations(
    items: list[AnnotatedDocument], *, negated: bool = True
) -> Counter[tuple[str, ...]]:
    """Count the mentions with their identifiers and the relations between identifiers."""
    found: Counter[tuple[str, ...]] = Counter()
    for item in items:
        document = item.document
        curies: dict[str, list[str]] = {}
        for grounding in item.groundings:
            if grounding.curie:
                curies.setdefault(grounding.mention, []).append(grounding.curie)
        for mention in item.mentions:
            assert document.text[mention.start : mention.end] == mention.text
            for curie in curies.get(mention.id, []):
                found[document.id, mention.text, mention.category, curie] += 1
        pairs = {
            (relation.predicate, subject, object)
            for relation in item.relations
            if negated or not relation.negated
            for subject in curies.get(relation.subject, [])
            for object in curies.get(relation.object, [])
        }
        for predicate, subject, object in pairs:
            ends = sorted((subject, object)) if predicate == "cooccurs_with" else (subject, object)
            found[document.id, predicate, *ends] = 1
    return found


@pytest.mark.parametrize("format", sorted(WRITERS))
def test_mentions_identifiers_and_relations_come_back(
    kgb: Run, example_graph: Path, tmp_path: Path, format: str
) -> None:
    path = tmp_path / "annotated"
    exported = kgb("export", example_graph, "--format", format, "-o", path)
    assert (exported.code, exported.out) == (0, "")
    assert f"wrote {path}" in exported.err
    back = list(read_documents(path, format=format))
    assert all(isinstance(item, AnnotatedDocument) for item in back)
    read = [item for item in back if isinstance(item, AnnotatedDocument)]
    with Workspace(example_graph) as workspace:
        kept = list(workspace.documents())
    assert {item.document.id for item in read} == {item.document.id for item in kept}
    # PubTator has no place for "not"; what it can't say is left out, and said to be
    can_deny = format != "pubtator"
    assert ("left out" in exported.err) is not can_deny
    expected = annotations(kept, negated=can_deny)
    assert len(expected) > 2000
    assert expected - annotations(read) == Counter()


def test_rdflib_reads_the_turtle(
    kgb: Run, example_graph: Path, graph: GraphTables, tmp_path: Path
) -> None:
    path = tmp_path / "graph.ttl"
    assert kgb("export", example_graph, "--format", "turtle", "-o", path).code == 0
    read = rdflib.Graph().parse(path, format="turtle")
    treats = rdflib.URIRef("https://w3id.org/biolink/vocab/treats")
    expected = sum(p == "treats" for p in graph.read("statements")["predicate"].to_pylist())
    stated = {(s, o) for s, o in read.subject_objects(treats)}
    reified = set(read.subjects(rdflib.RDF.predicate, treats))
    assert len(stated | reified) >= expected > 50


def test_triples_and_quads_say_the_same(
    kgb: Run, example_graph: Path, graph: GraphTables, tmp_path: Path
) -> None:
    syntaxes = {
        "turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES, "nquads": RdfFormat.N_QUADS,
    }  # fmt: skip
    read = {}
    for name, syntax in syntaxes.items():
        assert kgb("export", example_graph, "--format", name, "-o", tmp_path / name).code == 0
        quads = list(pyoxigraph.parse(path=tmp_path / name, format=syntax))
        read[name] = {(str(q.subject), str(q.predicate), str(q.object)) for q in quads}
    assert read["turtle"] == read["ntriples"] == read["nquads"]
    assert len(read["turtle"]) > graph.count("statements") * 5


def test_networkx_reads_graphml(
    kgb: Run, example_graph: Path, graph: GraphTables, tmp_path: Path
) -> None:
    path = tmp_path / "graph.graphml"
    assert kgb("export", example_graph, "--format", "graphml", "-o", path).code == 0
    read = nx.read_graphml(path, force_multigraph=True)
    assert read.number_of_nodes() == graph.count("entities")
    assert read.number_of_edges() == graph.count("statements")
    names = {data["name"] for _, data in read.nodes(data=True)}
    assert "Aspirin" in names


def test_pandas_reads_kgx(
    kgb: Run, example_graph: Path, graph: GraphTables, tmp_path: Path
) -> None:
    assert kgb("export", example_graph, "--format", "kgx", "-o", tmp_path / "g").code == 0
    nodes = pd.read_csv(tmp_path / "g_nodes.tsv", sep="\t")
    edges = pd.read_csv(tmp_path / "g_edges.tsv", sep="\t")
    assert len(edges) == graph.count("statements")
    assert set(edges["subject"]) | set(edges["object"]) <= set(nodes["id"])
    assert nodes.set_index("id").loc["MESH:D001241", "name"] == "Aspirin"
    assert kgb("export", example_graph, "--format", "kgx-jsonl", "-o", tmp_path / "j").code == 0
    lines = pd.read_json(tmp_path / "j_edges.jsonl", lines=True)
    assert sorted(lines["id"]) == sorted(edges["id"])


def test_tables_come_as_csv_and_parquet(
    kgb: Run, example_graph: Path, graph: GraphTables, tmp_path: Path
) -> None:
    assert kgb("export", example_graph, "--format", "csv", "-o", tmp_path / "csv").code == 0
    assert kgb("export", example_graph, "--format", "parquet", "-o", tmp_path / "parquet").code == 0
    for name in ("entities", "statements", "evidence"):
        as_csv = pd.read_csv(tmp_path / "csv" / f"{name}.csv")
        as_parquet = pq.read_table(tmp_path / "parquet" / f"{name}.parquet")
        assert len(as_csv) == as_parquet.num_rows == graph.count(name) > 0
        assert set(as_csv.columns) == set(as_parquet.column_names)


@pytest.mark.parametrize("format", ["pubtator", "turtle", "graphml"])
def test_an_export_that_cannot_be_written_leaves_nothing(
    kgb: Run, example_graph: Path, tmp_path: Path, format: str
) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    exported = kgb("export", example_graph, "--format", format, "-o", target)
    assert exported.code == 2
    assert str(target) in exported.err
    assert "Traceback" not in exported.err
    assert list(tmp_path.iterdir()) == [target]
    assert not list(target.iterdir())


def test_a_build_that_cannot_be_read_is_told_from_what_cannot_be_written(
    kgb: Run, example_graph: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(example_graph, tmp_path / "build"))
    next(folder.glob("tables/mentions/*.parquet")).unlink()
    exported = kgb("export", folder, "--format", "pubtator", "-o", tmp_path / "out.txt")
    assert exported.code == 2
    assert "can't be read" in exported.err
    assert "can't be written" not in exported.err
    assert list(tmp_path.iterdir()) == [folder]


def test_an_unknown_format_is_answered_by_the_known(kgb: Run, example_graph: Path) -> None:
    exported = kgb("export", example_graph, "--format", "excel", "-o", "x")
    assert exported.code == 2
    assert all(name in exported.err for name in [*WRITERS, *EXPORTERS])


def test_what_differs_is_exported_for_neo4j(kgb: Run, example_graph: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changes"
    given = ["--format", "neo4j-admin", "--since", example_graph, "-o", folder]
    exported = kgb("export", example_graph, *given)
    assert exported.code == 0, exported.err
    assert f"cypher-shell --file {folder}/apply.cypher" in exported.out
    assert "neo4j-admin" not in exported.out  # nothing is new
    script = (folder / "apply.cypher").read_text("utf-8")
    assert "LOAD CSV" not in script
    assert "UNION ALL" in script


def test_what_differs_needs_a_graph_and_a_format_that_can(
    kgb: Run, example_graph: Path, tmp_path: Path
) -> None:
    given = ["--since", example_graph, "-o", tmp_path / "out"]
    exported = kgb("export", example_graph, "--format", "turtle", *given)
    assert exported.code == 2
    assert "--since with --format turtle: only neo4j-admin, neo4j-admin-parquet" in exported.err
    given = ["--since", tmp_path / "none", "-o", tmp_path / "out"]
    exported = kgb("export", example_graph, "--format", "neo4j-admin", *given)
    assert exported.code == 2
    assert "none holds no graph" in exported.err
    assert list(tmp_path.iterdir()) == []
