from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.errors import ConfigError
from kgbuild.extractors.gazetteer import KINDS, Gazetteer, fold_words
from kgbuild.extractors.word_features import FEATURES, SHAPES, multi_hot, shape_of

NAMES = [
    ("chronic myeloid leukemia", "Disease"), ("leukemia", "Disease"), ("IL-2", "Gene"),
    ("WAS", "Gene"), ("Mice", "OrganismTaxon"), ("β-catenin", "Protein"), ("cat", "OrganismTaxon"),
    ("renal tumor", "Disease"), ("interleukin 2 receptor", "Gene"), ("2", "Gene"), ("x", "Gene"),
    ("salt", "ChemicalEntity"), ("city", "Nowhere"),
]  # fmt: skip
DISEASE, GENE, ORGANISM = (KINDS.index(kind) for kind in ("disease", "gene", "organism"))


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.build(NAMES, fingerprint="names of the test")


def tags(gazetteer: Gazetteer, text: str, kind: int, **extra: int) -> list[int]:
    return gazetteer.tag(text.split(" "), extra)[:, kind].tolist()


def test_the_longest_name_of_each_kind_is_marked(gazetteer: Gazetteer) -> None:
    assert tags(gazetteer, "a chronic myeloid leukemia case", DISEASE) == [0, 1, 2, 3, 0]
    assert tags(gazetteer, "myeloid leukemia", DISEASE) == [0, 4]
    assert tags(gazetteer, "interleukin 2 receptor", GENE) == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("chronic myeloid leukaemias", DISEASE, [1, 2, 3]),
        ("Renal Tumours", DISEASE, [1, 3]),
        ("IL2 il - 2", GENE, [4, 1, 2, 3]),
        ("beta - catenin", GENE, [1, 2, 3]),
        ("mice", ORGANISM, [4]),
        ("it was WAS", GENE, [0, 0, 4]),
    ],
)
def test_spellings_of_a_name_match(
    gazetteer: Gazetteer, text: str, kind: int, expected: list[int]
) -> None:
    assert tags(gazetteer, text, kind) == expected


def test_no_name_ends_inside_a_word_or_is_a_number_or_letter(gazetteer: Gazetteer) -> None:
    assert not gazetteer.tag(["IL23", "2", "x", "city"]).any()


def test_short_forms_of_a_document_count_in_it(gazetteer: Gazetteer) -> None:
    assert gazetteer.kinds_of("chronic myeloid leukemia") == 1 << DISEASE
    assert gazetteer.kinds_of("nothing known") == 0
    assert tags(gazetteer, "CML is", DISEASE, CML=1 << DISEASE) == [4, 0]


def test_it_comes_back_from_its_file(gazetteer: Gazetteer, tmp_path: Path) -> None:
    gazetteer.save(tmp_path / "names.npz")
    again = Gazetteer.open(tmp_path / "names.npz")
    words = ["chronic", "myeloid", "leukemia", "and", "WAS", "in", "mice"]
    assert np.array_equal(again.tag(words), gazetteer.tag(words))
    assert again.fingerprint == gazetteer.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["names.npz"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut off", b"something else"])
def test_a_file_that_is_none_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(ConfigError, match=r"x\.npz is no whole gazetteer"):
        Gazetteer.open(tmp_path / "x.npz")


def test_two_know_the_names_of_both(gazetteer: Gazetteer) -> None:
    other = Gazetteer.build([("asthma", "Disease"), ("IL-2", "ChemicalEntity")], fingerprint="2")
    both = gazetteer.joined(other)
    assert both.tag(["asthma", "IL2", "mice"]).any(axis=1).all()
    assert both.fingerprint not in {gazetteer.fingerprint, other.fingerprint}
    assert not gazetteer.tag(["asthma"]).any()
    with pytest.raises(ValueError, match="save each"):
        both.save(Path("never.npz"))


def test_an_empty_one_knows_nothing() -> None:
    empty = Gazetteer.build([])
    assert not empty.tag(["asthma"]).any()
    assert empty.tag([]).shape == (0, len(KINDS))


@given(st.lists(st.text("abcdefgh ", min_size=6, max_size=20), max_size=60))
def test_every_name_is_found_and_hardly_another(names: list[str]) -> None:
    known = [name for name in names if fold_words(name)]
    gazetteer = Gazetteer.build([(name, "Disease") for name in known])
    for name in known:
        short = len(fold_words(name)) > 8 or all(len(p) == 1 for p in fold_words(name))
        if not short:
            assert gazetteer.kinds_of(name) == 1 << DISEASE


def test_features_say_shape_and_place_in_a_name(gazetteer: Gazetteer) -> None:
    words = ["Leukemia", "IL2"]
    rows = multi_hot([shape_of(word) for word in words], gazetteer.tag(words))
    assert rows.shape == (2, FEATURES)
    assert rows.sum(axis=1).tolist() == [2, 2]
    assert rows[0, SHAPES.index("Initial")] == rows[1, SHAPES.index("Caps1")] == 1
