from __future__ import annotations

from pathlib import Path

import pytest
from small_vocabularies import Words, term

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.build import LexiconReport, build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.ontologies.mappings import Mapping, MappingFile
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Failure

MONDO = term(
    "MONDO:0005148", "type 2 diabetes mellitus", "Disease", "T2D/abbreviation",
    exact=("DOID:9352",), xrefs=("DOID:9352", "MESH:D003920"),
)  # fmt: skip
DOID = term("DOID:9352", "type 2 diabetes", "Disease", exact=("MESH:D003924",))
MESH = term("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", "NIDDM")
BROAD = term("MESH:D003920", "Diabetes Mellitus", "Disease")


def build(folder: Path, *items: object, text: str = "", **options: object) -> LexiconReport:
    words = Words("v", items)  # type: ignore[arg-type]
    if text:
        path = folder / "a.sssom.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        options["mappings"] = [MappingFile(path)]
    return build_lexicon([words], folder / "lexicon", schema=Schema.load(), **options)  # type: ignore[arg-type]


def test_exact_matches_make_one_identity_and_plain_cross_references_do_not(tmp_path: Path) -> None:
    report = build(tmp_path, MONDO, DOID, MESH, BROAD)
    lexicon = Lexicon.open(report.folder)
    for curie in ("MONDO:0005148", "DOID:9352", "MESH:D003924"):
        assert lexicon.preferred_id(curie) == "MONDO:0005148"
    assert lexicon.preferred_id("MESH:D003920") == "MESH:D003920"
    assert lexicon.same_as("MONDO:0005148") == ("DOID:9352", "MESH:D003924")
    assert (report.same, report.conflict_count) == (2, 0)
    united = lexicon.united_term("MONDO:0005148")
    assert [s.text for s in united.synonyms] == [
        "T2D", "type 2 diabetes", "Diabetes Mellitus, Type 2", "NIDDM",
    ]  # fmt: skip
    assert united.xrefs == ("DOID:9352", "MESH:D003924", "MESH:D003920")
    # Mentions keep the vocabulary's own id: only the graph unites.
    assert lexicon.lookup("NIDDM")[0].curie == "MESH:D003924"


def test_the_schemas_prefix_order_decides_per_category(tmp_path: Path) -> None:
    drug = term("CHEBI:45783", "imatinib", "ChemicalEntity", exact=("MESH:D000068877",))
    mesh = term("MESH:D000068877", "Imatinib Mesylate", "ChemicalEntity")
    gene = term("NCBIGene:673", "BRAF", "Gene", exact=("HGNC:1097", "ENSEMBL:ENSG00000157764"))
    lexicon = Lexicon.open(
        build(tmp_path, drug, mesh, gene, term("HGNC:1097", "BRAF", "Gene")).folder
    )
    assert lexicon.preferred_id("CHEBI:45783") == "MESH:D000068877"
    assert lexicon.preferred_id("NCBIGene:673") == "HGNC:1097"
    # An id that no vocabulary here has is nobody's preferred one.
    assert lexicon.preferred_id("ENSEMBL:ENSG00000157764") == "HGNC:1097"


def test_a_clique_that_joins_two_ids_of_one_ontology_is_split_and_listed(tmp_path: Path) -> None:
    first = term("MONDO:1", "a", "Disease", exact=("MESH:D1",))
    second = term("MONDO:2", "b", "Disease", exact=("OMIM:9",))
    mesh = term("MESH:D1", "a", "Disease", exact=("OMIM:9",))
    report = build(tmp_path, first, second, mesh)
    assert report.conflict_count == 1
    assert report.conflicts == (
        ("MONDO:2", "OMIM:9", "MONDO:2", "MONDO:1", "one ontology", "v"),
    )  # fmt: skip
    lexicon = Lexicon.open(report.folder)
    assert lexicon.preferred_id("OMIM:9") == lexicon.preferred_id("MESH:D1") == "MONDO:1"
    assert lexicon.preferred_id("MONDO:2") == "MONDO:2"


def test_two_live_terms_of_one_ontology_never_become_one(tmp_path: Path) -> None:
    report = build(
        tmp_path,
        term("HP:1", "a", "PhenotypicFeature", exact=("HP:2", "HP:9")),
        term("HP:2", "b", "PhenotypicFeature"),
    )
    lexicon = Lexicon.open(report.folder)
    assert lexicon.preferred_id("HP:2") == "HP:2"
    assert lexicon.preferred_id("HP:9") == "HP:1"  # a former id, as OBO's alt_id gives it


def test_obsolete_ids_lead_to_the_clique_of_their_successor(tmp_path: Path) -> None:
    old = term("MONDO:3", "old", "Disease", obsolete=True, replaced_by="DOID:9352")
    lost = term("MONDO:4", "lost", "Disease", obsolete=True, exact=("MESH:D003920",))
    lexicon = Lexicon.open(build(tmp_path, MONDO, DOID, MESH, BROAD, old, lost).folder)
    assert lexicon.preferred_id("MONDO:3") == "MONDO:0005148"
    assert lexicon.preferred_id("MONDO:4") == "MONDO:4"
    assert lexicon.preferred_id("MESH:D003920") == "MESH:D003920"


