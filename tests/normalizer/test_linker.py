from __future__ import annotations

from dataclasses import replace

import pytest
from linked_texts import document
from small_vocabularies import GENES, MESH, MONDO, Words, term

from kgbuild.extractors.dictionary import DictionaryRecognizer
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies import open_vocabulary
from kgbuild.protocols import Grounder
from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Term,
)
from kgbuild.text import segment


@pytest.fixture
def linker(lexicon, schema) -> Linker:
    return Linker(lexicon, schema=schema)


def test_it_is_a_grounder(linker):
    assert isinstance(linker, Grounder)
    assert linker.ground([]) == []
    assert linker.ground([document()]) == [()]


@pytest.mark.parametrize(
    ("text", "category", "curie", "method"),
    [
        ("Aspirin", "ChemicalEntity", "MESH:D001241", "exact"),
        ("ASPIRIN", "ChemicalEntity", "MESH:D001241", "exact"),
        ("breast cancer", "Disease", "MONDO:0007254", "exact"),
        ("type-II diabetes", "Disease", "MONDO:0005148", "normalized"),
        ("interleukin-2", "Gene", "HGNC:6001", "normalized"),
        ("IL-3", "Gene", "HGNC:6011", "normalized"),
        ("TNF-α", "Gene", "HGNC:11892", "normalized"),
        ("aspirin", "", "MESH:D001241", "exact"),
        ("pain", "Disease", "MESH:D010146", "exact"),
        ("TNF", "Protein", "HGNC:11892", "exact"),
    ],
)
def test_names_are_resolved_by_the_strictest_step(linker, text, category, curie, method):
    best = linker.resolve(text, category or None).best
    assert (best.curie, best.method) == (curie, method)


@pytest.mark.parametrize(
    ("text", "category", "reason"),
    [
        ("xyzzy", "Gene", "no name"),
        ("", "Gene", "no name"),
        ("aspirin", "Gene", "only known for ChemicalEntity"),
        ("IL-22", "Gene", "no name"),
    ],
)
def test_what_is_not_known_is_nil_with_the_reason(linker, text, category, reason):
    resolution = linker.resolve(text, category)
    assert resolution.best is None
    assert reason in resolution.reason


def test_each_mention_gets_a_grounding_with_its_text_or_name(linker):
    (groundings,) = linker.ground([document(("aspirin", "ChemicalEntity"), ("xyzzy", "Disease"))])
    known, nil = groundings
    assert (known.curie, known.name, known.category) == (
        "MESH:D001241",
        "Aspirin",
        "ChemicalEntity",
    )
    assert known.candidates[0].curie == known.curie
    assert (nil.curie, nil.name, nil.method, nil.score) == ("", "xyzzy", "nil", 0.0)
    assert nil.reason


def test_a_document_knows_its_abbreviations(linker):
    text = document(("MS", "Disease"), short="MS", long="breast cancer")
    ((grounding,),) = linker.ground([text])
    assert (grounding.curie, grounding.method) == ("MONDO:0007254", "abbreviation")
    text = document(("MS", "Disease"), short="MS", long="mass spectrometry")
    ((grounding,),) = linker.ground([text])
    assert grounding.curie == ""
    assert "mass spectrometry" in grounding.reason
    ((grounding,),) = linker.ground([document(("MS", "Disease"))])
    assert grounding.curie == "MESH:D009103"


def test_a_short_form_is_believed_when_its_terms_names_resemble_the_long_form(linker):
    text = document(("MS", "Disease"), short="MS", long="relapsing multiple sclerosis")
    ((grounding,),) = linker.ground([text])
    assert (grounding.curie, grounding.method) == ("MESH:D009103", "abbreviation")


def test_given_groundings_are_kept_unless_they_are_not_trusted(lexicon, schema, linker):
    text = document(("aspirin", "ChemicalEntity"), given=["MESH:D009999"])
    ((grounding,),) = linker.ground([text])
    assert (grounding.curie, grounding.method) == ("MESH:D009999", "given")
    doubting = Linker(lexicon, schema=schema, trust_given=False)
    ((grounding,),) = doubting.ground([text])
    assert (grounding.curie, grounding.method) == ("MESH:D001241", "exact")


def test_a_given_identifier_gets_the_lexicons_name_and_successor(make_lexicon, schema):
    lexicon = make_lexicon(
        [
            term("X:1", "old", "Disease", obsolete=True, replaced_by="X:2"),
            term("X:2", "new", "Disease"),
        ]
    )
    text = document(("old", "Disease"), given=["X:1"])
    ((grounding,),) = Linker(lexicon, schema=schema).ground([text])
    assert (grounding.curie, grounding.name, grounding.method) == ("X:2", "new", "given")


