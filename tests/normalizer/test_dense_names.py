"""Which names have vectors beforehand, which later, and that both are searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kgbuild.normalizer.coded import categories_of_codes
from kgbuild.normalizer.dense_names import DenseNames, in_one_order
from kgbuild.normalizer.late_vectors import LateVectors
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Synonym, Term
from kgbuild.testing import HashingEncoder

TERMS = [
    Term("D:1", "Neoplasms, Breast", "Disease", (Synonym("Breast Neoplasms"),)),
    Term("D:2", "Cerebral hemorrhage", "Disease", (Synonym("CH", "abbreviation"),)),
    Term("C:1", "clonazepam", "ChemicalEntity"),
    Term("C:2", "lamivudine", "ChemicalEntity", (Synonym("3TC", "abbreviation"),)),
    Term("G:1", "peroxisome proliferator activated receptor gamma", "Gene"),
    Term("T:1", "Escherichia coli", "OrganismTaxon"),
]


class Telling(HashingEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__(dimension=64)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]):  # type: ignore[no-untyped-def]
        self.asked += texts
        return super().encode(texts)


@pytest.fixture(scope="module")
def own(make_lexicon: Callable[[Sequence[Term]], Lexicon]) -> Lexicon:
    return make_lexicon(TERMS)


def test_codes_are_encoded_when_a_text_is_like_them(
    own: Lexicon, schema: Schema, tmp_path: Path
) -> None:
    encoder = Telling()
    names = DenseNames(own, encoder, schema=schema, folder=tmp_path)
    [found] = names.search(["cerebral haemorrhage"], k=3, category="Disease")
    assert found[0].curie == "D:2"
    assert set(encoder.asked) == {
        "Breast Neoplasms", "Cerebral hemorrhage", "cerebral haemorrhage",
    }  # fmt: skip
    encoder.asked.clear()
    first, second = names.search(["lamivudin", "xyzzy"], k=3, category="ChemicalEntity")
    assert [(c.curie, c.name, c.method) for c in first] == [("C:2", "lamivudine", "dense")]
    assert second == []
    assert set(encoder.asked) == {"lamivudin", "lamivudine", "xyzzy"}


def test_no_name_is_encoded_beforehand_where_that_is_asked_for(
    own: Lexicon, schema: Schema, tmp_path: Path
) -> None:
    encoder = Telling()
    names = DenseNames(own, encoder, schema=schema, folder=tmp_path, beforehand=False)
    [found] = names.search(["cerebral haemorrhage"], k=3, category="Disease")
    assert [candidate.curie for candidate in found] == ["D:2"]
    assert set(encoder.asked) == {"cerebral haemorrhage", "Cerebral hemorrhage"}
    assert list(tmp_path.iterdir()) == []


def test_all_categories_are_searched_together(own: Lexicon, schema: Schema, tmp_path: Path) -> None:
    names = DenseNames(own, HashingEncoder(dimension=64), schema=schema, folder=tmp_path)
    [found] = names.search(["clonazepan"], k=4)
    assert found[0].curie == "C:1"
    assert {c.curie for c in found} >= {"D:1", "D:2"}
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert names.search(["clonazepan"], k=1)[0] == found[:1]
    assert names.search(["clonazepan"], k=2, category="Pathway") == [[]]
    assert names.search([], k=2) == []


def test_scores_are_those_of_vectors_made_beforehand(own: Lexicon, schema: Schema) -> None:
    encoder = HashingEncoder(dimension=64)
    late = LateVectors(own, encoder)
    one, two = encoder.encode(["Escherichia coly", "Escherichia coli"])
    [found, again] = late.search(["Escherichia coly"] * 2, k=1, category=["OrganismTaxon"])
    assert found == again
    assert found[0].score == pytest.approx(float(one @ two), abs=1e-6)


def test_abbreviations_are_never_encoded(own: Lexicon) -> None:
    encoder = Telling()
    assert LateVectors(own, encoder).search(["3TCx"], k=3, category="ChemicalEntity") == [[]]
    assert "3TC" not in encoder.asked


def test_another_encoder_or_lexicon_has_an_index_of_its_own(
    own: Lexicon,
    make_lexicon: Callable[[Sequence[Term]], Lexicon],
    schema: Schema,
    tmp_path: Path,
) -> None:
    for lexicon, dimension in ((own, 64), (own, 32), (make_lexicon(TERMS[:2]), 64)):
        encoder = HashingEncoder(dimension=dimension)
        names = DenseNames(lexicon, encoder, schema=schema, folder=tmp_path)
        assert names.search(["breast neoplasm"], k=1, category="Disease")[0][0].curie == "D:1"
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 3


def test_an_index_of_another_format_is_built_again(
    own: Lexicon, schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        monkeypatch.setattr("kgbuild.normalizer.index.FORMAT", number)
        monkeypatch.setattr("kgbuild.normalizer.dense_names.FORMAT", number)
        names = DenseNames(own, HashingEncoder(dimension=64), schema=schema, folder=tmp_path)
        assert names.search(["breast neoplasm"], k=1, category="Disease")[0][0].curie == "D:1"


def test_of_two_orders_of_a_name_the_natural_one_stays() -> None:
    names = [
        ("Neoplasms, Breast", "D:1", "Disease"),
        ("Breast Neoplasms", "D:1", "Disease"),
        ("Neoplasm, Breast", "D:1", "Disease"),
        ("Breast Neoplasms", "D:9", "Disease"),
        ("Neoplasms of the Breast", "D:1", "Disease"),
        ("Breast Neoplasm", "D:1", "PhenotypicFeature"),
        ("+", "D:1", "Disease"),
        ("-", "D:1", "Disease"),
    ]
    assert sorted(in_one_order(names)) == [
        ("+", "D:1", "Disease"),
        ("-", "D:1", "Disease"),
        ("Breast Neoplasm", "D:1", "PhenotypicFeature"),
        ("Breast Neoplasms", "D:1", "Disease"),
        ("Breast Neoplasms", "D:9", "Disease"),
        ("Neoplasms of the Breast", "D:1", "Disease"),
    ]


def test_what_is_a_code_follows_the_schema(schema: Schema) -> None:
    categories = ("Gene", "Protein", "ChemicalEntity", "Disease", "OrganismTaxon", "Pathway")
    assert categories_of_codes(categories, schema) == {"Gene", "Protein", "ChemicalEntity"}
    assert "OrganismTaxon" in categories_of_codes(categories, schema, also=["OrganismTaxon"])
