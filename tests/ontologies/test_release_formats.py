"""The formats in which vocabularies are released; each sample is written in the real format."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from kgbuild.errors import VocabularyError
from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary
from kgbuild.records import Failure, Synonym, Term


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def parse(path: Path, **options: object) -> tuple[str, list[Term], list[Failure]]:
    opened = open_vocabulary(path)
    options.setdefault("companion", opened.options.companion)
    made = Vocabulary("v", "", opened.files, opened.format, ParseOptions(**options))  # type: ignore[arg-type]
    items = list(made.terms())
    terms = [item for item in items if isinstance(item, Term)]
    return opened.format, terms, [item for item in items if isinstance(item, Failure)]


MRCONSO = """\
C0004057|ENG|P|L0004057|PF|S0019386|Y|A0|M|M|D001241|MSH|MH|D001241|aspirin|0|N|256|
C0004057|ENG|S|L0000001|PF|S1|Y|A1|M|M|D001241|MSH|ET|D001241|Acetylsalicylic acid|0|N|256|
C0004057|ENG|S|L0000002|PF|S2|Y|A2|||1191|RXNORM|AB|1191|ASA|0|N|256|
C0004057|SPA|P|L0000003|PF|S3|Y|A3||||MSHSPA|MH|D001241|aspirina|3|N||
C0004057|ENG|S|L0000004|PF|S4|Y|A4||||MSH|DEV|D001241|an old name|0|O||
C0011849|FRE|P|L0000005|PF|S5|Y|A5||||MSHFRE|MH|D003920|diabète|3|N||
C0011849|ENG|P|L0000006|PF|S6|Y|A6||||SNOMEDCT_US|PT|73211009|Diabetes mellitus|9|N||
not a line of it
C0376249|ENG|P|L0000007|PF|S7|Y|A7||||MSH|MH|D000001|Book|0|N||
"""
MRSTY = """\
C0004057|T109|A1.4.1.2.1|Organic Chemical|AT1|256|
C0004057|T121|A1.4.1.1.1|Pharmacologic Substance|AT2|256|
C0011849|T047|B2.2.1.2.1|Disease or Syndrome|AT3|256|
C0376249|T170|A2.4|Intellectual Product|AT4|256|
"""


def test_umls_reads_concepts_with_languages_and_codes(tmp_path: Path) -> None:
    write(tmp_path, "MRSTY.RRF", MRSTY)
    path = write(tmp_path, "MRCONSO.RRF", MRCONSO)
    for given in (path, tmp_path):
        format, terms, failures = parse(given)
        assert format == "umls"
        assert terms == [
            Term(
                "UMLS:C0004057",
                "aspirin",
                "ChemicalEntity",
                (
                    Synonym("Acetylsalicylic acid"),
                    Synonym("ASA", "abbreviation"),
                    Synonym("aspirina", "exact", "es"),
                ),
                xrefs=("MESH:D001241", "RXCUI:1191"),
                exact=("MESH:D001241", "RXCUI:1191"),
            ),
            Term(
                "UMLS:C0011849",
                "Diabetes mellitus",
                "Disease",
                (Synonym("diabète", "exact", "fr"),),
                xrefs=("SNOMEDCT:73211009",),
                exact=("SNOMEDCT:73211009",),
            ),
        ]
        assert [f.place for f in failures] == ["line 8"]


def test_umls_without_types_and_with_chosen_sources(tmp_path: Path) -> None:
    path = write(tmp_path, "MRCONSO.RRF", MRCONSO)
    _, terms, _ = parse(path, category="Disease", sources=("SNOMEDCT_US",))
    assert [(t.id, t.category, t.synonyms) for t in terms] == [("UMLS:C0011849", "Disease", ())]


def test_umls_refuses_types_out_of_order(tmp_path: Path) -> None:
    lines = MRSTY.splitlines(keepends=True)
    write(tmp_path, "MRSTY.RRF", lines[2] + lines[0])
    path = write(tmp_path, "MRCONSO.RRF", MRCONSO)
    with pytest.raises(VocabularyError, match=r"C0004057 comes after C0011849.*sort it"):
        parse(path)


MESH_XML = """\
<?xml version="1.0"?>
<!DOCTYPE DescriptorRecordSet SYSTEM "https://www.nlm.nih.gov/databases/dtd/nlmdescriptorrecordset_20260101.dtd">
<DescriptorRecordSet LanguageCode="eng">
<DescriptorRecord DescriptorClass="1">
 <DescriptorUI>D001241</DescriptorUI><DescriptorName><String>Aspirin</String></DescriptorName>
 <TreeNumberList><TreeNumber>D02.455.426.559.389.657.410.595.176</TreeNumber></TreeNumberList>
 <ConceptList>
  <Concept PreferredConceptYN="Y"><ConceptUI>M0001889</ConceptUI>
   <ConceptName><String>Aspirin</String></ConceptName>
   <RegistryNumberList><RegistryNumber>R16CO5Y76E</RegistryNumber></RegistryNumberList>
   <ScopeNote>The prototypical analgesic
   of mild to moderate pain.</ScopeNote>
   <ConceptRelationList><ConceptRelation RelationName="NRW">
    <Concept1UI>M0001889</Concept1UI><Concept2UI>M0001890</Concept2UI>
   </ConceptRelation></ConceptRelationList>
   <TermList>
    <Term LexicalTag="NON"><TermUI>T003541</TermUI><String>Aspirin</String></Term>
    <Term LexicalTag="ABB"><TermUI>T003542</TermUI><String>ASA</String></Term>
    <Term LexicalTag="NON"><TermUI>spa0003543</TermUI><String>Aspirina</String></Term>
   </TermList>
  </Concept>
  <Concept PreferredConceptYN="N"><ConceptUI>M0001890</ConceptUI>
   <TermList><Term LexicalTag="TRD"><TermUI>T3</TermUI><String>Ecotrin</String></Term></TermList>
  </Concept>
 </ConceptList>
