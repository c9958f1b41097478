from __future__ import annotations

from pathlib import Path

import pytest
from parsing import parse, split, write

from kgbuild.config import Config
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
    found = categories_below([*terms, *circle], {"top": "T", "other": "O"})
    assert found == {
        "top": "T", "other": "O", "a": "T", "b": "O", "c": "O", "b2": "T", "d": "T", "e": "T",
    }  # fmt: skip


def test_a_branch_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "mixed.tsv", MIXED)
    terms, failures = split(parse(path, branches={"X:77": "Disease"}))
    assert len(terms) == 9
    assert [(f.place, f.reason) for f in failures] == [
        ("X:77", "no term is below X:77: their categories are given to none")
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


def test_a_configuration_names_branches(tmp_path: Path) -> None:
    spec = {"name": "efo", "branches": {"EFO:0001444": "Phenomenon"}}
    [found] = Config.model_validate({"vocabularies": [spec]}).vocabulary_specs()
    assert found.branches == {"EFO:0001444": "Phenomenon"}