def test_successors_in_a_circle_leave_the_given_identifier(make_lexicon, schema):
    lexicon = make_lexicon(
        [
            term("ZZ:1", "first", "Disease", obsolete=True, replaced_by="ZZ:2"),
            term("ZZ:2", "second", "Disease", obsolete=True, replaced_by="ZZ:3"),
            term("ZZ:3", "third", "Disease", obsolete=True, replaced_by="ZZ:2"),
        ]
    )
    linker = Linker(lexicon, schema=schema)
    for given in ("ZZ:1", "ZZ:2", "ZZ:3"):
        ((grounding,),) = linker.ground([document(("first", "Disease"), given=[given])])
        assert grounding.curie == given


def test_variants_need_an_rs_number(linker):
    text = document(("rs113488022", "SequenceVariant"), ("V600E", "SequenceVariant"))
    ((known, nil),) = linker.ground([text])
    assert known.curie == "DBSNP:rs113488022"
    assert nil.curie == ""
    assert "p.Val600Glu" in nil.reason


def test_ties_go_to_the_preferred_vocabulary_whatever_the_order(make_lexicon, schema):
    terms = [
        term("MESH:C1", "strange ailment", "Disease"),
        term("MONDO:9", "strange ailment", "Disease"),
    ]
    for order in (terms, terms[::-1]):
        linker = Linker(make_lexicon(order), schema=schema)
        assert linker.resolve("strange ailment", "Disease").best.curie == "MONDO:9"


def test_a_preferred_name_beats_a_related_one_of_a_better_vocabulary(make_lexicon, schema):
    terms = [
        term("MESH:C1", "strange ailment", "Disease"),
        term("MONDO:9", "other ailment", "Disease", "strange ailment/related"),
    ]
    linker = Linker(make_lexicon(terms), schema=schema)
    assert linker.resolve("strange ailment", "Disease").best.curie == "MESH:C1"


def test_a_gene_comes_before_the_protein_that_has_its_name(make_lexicon, schema):
    lexicon = make_lexicon(
        [
            term("HGNC:7166", "MMP2", "Gene"),
            term("HGNC:8583", "SERPINE1", "Gene", "PAI1/abbreviation"),
            term("HGNC:9047", "PLAGL2", "Gene"),
            term("MESH:D020778", "matrix metalloproteinase 2", "Protein", "MMP-2"),
            term("MESH:D017395", "plasminogen activator inhibitor 1", "Protein", "PAI-1"),
            term("MONDO:1", "meconium abnormality 2", "Disease"),
        ]
    )
    linker = Linker(lexicon, schema=schema)
    assert linker.resolve("MMP-2", "Gene").best.curie == "HGNC:7166"
    assert linker.resolve("MMP-2", "Protein").best.curie == "MESH:D020778"
    protein = "plasminogen activator inhibitor 1"
    assert linker.resolve(protein, "Gene").best.curie == "MESH:D017395"
    assert linker.resolve("PAI-1", "Gene", long_form=protein).best.curie == "HGNC:8583"
    # a code is believed whatever it is written out as, in its own category and as written
    unknown = "pleomorphic adenoma like 2"
    assert linker.resolve("PLAGL2", "Gene", long_form=unknown).best.curie == "HGNC:9047"
    assert linker.resolve("PLAGL2", "Disease", long_form=unknown).best is None
    assert linker.resolve("PAI1", "Gene", long_form=unknown).best is None


def test_a_product_that_means_its_gene_is_one(make_lexicon, schema):
    symbol = ("hgnc.symbol:S100A7",)
    lexicon = make_lexicon(
        [
            term("MESH:D000075023", "S100 calcium binding protein A7", "Protein", "psoriasin"),
            replace(term("MESH:C089242", "S100A7 protein", "Protein", "psoriasin"), exact=symbol),
            replace(term("HGNC:10497", "S100A7", "Gene"), exact=symbol),
        ]
    )
    linker = Linker(lexicon, schema=schema)
    gene = linker.resolve("psoriasin", "Gene").best.curie
    assert (gene, lexicon.preferred_id(gene)) == ("MESH:C089242", "HGNC:10497")


