"""One corpus in several formats is one gold standard; its counts are the published ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.config import Config
from kgbuild.evaluation.result import Resampling
from kgbuild.evaluation.run import Request, evaluate

NO_DRAWS = Resampling(samples=0)


@pytest.mark.parametrize("name", ["Dev.BioC.JSON", "Dev.BioC.XML"])
def test_biored_in_bioc_is_biored_in_pubtator(name: str, shared: Path) -> None:
    folder = shared / "corpora" / "biored"
    found = evaluate(
        Request([folder / "Dev.PubTator"], Config(), [folder / name], resampling=NO_DRAWS)
    )
    assert not found.notes and not found.differences and not found.relations
    assert all(row.score.f1 == 1.0 for table in found.tables for row in table.rows)
    assert found.score("mentions.strict", "micro").gold == 3533
    levels = ("pair", "pair and type", "pair and novelty", "all three")
    assert {found.score("relations", level).gold for level in levels} == {1162}


def test_bc5cdr_counts_and_the_parts_that_its_bioc_adds(shared: Path) -> None:
    folder = shared / "corpora" / "bc5cdr"
    gold, bioc = "CDR_DevelopmentSet.PubTator.txt", "CDR_DevelopmentSet.BioC.xml"
    found = evaluate(Request([folder / gold], Config(), [folder / bioc], resampling=NO_DRAWS))
    assert found.score("relations", "CID").gold == 1012
    assert found.score("relations", "CID").f1 == found.score("identifiers", "micro").f1 == 1.0
    strict = {c: found.score("mentions.strict", c) for c in ("ChemicalEntity", "Disease")}
    assert [score.gold for score in strict.values()] == [5347, 4244]
    # BioC lists the parts of composite mentions beside the whole, and nothing else that differs.
    assert all(score.recall == 1.0 and score.found > score.gold for score in strict.values())
    assert found.score("mentions.overlap", "micro").f1 == 1.0


def test_ncbi_disease_holds_one_document_twice(shared: Path) -> None:
    path = shared / "corpora" / "ncbi_disease" / "NCBItrainset_corpus.txt"
    found = evaluate(
        Request([path], Config(), [path], tasks=["mentions", "grounding"], resampling=NO_DRAWS)
    )
    assert found.documents == 592
    assert "read twice, the first kept: PMID:8528200" in found.notes[0]
    assert found.score("identifiers", "Disease").f1 == 1.0