</DescriptorRecord>
<DescriptorRecord><DescriptorUI>D003920</DescriptorUI>
 <DescriptorName><String>Diabetes Mellitus</String></DescriptorName>
 <TreeNumberList><TreeNumber>C18.452.394.750</TreeNumber></TreeNumberList></DescriptorRecord>
<DescriptorRecord><DescriptorUI>D003924</DescriptorUI>
 <DescriptorName><String>Diabetes Mellitus, Type 2</String></DescriptorName>
 <TreeNumberList><TreeNumber>C18.452.394.750.149</TreeNumber></TreeNumberList></DescriptorRecord>
<DescriptorRecord><DescriptorUI>D000004</DescriptorUI>
 <DescriptorName><String>Abbreviations as Topic</String></DescriptorName>
 <TreeNumberList><TreeNumber>L01.559.598.400.556.131</TreeNumber></TreeNumberList></DescriptorRecord>
</DescriptorRecordSet>
"""
SUPPLEMENT_XML = """\
<SupplementalRecordSet>
<SupplementalRecord SCRClass="3"><SupplementalRecordUI>C000591739</SupplementalRecordUI>
 <SupplementalRecordName><String>Zika fever</String></SupplementalRecordName>
 <HeadingMappedToList><HeadingMappedTo><DescriptorReferredTo>
  <DescriptorUI>*D000071243</DescriptorUI></DescriptorReferredTo></HeadingMappedTo>
 </HeadingMappedToList></SupplementalRecord>
