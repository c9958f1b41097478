from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.extractors.dictionary import DictionaryRecognizer
from kgbuild.extractors.hybrid import HybridRecognizer
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.ontologies.schema import Schema
from kgbuild.protocols import Recognizer
from kgbuild.records import AnnotatedDocument, Document, Synonym, Term
from kgbuild.text import segment


@dataclass(frozen=True)
class Words:
    items: tuple[Term, ...]
    name: str = "small"
    version: str = "1"
    fingerprint: str = "small-1"

    def terms(self) -> Iterator[Term]:
        return iter(self.items)


def term(curie: str, name: str, category: str, *synonyms: str) -> Term:
    parts = (text.partition("/") for text in synonyms)
    return Term(curie, name, category, tuple(Synonym(t, s or "exact") for t, _, s in parts))


TERMS = (
    term("MESH:D001241", "Aspirin", "ChemicalEntity", "ASA/abbreviation"),
    term("MESH:D001943", "Breast Neoplasms", "Disease", "Breast Cancer", "Neoplasms, Breast"),
    term("MONDO:0004992", "cancer", "Disease"),
    term("MONDO:0000001", "disease", "Disease", "illness"),
    term("MESH:D009103", "Multiple Sclerosis", "Disease", "MS/abbreviation"),
    term("MESH:D000544", "Alzheimer Disease", "Disease", "Alzheimer's"),
    term("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease"),
    term("MESH:D006526", "Hepatitis C", "Disease"),
    term("HGNC:1516", "CAT", "Gene", "catalase"),
    term("HGNC:12731", "WAS", "Gene"),
    term("HGNC:6001", "IL2", "Gene", "interleukin 2"),
    term("HGNC:6081", "INS", "Gene", "insulin"),
    term("HGNC:1100", "BRCA1", "Gene"),
    term("HGNC:11998", "TP53", "Gene", "p53"),
    term("HGNC:3430", "ERBB2", "Gene", "HER2"),
    term("HGNC:3236", "EGFR", "Gene", "epidermal growth factor receptor"),
    term("MESH:D007328", "insulin", "ChemicalEntity"),
    term("NCBITaxon:9685", "Felis catus", "OrganismTaxon", "cats"),
    term("CHEBI:15377", "water", "ChemicalEntity"),
    term("CL:0000129", "microglial cell", "Cell", "microglia", "cells/related"),
    term("GO:0006915", "apoptotic process", "BiologicalProcess", "apoptosis"),
    term("HGNC:0", "MGL1", "Gene", "upregulation"),
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load("biomedical")


@pytest.fixture(scope="module")
def lexicon(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    folder = tmp_path_factory.mktemp("lexicon")
    build_lexicon([Words(TERMS)], folder, schema=schema)
    return Lexicon.open(folder)


@pytest.fixture(scope="module")
def recognizer(lexicon: Lexicon, schema: Schema) -> DictionaryRecognizer:
    return DictionaryRecognizer(lexicon, schema=schema)


def annotated(text: str) -> AnnotatedDocument:
    return segment([AnnotatedDocument(Document("PMID:1", text))])[0]


def found(recognizer: DictionaryRecognizer, text: str) -> list[tuple[str, str]]:
    document = annotated(text)
    (mentions,) = recognizer.recognize([document])
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.text
        assert mention.document == "PMID:1"
        assert 0 < mention.score <= 1
    assert [m.start for m in mentions] == sorted(m.start for m in mentions)
    return [(m.text, m.category) for m in mentions]


def test_it_is_a_recognizer(recognizer):
    assert isinstance(recognizer, Recognizer)
    assert recognizer.name.startswith("dictionary/")
    assert recognizer.recognize([]) == []
    assert recognizer.recognize([annotated("")]) == [()]


def test_dictionaries_of_other_categories_stand_side_by_side(lexicon, schema):
    genes, diseases, nested = (
        DictionaryRecognizer(lexicon, schema=schema, **options)
        for options in (
            {"categories": ["Gene"]},
            {"categories": ["Disease"]},
            {"keep_nested": True},
        )
    )
    both = HybridRecognizer([genes, diseases])
    assert len({genes.name, diseases.name, nested.name, both.name}) == 4
    assert genes.name == DictionaryRecognizer(lexicon, schema=schema, categories=("Gene",)).name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASPIRIN helps.", [("ASPIRIN", "ChemicalEntity")]),
        ("Women with breast cancers", [("breast cancers", "Disease")]),
        ("Neoplasms, breast", [("Neoplasms, breast", "Disease")]),
        ("type II diabetes mellitus", [("type II diabetes mellitus", "Disease")]),
        ("hepatitis C virus", [("hepatitis C", "Disease")]),
        ("IL-2 and interleukin-2", [("IL-2", "Gene"), ("interleukin-2", "Gene")]),
        ("HER-2-positive", [("HER-2", "Gene")]),
        ("mutant p53 in Brca1 mice", [("p53", "Gene"), ("Brca1", "Gene")]),
        ("Alzheimer's disease", [("Alzheimer's disease", "Disease")]),
    ],
)
def test_spelling_variants_are_found(recognizer, text, expected):
    assert found(recognizer, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It was so.",
        "The cat sat.",
        "We use ins and outs.",
        "IL-3, IL-22 and IL-12",
        "hepatitis. C is a letter",
        "in breast. Cancerous",
        "Noncancer, cancerous, precancer",
        "the disease and the illness",
        "Was it so?",
        "with IL and 2 others",
        "asa",
    ],
)
def test_what_only_looks_like_a_name_is_not(recognizer, text):
    assert found(recognizer, text) == []