@pytest.mark.parametrize(
    ("text", "long_form", "curie"),
    [
        ("Ca(2+)", "", "MESH:D002118"),
        ("K", "", ""),
        ("CaCl(2)", "", "MESH:D002122"),
        ("calcium valproate", "", "MESH:D014635"),
        ("valproate sodium", "", "MESH:D014635"),
        ("VPA", "sodium valproate", "MESH:D014635"),
        ("clomiphene citrate", "", "MESH:D002996"),
        ("copper sulfate", "", ""),
        ("angiotensin II", "", "MESH:D000804"),
    ],
)
def test_chemicals_are_known_by_acid_base_and_formula(
    make_lexicon, schema, text: str, long_form: str, curie: str
) -> None:
    lexicon = make_lexicon(
        [
            term("MESH:D002118", "Calcium", "ChemicalEntity"),
            term("MESH:D002122", "Calcium Chloride", "ChemicalEntity"),
            term("MESH:D003300", "Copper", "ChemicalEntity"),
            term("MESH:D014635", "Valproic Acid", "ChemicalEntity"),
            term("MESH:D002996", "Clomiphene", "ChemicalEntity"),
            term("MESH:D000804", "Angiotensin II", "Protein"),
        ]
    )
    best = Linker(lexicon, schema=schema).resolve(text, "ChemicalEntity", long_form=long_form).best
    assert (best.curie if best else "") == curie


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("glutamate", "MESH:D018698"),
        ("Glutamates", "MESH:D005971"),
        ("alcohol", "MESH:D000431"),
        ("barbiturate", "MESH:D001463"),
        ("statin", "MESH:D019161"),
    ],
)
def test_the_singular_of_a_groups_name_is_its_substance(
    make_lexicon, schema, text: str, curie: str
) -> None:
    mesh = Words(
        "mesh",
        (
            term("MESH:D005971", "Glutamates", "ChemicalEntity"),
            term("MESH:D018698", "Glutamic Acid", "ChemicalEntity", parents=("MESH:D005971",)),
            term("MESH:D000438", "Alcohols", "ChemicalEntity"),
            term("MESH:D000431", "Ethanol", "ChemicalEntity", parents=("MESH:D000438",)),
            term("MESH:D001463", "Barbiturates", "ChemicalEntity"),
            term("MESH:D019161", "Statins", "ChemicalRole"),
        ),
    )
    beside = term("MESH:C032232", "barbituric acid", "ChemicalEntity", parents=("MESH:D001463",))
    lexicon = make_lexicon(mesh, Words("mesh-supplementary", (beside,)))
    best = Linker(lexicon, schema=schema).resolve(text, "ChemicalEntity").best
    assert (best.curie if best else "") == curie


def test_without_a_category_the_recognizers_ranking_decides_and_ties_are_told(make_lexicon, schema):
    lexicon = make_lexicon(
        (
            term("HP:1", "Myocardial infarction", "PhenotypicFeature", "Heart attack"),
            term("MESH:1", "Heart Attack", "Disease"),
            term("MONDO:1", "myocardial infarction", "Disease", "heart attack"),
            term("MESH:2", "lung dust", "ChemicalEntity"),
            term("MONDO:2", "lung dust disease", "Disease", "lung dust"),
        )
    )
    linker = Linker(lexicon, schema=schema)
    recognizer = DictionaryRecognizer(lexicon, schema=schema)
    for name in ("heart attack", "myocardial infarction", "lung dust"):
        [asked] = segment([AnnotatedDocument(Document("PMID:1", f"It was {name}."))])
        [[mention]] = recognizer.recognize([asked])
        alone = linker.resolve(name)
        assert alone.best.curie == linker.resolve(name, mention.category).best.curie
    tie = linker.resolve("heart attack")
    assert [c.curie for c in linker.explain("heart attack")] == ["MONDO:1", "MESH:1", "HP:1"]
    assert (tie.best.curie, tie.best.score) == ("MONDO:1", 0.97)
    assert (
        tie.note
        == "MESH:1 Heart Attack has the name as well: of the vocabularies, MONDO is preferred"
    )
    told = linker.resolve("myocardial infarction").note
    assert (
        told
        == "HP:1 Myocardial infarction has the name as well: Disease comes before PhenotypicFeature"
    )
    assert linker.resolve("lung dust").best.curie == "MESH:2"
    assert linker.resolve("lung dust").note == ""


def test_short_aliases_of_symbols_score_low_and_say_why(make_lexicon, schema):
    lexicon = make_lexicon(
        (
            term("HGNC:1", "LINC01194", "Gene", "TAG/abbreviation"),
            term("HGNC:2", "AKT1", "Gene", "AKT/abbreviation"),
            term("HGNC:3", "TNF", "Gene"),
            term("HGNC:4", "LIPC", "Gene"),
            term("HGNC:5", "IRF6", "Gene"),
            term("HGNC:6", "LPS", "Gene", obsolete=True, replaced_by="HGNC:5"),
        )
    )
    linker = Linker(lexicon, schema=schema)
    scores = {
        name: linker.resolve(name).best.score for name in ("TNF", "AKT", "TAG", "LPS", "LipC")
    }
    assert scores == {"TNF": 1.0, "AKT": 0.8, "TAG": 0.4, "LPS": 0.4, "LipC": 0.485}
    assert linker.resolve("TNF").note == ""
    assert linker.resolve("TAG").note.startswith("'TAG' is a short alias of LINC01194")