<SupplementalRecord SCRClass="1"><SupplementalRecordUI>C000002</SupplementalRecordUI>
"""


def test_mesh_xml_descriptors(tmp_path: Path) -> None:
    path = tmp_path / "desc2026.gz"
    path.write_bytes(gzip.compress(MESH_XML.encode()))
    format, terms, failures = parse(path)
    assert format == "mesh-xml"
    assert not failures
    assert terms == [
        Term(
            "MESH:D001241",
            "Aspirin",
            "ChemicalEntity",
            (
                Synonym("ASA", "abbreviation"),
                Synonym("Aspirina", "exact", "es"),
                Synonym("Ecotrin", "narrow"),
            ),
            xrefs=("UNII:R16CO5Y76E",),
            definition="The prototypical analgesic of mild to moderate pain.",
        ),
        Term("MESH:D003920", "Diabetes Mellitus", "Disease"),
        Term(
            "MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", parents=("MESH:D003920",)
        ),
    ]  # fmt: skip


def test_mesh_xml_supplements_and_a_file_that_breaks_off(tmp_path: Path) -> None:
    _, terms, failures = parse(write(tmp_path, "supp2026.xml", SUPPLEMENT_XML))
    assert terms == [Term("MESH:C000591739", "Zika fever", "Disease", parents=("MESH:D000071243",))]
    first = failures[0]
    assert (first.stage, first.document) == ("vocabulary", "MESH:C000002")
    assert "cut off" in first.reason


def test_mesh_xml_declares_no_entities(tmp_path: Path) -> None:
    bomb = MESH_XML.replace(
        "<!DOCTYPE DescriptorRecordSet",
        '<!DOCTYPE DescriptorRecordSet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">] ><!-- ',
    ).replace('dtd">', "dtd -->")
    with pytest.raises(VocabularyError, match="no DescriptorRecord"):
        parse(write(tmp_path, "desc2026.xml", bomb))


MESH_ASCII = """\
*NEWRECORD
RECTYPE = D
MH = Aspirin
PRINT ENTRY = Acetylsalicylic Acid|T109|T121|NON|EQV|NLM (1991)|900510|abbcdef
ENTRY = Ecotrin|T109|T121|TRD|NRW|USAN|800118|abbcdef
ENTRY = ASA|T109|ABB|EQV|UNK (19XX)|771118|abcdef
MN = D02.455.426
RN = R16CO5Y76E
MS = The prototypical analgesic.
UI = D001241

*NEWRECORD
RECTYPE = D
MH = Diabetes Mellitus
MN = C18.452.394.750
UI = D003920

*NEWRECORD
RECTYPE = D
MH = Diabetes Mellitus, Type 2
MN = C18.452.394.750.149
UI = D003924

*NEWRECORD
RECTYPE = C
NM = bevonium
SY = bevonium ion|NLM002 (2003)
RN = 34B0471E08
UI = C000002

