from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from parsing import parse, split, write

from kgbuild.errors import VocabularyError
from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary
from kgbuild.records import Synonym, Term

OBO = """\
format-version: 1.2
data-version: hp/releases/2026-01-01

[Term]
id: HP:0000001
name: All
xref: UMLS:C0444868

[Term]
id: HP:0000002
name: Tall "stature"
namespace: tall
alt_id: HP:0000009
def: "Height above the norm." [PMID:1]
synonym: "big height" EXACT layperson []
synonym: "TS" RELATED abbreviation [PMID:2]
xref: MSH:D1
xref: BEL:"not a curie"
is_a: HP:0000001 ! All
unheard_of: tag
created_by: somebody

[Term]
id: HP:0000003
name: obsolete Tallness
is_obsolete: true
replaced_by: HP:0000002

[Typedef]
id: part_of
name: part of
"""

OWL = """\
<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY obo "http://purl.obolibrary.org/obo/"> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:owl="http://www.w3.org/2002/07/owl#"
 xmlns:oboInOwl="http://www.geneontology.org/formats/oboInOwl#"
 xmlns:obo="http://purl.obolibrary.org/obo/">
<owl:Ontology rdf:about="&obo;x.owl"><owl:versionInfo>2026-01-01</owl:versionInfo></owl:Ontology>
<owl:Class rdf:about="&obo;HP_0000001"><rdfs:label>All</rdfs:label>
 <oboInOwl:hasDbXref>UMLS:C0444868</oboInOwl:hasDbXref></owl:Class>
<owl:Class rdf:about="&obo;HP_0000002"><rdfs:label xml:lang="en">Tall "stature"</rdfs:label>
 <oboInOwl:hasOBONamespace>tall</oboInOwl:hasOBONamespace>
 <oboInOwl:hasExactSynonym>big height</oboInOwl:hasExactSynonym>
 <oboInOwl:hasRelatedSynonym>TS</oboInOwl:hasRelatedSynonym>
 <oboInOwl:hasDbXref>MSH:D1</oboInOwl:hasDbXref>
 <oboInOwl:hasAlternativeId>HP:0000009</oboInOwl:hasAlternativeId>
 <obo:IAO_0000115>Height above the norm.</obo:IAO_0000115>
 <rdfs:subClassOf rdf:resource="&obo;HP_0000001"/></owl:Class>
<owl:Axiom><owl:annotatedSource rdf:resource="&obo;HP_0000002"/>
 <owl:annotatedTarget>TS</owl:annotatedTarget>
 <oboInOwl:hasSynonymType rdf:resource="&obo;hp#abbreviation"/></owl:Axiom>
<owl:Class rdf:about="&obo;HP_0000003"><rdfs:label>obsolete Tallness</rdfs:label>
 <owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated>
 <obo:IAO_0100001 rdf:resource="&obo;HP_0000002"/></owl:Class>
</rdf:RDF>
"""

OIO = "http://www.geneontology.org/formats/oboInOwl#"
PURL = "http://purl.obolibrary.org/obo/"
OBOGRAPH = json.dumps(
    {
        "graphs": [
            {
                "nodes": [
                    {"id": PURL + "HP_0000001", "lbl": "All", "type": "CLASS",
                     "meta": {"xrefs": [{"val": "UMLS:C0444868"}]}},
                    {"id": PURL + "HP_0000002", "lbl": 'Tall "stature"', "type": "CLASS",
                     "meta": {
                         "definition": {"val": "Height above the norm."},
                         "xrefs": [{"val": "MSH:D1"}],
                         "basicPropertyValues": [
                             {"pred": OIO + "hasOBONamespace", "val": "tall"},
                             {"pred": OIO + "hasAlternativeId", "val": "HP:0000009"}],
                         "synonyms": [
                             {"pred": "hasExactSynonym", "val": "big height"},
                             {"pred": "hasRelatedSynonym", "val": "TS",
                              "synonymType": PURL + "hp#abbreviation"}]}},
                    {"id": PURL + "HP_0000003", "lbl": "obsolete Tallness", "type": "CLASS",
                     "meta": {"deprecated": True, "basicPropertyValues": [
                         {"pred": PURL + "IAO_0100001", "val": PURL + "HP_0000002"}]}},
                ],
                "edges": [{"sub": PURL + "HP_0000002", "pred": "is_a", "obj": PURL + "HP_0000001"}],
            }
        ]
    }
)  # fmt: skip