SPELLINGS = [
    ("TNF-α", "Gene", "HGNC:11892"),  # Greek letters
    ("IL 2", "Gene", "HGNC:6001"),  # hyphens
    ("multiple-sclerosis", "Disease", "MESH:D009103"),
    ("breast neoplasm", "Disease", "MESH:D001943"),  # plurals
    ("Alzheimer diseases", "Disease", "MESH:D000544"),
    ("diabetes mellitus type II", "Disease", "MESH:D003924"),  # Roman numerals
    ("Neoplasm, Breast", "Disease", "MESH:D001943"),  # the inverted form
    ("Type 2 Diabetes Mellitus", "Disease", "MONDO:0005148"),
]


@pytest.mark.parametrize(("text", "category", "curie"), SPELLINGS)
def test_spellings_that_mean_the_same_are_equal_in_normal_form(linker, text, category, curie):
    assert linker.resolve(text, category).best.curie == curie


@pytest.mark.parametrize(
    ("text", "category", "curie"),
    [
        ("Neoplasms, Breast", "Disease", "MONDO:0021100"),
        ("breast tumours", "Disease", "MONDO:0021100"),
        ("TNFα", "Gene", "HGNC:11892"),
        ("interleukin-6", "Gene", "HGNC:6018"),
        ("type-II diabetes mellitus", "Disease", "MONDO:0005148"),
        ("Diabetes Mellitus, Type II", "Disease", "MONDO:0005148"),
        ("Alzheimer's diseases", "Disease", "MONDO:0004975"),
        ("microglia", "Cell", "CL:0000129"),
    ],
)
def test_the_starter_vocabulary_links_them_too(starter_linker, text, category, curie):
    assert starter_linker.resolve(text, category).best.curie == curie


@pytest.fixture(scope="module")
def starter_linker(schema, tmp_path_factory) -> Linker:
    folder = tmp_path_factory.mktemp("starter")
    build_lexicon([open_vocabulary("starter")], folder, schema=schema)
    return Linker(Lexicon.open(folder), schema=schema)


def test_the_vocabularies_of_these_tests_are_what_they_seem():
    assert {len(v.items) for v in (MESH, GENES, MONDO)} == {9, 3}


@pytest.mark.parametrize(
    "text",
    [
        "metastatic breast cancer",
        "recurrent or metastatic breast cancer",
        "HER2-positive breast cancer",
    ],
)
def test_a_disease_is_found_without_words_of_degree_or_marker(linker: Linker, text: str) -> None:
    found, plain = (linker.resolve(name, "Disease").best for name in (text, "breast cancer"))
    assert found is not None
    assert plain is not None
    assert (found.curie, found.method) == (plain.curie, "normalized")
    assert linker.resolve(text, "Gene").best is None


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("diabetic", "D:1"),
        ("severe psychotic", "D:2"),
        ("Parkinsonian", "D:3"),
        ("HIV-infected", "D:4"),
        ("HIV co-infection", "D:4"),
        ("coinfected with HIV", "D:4"),
        ("HIV infected", "D:4"),
        ("septic", "D:5"),
        ("diabetic ulcer", None),
        ("HIV-uninfected", None),
        ("apsychotic", None),
        ("HIV-infected cells", None),
    ],
)
def test_who_has_a_disease_is_read_as_the_disease(
    make_lexicon, schema, text: str, curie: str | None
) -> None:
    names = ("Diabetes", "Psychosis", "Parkinsonism", "HIV Infections", "Sepsis")
    terms = [Term(f"D:{place}", name, "Disease") for place, name in enumerate(names, start=1)]
    terms += [Term("C:1", "diabetes", "ChemicalEntity"), Term("C:2", "HIV infection", "Drug")]
    linker = Linker(make_lexicon(terms), schema=schema, without=["ngrams"])
    best = linker.resolve(text, "Disease").best
    assert (best and best.curie) == curie
    assert linker.resolve(text, "ChemicalEntity").best is None


@pytest.mark.parametrize(
    ("text", "category", "curie"),
    [
        ("Women", "OrganismTaxon", "NCBITaxon:9606"),
        ("BRAF kinase", "Gene", "HGNC:1097"),
        ("BRAF gene", "Gene", "HGNC:1097"),
    ],
)
def test_words_for_people_and_for_kinds_of_genes_are_read_over(
    make_lexicon, schema, text: str, category: str, curie: str
) -> None:
    human = Term("NCBITaxon:9606", "human", "OrganismTaxon")
    linker = Linker(make_lexicon([human, Term("HGNC:1097", "BRAF", "Gene")]), schema=schema)
    found = linker.resolve(text, category).best
    assert found is not None
    assert (found.curie, found.method) == (curie, "normalized")
    assert linker.resolve("BRAF receptor", "Gene").best is None