*NEWRECORD
RECTYPE = D
MH = nobody
"""


def test_mesh_ascii(tmp_path: Path) -> None:
    format, terms, failures = parse(write(tmp_path, "d2026.bin", MESH_ASCII))
    assert format == "mesh-ascii"
    assert terms == [
        Term(
            "MESH:C000002", "bevonium", "ChemicalEntity", (Synonym("bevonium ion"),),
            xrefs=("UNII:34B0471E08",),
        ),
        Term(
            "MESH:D001241", "Aspirin", "ChemicalEntity",
            (
                Synonym("Ecotrin", "narrow"), Synonym("ASA", "abbreviation"),
                Synonym("Acetylsalicylic Acid"),
            ),
            xrefs=("UNII:R16CO5Y76E",), definition="The prototypical analgesic.",
        ),
        Term("MESH:D003920", "Diabetes Mellitus", "Disease"),
        Term("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", parents=("MESH:D003920",)),
    ]  # fmt: skip
    assert [f.reason for f in failures] == ["a record without UI"]


HEADER = (
    "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription\t"
    "type_of_gene\tSymbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority\t"
    "Nomenclature_status\tOther_designations\tModification_date\tFeature_type\n"
)
GENES = (
    HEADER + "9606\t673\tBRAF\t-\tB-RAF1|BRAF1\t"
    "MIM:164757|HGNC:HGNC:1097|Ensembl:ENSG00000157764\t7\t7q34\t"
    "B-Raf proto-oncogene, serine/threonine kinase\tprotein-coding\tBRAF\t"
    "B-Raf proto-oncogene, serine/threonine kinase\tO\tproto-oncogene B-Raf\t20260101\t-\n"
    "10090\t109880\tBraf\t-\t9930012E13Rik|Braf2\tMGI:MGI:88190\t6\t-\t"
    "Braf transforming gene\tprotein-coding\tBraf\tBraf transforming gene\tO\t-\t20260101\t-\n"
    "7227\tx\tphl\t-\t-\t-\t-\t-\t-\tprotein-coding\t-\t-\t-\t-\t-\t-\n"
    "9606\t1\tNEWENTRY\t-\t-\t-\t-\t-\t-\tother\t-\t-\t-\t-\t-\t-\n"
)


def test_ncbi_gene_keeps_the_wanted_organisms(tmp_path: Path) -> None:
    path = write(tmp_path, "gene_info", GENES)
    format, terms, failures = parse(path)
    assert format == "ncbi-gene"
    assert [(t.id, t.taxon) for t in terms] == [
        ("NCBIGene:673", "NCBITaxon:9606"), ("NCBIGene:109880", "NCBITaxon:10090"),
    ]  # fmt: skip
    assert [f.place for f in failures] == ["line 4"]
    _, [braf], _ = parse(path, taxa=("NCBITaxon:9606",))
    assert braf.name == "BRAF"
    assert braf.synonyms == (
        Synonym("B-Raf proto-oncogene, serine/threonine kinase"),
        Synonym("B-RAF1", "abbreviation"), Synonym("BRAF1", "abbreviation"),
        Synonym("proto-oncogene B-Raf", "related"),
    )  # fmt: skip
    assert braf.exact == ("HGNC:1097", "ENSEMBL:ENSG00000157764")
    assert braf.xrefs == ("OMIM:164757", "HGNC:1097", "ENSEMBL:ENSG00000157764")


def row(*cells: str) -> str:
    return "\t|\t".join(cells) + "\t|\n"


NAMES = (
    row("1", "root", "", "scientific name")
    + row("9605", "Homo", "", "scientific name")
    + row("9606", "Homo sapiens", "", "scientific name")
    + row("9606", "human", "", "genbank common name")
    + row("9606", "Homo sapiens Linnaeus, 1758", "", "authority")
    + row("12721", "Human immunodeficiency virus", "", "scientific name")
    + row("12721", "HIV", "", "acronym")
    + row("5", "nameless", "", "synonym")
)
NODES = (
    row("1", "1", "no rank") + row("12721", "1", "species") + row("9605", "1", "genus")
    + row("9606", "9605", "species")
)  # fmt: skip
MERGED = row("63221", "9606")
TAXA = [
    Term("NCBITaxon:1", "root", "OrganismTaxon"),
    Term("NCBITaxon:9605", "Homo", "OrganismTaxon", parents=("NCBITaxon:1",)),
    Term(
        "NCBITaxon:9606", "Homo sapiens", "OrganismTaxon", (Synonym("human"),),
        parents=("NCBITaxon:9605",), exact=("NCBITaxon:63221",),
    ),
    Term(
        "NCBITaxon:12721", "Human immunodeficiency virus", "OrganismTaxon",
        (Synonym("HIV", "abbreviation"),), parents=("NCBITaxon:1",),
    ),
]  # fmt: skip


def test_ncbi_taxonomy_from_the_archive_and_from_files(tmp_path: Path) -> None:
    archive = tmp_path / "taxdump.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in (("merged.dmp", MERGED), ("names.dmp", NAMES), ("nodes.dmp", NODES)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
            write(tmp_path, name, text)
    for given in (archive, tmp_path / "names.dmp", tmp_path):
        format, terms, failures = parse(given)
        assert format == "ncbi-taxonomy"
        assert terms == TAXA
        assert [f.reason for f in failures] == ["NCBITaxon:5 has no scientific name"]


def test_ncbi_taxonomy_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "taxdump.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("names.dmp")
        member.size = len(NAMES) * 2000
        tar.addfile(member, io.BytesIO(NAMES.encode() * 2000))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    _, terms, failures = parse(path)
    assert terms
    assert "breaks off" in failures[-1].reason


CELLS = """\
----------------------------------------------------------------------------
        CELLOSAURUS: a knowledge resource on cell lines
