from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_vocabularies import term

from kgbuild.evaluation.predict import cross_references
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.phrases import MOST, phrase_variants

PHENOTYPES = (
    term("HP:1", "Abnormal thumb morphology", "PhenotypicFeature"),
    term("HP:2", "Calcification of falx cerebri", "PhenotypicFeature"),
    term("HP:3", "Hypoplasia of the ulna", "PhenotypicFeature"),
    term("HP:4", "Abnormality of the skin", "PhenotypicFeature"),
    term("HP:5", "Preauricular pit", "PhenotypicFeature"),
    term("HP:6", "Cutaneous anomaly of newborns", "PhenotypicFeature", "skin anomaly"),
    term("MONDO:1", "Carcinoma of the lung", "Disease"),
)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("Bridged sella turcica", "bridging of the sella turcica"),
        ("Ulnar hypoplasia", "hypoplastic ulna"),
        ("Hypoplastic patella", "patellar hypoplasia"),
        ("Renal cyst", "kidney cyst"),
        ("Numerous nevi", "multiple nevi"),
        ("Pre-auricular pit", "preauricular pit"),
        ("Abnormality of the skin", "cutaneous abnormality"),
        ("Hypopigmentation of hair", "hair hypopigmentation"),
    ],
)
def test_a_name_is_said_in_other_ways(name, phrase):
    assert phrase in dict(phrase_variants(name))


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("Ulnar hypoplasia", "hypoplasia of the ulnar"),
        ("Abnormal renal morphology", "abnormal renal"),
        ("Cyst of the kidney or liver", "cyst of kidney or liver"),
        ("Neonatal death", "neo-natal death"),
        ("Prenatal death", "pre-natal death"),
    ],
)
def test_what_is_no_phrase_is_not_made(name, phrase):
    assert phrase not in dict(phrase_variants(name))


@given(st.text(max_size=60))
def test_any_name_has_few_variants_and_is_none_itself(name):
    variants = [text for text, _ in phrase_variants(name)]
    assert len(variants) <= MOST
    assert len(set(variants)) == len(variants)
    assert name.lower() not in variants or not name[1:].islower()


def test_phrases_are_names_of_phenotypes_alone(make_lexicon):
    lexicon = make_lexicon(PHENOTYPES)

    def curies(text: str) -> list[str]:
        return [entry.curie for entry in lexicon.lookup(text)]

    assert curies("thumb anomalies") == ["HP:1"]
    assert curies("calcification of the falx cerebri") == ["HP:2"]
    assert curies("hypoplastic ulna") == ["HP:3"]
    assert curies("pre-auricular pits") == ["HP:5"]
    assert curies("carcinoma of lung") == []
    assert normal_key("carcinoma of the lung") == normal_key("Carcinoma of the lungs")


def test_a_name_of_its_own_comes_before_a_phrase(make_lexicon, schema):
    from kgbuild.normalizer.linker import Linker

    lexicon = make_lexicon(PHENOTYPES)
    assert {e.curie for e in lexicon.lookup("skin anomaly")} == {"HP:4", "HP:6"}
    best = Linker(lexicon, schema=schema).resolve("skin anomaly", "PhenotypicFeature").best
    assert best.curie == "HP:6"


def test_vocabularies_names_stay_as_they_are(make_lexicon):
    lexicon = make_lexicon(PHENOTYPES)
    assert {text for text, *_ in lexicon.each_name()} == {
        name for t in PHENOTYPES for name in (t.name, *(s.text for s in t.synonyms))
    }
    assert lexicon.all_names("HP:1") == ("Abnormal thumb morphology",)


def test_former_ids_mean_the_same_to_an_evaluation(make_lexicon, schema):
    lexicon = make_lexicon(
        [
            term("HP:10", "Short stature", "PhenotypicFeature", exact=("HP:11",)),
            term("HP:12", "obsolete Dwarfism", "PhenotypicFeature", obsolete=True,
                 replaced_by="HP:10"),
        ]
    )  # fmt: skip
    of = cross_references(lexicon, schema)
    assert set(of("HP:10") or ()) == {"HP:11", "HP:12"}
    assert of("HP:99") == ()
