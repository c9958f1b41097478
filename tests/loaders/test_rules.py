"""The rules of a graph: SHACL, SPARQL and Cypher find the same, and only what is broken."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from neo4j_server import Server

from kgbuild.errors import ConfigError, InputError
from kgbuild.graph import Graph
from kgbuild.layout import cypher_store
from kgbuild.loaders.cypher import CypherStore
from kgbuild.loaders.cypher_rules import cypher_rules
from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.ladybug import opened, run
from kgbuild.loaders.rdf import ntriples
from kgbuild.loaders.rdf_rules import sparql_rules
from kgbuild.loaders.rdf_shape import STATEMENT_FORMS
from kgbuild.loaders.rdf_terms import PREFIXES
from kgbuild.loaders.serialize import export_rdf
from kgbuild.loaders.shacl import SHAPE_IRI, shacl_shapes
from kgbuild.loaders.synthetic import write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables
from kgbuild.validation import Validation, validate

SH = rdflib.Namespace(PREFIXES["sh"])
PREFIX = "".join(f"PREFIX {short}: <{iri}>\n" for short, iri in PREFIXES.items())
S = "?s a rdf:Statement ; rdf:subject <http://purl.obolibrary.org/obo/CHEBI_6801>"
E = "?e a kgb:Evidence ; oa:hasTarget/oa:hasSelector/oa:start 200"
Q = "?q a oa:TextPositionSelector ; oa:start 200"
MELANOMA = "<http://purl.obolibrary.org/obo/MONDO_0005105>"
D = "?d a kgb:Document ; kgb:year 2011"


def change(what: str, old: str, new: str) -> str:
    """An update of the subject of ``what`` that replaces one property's value."""
    variable = what[:2]
    return (
        f"DELETE {{ {variable} {old} ?old }} INSERT {{ {variable} {new} }}"
        f" WHERE {{ {what} . {variable} {old} ?old }}"
    )


