from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from graph_rows import HOSTILE, entity
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.errors import StoreError
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.oxigraph import load_oxigraph
from kgbuild.loaders.rdf import byte_stream, iri_of, literal, ntriples
from kgbuild.loaders.serialize import export_nquads, export_ntriples, export_turtle
from kgbuild.loaders.sparql import SparqlStore, curie_of
from kgbuild.loaders.synthetic import write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables


def triples(path: Path, format_: ox.RdfFormat) -> set[str]:
    return {str(quad.triple) for quad in ox.parse(path=path, format=format_)}


def as_rdflib(graph: rdflib.Graph) -> set[tuple[str, ...]]:
    return {tuple(part.n3() for part in triple) for triple in graph}


@pytest.mark.parametrize("which", ["example", "hostile"])
def test_every_form_says_the_same(
    which: str, tmp_path: Path, schema: Schema, request: pytest.FixtureRequest
) -> None:
    tables: GraphTables = request.getfixturevalue(which)
    report = export_ntriples(tables, tmp_path / "g.nt", schema=schema)
    export_turtle(tables, tmp_path / "g.ttl", schema=schema)
    export_nquads(tables, tmp_path / "g.nq", schema=schema)
    wanted = triples(tmp_path / "g.nt", ox.RdfFormat.N_TRIPLES)
    assert len(wanted) == report.rows["triples"]
    assert triples(tmp_path / "g.ttl", ox.RdfFormat.TURTLE) == wanted
    assert triples(tmp_path / "g.nq", ox.RdfFormat.N_QUADS) == wanted
    graphs = {str(q.graph_name) for q in ox.parse(path=tmp_path / "g.nq")}
    assert graphs == {"<urn:kgbuild:graph>"}


@pytest.mark.parametrize("which", ["example", "hostile"])
def test_rdflib_reads_the_same_graph(
    which: str, tmp_path: Path, schema: Schema, request: pytest.FixtureRequest
) -> None:
    tables: GraphTables = request.getfixturevalue(which)
    export_turtle(tables, tmp_path / "g.ttl", schema=schema)
    export_ntriples(tables, tmp_path / "g.nt", schema=schema)
    turtle = rdflib.Graph().parse(tmp_path / "g.ttl", format="turtle")
    plain = rdflib.Graph().parse(tmp_path / "g.nt", format="nt")
    assert as_rdflib(turtle) == as_rdflib(plain)
    assert len(turtle) == len(triples(tmp_path / "g.nt", ox.RdfFormat.N_TRIPLES))


def test_hostile_texts_round_trip(hostile: GraphTables, tmp_path: Path, schema: Schema) -> None:
    load_oxigraph(hostile, tmp_path / "rdf", schema=schema)
    store = SparqlStore(tmp_path / "rdf", schema=schema)
    found = store.select("SELECT ?s { ?e kgb:sentence ?s } ORDER BY ?e")
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
    for export, name in ((export_turtle, "ttl.gz"), (export_nquads, "nq.gz"), (export_turtle, "t")):
        one, two = tmp_path / f"1.{name}", tmp_path / f"2.{name}"
        export(tables, one, schema=schema)
        export(tables, two, schema=schema)
        assert one.read_bytes() == two.read_bytes()
        assert (one.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")
    with gzip.open(tmp_path / "1.ttl.gz") as file:
        assert file.read() == (tmp_path / "1.t").read_bytes()
    assert not list(tmp_path.glob(".*")), "temporary files are left"


def test_unchanged_store_is_left_and_a_changed_one_replaced(
    example: GraphTables, tmp_path: Path, schema: Schema
) -> None:
    path = tmp_path / "rdf"
    assert not load_oxigraph(example, path, schema=schema).unchanged
    assert load_oxigraph(example, path, schema=schema).unchanged
    write_graph(example.folder, entities=[entity("HGNC:1", "A1BG")])
    assert not load_oxigraph(example, path, schema=schema).unchanged
    names = SparqlStore(path, schema=schema).select("SELECT ?n { ?x rdfs:label ?n }")
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
        "SELECT ?e ?start ?score ?negated ?date ?none { ?e kgb:start ?start ; kgb:score ?score ;"
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


@given(st.lists(st.text(max_size=50)), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_streams_give_all_bytes(texts: list[str], size: int) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    stream = byte_stream(iter(texts))
    assert b"".join(iter(lambda: stream.read(size), b"")) == "".join(texts).encode()


def test_writing_streams(tmp_path: Path, schema: Schema) -> None:
    tables = write_graph(
        tmp_path / "graph", entities=[entity(f"HGNC:{n}", "x") for n in range(10_000)]
    )
    pieces: Iterator[str] = ntriples(tables, schema)
    assert max(map(len, pieces)) < 3_000_000, "more than a batch at a time"
