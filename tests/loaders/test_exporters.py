from __future__ import annotations

import csv
import json
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest
from graph_rows import HOSTILE

from kgbuild.errors import StoreError
from kgbuild.loaders.exporters import EXPORTERS
from kgbuild.loaders.networkx import to_networkx
from kgbuild.loaders.rows import unflat, unpair
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GRAPH_TABLES, GraphTables

# https://github.com/biolink/kgx/blob/master/specification/kgx-format.md, and the two slots that
# Biolink 4 requires of every association
KGX_NODE = {"id", "category"}
KGX_EDGE = {"subject", "predicate", "object", "knowledge_level", "agent_type"}
KNOWLEDGE_LEVELS = {
    "knowledge_assertion", "logical_entailment", "prediction", "statistical_association",
    "observation", "not_provided",
}  # fmt: skip


def tsv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("which", ["example", "hostile"])
def test_kgx_tsv(
    which: str, tmp_path: Path, schema: Schema, request: pytest.FixtureRequest
) -> None:
    tables: GraphTables = request.getfixturevalue(which)
    EXPORTERS["kgx"](tables, tmp_path / "g", schema=schema)
    nodes, edges = tsv(tmp_path / "g_nodes.tsv"), tsv(tmp_path / "g_edges.tsv")
    assert len(nodes) == tables.count("entities")
    assert len(edges) == tables.count("statements")
    ids = {node["id"] for node in nodes}
    for node in nodes:
        assert all(node[column] for column in KGX_NODE)
        assert node["category"].startswith("biolink:")
    for edge in edges:
        assert None not in edge, "more cells than columns"
        assert None not in edge.values(), "fewer cells than columns"
        assert all(edge[column] for column in KGX_EDGE)
        assert {edge["subject"], edge["object"]} <= ids
        assert edge["predicate"].startswith("biolink:")
        assert edge["knowledge_level"] in KNOWLEDGE_LEVELS
        assert edge["agent_type"] == "text_mining_agent"
        assert edge["publications"]


def test_kgx_says_what_the_statement_says(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    EXPORTERS["kgx-jsonl"](example, tmp_path / "g", schema=schema)
    lines = (tmp_path / "g_edges.jsonl").read_text(encoding="utf-8").splitlines()
    edges = {(row["subject"], row["object"]): row for row in map(json.loads, lines)}
    inhibits = edges["CHEBI:63637", "HGNC:1097"]
    assert inhibits["predicate"] == "biolink:affects"
    assert inhibits["object_direction_qualifier"] == "decreased"
    assert edges["CHEBI:6801", "MONDO:0005148"]["publications"] == [
        "PMID:90000001",
        "PMID:90000002",
    ]
    denied = edges["CHEBI:5801", "MONDO:0100096"]
    assert denied["negated"] is True
    assert denied["publications"] == ["PMID:90000008"]
    assert sum(edge["negated"] for edge in edges.values()) == 1


def test_kgx_jsonl_loses_nothing(hostile: GraphTables, tmp_path: Path, schema: Schema) -> None:
    EXPORTERS["kgx-jsonl"](hostile, tmp_path / "g.jsonl", schema=schema)
    text = (tmp_path / "g_nodes.jsonl").read_text(encoding="utf-8")
    gene = next(n for n in map(json.loads, text.split("\n")) if "Gene" in n["category"][0])
    assert gene["synonym"] == HOSTILE


def test_graphml_reads_back(example: GraphTables, tmp_path: Path, schema: Schema) -> None:
    EXPORTERS["graphml"](example, tmp_path / "g.graphml", schema=schema)
    found = nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True)
    wanted = to_networkx(example)
    assert set(found.nodes) == set(wanted.nodes)
    assert set(found.edges(keys=True)) == set(wanted.edges(keys=True))
    assert found.nodes["HGNC:9605"]["synonyms"] == "COX-2|COX2"
    for *ends, key, data in wanted.edges(keys=True, data=True):
        assert found.edges[*ends, key]["belief"] == data["belief"]
        assert found.edges[*ends, key]["first_year"] == data["first_year"]


def test_graphml_of_hostile_texts(hostile: GraphTables, tmp_path: Path, schema: Schema) -> None:
    EXPORTERS["graphml"](hostile, tmp_path / "g.graphml", schema=schema)
    found = nx.read_graphml(tmp_path / "g.graphml")
    names = {data["name"] for _, data in found.nodes(data=True)}
    assert HOSTILE[0] in names


def test_csv_and_parquet(hostile: GraphTables, tmp_path: Path, schema: Schema) -> None:
    EXPORTERS["csv"](hostile, tmp_path / "csv", schema=schema)
    EXPORTERS["parquet"](hostile, tmp_path / "parquet", schema=schema)
    for name in GRAPH_TABLES:
        assert pq.read_table(tmp_path / "parquet" / f"{name}.parquet") == hostile.read(name)
    csv.field_size_limit(1 << 20)
    with (tmp_path / "csv" / "evidence.csv").open(encoding="utf-8", newline="") as file:
        assert [row["sentence"] for row in csv.DictReader(file)] == HOSTILE
    with (tmp_path / "csv" / "statements.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert unpair(*unflat(row["qualifiers"])) == ("key|=", HOSTILE[0])


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_every_exporter_takes_tiny_graphs_and_unwritable_places(
    name: str, tiny: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    report = EXPORTERS[name](tiny, tmp_path / "new" / "folder" / "g", schema=schema)
    assert report.fingerprint
    assert list((tmp_path / "new" / "folder").iterdir())
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="can't be written"):
        EXPORTERS[name](tiny, tmp_path / "file" / "g", schema=schema)


def test_networkx_can_be_a_part(example: GraphTables) -> None:
    whole = to_networkx(example)
    assert (len(whole), whole.size()) == (17, 11)
    assert whole.edges["CHEBI:6801", "MONDO:0005148", "eba72522aefe8b64a9d99377"]["papers"] == 2
    strong = to_networkx(example, min_belief=0.9)
    assert {data["predicate"] for *_, data in strong.edges(data=True)} == {"treats"}
    genes = to_networkx(example, categories={"Gene", "Disease"})
    assert {data["category"] for _, data in genes.nodes(data=True)} == {"Gene", "Disease"}
    assert genes.size() == 2
