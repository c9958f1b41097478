from __future__ import annotations

import gzip
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from graph_rows import HOSTILE, entity
from hypothesis import given, settings
from hypothesis import strategies as st
from rdf_questions import QUESTIONS

from kgbuild.errors import StoreError
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.oxigraph import load_oxigraph
from kgbuild.loaders.rdf import byte_stream, ntriples
from kgbuild.loaders.rdf_reader import read_rdf
from kgbuild.loaders.rdf_shape import STATEMENT_FORMS
from kgbuild.loaders.rdf_terms import curie_of, iri_of, literal
from kgbuild.loaders.rdflib_store import fill_rdflib
from kgbuild.loaders.serialize import RDF_FORMATS, export_rdf
from kgbuild.loaders.sparql import SparqlStore
from kgbuild.loaders.synthetic import write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

OWL_DENIAL = "http://www.w3.org/2002/07/owl#NegativePropertyAssertion"


def as_rdflib(graph: rdflib.Graph) -> set[tuple[str, ...]]:
    return {tuple(part.n3() for part in triple) for triple in graph}


ENDINGS = dict(zip(RDF_FORMATS, (".ttl", ".trig", ".nt", ".nq", ".jsonld", ".rdf"), strict=True))
UNABLE = {
    ("turtle", "named-graphs"), ("ntriples", "named-graphs"), ("rdfxml", "named-graphs"),
    ("jsonld", "triple-terms"),
}  # fmt: skip


def text_of(tables: GraphTables, schema: Schema) -> set[str]:
    return set(b"".join(ntriples(tables, schema)).decode().split("\n"))


@pytest.mark.parametrize("form", STATEMENT_FORMS)
@pytest.mark.parametrize("format_", RDF_FORMATS)
def test_what_is_written_reads_back_as_the_same_graph(
    either: GraphTables, format_: str, form: str, tmp_path: Path, schema: Schema
) -> None:
    tables = either
    path = tmp_path / f"g{ENDINGS[format_]}.gz"
    if (format_, form) in UNABLE:
        with pytest.raises(StoreError, match="or write statements as"):
            export_rdf(tables, path, schema=schema, format=format_, form=form)
        return
    export_rdf(tables, path, schema=schema, format=format_, form=form)
    back = read_rdf(path, tmp_path / "back", schema=schema)
    if format_ != "rdfxml" or "BRAF" in tables.read("entities")["name"].to_pylist():
        assert text_of(back, schema) == text_of(tables, schema)  # XML can't hold hostile texts
    for name in ("entities", "statements", "evidence", "documents"):
        assert back.read(name).schema == tables.read(name).schema
        assert back.read(name)["id"].to_pylist() == tables.read(name)["id"].to_pylist()


def test_forms_differ_only_in_how_a_statement_names_its_triple(
    example: GraphTables, schema: Schema
) -> None:
    def kinds(form: str) -> dict[str, int]:
        text = b"".join(ntriples(example, schema, form=form, graph="urn:g")).decode()
        quads = list(ox.parse(text, ox.RdfFormat.N_QUADS))
        return {
            "reified": sum(q.predicate.value.endswith("#subject") for q in quads),
            "terms": sum(isinstance(q.object, ox.Triple) for q in quads),
            "graphs": len({q.graph_name for q in quads} - {ox.NamedNode("urn:g")}),
            "denials": sum(q.object == ox.NamedNode(OWL_DENIAL) for q in quads),
        }

    assert kinds("reification") == {"reified": 11, "terms": 0, "graphs": 0, "denials": 0}
    assert kinds("triple-terms") == {"reified": 0, "terms": 11, "graphs": 0, "denials": 0}
    assert kinds("named-graphs") == {"reified": 0, "terms": 0, "graphs": 11, "denials": 1}


def test_the_dataset_describes_itself(example: GraphTables, schema: Schema) -> None:
    text = b"".join(ntriples(example, schema)).decode()
    lines = text.splitlines()
    assert len(set(lines)) == len(lines), "a triple twice"
    assert "_:" not in re.sub(r'"(\\.|[^"])*"', "", text), "a blank node"
    graph = rdflib.Graph().parse(data=text, format="nt")
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    (count,) = graph.objects(rdflib.URIRef("urn:kgbuild:graph"), void.triples)
    assert int(count) == len(graph) == len(lines)
    used = {p for _, p, _ in graph if "biolink" in p or "predicate:" in p}
    described = set(graph.subjects(rdflib.RDF.type, rdflib.OWL.ObjectProperty))
    slots = {p for p in used if p.endswith(("qualifier", "/xref"))}
    assert used - slots <= described
    classes = set(graph.objects(predicate=rdflib.RDF.type))
    own = {c for c in classes if "biolink" in c or "kgbuild" in c}
    assert own <= set(graph.subjects(rdflib.RDF.type, rdflib.OWL.Class))


