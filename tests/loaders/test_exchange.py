"""Formats in which graphs are exchanged: what goes out comes back, but for what can't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kgbuild.errors import InputError
from kgbuild.loaders.exporters import CANNOT, EXPORTERS
from kgbuild.loaders.importers import IMPORTERS, import_graph, write_rows
from kgbuild.loaders.join import join_graphs
from kgbuild.loaders.learning import (
    from_igraph,
    from_networkx,
    to_hetero_data,
    to_igraph,
    to_triples_factory,
)
from kgbuild.loaders.networkx import to_networkx
from kgbuild.loaders.sssom import read_sssom
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GRAPH_TABLES, GraphTables

NAMES = {
    "csv": "g", "cx2": "g.cx2", "cyjs": "g.cyjs", "gexf": "g.gexf", "graphml": "g.graphml",
    "kgx": "g", "kgx-jsonl": "g", "parquet": "g",
}  # fmt: skip
XML = str.maketrans(dict.fromkeys("\x01\x07\x1f\ufffe", "�"))


def same(found: GraphTables, wanted: GraphTables, *tables: str) -> None:
    for table in tables:
        for one, other in zip(rows(found, table), rows(wanted, table), strict=True):
            assert one == other


def rows(tables: GraphTables, table: str) -> list[dict[str, Any]]:
    empty = {"synonyms", "xrefs", "parents", "extractors", "qualifiers"}
    return [
        {key: value or ([] if key in empty else value) for key, value in row.items()
         if value not in (None, "") or key in empty}
        for row in tables.read(table).to_pylist()
    ]  # fmt: skip


@pytest.mark.parametrize("format_", ["csv", "cx2", "cyjs", "parquet"])
def test_formats_that_hold_every_text(
    format_: str, either: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    path = tmp_path / NAMES[format_]
    EXPORTERS[format_](either, path, schema=schema)
    back = import_graph(path, tmp_path / "back", format=format_, schema=schema)
    same(back, either, "entities", "statements")
    if format_ in {"csv", "parquet"}:
        same(back, either, *GRAPH_TABLES)
    assert ("evidence" in CANNOT[format_]) == (back.count("evidence") == 0)


@pytest.mark.parametrize("format_", ["gexf", "graphml"])
def test_formats_of_xml(format_: str, either: GraphTables, tmp_path: Path, schema: Schema) -> None:
    path = tmp_path / NAMES[format_]
    EXPORTERS[format_](either, path, schema=schema)
    back = import_graph(path, tmp_path / "back", format=format_, schema=schema)
    wanted = [plain(row) for row in rows(either, "entities")]
    assert [plain(row) for row in rows(back, "entities")] == wanted
    assert [row["id"] for row in rows(back, "statements")] == [
        row["id"] for row in rows(either, "statements")
    ]


def plain(row: dict[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False).replace("\\r\\n", "\\n").replace("\\r", "\\n")
    for lost in ("\\u0001", "\\u0007", "\\u001f"):
        text = text.replace(lost, "\ufffd")
    # in attributes XML makes spaces of white space
    return " ".join(text.replace("\\n", " ").replace("\\t", " ").split())


@pytest.mark.parametrize("format_", ["kgx", "kgx-jsonl"])
def test_kgx_comes_back_with_the_same_statements(
    format_: str, example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    EXPORTERS[format_](example, tmp_path / "g", schema=schema)
    back = import_graph(tmp_path / "g", tmp_path / "back", format="kgx", schema=schema)
    columns = ("id", "subject", "predicate", "object", "belief", "papers", "sentences", "negated")
    found = back.read("statements").select(columns).to_pylist()
    assert found == example.read("statements").select(columns).to_pylist()
    columns = ("id", "name", "category", "synonyms", "xrefs")
    found = back.read("entities").select(columns).to_pylist()
    assert found == example.read("entities").select(columns).to_pylist()
    assert {row["document"] for row in rows(back, "evidence")} == {
        row["document"] for row in rows(example, "evidence")
    }


def test_kgx_of_others(tmp_path: Path, schema: Schema) -> None:
    """Spellings, categories and predicates as other graphs have them."""
    (tmp_path / "o_nodes.tsv").write_text(
        "id\tcategory\tname\nmesh:D008687\tbiolink:NamedThing|biolink:ChemicalEntity\tMetformin\n"
        "NCBIGene:5562\tbiolink:Gene\tPRKAA1\n"
    )
    (tmp_path / "o_edges.tsv").write_text(
        "subject\tpredicate\tobject\tobject_aspect_qualifier\tobject_direction_qualifier"
        "\tspecies_context_qualifier\tprimary_knowledge_source\tpublications\n"
        "mesh:D008687\tbiolink:affects\tNCBIGene:5562\tactivity\tincreased\tNCBITaxon:9606"
        "\tinfores:ctd\tPMID:1|PMID:2\n"
        "MESH:D008687\tbiolink:treats\tMONDO:0005148\t\t\t\tinfores:x\t\n"
        "MESH:D008687\tbiolink:no_such\tMONDO:0005148\t\t\t\tinfores:x\t\n"
    )
    back = import_graph(tmp_path / "o", tmp_path / "back", format="kgx", schema=schema)
    found = {row["predicate"]: row for row in rows(back, "statements")}
    assert set(found) == {"activates", "treats", "related_to"}
    activates = found["activates"]
    assert activates["qualifiers"] == [("species_context_qualifier", "NCBITaxon:9606")]
    assert (activates["subject"], activates["papers"], activates["belief"]) == (
        "MESH:D008687", 2, 0.95,
    )  # fmt: skip
    assert found["related_to"]["qualifiers"] == [("original_predicate", "biolink:no_such")]
    categories = {row["id"]: row["category"] for row in rows(back, "entities")}
    assert categories == {
        "MESH:D008687": "ChemicalEntity", "NCBIGene:5562": "Gene", "MONDO:0005148": "NamedThing",
    }  # fmt: skip


def test_hetionet_in_both_forms_is_one_graph(tmp_path: Path, schema: Schema) -> None:
    hetnet = {
        "nodes": [
            {"kind": "Compound", "identifier": "DB00331", "name": "Metformin", "data": {}},
            {"kind": "Disease", "identifier": "DOID:9352", "name": "type 2 diabetes mellitus"},
            {"kind": "Gene", "identifier": 673, "name": "BRAF"},
            {"kind": "Anatomy", "identifier": "UBERON:0002097", "name": "skin of body"},
        ],
        "edges": [
            {"source_id": ["Compound", "DB00331"], "target_id": ["Disease", "DOID:9352"],
             "kind": "treats", "direction": "both", "data": {}},
            {"source_id": ["Anatomy", "UBERON:0002097"], "target_id": ["Gene", 673],
             "kind": "expresses", "direction": "both", "data": {}},
        ],
    }  # fmt: skip
    (tmp_path / "het.json").write_text(json.dumps(hetnet))
    folder = tmp_path / "het"
    folder.mkdir()
    (folder / "nodes.tsv").write_text(
        "id\tname\tkind\nCompound::DB00331\tMetformin\tCompound\n"
        "Disease::DOID:9352\ttype 2 diabetes mellitus\tDisease\nGene::673\tBRAF\tGene\n"
        "Anatomy::UBERON:0002097\tskin of body\tAnatomy\n"
    )
    (folder / "edges.sif").write_text(
        "source\tmetaedge\ttarget\nCompound::DB00331\tCtD\tDisease::DOID:9352\n"
        "Anatomy::UBERON:0002097\tAeG\tGene::673\n"
    )
    one = import_graph(tmp_path / "het.json", tmp_path / "1", format="hetionet", schema=schema)
    two = import_graph(folder, tmp_path / "2", format="hetionet", schema=schema)
    same(one, two, *GRAPH_TABLES)
    found = [(r["subject"], r["predicate"], r["object"]) for r in rows(one, "statements")]
    assert sorted(found) == [
        ("DRUGBANK:DB00331", "treats", "DOID:9352"),
        ("NCBIGene:673", "expressed_in", "UBERON:0002097"),
    ]


def test_a_joined_graph_counts_the_evidence_of_both(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    (tmp_path / "o_nodes.tsv").write_text("id\tcategory\tname\nCHEBI:6801\tbiolink:Drug\t\n")
    (tmp_path / "o_edges.tsv").write_text(
        "subject\tpredicate\tobject\tpublications\tprimary_knowledge_source\n"
        "CHEBI:6801\tbiolink:treats\tMONDO:0005148\tPMID:90000001|PMID:7\tinfores:x\n"
    )
    other = import_graph(tmp_path / "o", tmp_path / "o", format="kgx", schema=schema)
    joined = join_graphs([example, other], tmp_path / "joined")
    assert joined.count("entities") == example.count("entities")
    assert joined.count("statements") == example.count("statements")
    (treats,) = (r for r in rows(joined, "statements") if r["object"] == "MONDO:0005148")
    assert treats["papers"] == 3  # PMID:90000001 is in both
    assert treats["belief"] == pytest.approx(1 - (1 - 0.91) * (1 - 0.95))
    assert treats["extractors"] == ["infores:x", "patterns/1"]
    (metformin,) = (r for r in rows(joined, "entities") if r["id"] == "CHEBI:6801")
    assert (metformin["name"], metformin["category"]) == ("metformin", "ChemicalEntity")
    same(join_graphs([example, example.folder], tmp_path / "twice"), example, "evidence")


def test_graph_libraries(either: GraphTables, tmp_path: Path, schema: Schema) -> None:
    for name, pairs in (
        ("networkx", from_networkx(to_networkx(either))),
        ("igraph", from_igraph(to_igraph(either))),
    ):
        back = write_rows(pairs, tmp_path / name, schema=schema)
        same(back, either, "entities", "statements")


@pytest.mark.filterwarnings("ignore")  # of torch and of what imports it, in many ways
def test_hetero_data_and_triples(example: GraphTables) -> None:
    data = to_hetero_data(example)
    edge = data["ChemicalEntity", "treats", "Disease"]
    statements = {row["id"]: row for row in rows(example, "statements")}
    names = {kind: data[kind].names for kind in data.node_types}
    count = 0
    for subject_kind, predicate, object_kind in data.edge_types:
        edge = data[subject_kind, predicate, object_kind]
        for place, (a, b) in enumerate(edge.edge_index.t().tolist()):
            row = statements[edge.statements[place]]
            found = names[subject_kind][a], predicate, names[object_kind][b]
            assert found == (row["subject"], row["predicate"], row["object"])
            assert edge.edge_attr[place, 0].item() == row["belief"]
            count += 1
    assert count == len(statements) == data.num_edges
    data.validate()

    factory = to_triples_factory(example)
    labels = {i: label for label, i in factory.entity_to_id.items()}
    predicates = {i: label for label, i in factory.relation_to_id.items()}
    found = {(labels[s], predicates[p], labels[o]) for s, p, o in factory.mapped_triples.tolist()}
    assert found == {
        (r["subject"], r["predicate"], r["object"]) for r in statements.values() if r["sentences"]
    }


def test_sssom_is_read_by_sssom_pydantic(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    import sssom_pydantic

    EXPORTERS["sssom"](example, tmp_path / "g.sssom.tsv", schema=schema)
    mappings, *_ = sssom_pydantic.read(tmp_path / "g.sssom.tsv")
    wanted = {(row["id"], x) for row in rows(example, "entities") for x in row["xrefs"]}
    assert {(m.subject.curie, m.object.curie) for m in mappings} == wanted
    assert set(read_sssom(tmp_path / "g.sssom.tsv")) == wanted


@pytest.mark.parametrize("format_", IMPORTERS)
def test_what_is_no_graph_is_refused(format_: str, tmp_path: Path, schema: Schema) -> None:
    path = tmp_path / "no.ttl"
    with pytest.raises(InputError):
        import_graph(path, tmp_path / "g", format=format_, schema=schema)
    path.write_text('{"no": "graph"')
    with pytest.raises(InputError):
        import_graph(path, tmp_path / "g", format=format_, schema=schema)
    assert not (tmp_path / "g").exists() or not list((tmp_path / "g").iterdir())


def test_every_format_says_what_it_cannot_hold() -> None:
    assert set(CANNOT) == set(EXPORTERS)