EXPECTED = [
    Term("HP:0000001", "All", "NamedThing", xrefs=("UMLS:C0444868",)),
    Term(
        "HP:0000002",
        'Tall "stature"',
        "PhenotypicFeature",
        synonyms=(Synonym("big height"), Synonym("TS", "abbreviation")),
        xrefs=("MESH:D1", "HP:0000009"),
        parents=("HP:0000001",),
        definition="Height above the norm.",
        exact=("HP:0000009",),
    ),
    Term("HP:0000003", "obsolete Tallness", "NamedThing", obsolete=True, replaced_by="HP:0000002"),
]


@pytest.mark.parametrize(
    ("name", "content"), [("a.obo", OBO), ("a.owl", OWL), ("a.json", OBOGRAPH)]
)
def test_the_same_ontology_in_three_formats(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path, name, content)
    assert parse(path, categories={"tall": "PhenotypicFeature"}) == EXPECTED
    packed = write(tmp_path, "packed", gzip.compress(content.encode()))
    assert parse(packed, categories={"tall": "PhenotypicFeature"}) == EXPECTED


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    hashed = []
    digest = hashlib.file_digest

    def counted(stream: object, name: str) -> object:
        hashed.append(name)
        return digest(stream, name)  # type: ignore[call-overload]

    monkeypatch.setattr(hashlib, "file_digest", counted)
    path = write(tmp_path, "a.tsv", "id\tname\nHP:1\tAll\n")
    first = open_vocabulary(path).fingerprint
    assert open_vocabulary(path).fingerprint == first
    assert len(hashed) == 1
    path.write_text("id\tname\nHP:1\tOne\n")
    assert open_vocabulary(path).fingerprint != first
    assert len(hashed) == 2


def test_the_release_is_found_in_the_file(tmp_path: Path) -> None:
    assert open_vocabulary(write(tmp_path, "a.obo", OBO)).version == "2026-01-01"
    assert open_vocabulary(write(tmp_path, "a.owl", OWL)).version == "2026-01-01"


@pytest.mark.parametrize(
    "bad",
    [
        'synonym: "no end EXACT []',
        'synonym: "x" WRONG []',
        'def: "an "inner" quote" []',
        "is_obsolete: Perhaps",
        "name: open { brace",
    ],
)
def test_a_bad_line_of_obo_costs_only_itself(tmp_path: Path, bad: str) -> None:
    text = OBO.replace("unheard_of: tag", bad)
    terms, failures = split(parse(write(tmp_path, "a.obo", text)))
    assert [t.id for t in terms] == ["HP:0000001", "HP:0000002", "HP:0000003"]
    assert terms[1].parents == ("HP:0000001",)
    assert len(failures) == 1
    number = text.splitlines().index(bad) + 1
    assert failures[0].place == f"line {number}"
    assert bad[:20] in failures[0].reason


def test_imported_terms_are_left_out(tmp_path: Path) -> None:
    text = OBO + "\n[Term]\nid: GO:0000001\nname: x\n"
    path = write(tmp_path, "a.obo", text)
    assert len(parse(path)) == 4
    assert {t.id[:2] for t in split(parse(path, keep=("HP",)))[0]} == {"HP"}


