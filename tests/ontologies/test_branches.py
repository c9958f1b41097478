from __future__ import annotations

from pathlib import Path

import pytest
from parsing import parse, split, write

from kgbuild.components import check, prepare
from kgbuild.config import Config
from kgbuild.errors import ConfigError
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.ontologies import add_vocabulary, open_vocabulary, vocabulary_info
from kgbuild.ontologies.branches import categories_below
from kgbuild.records import Term

MIXED = """\
id\tname\tcategory\tparents
X:1\tthing\t\t
X:2\tdisease\t\tX:1
X:3\tfever\tProcedure\tX:2
X:4\tdrug\t\tX:1
X:5\tfever drug\t\tX:3|X:4
X:6\tantipyretic role\t\tX:4
X:7\tanalgesic antipyretic role\t\tX:6
X:8\tstone\t\tX:1
Y:9\timported fever\t\tX:3
"""
BRANCHES = {"X:2": "Disease", "X:4": "ChemicalEntity", "X:6": "ChemicalRole"}


def test_what_is_below_a_term_has_the_category_of_the_branch(tmp_path: Path) -> None:
    path = write(tmp_path, "mixed.tsv", MIXED)
    terms, failures = split(parse(path, branches=BRANCHES, category="NamedThing"))
    assert not failures
    assert {term.id: term.category for term in terms} == {
        "X:1": "NamedThing", "X:2": "Disease", "X:3": "Disease", "X:4": "ChemicalEntity",
        "X:5": "ChemicalEntity", "X:6": "ChemicalRole", "X:7": "ChemicalRole",
        "X:8": "NamedThing", "Y:9": "Disease",
    }  # fmt: skip


def test_what_is_left_out_still_leads_to_its_branch(tmp_path: Path) -> None:
    path = write(tmp_path, "mixed.tsv", MIXED)
    terms, _ = split(parse(path, branches={"X:2": "Disease"}, keep=("Y",)))
    assert [(term.id, term.category) for term in terms] == [("Y:9", "Disease")]


def test_the_nearest_branch_decides_then_their_order_and_circles_end() -> None:
    def term(curie: str, *parents: str) -> Term:
        return Term(curie, curie, "", parents=parents)

    terms = [term("a", "top"), term("b", "a", "other"), term("c", "b"), term("b2", "top", "other")]
    circle = [term("d", "e", "top"), term("e", "d")]
    found, empty = categories_below([*terms, *circle], {"top": "T", "other": "O"})
    assert not empty
    assert found == {
        "top": "T", "other": "O", "a": "T", "b": "O", "c": "O", "b2": "T", "d": "T", "e": "T",
    }  # fmt: skip


def test_a_branch_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "mixed.tsv", MIXED)
    branches = {"X:2": "Disease", "X:77": "Drug", "X:8": "Phenomenon"}
    terms, failures = split(parse(path, branches=branches))
    assert len(terms) == 9
    assert {t.id: t.category for t in terms}["X:8"] == "Phenomenon"
    assert [(f.place, f.reason) for f in failures] == [
        ("X:77", "no term, and above none: nothing is Drug by this branch")
    ]


def test_roots_are_written_as_the_file_writes_its_ids(tmp_path: Path) -> None:
    path = write(tmp_path, "m.tsv", "id\tname\tparents\nmesh:D1\till\t\nmesh:D2\tfever\tmesh:D1\n")
    terms, failures = split(parse(path, branches={"mesh:D1": "Disease"}))
    assert not failures
    assert [(t.id, t.category) for t in terms] == [("MESH:D1", "Disease"), ("MESH:D2", "Disease")]
    bare = write(tmp_path, "b.tsv", "id\tname\tparents\n1\till\t\n2\tfever\t1\n")
    terms, failures = split(parse(bare, branches={"1": "Disease"}, prefix="MY"))
    assert not failures
    assert [(t.id, t.category) for t in terms] == [("MY:1", "Disease"), ("MY:2", "Disease")]


def test_ones_own_branches_come_before_those_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "cache"))
    path = write(tmp_path, "two.tsv", "id\tname\tparents\nX:1\ta\t\nX:2\tb\t\nX:3\tc\tX:1|X:2\n")
    add_vocabulary(path, name="two", branches={"X:1": "Disease"})
    opened = open_vocabulary("two", branches={"X:2": "Drug"})
    assert [t.category for t in opened.terms() if isinstance(t, Term)] == [
        "Disease",
        "Drug",
        "Drug",
    ]


def test_branches_are_kept_with_a_vocabulary_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "cache"))
    path = write(tmp_path, "mixed.tsv", MIXED)
    plain = open_vocabulary(path)
    assert plain.fingerprint != open_vocabulary(path, branches=BRANCHES).fingerprint
    add_vocabulary(path, name="mixed", branches=BRANCHES)
    assert vocabulary_info("mixed").categories["ChemicalRole"] == 2


def test_a_configuration_names_branches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "cache"))
    path = write(tmp_path, "mixed.tsv", MIXED)

    def config(category: str) -> Config:
        spec = {"name": str(path), "branches": {"X:2": category}, "category": "NamedThing"}
        return Config.model_validate({"vocabularies": [spec], "grounding": {"dense": "off"}})

    one, other = (prepare(config(name)) for name in ("Disease", "PhenotypicFeature"))
    assert one.lexicon.fingerprint != other.lexicon.fingerprint
    assert Lexicon.open(one.lexicon_folder).label("X:3") == ("fever", "Disease")
    check(config("Disease"))
    for wrong in ("Diseas", ""):
        with pytest.raises(ConfigError, match=r"has no category '.*': (did you mean|it has)"):
            check(config(wrong))