SSSOM = """\
# curie_map:
#   MY: http://identifiers.org/mesh/
# license: https://creativecommons.org/publicdomain/zero/1.0/
subject_id\tpredicate_id\tobject_id\tconfidence\tpredicate_modifier
MONDO:0005148\tskos:exactMatch\tMY:D003924\t0.9\t
MONDO:0005148\tskos:closeMatch\tMESH:D003920\t1\t
DOID:9352\thttp://www.w3.org/2004/02/skos/core#exactMatch\tMONDO:0005148\t\tNot
nothing\tskos:exactMatch\tMESH:D1\t\t
MONDO:1\tskos:exactMatch\tMESH:D1\ttwo\t
MONDO:1\tskos:exactMatch\tMESH:D1\t2\t
"""


def test_sssom_exact_is_not_close_and_not_means_apart(tmp_path: Path) -> None:
    mondo = term("MONDO:0005148", "type 2 diabetes mellitus", "Disease", exact=("DOID:9352",))
    doid = term("DOID:9352", "type 2 diabetes", "Disease")
    report = build(tmp_path, mondo, doid, MESH, BROAD, text=SSSOM)
    lexicon = Lexicon.open(report.folder)
    assert lexicon.preferred_id("MESH:D003924") == "MONDO:0005148"
    assert lexicon.preferred_id("MESH:D003920") == "MESH:D003920"
    assert lexicon.preferred_id("DOID:9352") == "DOID:9352"
    assert [c[4] for c in report.conflicts] == ["mapped apart"]
    assert [f.place for f in report.failures] == ["line 8", "line 9", "line 10"]


def test_sssom_prevails_over_what_a_vocabulary_says_and_confidence_over_order(
    tmp_path: Path,
) -> None:
    text = (
        "subject_id\tpredicate_id\tobject_id\tconfidence\n"
        "MONDO:1\tskos:exactMatch\tMESH:D1\t0.4\nMONDO:2\tskos:exactMatch\tMESH:D1\t0.8\n"
    )
    mondo = [term("MONDO:1", "a", "Disease", exact=("MESH:D1",)), term("MONDO:2", "b", "Disease")]
    report = build(tmp_path, *mondo, term("MESH:D1", "c", "Disease"), text=text)
    assert Lexicon.open(report.folder).preferred_id("MESH:D1") == "MONDO:2"
    assert report.conflict_count == 2


def test_sssom_agrees_with_another_reader(tmp_path: Path) -> None:
    import sssom_pydantic

    path = tmp_path / "a.sssom.tsv"
    path.write_text(
        "#curie_map:\n#  MONDO: http://purl.obolibrary.org/obo/MONDO_\n"
        "#  MESH: http://identifiers.org/mesh/\n"
        "#  skos: http://www.w3.org/2004/02/skos/core#\n"
        "#  semapv: https://w3id.org/semapv/vocab/\n"
        "#mapping_set_id: https://example.org/a\n#license: https://example.org/l\n"
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\n"
        "MONDO:0005148\tskos:exactMatch\tMESH:D003924\tsemapv:ManualMappingCuration\t0.9\n"
        "MONDO:0005148\tskos:broadMatch\tMESH:D003920\tsemapv:ManualMappingCuration\t0.5\n",
        "utf-8",
    )
    theirs = sssom_pydantic.read(path)[0]
    ours = [m for m in MappingFile(path).mappings() if isinstance(m, Mapping)]
    assert [(m.subject, m.predicate, m.object, m.confidence) for m in ours] == [
        (m.subject.curie, m.predicate.curie, m.object.curie, m.confidence) for m in theirs
    ]
    assert [m.is_exact for m in ours] == [True, False]


def test_a_table_without_the_columns_of_sssom_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("subject\tpredicate_id\tobject_id\n")
    with pytest.raises(VocabularyError, match="no column 'subject_id'"):
        list(MappingFile(path).mappings())
    path.write_text("# only: metadata\n")
    with pytest.raises(VocabularyError, match="empty: expected SSSOM"):
        list(MappingFile(path).mappings())


def test_mappings_change_the_fingerprint(tmp_path: Path) -> None:
    head = "subject_id\tpredicate_id\tobject_id\n"
    first = build(tmp_path, MONDO, MESH, text=head)
    second = build(
        tmp_path, MONDO, MESH, text=head + "MONDO:0005148\tskos:exactMatch\tMESH:D003924\n"
    )
    assert first.fingerprint != second.fingerprint
    assert second.built


@pytest.mark.parametrize("languages", [("en",), ("en", "es"), ("es",)])
def test_names_of_other_languages_are_looked_up_only_when_wanted(
    tmp_path: Path, languages: tuple[str, ...]
) -> None:
    from kgbuild.records import Synonym, Term

    heart = Term("UBERON:1", "heart", "AnatomicalEntity", (Synonym("corazón", "exact", "es"),))
    lexicon = Lexicon.open(build(tmp_path, heart, languages=languages).folder)
    assert [e.language for e in lexicon.lookup("Corazón")] == ["es"] * ("es" in languages)
    assert len(lexicon.lookup("heart")) == ("en" in languages)
    assert lexicon.term("UBERON:1") == heart


def test_failures_of_mapping_files_name_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"subject_id\tpredicate_id\tobject_id\nA:1\tx\tB:\xff\n")
    [found] = MappingFile(path).mappings()
    assert isinstance(found, Failure)
    assert (found.source, found.place) == (str(path), "line 2")