----------------------------------------------------------------------------
ID   HeLa
AC   CVCL_0030
AS   CVCL_B0I7
SY   HELA; Hela; He La
DR   CLO; CLO_0003684
DR   ATCC; CCL-2
OX   NCBI_TaxID=9606; ! Homo sapiens (Human)
CA   Cancer cell line
//
ID   Broken
AC   XX_1
//
ID   Unended
AC   CVCL_0001
"""


def test_cellosaurus(tmp_path: Path) -> None:
    format, terms, failures = parse(write(tmp_path, "cellosaurus.txt", CELLS))
    assert format == "cellosaurus"
    assert terms == [
        Term(
            "CVCL:0030", "HeLa", "CellLine", tuple(map(Synonym, ("HELA", "Hela", "He La"))),
            xrefs=("CLO:0003684", "ATCC:CCL-2"), definition="Cancer cell line",
            exact=("CVCL:B0I7", "CLO:0003684"), taxon="NCBITaxon:9606",
        )
    ]  # fmt: skip
    assert [f.place for f in failures] == ["line 13", "line 16"]


BABELON = '''\
source_language\tsource_value\tsubject_id\tpredicate_id\ttranslation_language\ttranslation_value\ttranslation_status
en\tShort stature\tHP:0004322\trdfs:label\tes\tTalla baja\tOFFICIAL
en\tDwarfish\tHP:0004322\toboInOwl:hasExactSynonym\tes\t"Estatura ""baja"""\tOFFICIAL
en\tA height below\tHP:0004322\tIAO:0000115\tes\tUna talla\tOFFICIAL
en\tFever\tHP:0001945\trdfs:label\tes\t\tNOT_TRANSLATED
en\tx\tnothing\trdfs:label\tes\ty\tOFFICIAL
'''


def test_babelon_translations(tmp_path: Path) -> None:
    format, terms, failures = parse(
        write(tmp_path, "hp-es.babelon.tsv", BABELON), category="PhenotypicFeature"
    )
    assert format == "babelon"
    names = (Synonym("Talla baja", "exact", "es"), Synonym('Estatura "baja"', "exact", "es"))
    assert terms == [Term("HP:0004322", "Short stature", "PhenotypicFeature", names)]
    assert [f.place for f in failures] == ["line 6"]


def test_tables_say_languages_matches_and_wholes(tmp_path: Path) -> None:
    table = (
        "id\tname\tsynonyms@es\tname@pt-BR\texact\tpart_of\ttaxon\n"
        "A:1\theart\tcorazón|órgano cardíaco\tcoração\tUBERON:0000948\tA:2\tNCBITaxon:9606\n"
    )
    _, [heart], failures = parse(write(tmp_path, "a.tsv", table))
    assert not failures
    assert heart.synonyms == (
        Synonym("corazón", "exact", "es"), Synonym("órgano cardíaco", "exact", "es"),
        Synonym("coração", "exact", "pt-br"),
    )  # fmt: skip
    assert heart.exact == ("UBERON:0000948",)
    assert (heart.xrefs, heart.part_of, heart.taxon) == (heart.exact, ("A:2",), "NCBITaxon:9606")


OBO = """\
format-version: 1.2

[Term]
id: MONDO:0005148
name: type 2 diabetes mellitus
xref: DOID:9352 {source="MONDO:equivalentTo"}
xref: EFO:0001360 {source="MONDO:relatedTo"}
property_value: exactMatch MESH:D003924
property_value: http://www.w3.org/2004/02/skos/core#exactMatch http://identifiers.org/mesh/D003924
property_value: skos:closeMatch NCIT:C26747
relationship: part_of X:1 ! something
relationship: has_part X:2
"""
FUNCTIONAL = """\
Prefix(owl:=<http://www.w3.org/2002/07/owl#>)
Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Prefix(skos:=<http://www.w3.org/2004/02/skos/core#>)
Prefix(xsd:=<http://www.w3.org/2001/XMLSchema#>)
Prefix(oio:=<http://www.geneontology.org/formats/oboInOwl#>)
Prefix(obo:=<http://purl.obolibrary.org/obo/>)
Ontology(<http://purl.obolibrary.org/obo/mondo.owl>
Declaration(Class(obo:MONDO_0005148))
Declaration(Class(obo:MONDO_0005015))
AnnotationAssertion(rdfs:label obo:MONDO_0005015 "diabetes mellitus")
AnnotationAssertion(rdfs:label obo:MONDO_0005148 "type 2 diabetes mellitus"@en)
AnnotationAssertion(rdfs:label obo:MONDO_0005148 "diabetes de tipo 2"@es)
AnnotationAssertion(Annotation(oio:hasSynonymType <http://x.org/x#ABBREVIATION>) oio:hasExactSynonym obo:MONDO_0005148 "T2D")
AnnotationAssertion(Annotation(oio:source "MONDO:equivalentTo") oio:hasDbXref obo:MONDO_0005148 "DOID:9352")
AnnotationAssertion(oio:hasDbXref obo:MONDO_0005148 "EFO:0001360")
AnnotationAssertion(skos:exactMatch obo:MONDO_0005148 <http://identifiers.org/mesh/D003924>)
SubClassOf(obo:MONDO_0005148 obo:MONDO_0005015)
SubClassOf(obo:MONDO_0005148 ObjectSomeValuesFrom(obo:BFO_0000050 obo:MONDO_0005015))
AnnotationAssertion(owl:deprecated obo:MONDO_0005015 "false"^^xsd:boolean)
)
"""  # noqa: E501
RDF_XML = """\
<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:owl="http://www.w3.org/2002/07/owl#"
 xmlns:skos="http://www.w3.org/2004/02/skos/core#"
 xmlns:oio="http://www.geneontology.org/formats/oboInOwl#">
<owl:Class rdf:about="http://purl.obolibrary.org/obo/MONDO_0005015">
 <rdfs:label>diabetes mellitus</rdfs:label></owl:Class>
<owl:Class rdf:about="http://purl.obolibrary.org/obo/MONDO_0005148">
 <rdfs:label xml:lang="en">type 2 diabetes mellitus</rdfs:label>
 <rdfs:label xml:lang="es">diabetes de tipo 2</rdfs:label>
 <oio:hasExactSynonym>T2D</oio:hasExactSynonym>
 <oio:hasDbXref>DOID:9352</oio:hasDbXref><oio:hasDbXref>EFO:0001360</oio:hasDbXref>
 <skos:exactMatch rdf:resource="http://identifiers.org/mesh/D003924"/>
 <rdfs:subClassOf rdf:resource="http://purl.obolibrary.org/obo/MONDO_0005015"/>
 <rdfs:subClassOf><owl:Restriction>
  <owl:onProperty rdf:resource="http://purl.obolibrary.org/obo/BFO_0000050"/>
  <owl:someValuesFrom rdf:resource="http://purl.obolibrary.org/obo/MONDO_0005015"/>
 </owl:Restriction></rdfs:subClassOf></owl:Class>
<owl:Axiom><owl:annotatedSource rdf:resource="http://purl.obolibrary.org/obo/MONDO_0005148"/>
 <owl:annotatedTarget>DOID:9352</owl:annotatedTarget>
 <oio:source>MONDO:equivalentTo</oio:source></owl:Axiom>
<owl:Axiom><owl:annotatedSource rdf:resource="http://purl.obolibrary.org/obo/MONDO_0005148"/>
 <owl:annotatedTarget>T2D</owl:annotatedTarget>
 <oio:hasSynonymType rdf:resource="http://x.org/x#ABBREVIATION"/></owl:Axiom>
</rdf:RDF>
"""


def test_obo_tells_what_means_the_same_from_what_is_only_near(tmp_path: Path) -> None:
    _, [term], failures = parse(write(tmp_path, "a.obo", OBO))
    assert not failures
    assert term.exact == ("DOID:9352", "MESH:D003924")
    assert term.xrefs == ("DOID:9352", "EFO:0001360")
    assert term.part_of == ("X:1",)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [("a.ofn", FUNCTIONAL, "owl-functional"), ("a.owl", RDF_XML, "owl")],
)
def test_owl_in_two_syntaxes(tmp_path: Path, name: str, content: str, expected: str) -> None:
    format, terms, failures = parse(write(tmp_path, name, content))
    assert format == expected
    assert not failures
    assert terms[0] == Term("MONDO:0005015", "diabetes mellitus", "NamedThing")
    diabetes = terms[1]
    assert diabetes.name == "type 2 diabetes mellitus"
    assert set(diabetes.synonyms) == {
        Synonym("T2D", "abbreviation"), Synonym("diabetes de tipo 2", "exact", "es"),
    }  # fmt: skip
    assert set(diabetes.exact) == {"MESH:D003924", "DOID:9352"}
    assert set(diabetes.xrefs) == {"MESH:D003924", "DOID:9352", "EFO:0001360"}
    assert diabetes.parents == diabetes.part_of == ("MONDO:0005015",)


def test_broken_functional_syntax_is_refused_whole(tmp_path: Path) -> None:
    path = write(tmp_path, "a.ofn", FUNCTIONAL[:-40])
    with pytest.raises(VocabularyError, match="no OWL in functional syntax"):
        parse(path)


SKOS = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:skos="http://www.w3.org/2004/02/skos/core#">
<skos:Concept rdf:about="http://purl.obolibrary.org/obo/UBERON_0000948">
 <skos:prefLabel xml:lang="en">heart</skos:prefLabel>
 <skos:prefLabel xml:lang="es">corazón</skos:prefLabel>
 <skos:altLabel xml:lang="fr">cœur</skos:altLabel>
 <skos:exactMatch rdf:resource="http://identifiers.org/mesh/D006321"/>
 <skos:closeMatch rdf:resource="http://identifiers.org/mesh/D006322"/>
</skos:Concept></rdf:RDF>
"""


def test_skos_in_rdf_xml_keeps_languages_and_exact_apart_from_close(tmp_path: Path) -> None:
    format, [heart], failures = parse(write(tmp_path, "a.rdf", SKOS))
    assert (format, failures) == ("skos", [])
    assert heart.name == "heart"
    assert set(heart.synonyms) == {
        Synonym("cœur", "exact", "fr"), Synonym("corazón", "exact", "es"),
    }  # fmt: skip
    assert heart.exact == ("MESH:D006321",)
    assert set(heart.xrefs) == {"MESH:D006321", "MESH:D006322"}


def test_plain_cross_references_are_equivalent_only_where_the_card_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "id\tname\txrefs\nA:1\tx\tMESH:D1|OMIM:2\n")
    assert parse(path)[1][0].exact == ()
    assert parse(path, exact_xrefs=("MESH",))[1][0].exact == ("MESH:D1",)


def test_obo_graph_edges_and_a_graph_that_breaks_off(tmp_path: Path) -> None:
    text = (
        '{"graphs": [{"nodes": [{"id": "http://purl.obolibrary.org/obo/CL_1", "lbl": "a"},'
        ' {"id": "http://purl.obolibrary.org/obo/CL_2", "lbl": "b"}],'
        ' "edges": [{"sub": "http://purl.obolibrary.org/obo/CL_1",'
        ' "pred": "http://purl.obolibrary.org/obo/BFO_0000050",'
        ' "obj": "http://purl.obolibrary.org/obo/CL_2"}], "equivalentNodesSets": [{"nodeIds": ['
        '"http://purl.obolibrary.org/obo/CL_1", "http://purl.obolibrary.org/obo/UBERON_7"]}]}]}'
    )
    _, [a, b], failures = parse(write(tmp_path, "a.json", text))
    assert (a.part_of, a.exact, b.exact, failures) == (("CL:2",), ("UBERON:7",), (), [])
    _, [a], failures = parse(write(tmp_path, "b.json", text[: text.index('"b"')]))
    assert (a.name, a.part_of) == ("a", ())
    assert "can't be read to its end" in failures[0].reason


def test_mappings_are_no_vocabulary(tmp_path: Path) -> None:
    path = write(tmp_path, "a.sssom.tsv", "subject_id\tpredicate_id\tobject_id\n")
    with pytest.raises(VocabularyError, match="SSSOM mappings"):
        open_vocabulary(path)