def test_duplicates_nameless_terms_and_cycles_are_listed(tmp_path: Path) -> None:
    text = """\
id\tname\tparents
X:1\tone\tX:2
X:2\ttwo\tX:3
X:3\tthree\tX:1
X:4\tfour\tX:1|X:9
X:1\tagain\t
X:5\t\t
X:6\tself\tX:6
"""
    terms, failures = split(parse(write(tmp_path, "a.tsv", text)))
    assert [t.id for t in terms] == ["X:1", "X:2", "X:3", "X:4", "X:6"]
    reasons = [f.reason for f in failures]
    assert reasons[0].startswith("X:1 'again' was there before")
    assert reasons[1] == "X:5 has no name"
    assert failures[1].place == "line 7"
    assert reasons[2:] == [
        "parents go round in a circle: X:1 > X:2 > X:3 > X:1",
        "parents go round in a circle: X:6 > X:6",
    ]


def test_table_with_all_columns_and_quotes(tmp_path: Path) -> None:
    header = "id name category synonyms abbreviations related xrefs parents definition obsolete"
    cells = ['"MSH:D1"', '"a ""big"" name"', "Disease", "b|c|", "BN", "r", "UMLS_CUI:C1|doid:4",
             "mesh:D2", "what", "true"]  # fmt: skip
    text = "\ufeff" + "\t".join(header.split()) + "\r\n# comment\r\n" + "\t".join(cells) + "\r\n"
    assert parse(write(tmp_path, "a.tsv", text)) == [
        Term(
            "MESH:D1", 'a "big" name', "Disease",
            synonyms=(Synonym("b"), Synonym("c"), Synonym("BN", "abbreviation"),
                      Synonym("r", "related")),
            xrefs=("UMLS:C1", "DOID:4"), parents=("MESH:D2",), definition="what", obsolete=True,
        )
    ]  # fmt: skip


def test_csv_with_line_breaks_in_a_cell(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'id,name,definition\nX:1,"a, b","two\nlines"\nX:2,c\n')
    first, second = split(parse(path))[0]
    assert (first.name, first.definition) == ("a, b", "two\nlines")
    assert second.name == "c"


def test_columns_can_be_named_and_numbered(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "ID\tsymbol\tsynonyms\tens\n7\tAbc\tx;y\tENSG1;ENSG2\n")
    found = parse(
        path, prefix="MGI", separator=";", category="Gene", xref_columns={"ENSEMBL": "ens"},
        columns={"id": "ID", "name": "symbol", "abbreviations": "synonyms"},
    )  # fmt: skip
    assert found == [
        Term("MGI:7", "Abc", "Gene", xrefs=("ENSEMBL:ENSG1", "ENSEMBL:ENSG2"),
             synonyms=(Synonym("x", "abbreviation"), Synonym("y", "abbreviation")))
    ]  # fmt: skip
    pipes = write(tmp_path, "b.txt", "D1|123||Disease, One|One Disease\n")
    options = ParseOptions(
        prefix="MESH", number_prefix="OMIM", header=False, delimiter="||", split_names=True,
        columns={"id": 0, "name": 1},
    )  # fmt: skip
    assert list(Vocabulary("v", "", (pipes,), "tsv", options).terms()) == [
        Term(
            "MESH:D1", "Disease, One", "NamedThing", (Synonym("One Disease"),), ("OMIM:123",),
            exact=("OMIM:123",),
        )
    ]  # fmt: skip


def test_table_without_the_needed_columns_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "identifier\tname\nX:1\ta\n")
    with pytest.raises(VocabularyError, match=r"a\.tsv: no column 'id'.*identifier, name"):
        parse(path)


def test_bad_lines_of_a_table_cost_only_themselves(tmp_path: Path) -> None:
    data = b"id\tname\nX:1\ta\nX:2\tcaf\xe9\nno curie\tb\nX:3\nX:4\td\n"
    terms, failures = split(parse(write(tmp_path, "a.tsv", data)))
    assert [t.id for t in terms] == ["X:1", "X:4"]
    assert [f.place for f in failures] == ["line 3", "line 4", "line 5"]
    assert "not UTF-8 (byte 0xe9 at 7)" in failures[0].reason
    assert all(f.source.endswith("a.tsv") and f.stage == "vocabulary" for f in failures)