def test_what_the_main_job_took_for_names(tmp_path, schema):
    terms = (
        term("HGNC:5870", "IGLL1", "Gene", "14.1"),
        term("HGNC:10487", "S100A10", "Gene", "42C"),
        term("HGNC:1689", "CD59", "Gene", "MIN1/abbreviation", "min-1"),
        term("HGNC:9554", "PSMD1", "Gene", "S1", "T4/abbreviation"),
        term("MONDO:0018076", "tuberculosis", "Disease"),
        term("MESH:D020775", "Thoracic Surgery, Video-Assisted", "Procedure", "VATS"),
        term("MONDO:0016455", "Van Asperen syndrome", "Disease", "VATS"),
    )
    build_lexicon([Words(terms, fingerprint="main")], tmp_path, schema=schema)
    recognizer = DictionaryRecognizer(Lexicon.open(tmp_path), schema=schema)
    text = "Table S1: at 42°C and 14.1 min-1, M. tuberculosis and T4 grew."
    assert found(recognizer, text) == []
    assert found(recognizer, "It caused tuberculosis.") == [("tuberculosis", "Disease")]
    text = "Video-assisted thoracic surgery (VATS) is new. After VATS she was well."
    assert found(recognizer, text)[-1] == ("VATS", "Procedure")


def test_short_aliases_of_symbols_wait_for_a_definition(tmp_path, schema):
    terms = (
        term("HGNC:37171", "LINC01194", "Gene", "TAG/abbreviation", "triad assembly gene"),
        term("HGNC:391", "AKT1", "Gene", "AKT/abbreviation"),
        term("HGNC:6619", "LIPC", "Gene"),
        term("HGNC:11892", "TNF", "Gene"),
        term("HGNC:9", "SCN9A", "Gene", "FEPS/abbreviation", "PNKD/abbreviation"),
        term("HGNC:10", "KCNA1", "Gene", "FEPS/abbreviation"),
        term("MONDO:0019508", "van der Woude syndrome", "Disease", "LPS"),
        term("MONDO:0018874", "acute myeloid leukemia", "Disease", "AML"),
    )
    build_lexicon([Words(terms, fingerprint="short")], tmp_path, schema=schema)
    recognizer = DictionaryRecognizer(Lexicon.open(tmp_path), schema=schema)
    text = "LPS and TAG with LipC of E. coli raised TNF, AKT, FEPS and PNKD in AML."
    assert [name for name, _ in found(recognizer, text)] == ["TNF", "AKT", "PNKD", "AML"]
    text = "The triad assembly gene (TAG) is long. TAG rose."
    assert found(recognizer, text)[-1] == ("TAG", "Gene")


def test_the_longest_name_wins_unless_nested_ones_are_asked_for(lexicon, schema, recognizer):
    assert found(recognizer, "breast cancer") == [("breast cancer", "Disease")]
    nested = DictionaryRecognizer(lexicon, schema=schema, keep_nested=True)
    assert found(nested, "breast cancer") == [("breast cancer", "Disease"), ("cancer", "Disease")]


def test_abbreviations_take_the_documents_sense(recognizer):
    text = "Breast cancer (BC) is common. BC kills. BCs vary; ABC stays."
    assert found(recognizer, text) == [
        ("Breast cancer", "Disease"),
        ("BC", "Disease"),
        ("BC", "Disease"),
        ("BCs", "Disease"),
    ]