# an update that breaks one rule, and the rules that then are broken
BROKEN_RDF: dict[str, tuple[str, set[str]]] = {
    "belief above 1": (change(S, "kgb:belief", "kgb:belief 1.5e0"), {"statement.belief"}),
    "belief no number": (change(S, "kgb:belief", 'kgb:belief "high"'), {"statement.belief"}),
    "belief ill-formed": (
        change(S, "kgb:belief", 'kgb:belief "x"^^xsd:double'), {"statement.belief"}),
    "no belief": (change(S, "kgb:belief", "kgb:nothing 1"), {"statement.belief"}),
    "two beliefs": (f"INSERT {{ ?s kgb:belief 0.5e0 }} WHERE {{ {S} }}", {"statement.belief"}),
    "negative count": (change(S, "kgb:papers", "kgb:papers -1"), {"statement.papers"}),
    "more hedged than affirming": (change(S, "kgb:hedged", "kgb:hedged 9"), {"statement.hedged"}),
    "first year after the last": (
        change(S, "kgb:first_year", "kgb:first_year 2024"), {"statement.first_year"}),
    "extractor as text": (
        change(S, "prov:wasAttributedTo", 'prov:wasAttributedTo "me"'), {"statement.extractors"}),
    "unknown predicate": (
        change(S, "rdf:predicate", "rdf:predicate biolink:enjoys"),
        {"statement.predicate", "statement.asserted", "entity.stated"}),
    "passive predicate": (
        change(S, "rdf:predicate", "rdf:predicate biolink:treated_by"),
        {"statement.predicate", "statement.asserted", "entity.stated"}),
    "a drug treats a drug": (
        change(S, "rdf:object", "rdf:object <http://purl.obolibrary.org/obo/CHEBI_45783>"),
        {"predicate.treats", "statement.asserted", "entity.stated"}),
    "object that is not there": (
        change(S, "rdf:object", "rdf:object <urn:x>"),
        {"statement.object", "predicate.treats", "statement.asserted", "entity.stated"}),
    "plain triple gone": (
        "DELETE { ?a biolink:treats ?b } WHERE"
        " { ?a biolink:treats ?b . FILTER(CONTAINS(STR(?a), '6801')) }",
        {"statement.asserted"}),
    "plain triple of no statement": (
        f"INSERT {{ ?b biolink:causes {MELANOMA} }} WHERE {{ ?b rdfs:label 'BRAF' }}",
        {"entity.stated"}),
    "evidence without document": (
        change(E, "prov:wasDerivedFrom", "kgb:nothing 1"), {"evidence.document"}),
    "evidence of another document": (
        f"DELETE {{ ?e prov:wasDerivedFrom ?o }} INSERT {{ ?e prov:wasDerivedFrom ?d }}"
        f" WHERE {{ {E} ; prov:wasDerivedFrom ?o . {D} }}",
        {"evidence.same_document"}),
    "evidence without sentence": (
        change(E, "oa:hasTarget", "kgb:nothing 1"), {"evidence.sentence"}),
    "evidence of no statement": (
        change(E, "oa:hasBody", "oa:hasBody <urn:x>"), {"evidence.statement"}),
    "score above 1": (change(E, "kgb:score", "kgb:score 7.0e0"), {"evidence.score"}),
    "negated is no boolean": (
        change(E, "kgb:negated", 'kgb:negated "no"^^xsd:boolean'), {"evidence.negated"}),
    "name that ends before it starts": (
        change(E, "kgb:subject_end", "kgb:subject_end 0"), {"evidence.subject_start"}),
    "no extractor": (
        change(E, "prov:wasAttributedTo", "kgb:nothing 1"), {"evidence.extractor"}),
    "target without selector": (
        "DELETE { ?t oa:hasSelector ?q } WHERE { ?t oa:hasSelector ?q . ?q oa:start 200 }",
        {"target.selector"}),
    "target without document": (
        "DELETE { ?t oa:hasSource ?d } WHERE"
        " { ?t oa:hasSource ?d ; oa:hasSelector/oa:start 200 }",
        {"target.document"}),
    "sentence without text": (change(Q, "oa:exact", "kgb:nothing 1"), {"sentence.sentence"}),
    "sentence of another length": (
        change(Q, "oa:exact", "oa:exact 'Short.'"), {"sentence.length"}),
    "sentence that ends before it starts": (
        change(Q, "oa:end", "oa:end 1"), {"sentence.start", "sentence.length"}),
    "sentence before the text": (
        change(Q, "oa:start", "oa:start -1"), {"sentence.start", "sentence.length"}),
    "document with a year in words": (change(D, "kgb:year", "kgb:year 'two'"), {"document.year"}),
    "document that mentions nothing": (
        f"INSERT {{ ?d schema:mentions <urn:x> }} WHERE {{ {D} }}", {"document.mentions"}),
    "entity without name": (
        f"DELETE {{ {MELANOMA} rdfs:label ?n }} WHERE {{ {MELANOMA} rdfs:label ?n }}",
        {"entity.name"}),
    "two names": (f"INSERT DATA {{ {MELANOMA} rdfs:label 'two' }}", {"entity.name"}),
    "abstract category": (
        f"INSERT DATA {{ {MELANOMA} a biolink:DiseaseOrPhenotypicFeature }}",
        {"entity.category"}),
    "synonym with a language": (
        f"INSERT DATA {{ {MELANOMA} skos:altLabel 'x'@en }}", {"entity.synonyms"}),
    "reference as text": (f"INSERT DATA {{ {MELANOMA} biolink:xref 'x' }}", {"entity.xrefs"}),
    "negative mentions": (
        f"DELETE {{ {MELANOMA} kgb:mentions ?n }} INSERT {{ {MELANOMA} kgb:mentions -2 }}"
        f" WHERE {{ {MELANOMA} kgb:mentions ?n }}",
        {"entity.mentions"}),
    "identifier without a known prefix": (
        "INSERT DATA { <urn:kgbuild:curie:BRAF> a biolink:Gene ; rdfs:label 'BRAF' }",
        {"entity.id"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of a build, of the hand-made example."""
    folder = tmp_path_factory.mktemp("rules")
    example_graph(folder / "graph")
    Graph.open(folder).load_stores()
    return folder


@pytest.fixture(scope="module")
def triples(folder: Path) -> bytes:
    return b"".join(ntriples(Graph.open(folder).tables, Schema.load()))


@pytest.fixture(scope="module")
def shapes() -> rdflib.Graph:
    return rdflib.Graph().parse(data=shacl_shapes(Schema.load()), format="turtle")


def by_pyshacl(data: str, shapes: rdflib.Graph) -> set[tuple[str, str]]:
    """Rule and broken resource of each result of a SHACL processor."""
    graph = rdflib.Graph().parse(data=data, format="nt")
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inplace=True)
    found = set()
    for result in report.subjects(rdflib.RDF.type, SH.ValidationResult):
        shape = str(report.value(result, SH.sourceShape)).removeprefix(SHAPE_IRI)
        constraint = report.value(result, SH.sourceConstraint)
        if constraint is not None:
            shape = str(constraint).removeprefix(SHAPE_IRI)
        focus = SH.value if shape.startswith("predicate.") else SH.focusNode
        rule = "entity.id" if shape == "entity" else shape
        found.add((rule, str(report.value(result, focus))))
    return found


def by_sparql(store: ox.Store) -> set[tuple[str, str]]:
    found = set()
    for question in sparql_rules(Schema.load()):
        rows = [row["this"].value for row in store.query(question.text, prefixes=PREFIXES)]
        (counted,) = (r["count"].value for r in store.query(question.counting, prefixes=PREFIXES))
        assert len(rows) == int(counted)
        if question.sweep:
            (swept,) = (r["count"].value for r in store.query(question.sweep, prefixes=PREFIXES))
            assert int(swept) >= bool(rows)
        found |= {(question.rule, this) for this in rows}
    return found


def loaded(triples: bytes) -> ox.Store:
    store = ox.Store()
    store.bulk_load(triples, ox.RdfFormat.N_TRIPLES)
    return store


@pytest.mark.parametrize("case", BROKEN_RDF)
def test_each_rule_finds_what_breaks_it(case: str, triples: bytes) -> None:
    update, rules = BROKEN_RDF[case]
    store = loaded(triples)
    before = set(store)
    store.update(PREFIX + update)
    assert set(store) != before, "the update changed nothing"
    assert {rule for rule, _ in by_sparql(store)} == rules


@pytest.mark.parametrize("part", range(2))
def test_a_shacl_processor_finds_the_same(part: int, triples: bytes, shapes: rdflib.Graph) -> None:
    store = loaded(triples)
    for update, _ in list(BROKEN_RDF.values())[part::2]:
        store.update(PREFIX + update)
    ours = by_sparql(store)
    assert len({rule for rule, _ in ours}) > 10
    data = store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    assert data is not None
    assert by_pyshacl(data.decode(), shapes) == ours


def test_a_right_graph_breaks_nothing(
    folder: Path, triples: bytes, shapes: rdflib.Graph, example_graph: Path
) -> None:
    assert by_pyshacl(triples.decode(), shapes) == set()
    for built in (folder, example_graph):
        found = validate(built)
        assert found.is_clean, found.breaches
        assert found.checks > 150


def test_every_shape_has_its_queries(shapes: rdflib.Graph) -> None:
    rules = {question.rule for question in sparql_rules(Schema.load())}
    kinds = (SH.PropertyShape, SH.SPARQLConstraint)
    named = {str(s).removeprefix(SHAPE_IRI) for kind in kinds
             for s in shapes.subjects(rdflib.RDF.type, kind)}  # fmt: skip
    # what has no limit but its kind is not asked for a value
    assert rules - named == {"entity.id"}
    assert named - rules <= {"document.date"}
    assert len(rules) > 50


@pytest.mark.parametrize("form", STATEMENT_FORMS)
def test_files_are_checked_in_every_form(
    folder: Path, form: str, tmp_path: Path, schema: Schema
) -> None:
    path = tmp_path / "g.trig.gz"
    export_rdf(Graph.open(folder).tables, path, schema=schema, format="trig", form=form)
    assert validate(path).is_clean
    tables = broken_tables(tmp_path / "broken", statements={"belief": 2.0, "object": "HGNC:1097"})
    export_rdf(tables, path, schema=schema, format="trig", form=form)
    found = rules_of(validate(path))
    assert found == {"statement.belief", "predicate.treats"}


def test_files_that_are_no_datasets_of_ours(tmp_path: Path, folder: Path, schema: Schema) -> None:
    path = tmp_path / "g.ttl"
    path.write_text("<urn:a> <urn:b> <urn:c> .", "utf-8")
    with pytest.raises(InputError, match="no dataset of kgbuild's"):
        validate(path)
    export_rdf(Graph.open(folder).tables, path, schema=schema, format="turtle")
    text = path.read_text("utf-8").replace('"biomedical"', '"of mine"')
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="--schema"):
        validate(path)
    assert validate(path, schema="biomedical").is_clean


def rules_of(found: Validation) -> set[str]:
    return {breach.rule for breach in found.breaches}


def broken_tables(folder: Path, **changed: dict[str, Any]) -> GraphTables:
    """The example with columns of the first row of tables changed: metformin treats diabetes."""
    tables = example_graph(folder / "example")
    rows = {
        name: tables.read(name).to_pylist()
        for name in ("entities", "statements", "evidence", "documents", "occurrences")
    }
    for name, columns in changed.items():
        wanted = rows[name]
        if name == "statements":
            wanted = [row for row in wanted if row["subject"] == "CHEBI:6801"]
        elif name == "entities":  # one without statements
            wanted = [row for row in wanted if row["id"] == "MONDO:0005015"]
        elif name == "evidence":
            wanted = [row for row in wanted if row["start"] == 200]
        wanted[0].update(columns)
    return write_graph(folder / "graph", **rows)


R = "MATCH (a)-[r:treats]->(b) WHERE a.id = 'CHEBI:6801'"
X = "MATCH (x:Evidence) WHERE x.start = 200"
# an update of the property graph, and the rules that then are broken; on both stores
BROKEN_CYPHER: dict[str, tuple[str, set[str]]] = {
    "belief above 1": (f"{R} SET r.belief = 1.5", {"statement.belief"}),
    "no belief": (f"{R} SET r.belief = NULL", {"statement.belief"}),
    "negative count": (f"{R} SET r.papers = -1", {"statement.papers"}),
    "more hedged than affirming": (f"{R} SET r.hedged = 9", {"statement.hedged"}),
    "first year after the last": (f"{R} SET r.first_year = 2024", {"statement.first_year"}),
    "no id": (f"{R} SET r.id = NULL", {"statement.id", "evidence.statement"}),
    "one id of two": (
        "MATCH (a)-[r:inhibits]->(b) SET r.id = 'same'", {"statement.id", "evidence.statement"}),
    "score above 1": (f"{X} SET x.score = 7.0", {"evidence.score"}),
    "no extractor": (f"{X} SET x.extractor = NULL", {"evidence.extractor"}),
    "evidence of no statement": (f"{X} SET x.statement = 'x'", {"evidence.statement"}),
    "evidence of another document": (
        f"{X} SET x.document = 'PMID:90000008'", {"evidence.same_document"}),
    "evidence without its document's node": (
        "MATCH (x:Evidence)-[l:IN_DOCUMENT]->(:Document) WHERE x.start = 300 DELETE l",
        {"evidence.document"}),
    "name that ends before it starts": (
        f"{X} SET x.object_end = 0", {"evidence.object_start"}),
    "sentence of another length": (f"{X} SET x.sentence = 'Short.'", {"sentence.length"}),
    "sentence before the text": (f"{X} SET x.start = -1", {"sentence.start", "sentence.length"}),
    "mentions below 0": (
        "MATCH (d:Document {id: 'PMID:90000004'})-[m:MENTIONS]->(e) SET m.mentions = -1",
        {"document.mentions"}),
    "entity without name": (
        "MATCH (n:Disease) WHERE n.id = 'MONDO:0005105' SET n.name = ''", {"entity.name"}),
    "negative documents": (
        "MATCH (n:Disease) WHERE n.id = 'MONDO:0005105' SET n.documents = -2",
        {"entity.documents"}),
}  # fmt: skip


def by_cypher(path: Path) -> set[str]:
    found = set()
    with CypherStore(path) as store:
        for question in cypher_rules(Schema.load()):
            rows = store.query(question.text).to_pylist()
            assert store.query(question.counting).to_pylist() == [{"count": len(rows)}]
            if rows:
                found.add(question.rule)
    return found


@pytest.mark.parametrize("case", BROKEN_CYPHER)
def test_each_rule_finds_what_breaks_it_in_cypher(case: str, folder: Path, tmp_path: Path) -> None:
    update, rules = BROKEN_CYPHER[case]
    path = Path(shutil.copyfile(cypher_store(folder), tmp_path / "graph.lbug"))
    with opened(path, memory=1 << 26) as connection:
        run(connection, update)
    assert by_cypher(path) == rules


def test_what_only_tables_can_break_is_found_in_both_languages(tmp_path: Path) -> None:
    """Categories, predicates and ends are tables of the embedded store: such a graph is loaded."""
    broken_tables(
        tmp_path,
        entities={"category": "BiologicalEntity", "id": "NOPE:1"},
        statements={"predicate": "treated_by", "object": "HGNC:1097", "object_category": "Gene"},
    )
    with Graph.open(tmp_path) as graph:
        graph.load_stores()
    found = {(b.language, b.rule) for b in validate(tmp_path).breaches}
    rules = {"entity.id", "entity.category", "statement.predicate"}
    assert {(language, rule) for language in ("SPARQL", "Cypher") for rule in rules} <= found


def test_neo4j_is_checked_in_cypher(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.wipe()
    server.load(example_graph(tmp_path / "graph"))
    server.ask("CREATE (:Entity {id: 'of somebody else'})-[:treats]->(:Entity)")
    clean = validate(server.local.address)
    assert clean.is_clean, clean.breaches
    expected: set[str] = set()
    for case, (update, rules) in BROKEN_CYPHER.items():
        if case != "no id":  # it would hide the others of that statement
            server.ask(update)
            expected |= rules
    more = {
        "MATCH (n:Entity {id: 'HGNC:3603'}) SET n.id = 'FBN1'": "entity.id",
        "MATCH (n:Entity {id: 'HP:0001166'}) SET n.category = 'BiologicalEntity'":
            "entity.category",
        "MATCH (n:Entity {id: 'DBSNP:rs113488022'}) SET n.mentions = 1.5": "entity.mentions",
        "MATCH (a:Entity {id: 'CHEBI:45783'})-[r:treats]->(b) CREATE (b)-[s:treats]->(a)"
        " SET s = properties(r), s.id = 's1'": "predicate.treats",
        "MATCH (a:Entity {id: 'CHEBI:45783'})-[r:treats]->(b) WHERE r.id <> 's1'"
        " CREATE (a)-[s:enjoys]->(b) SET s = properties(r), s.id = 's2'": "statement.predicate",
        "MATCH (n:Document {id: 'PMID:90000007'}) SET n.year = 'two'": "document.year",
        "MATCH (n:Entity {id: 'MONDO:0100096'}) REMOVE n:Entity": "statement.object",
        "MATCH (x:Evidence) WHERE x.start = 500 SET x.negated = 'no'": "evidence.negated",
        "MATCH (x:Evidence) WHERE x.start = 900 SET x.sentence = 'DNA \U0001f9ec.',"
        " x.end = x.start + 6": "sentence.nothing",
    }  # fmt: skip
    for update, rule in more.items():
        server.ask(update)
        expected.add(rule)
    expected |= {"document.mentions", "predicate.has_phenotype"}
    assert rules_of(validate(server.local.address)) == expected - {"sentence.nothing"}
    server.wipe()