def test_evidence_is_an_annotation_of_a_sentence(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    load_oxigraph(example, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    found = store.select(
        "SELECT ?sentence ?document ?start ?end ?by { ?e a oa:Annotation ; oa:hasBody ?s ;"
        " oa:hasTarget ?t ; prov:wasAttributedTo ?by . ?t oa:hasSource ?document ;"
        " oa:hasSelector ?q . ?q a oa:TextPositionSelector, oa:TextQuoteSelector ;"
        " oa:exact ?sentence ; oa:start ?start ; oa:end ?end ."
        " ?s rdf:subject CHEBI:63637 ; rdf:object HGNC:1097 . ?by a prov:SoftwareAgent }"
    )
    assert found.values.tolist() == [
        ["Vemurafenib inhibits mutant BRAF.", "PMID:90000004", 400, 433, "kgb:extractor:patterns/1"]
    ]


def test_rdflib_reads_the_same_graph(either: GraphTables, tmp_path: Path, schema: Schema) -> None:
    tables = either
    export_rdf(tables, tmp_path / "g.ttl", schema=schema, format="turtle")
    report = export_rdf(tables, tmp_path / "g.nt", schema=schema, format="ntriples")
    turtle = rdflib.Graph().parse(tmp_path / "g.ttl", format="turtle")
    plain = rdflib.Graph().parse(tmp_path / "g.nt", format="nt")
    assert as_rdflib(turtle) == as_rdflib(plain)
    assert len(turtle) == report.rows["triples"]


@pytest.mark.parametrize("store", ["default", "SimpleMemory"])
def test_any_store_of_rdflib_is_filled_once(
    either: GraphTables, tmp_path: Path, schema: Schema, store: str
) -> None:
    report = export_rdf(either, tmp_path / "g.nt", schema=schema, format="ntriples")
    graph = rdflib.Graph(store=store)
    assert fill_rdflib(either, graph, schema=schema) == report.rows["triples"]
    assert as_rdflib(graph) == as_rdflib(rdflib.Graph().parse(tmp_path / "g.nt"))
    assert fill_rdflib(either, graph, schema=schema) == 0
    assert dict(graph.namespaces())["MONDO"] == rdflib.URIRef(
        "http://purl.obolibrary.org/obo/MONDO_"
    )
    with pytest.raises(ValueError, match="can't hold the form named-graphs: take reification"):
        fill_rdflib(either, graph, schema=schema, form="named-graphs")


@pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning")  # rdflib's own
def test_a_dataset_of_rdflib_holds_named_graphs(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    report = export_rdf(
        example, tmp_path / "g.nq", schema=schema, format="nquads", form="named-graphs"
    )
    dataset = rdflib.Dataset()
    fill_rdflib(example, dataset, schema=schema, form="named-graphs")
    written = rdflib.Dataset().parse(tmp_path / "g.nq", format="nquads")
    assert set(dataset.quads()) == set(written.quads())
    assert len(set(dataset.quads())) == report.rows["triples"]


def test_hostile_texts_round_trip(hostile: GraphTables, tmp_path: Path, schema: Schema) -> None:
    load_oxigraph(hostile, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    found = store.select(
        "SELECT ?s { ?e a kgb:Evidence ; oa:hasTarget/oa:hasSelector/oa:exact ?s } ORDER BY ?e"
    )
    assert found["s"].tolist() == HOSTILE
    genes = store.select("SELECT ?id ?name { ?id a biolink:Gene ; rdfs:label ?name }")
    assert genes.values.tolist() == [[hostile.read("entities")["id"][0].as_py(), HOSTILE[0]]]
    names = store.select("SELECT ?n { ?id a biolink:Gene ; skos:altLabel ?n }")
    assert set(names["n"]) == set(HOSTILE)


def test_only_denied_statements_are_not_asserted(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    load_oxigraph(example, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    assert store.ask("ASK { CHEBI:6801 biolink:treats MONDO:0005148 }")
    assert not store.ask("ASK { CHEBI:5801 biolink:treats MONDO:0100096 }")
    denied = store.select(
        "SELECT ?o ?n ?s { ?x rdf:subject CHEBI:5801 ; rdf:object ?o ; kgb:negated ?n ;"
        " kgb:sentences ?s }"
    )
    assert denied.values.tolist() == [["MONDO:0100096", 1, 0]]


def test_same_graph_same_bytes(tmp_path: Path, schema: Schema) -> None:
    tables = example_graph(tmp_path / "graph")
    for format_, name in (("turtle", "ttl.gz"), ("nquads", "nq.gz"), ("turtle", "ttl")):
        one, two = tmp_path / f"1.{name}", tmp_path / f"2.{name}"
        export_rdf(tables, one, schema=schema, format=format_)
        export_rdf(tables, two, schema=schema, format=format_)
        assert one.read_bytes() == two.read_bytes()
        assert (one.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")
    with gzip.open(tmp_path / "1.ttl.gz") as file:
        assert file.read() == (tmp_path / "1.ttl").read_bytes()
    assert not list(tmp_path.glob(".*")), "temporary files are left"


def test_unchanged_store_is_left_and_a_changed_one_replaced(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    path = tmp_path / "rdf"
    assert not load_oxigraph(example, path, schema=schema).unchanged
    assert load_oxigraph(example, path, schema=schema).unchanged
    write_graph(example.folder, entities=[entity("HGNC:1", "A1BG")])
    assert not load_oxigraph(example, path, schema=schema).unchanged
    names = SparqlStore(path, schema=schema).select(
        "SELECT ?n { ?x a biolink:Gene ; rdfs:label ?n }"
    )
    assert names["n"].tolist() == ["A1BG"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["graph", "rdf"]


def test_a_kill_between_two_renames_is_undone(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    path = tmp_path / "rdf"
    load_oxigraph(example, path, schema=schema)
    path.rename(tmp_path / ".rdf.old")
    assert SparqlStore(path, schema=schema).ask("ASK { ?x a biolink:Gene }")


def test_names_that_the_schema_lacks(tmp_path: Path, schema: Schema) -> None:
    tables = write_graph(tmp_path / "graph", entities=[entity("HGNC:1", "x", "Spaceship")])
    with pytest.raises(StoreError, match="'Spaceship', which the schema lacks"):
        load_oxigraph(tables, tmp_path / "rdf", schema=schema)
    assert not (tmp_path / "rdf").exists()


def test_tiny_graphs(tiny: GraphTables, tmp_path: Path, schema: Schema) -> None:
    load_oxigraph(tiny, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    assert len(store.select("SELECT ?x { ?x a biolink:Gene }")) == tiny.count("entities")
    assert list(store.select("SELECT ?a ?b { ?a biolink:treats ?b }").columns) == ["a", "b"]


def test_values_have_python_types(example: GraphTables, tmp_path: Path, schema: Schema) -> None:
    load_oxigraph(example, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    row = store.select(
        "SELECT ?e ?start ?score ?negated ?date ?none {"
        " ?e oa:hasTarget/oa:hasSelector/oa:start ?start ; kgb:score ?score ;"
        " kgb:negated ?negated ; prov:wasDerivedFrom/dcterms:date ?date }"
        " ORDER BY DESC(?start) LIMIT 1"
    ).to_dict("records")[0]
    assert str(row.pop("e")).startswith("kgb:evidence:")
    assert row == {"start": 1100, "score": 0.9, "negated": True, "date": "2020-05", "none": None}
    made = store.construct("CONSTRUCT { ?a skos:related ?b } WHERE { ?a biolink:causes ?b }")
    assert made.values.tolist() == [["HGNC:3603", "skos:related", "MONDO:0007947"]]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT ?x { ?x foo:bar ?y }", "prefix foo: is not known"),
        ("SELEC ?x", "SPARQL query is wrong"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", "INSERT is refused"),
        ("DELETE WHERE { ?a ?b ?c }", "DELETE is refused"),
        ("SELECT ?x { SERVICE <http://localhost:9/> { ?x ?y ?z } }", "SERVICE is refused"),
        ("ASK { ?a ?b ?c }", "use `sparql` for SELECT"),
    ],
)
def test_errors_say_what_to_do(
    query: str, message: str, example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    load_oxigraph(example, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    with pytest.raises(StoreError, match=message):
        store.select(query)
    words = "SELECT ?insert { ?insert rdfs:label 'DELETE SERVICE' } # INSERT"
    assert len(store.select(words)) == 0


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=200, deadline=None)
def test_literals_round_trip(text: str) -> None:
    line = f"<urn:a> <urn:b> {literal(text)} ."
    (quad,) = ox.parse(line, ox.RdfFormat.N_TRIPLES)
    assert quad.object == ox.Literal(text)
    assert len(line.splitlines()) == 1


@given(
    st.sampled_from(["DOI:", "HGNC:", "FOO:", ""]),
    st.text(st.characters(exclude_categories=["Cs"])),
)
@settings(max_examples=200, deadline=None)
def test_iris_are_valid_and_can_be_read_back(prefix: str, local: str) -> None:
    schema = Schema.load()
    iri = iri_of(schema, prefix + local)
    (quad,) = ox.parse(f"<{iri}> <urn:b> <urn:c> .", ox.RdfFormat.N_TRIPLES)
    assert quad.subject == ox.NamedNode(iri)
    if prefix in {"DOI:", "FOO:"}:
        assert curie_of(schema, iri) == prefix + local


@given(st.lists(st.binary(max_size=50)), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_streams_give_all_bytes(pieces: list[bytes], size: int) -> None:
    stream = byte_stream(iter(pieces))
    assert b"".join(iter(lambda: stream.read(size), b"")) == b"".join(pieces)


def test_writing_streams(tmp_path: Path, schema: Schema) -> None:
    tables = write_graph(
        tmp_path / "graph", entities=[entity(f"HGNC:{n}", "x") for n in range(10_000)]
    )
    assert max(map(len, ntriples(tables, schema))) < 6_000_000, "more than a batch at a time"


def test_documented_questions_are_answered(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    load_oxigraph(example, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    for query, answer in QUESTIONS:
        assert store.select(query).values.tolist() == answer, query
