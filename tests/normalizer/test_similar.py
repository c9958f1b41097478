from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.normalizer.similar import SimilarNames
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Synonym, Term

TERMS = [
    Term("D:1", "Cerebral hemorrhage", "Disease"),
    Term("D:2", "Diabetes mellitus", "Disease", (Synonym("Diabetes"),)),
    Term("D:3", "Carcinoma", "Disease"),
    Term("D:4", "Acute renal injury", "Disease"),
    Term("D:5", "Hypertension", "Disease"),
    Term("D:6", "von Willebrand disease", "Disease"),
    Term("D:7", "Dysphagia", "Disease"),
    Term("D:8", "Receptive dysphasia", "Disease"),
    Term("D:9", "Phototoxicity", "Disease"),
    Term("D:10", "Syndromic hearing loss", "Disease"),
    Term("D:11", "Factor IX deficiency", "Disease"),
    Term("D:12", "Interferon-alpha deficiency", "Disease"),
    Term("G:1", "tumor necrosis factor receptor", "Gene", (Synonym("TNFR1A"),)),
    Term("C:1", "clonazepam", "ChemicalEntity"),
]


@pytest.fixture(scope="module")
def linker(make_lexicon: Callable[[Sequence[Term]], Lexicon], schema: Schema) -> Linker:
    return Linker(make_lexicon(TERMS), schema=schema)


@pytest.mark.parametrize(
    ("written", "curie"),
    [
        ("cerebral haemorhage", "D:1"),
        ("diabetis", "D:2"),
        ("Diabetes melitus", "D:2"),
        ("carcinomma", "D:3"),
        ("dysphagic", "D:7"),
        ("von Wilebrand disease", "D:6"),
    ],
)
def test_other_spellings_are_grounded_without_vectors(linker, written, curie):
    for category in ("Disease", None):
        best = linker.resolve(written, category).best
        assert (best.curie, best.method) == (curie, "ngram")
        assert 0.8 <= best.score < 1


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("renal injury", "Disease"),
        ("dysphasia", "Disease"),
        ("ototoxicity", "Disease"),
        ("non-syndromic hearing loss", "Disease"),
        ("factor X deficiency", "Disease"),
        ("interferon-beta deficiency", "Disease"),
        ("tumor necrosis factor receptors 2", "Gene"),
        ("tumour necrosis faktor receptor", "Gene"),
        ("TNFR1B", ""),
        ("clotiazepam", "ChemicalEntity"),
    ],
)
def test_what_looks_alike_is_not_taken(linker, written, category):
    resolution = linker.resolve(written, category or None)
    assert resolution.best is None
    assert resolution.reason


def test_never_merged_names_stay_apart(make_lexicon, schema):
    rows = (Path(__file__).parent / "never_merged.txt").read_text("utf-8").splitlines()
    families = [row.split("|") for row in rows if row and not row.startswith("#")]
    listed = {name for family in families for name in family[::2]}
    terms = [Term(f"X:{n}", name, "Disease") for n, name in enumerate(sorted(listed))]
    linker = Linker(make_lexicon(terms), schema=schema)
    others = {name for family in families for name in family} - listed
    found = {name: linker.resolve(name, "Disease").best for name in others}
    assert len(found) > 100
    wrong = {name: best.name for name, best in found.items() if best and best.method == "ngram"}
    assert wrong == {}


def test_ngrams_are_a_source_that_can_be_left_out(linker):
    less = Linker(linker.lexicon, schema=linker.schema, without=["ngrams"])
    assert less.resolve("diabetis", "Disease").reason == "no name in the lexicon"
    assert less.explain("diabetis", "Disease") == ()
    assert linker.explain("diabetis", "Disease")[0].method == "ngram"


def test_similar_names_keep_to_categories_and_give_each_term_once(lexicon, schema):
    search = SimilarNames(lexicon, schema=schema)
    texts = ["brest cancer", "interleukin", "brest cancer", ""]
    found = search.search(texts, k=3)
    assert found[0] == found[2]
    assert found[3] == []
    assert not {c.curie for c in found[1]} & {"HGNC:6001", "HGNC:6011"}
    assert {c.method for c in found[0]} == {"ngram"}
    curies = [c.curie for c in found[0]]
    assert len(curies) == len(set(curies)) <= 3
    assert "MESH:D001943" in curies
    assert search.search(["brest cancer"], k=3, category=["Gene", "Disease"])[0] == found[0]
    assert search.search(["brest cancer"], k=3, category="Gene") == [[]]
    assert search.search(["brest cancer"], k=3, category="OrganismTaxon") == [[]]
    assert search.search([], k=3) == []


def test_a_term_with_a_hundred_thousand_synonyms_is_found_once(make_lexicon, schema):
    many = tuple(Synonym(f"state of {n:06d} things") for n in range(100_000))
    lexicon = make_lexicon([Term("D:1", "state", "Disease", many)])
    [found] = SimilarNames(lexicon, schema=schema).search(["state of 09999 thing"], k=5)
    assert [c.curie for c in found] == ["D:1"]