def test_a_contradicted_abbreviation_is_left_alone(recognizer):
    assert ("MS", "Disease") in found(recognizer, "Patients with MS improved.")
    text = "We used mass spectrometry (MS). MS showed aspirin."
    assert found(recognizer, text) == [("aspirin", "ChemicalEntity")]


def test_context_decides_between_categories(recognizer):
    assert found(recognizer, "insulin gene expression") == [("insulin", "Gene")]
    assert found(recognizer, "insulin administration") == [("insulin", "ChemicalEntity")]


def test_capitals_mean_nothing_in_a_line_of_capitals(recognizer):
    text = "THIS HEADING WAS WRITTEN IN CAPITALS ABOUT THE CAT AND ASPIRIN FOR NO REASON"
    assert found(recognizer, text) == [("ASPIRIN", "ChemicalEntity")]


def test_categories_limit_what_is_found(lexicon, schema):
    only = DictionaryRecognizer(lexicon, schema=schema, categories=["DiseaseOrPhenotypicFeature"])
    assert found(only, "aspirin in breast cancer") == [("breast cancer", "Disease")]


def test_stop_lists_grow_and_can_be_left_out(lexicon, schema):
    stopped = DictionaryRecognizer(lexicon, schema=schema, stop_names=["ASPIRIN"])
    assert found(stopped, "aspirin") == []
    stopped = DictionaryRecognizer(lexicon, schema=schema, stop_ids=["MONDO:0004992"])
    assert found(stopped, "cancer") == []
    all_in = DictionaryRecognizer(lexicon, schema=schema, use_stop_lists=False)
    assert found(all_in, "a disease") == [("disease", "Disease")]


def test_common_words_hide_no_cells_tissues_and_processes(recognizer):
    assert found(recognizer, "apoptosis of microglia in cells") == [
        ("apoptosis", "BiologicalProcess"),
        ("microglia", "Cell"),
    ]
    assert found(recognizer, "the upregulation of it") == []


def test_a_low_score_can_be_refused(lexicon, schema):
    strict = DictionaryRecognizer(lexicon, schema=schema, min_score=0.96)
    assert found(strict, "Brca1 and BRCA1") == [("BRCA1", "Gene")]


def test_a_million_characters(recognizer):
    text = "Aspirin in breast cancer and IL-2. " * 30_000
    (mentions,) = recognizer.recognize([AnnotatedDocument(Document("PMID:1", text))])
    assert len(mentions) == 90_000
    assert mentions[-1].text == "IL-2"


def test_offsets_hold_where_characters_take_several_bytes(recognizer):
    text = "Ω≈ç√∫ 漢字 naïve ASPIRIN— ﬁbrosis 💊 p53; ①aspirin"
    assert found(recognizer, text)[:2] == [("ASPIRIN", "ChemicalEntity"), ("p53", "Gene")]


@given(st.lists(st.sampled_from([*"aα漢-(', ."] + [t.name for t in TERMS]), max_size=30))
def test_offsets_always_hold(recognizer, parts):
    document = annotated("".join(parts))
    (mentions,) = recognizer.recognize([document])
    assert [document.document.text[m.start : m.end] for m in mentions] == [m.text for m in mentions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("breast and lung cancer", ["breast and lung cancer"]),
        ("Breast, lung, or skin cancers grew.", ["Breast, lung, or skin cancers"]),
        ("cancer of the lung and breast", ["cancer of the lung and breast"]),
        ("hepatitis B/hepatitis C", ["hepatitis C"]),
        ("lung cancer and hepatitis C", ["lung cancer", "hepatitis C"]),
        ("We saw it in the breast. And lung cancer grew.", ["lung cancer"]),
        ("In the breast, lung cancer is rare.", ["lung cancer"]),
        ("hope and lung cancer", ["lung cancer"]),
    ],
)
def test_a_list_that_shares_a_word_is_one_mention(schema, tmp_path, text, expected):
    terms = (
        term("MONDO:1", "breast cancer", "Disease", "cancer of the breast"),
        term("MONDO:2", "lung cancer", "Disease", "cancer of the lung"),
        term("MONDO:3", "skin cancer", "Disease"),
        term("MONDO:4", "hepatitis C", "Disease"),
    )
    build_lexicon([Words(terms)], tmp_path, schema=schema)
    recognizer = DictionaryRecognizer(Lexicon.open(tmp_path), schema=schema)
    assert [name for name, _ in found(recognizer, text)] == expected


def test_genes_are_no_such_lists(recognizer):
    assert [name for name, _ in found(recognizer, "IL1 and IL2")] == ["IL2"]
