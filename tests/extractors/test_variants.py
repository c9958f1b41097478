from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.extractors.variants import VariantRecognizer
from kgbuild.normalizer.variant_names import normal_variant, rs_number
from kgbuild.protocols import Recognizer
from kgbuild.records import AnnotatedDocument, Document


def found(text: str) -> list[str]:
    (mentions,) = VariantRecognizer().recognize([AnnotatedDocument(Document("PMID:1", text))])
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.text
        assert mention.category == "SequenceVariant"
    return [mention.text for mention in mentions]


def test_it_is_a_recognizer():
    assert isinstance(VariantRecognizer(), Recognizer)
    assert found("") == []


@pytest.mark.parametrize(
    ("text", "variants"),
    [
        ("The SNP rs113488022 was typed.", ["rs113488022"]),
        ("BRAF V600E mutations", ["V600E"]),
        ("a p.Val600Glu change", ["p.Val600Glu"]),
        ("(p.V600E)", ["p.V600E"]),
        ("c.35G>A and c.1521_1523delCTT", ["c.35G>A", "c.1521_1523delCTT"]),
        ("NM_004333.4:c.1799T>A was found", ["NM_004333.4:c.1799T>A"]),
        ("Val600Glu", ["Val600Glu"]),
        ("F508del and ΔF508 in CFTR", ["F508del", "ΔF508"]),
        ("the 1138G-->A change", ["1138G-->A"]),
        ("MTHFR C677T polymorphism", ["C677T"]),
        (
            "The R117H mutation. Later, R117H again and again." + " x" * 200 + " R117H",
            ["R117H"] * 3,
        ),
    ],
)
def test_notations_are_found(text, variants):
    assert found(text) == variants


@pytest.mark.parametrize(
    "text",
    [
        "We drank H2O with T4 and E2F.",
        "T47D cells carried no mutations",
        "the D10A strain of mutant mice",
        "patients P1 to P9 with mutations",
        "at 37C with 5 mM",
        "IL-2, CD4 and H3K4 methylation",
        "version V100A of the device",
        "In 1999 G. Smith",
    ],
)
def test_what_looks_alike_is_not(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("V600E", "p.Val600Glu"),
        ("Val600Glu", "p.Val600Glu"),
        ("p.(Val600Glu)", "p.Val600Glu"),
        ("R553X", "p.Arg553Ter"),
        ("F508del", "p.Phe508del"),
        ("delta F508", "p.Phe508del"),
        ("c.35G>A", "c.35G>A"),
        ("35 G-->A", "c.35G>A"),
        ("rs 123", "rs123"),
        ("B600E", ""),
        ("anything", ""),
        ("", ""),
    ],
)
def test_notations_have_one_form(text, form):
    assert normal_variant(text) == form


def test_rs_numbers_are_identifiers():
    assert rs_number("rs#123456") == "DBSNP:rs123456"
    assert rs_number("dbSNP: rs123456") == "DBSNP:rs123456"
    assert rs_number("doors12") == ""


@given(st.text(max_size=300))
def test_any_text_gives_places_that_hold(text):
    found(text)


def test_a_million_characters():
    assert len(found("The V600E mutation of BRAF. " * 36_000)) == 36_000