@pytest.mark.parametrize(("name", "text"), [("a.obo", OBO), ("a.tsv", "id\tname\nX:1\ta\n")])
def test_truncated_gz_keeps_what_came_before(tmp_path: Path, name: str, text: str) -> None:
    more = "".join(
        f"\n[Term]\nid: HP:1{i}\nname: n{i * 7919 % 1009}\n" if "obo" in name else f"X:2{i}\tn{i}\n"
        for i in range(20_000)
    )
    packed = gzip.compress((text + more).encode())
    path = write(tmp_path, name + ".gz", packed[: len(packed) // 2])
    terms, failures = split(parse(path))
    assert 1_000 < len(terms) < 20_000
    assert any("breaks off" in f.reason for f in failures)


def test_utf16_and_web_pages_and_empty_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="UTF-16"):
        list(
            Vocabulary(
                "v", "", (write(tmp_path, "a.tsv", "id\tname".encode("utf-16")),), "tsv"
            ).terms()
        )
    with pytest.raises(VocabularyError, match="web page"):
        open_vocabulary(write(tmp_path, "b.obo", "<!DOCTYPE html><html>Log in</html>"))
    with pytest.raises(VocabularyError, match="empty"):
        open_vocabulary(write(tmp_path, "c.obo", ""))
    with pytest.raises(VocabularyError, match="format can't be told"):
        open_vocabulary(write(tmp_path, "d.bin", "what is this"))
    with pytest.raises(VocabularyError, match="no such file"):
        open_vocabulary(tmp_path / "absent.obo")


def test_term_list_is_read_item_by_item(tmp_path: Path) -> None:
    records = [
        {"id": "0001", "name": "one", "namespace": "a", "synonyms": ["eins"],
         "xrefs": [{"namespace": "MESH", "id": "D1"}], "relations": {"is_a": ["0002"]}},
        {"id": "0002"}, 7, {"id": "0003", "name": "three", "synonyms": 5},
    ]  # fmt: skip
    path = write(tmp_path, "a.json", json.dumps(records, indent=1))
    terms, failures = split(parse(path, prefix="MONDO", category="Disease"))
    assert terms == [
        Term("MONDO:0001", "one", "Disease", (Synonym("eins"),), ("MESH:D1",), ("MONDO:0002",))
    ]
    lines = json.dumps(records, indent=1).splitlines()
    second, third = lines.index(" {", 2) + 1, lines.index(" 7,") + 1
    assert [f.place for f in failures] == [f"line {n}" for n in (second, third, third + 1)]
    many = json.dumps([{"id": f"X:{i}", "name": "é" * (i % 50 + 1)} for i in range(40_000)])
    whole, none = split(parse(write(tmp_path, "b.json", many)))
    assert (len(whole), none) == (40_000, [])
    terms, failures = split(parse(write(tmp_path, "c.json", many[: len(many) // 2])))
    assert len(terms) > 15_000
    assert len(failures) == 1


SKOS = """\
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix e: <http://ex.org/v#> .
e:c1 a skos:Concept ; skos:prefLabel "Cat"@en, "Chat"@fr ; skos:altLabel "kitty"@en, "minou"@fr ;
  skos:hiddenLabel "kat" ; skos:broader e:c2 ; skos:definition "It purrs."@en .
e:c2 a skos:Concept ; skos:prefLabel "Animal"@en ;
  skos:exactMatch <http://www.wikidata.org/entity/Q729> .
"""


def test_skos_in_turtle_and_ntriples(tmp_path: Path) -> None:
    import pyoxigraph

    expected = [
        Term("EX:c1", "Cat", "NamedThing",
             (Synonym("kitty"), Synonym("minou", "exact", "fr"), Synonym("kat", "related"),
              Synonym("Chat", "exact", "fr")),
             parents=("EX:c2",), definition="It purrs."),
        Term("EX:c2", "Animal", "NamedThing", xrefs=("WIKIDATA:Q729",), exact=("WIKIDATA:Q729",)),
    ]  # fmt: skip
    turtle = write(tmp_path, "a.ttl", SKOS)
    assert parse(turtle, prefix="EX") == expected
    triples = pyoxigraph.parse(SKOS.encode(), format=pyoxigraph.RdfFormat.TURTLE)
    lines = pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES)
    assert lines is not None
    assert parse(write(tmp_path, "a.nt", lines), prefix="EX") == expected
    terms, failures = split(parse(write(tmp_path, "b.nt", b"garbage\n" + lines), prefix="EX"))
    assert terms == expected
    assert len(failures) == 1
    nameless = split(parse(turtle))[1]
    assert "no prefix is known for <http://ex.org/v#c1>" in nameless[0].reason


def test_entity_bombs_and_external_entities_are_refused(tmp_path: Path) -> None:
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>'
    for dtd in (
        '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
        '<!ENTITY % b "x">',
    ):
        path = write(tmp_path, "a.owl", f'<?xml version="1.0"?><!DOCTYPE x [{dtd}]>{rdf}')
        with pytest.raises(VocabularyError, match="entity"):
            parse(path)


NAMED = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"'
    ' xmlns:owl="http://www.w3.org/2002/07/owl#">{within}'
    '<owl:Class rdf:about="http://purl.obolibrary.org/obo/HP_0000001">'
    "<rdfs:label>{name}</rdfs:label></owl:Class></rdf:RDF>"
)


@pytest.mark.parametrize(
    ("dtd", "within", "message"),
    [
        (f'<!DOCTYPE x [<!ENTITY a "{"A" * 50_000}">]>', "", "50,000 bytes long"),
        (f'<!DOCTYPE x [<!ENTITY z "]>"><!ENTITY a "{"A" * 1_025}">]>', "", "1,025 bytes long"),
        ('<!DOCTYPE x [<!ENTITY z ">"><!ENTITY b "c"><!ENTITY a "&b;&b;">]>', "", "'a' refers"),
        (f'<!DOCTYPE x [<!-- ]> <!ENTITY a "{"A" * 1_025}"> -->]>', "", "1,025 bytes long"),
        (f"<!-- {' ' * 70_000} --><!DOCTYPE x [<!ENTITY a 'b'>]>", "", "64 KiB"),
        (f'<!DOCTYPE x [<!ENTITY a "{"A" * 70_000}">]>', "", "64 KiB"),
        (f'<!doctype x [<!ENTITY a "{"A" * 50_000}">]>', "", "50,000 bytes long"),
        ("", '<!DOCTYPE x [<!ENTITY a "AAA">]>', "behind the file's beginning"),
        ("<!DOCTYPE x [<!-- < -->]>", '<!ENTITY a "AAA">', "behind"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>', " " * 65_600 + "<!DOCTYPE x []>", "behind"),
    ],
)
def test_entities_that_would_blow_up_are_refused(
    tmp_path: Path, dtd: str, within: str, message: str
) -> None:
    content = f'<?xml version="1.0"?>\n{dtd}' + NAMED.format(within=within, name="&a;" * 2_000)
    with pytest.raises(VocabularyError, match=message) as caught:
        parse(write(tmp_path, "a.owl", content))
    assert "a.owl" in str(caught.value)


def test_dtds_of_ontologies_are_read(tmp_path: Path) -> None:
    dtd = (
        "<!-- a > comment's --><?a pi?>\n<!DOCTYPE rdf:RDF [\n<!ELEMENT x (#PCDATA)>"
        '<!ENTITY b "http://x.org/#" >\n<!ENTITY a "All" >\n] >'
    )
    for start in ("", "\ufeff"):
        content = start + '<?xml version="1.0"?>' + dtd + NAMED.format(within="", name="&a;")
        terms, failures = split(parse(write(tmp_path, "a.owl", content)))
        assert ([t.name for t in terms], failures) == (["All"], [])


def test_truncated_owl_keeps_what_came_before(tmp_path: Path) -> None:
    cut = OWL[: OWL.index("<owl:Axiom>") + 20]
    terms, failures = split(parse(write(tmp_path, "a.owl", cut)))
    assert [t.id for t in terms] == ["HP:0000001", "HP:0000002"]
    assert len(failures) == 1


def test_hgnc_in_both_of_its_tables(tmp_path: Path) -> None:
    custom = (
        "HGNC ID\tApproved symbol\tApproved name\tStatus\tAlias symbols\t"
        "NCBI Gene ID(supplied by NCBI)\tPrevious symbols\tLocus type\n"
        "HGNC:11998\tTP53\ttumor protein p53\tApproved\tp53, LFS1\t7157\tOLD1\tgene\n"
        "HGNC:6\tA1S9T\tsymbol withdrawn, see [HGNC:12469](/x)\tSymbol Withdrawn\t\t\t\t\n"
        "HGNC:7\tPHENO\tp\tApproved\t\t\t\tphenotype only\n"
        "HGNC:8\t\tp\tApproved\t\t\t\tgene\n"
    )
    official = (
        "hgnc_id\tsymbol\tname\tlocus_type\tstatus\talias_symbol\tprev_symbol\tentrez_id\n"
        'HGNC:11998\tTP53\ttumor protein p53\tgene\tApproved\t"p53|LFS1"\tOLD1\t7157\n'
    )
    gene = Term(
        "HGNC:11998", "TP53", "Gene", xrefs=("NCBIGene:7157",),
        exact=("hgnc.symbol:TP53", "NCBIGene:7157"), taxon="NCBITaxon:9606",
        synonyms=(Synonym("tumor protein p53"), Synonym("p53", "abbreviation"),
                  Synonym("LFS1", "abbreviation"), Synonym("OLD1", "abbreviation")),
    )  # fmt: skip
    terms, failures = split(parse(write(tmp_path, "a.tsv", custom)))
    assert terms[0] == gene
    assert (terms[1].obsolete, terms[1].replaced_by, terms[1].exact) == (True, "HGNC:12469", ())
    assert len(terms) == 2
    assert [f.place for f in failures] == ["line 5"]
    assert parse(write(tmp_path, "b.txt", official)) == [gene]


def test_json_lines(tmp_path: Path) -> None:
    line = {"norm_concept_id": "CL:1", "norm_preferred_label": "T cell", "synonyms": ["T-cell"]}
    path = write(tmp_path, "a.jsonl", json.dumps(line) + "\n{\n" + '{"id": "CL:2"}\n')
    terms, failures = split(parse(path, category="Cell"))
    assert terms == [Term("CL:1", "T cell", "Cell", (Synonym("T-cell"),))]
    assert [f.place for f in failures] == ["line 2", "line 3"]


def test_the_whole_hpo_reads(shared: Path) -> None:
    terms, failures = split(parse(shared / "kb/hpo/hp_2026-02-16.obo.gz", keep=("HP",)))
    assert (len(terms), failures) == (19_944, [])
    assert sum(len(t.synonyms) for t in terms) == 24_217
    seizure = next(t for t in terms if t.id == "HP:0001250")
    assert seizure.name == "Seizure"
    assert seizure.parents == ("HP:0012638",)


def test_shared_tables_read_without_loss(shared: Path) -> None:
    cl = split(parse(shared / "kb/cl/cell_ontology_v2025-12-17.jsonl", category="Cell"))
    assert (len(cl[0]), cl[1]) == (3_237, [])
    options = ParseOptions(
        prefix="MESH", number_prefix="OMIM", header=False, delimiter="||", split_names=True,
        columns={"id": 0, "name": 1},
    )  # fmt: skip
    medic = Vocabulary("medic", "", (shared / "kb/medic/medic_06Jul2012.txt.gz",), "tsv", options)
    terms, failures = split(list(medic.terms()))
    assert (len(terms), failures) == (11_915, [])
