from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.text import find_abbreviations, split_sentences

FOUND = [
    (
        "attenuated adenomatous polyposis coli (AAPC) and adenomatous polyposis coli (APC)",
        {"AAPC": "attenuated adenomatous polyposis coli", "APC": "adenomatous polyposis coli"},
    ),
    ("non-small-cell lung cancer (NSCLC)", {"NSCLC": "non-small-cell lung cancer"}),
    ("pre-acute myeloid leukaemia (AML)", {"AML": "pre-acute myeloid leukaemia"}),
    ("Tumor necrosis factor (TNF) rose.", {"TNF": "Tumor necrosis factor"}),
    ("tumor necrosis factor alpha (TNF-alpha)", {"TNF-alpha": "tumor necrosis factor alpha"}),
    ("the epidermal growth factor receptor (EGFR)", {"EGFR": "epidermal growth factor receptor"}),
    ("TNF (tumor necrosis factor) rose.", {"TNF": "tumor necrosis factor"}),
    ("IL-6 (interleukin-6) and IL-8", {"IL-6": "interleukin-6"}),
    ("interleukin 6 (IL6)", {"IL6": "interleukin 6"}),
    ("amyotrophic lateral sclerosis (ALS)", {"ALS": "amyotrophic lateral sclerosis"}),
    ("acquired immune deficiency syndrome [AIDS]", {"AIDS": "acquired immune deficiency syndrome"}),
    ("magnetic resonance imaging (MRI, 3 T)", {"MRI": "magnetic resonance imaging"}),
    ("tumor necrosis factor (TNF; also cachectin)", {"TNF": "tumor necrosis factor"}),
    ("central nervous system (CNS) and peripheral nervous system (PNS)",
     {"CNS": "central nervous system", "PNS": "peripheral nervous system"}),
    ("cystic fibrosis transmembrane conductance regulator (CFTR)",
     {"CFTR": "cystic fibrosis transmembrane conductance regulator"}),
    ("chronic obstructive pulmonary disease (COPD)",
     {"COPD": "chronic obstructive pulmonary disease"}),
    ("polymerase chain reaction (PCR)", {"PCR": "polymerase chain reaction"}),
    ("body mass index (BMI; kg/m2)", {"BMI": "body mass index"}),
    ("heat shock protein 70 (HSP70)", {"HSP70": "heat shock protein 70"}),
    ("N-methyl-D-aspartate (NMDA)", {"NMDA": "N-methyl-D-aspartate"}),
    ("5-hydroxytryptamine (5-HT)", {"5-HT": "5-hydroxytryptamine"}),
    ("gamma-aminobutyric acid (GABA)", {"GABA": "gamma-aminobutyric acid"}),
    ("low-density lipoprotein (LDL) cholesterol", {"LDL": "low-density lipoprotein"}),
    ("antisocial personality disorder (ASPD)", {"ASPD": "antisocial personality disorder"}),
    ("calcitonin gene-related peptide (CGRP)", {"CGRP": "calcitonin gene-related peptide"}),
    ("nuclear factor kappa B (NF-kB)", {"NF-kB": "nuclear factor kappa B"}),
    ("deoxyribonucleic acid (DNA)", {"DNA": "deoxyribonucleic acid"}),
    ("messenger RNA (mRNA) levels", {"mRNA": "messenger RNA"}),
    ("small interfering RNAs (siRNAs)", {"siRNAs": "small interfering RNAs"}),
    ("human papillomavirus (HPV)-positive tumours", {"HPV": "human papillomavirus"}),
    ("the angiotensin-converting enzyme (\"ACE\")", {"ACE": "angiotensin-converting enzyme"}),
    ("type 2 diabetes (T2D)", {"T2D": "type 2 diabetes"}),
    ("systemic lupus erythematosus (SLE) (n = 20)", {"SLE": "systemic lupus erythematosus"}),
    ("reactive oxygen species (ROS) or nitric oxide (NO)",
     {"ROS": "reactive oxygen species", "NO": "nitric oxide"}),
    ("glyceraldehyde-3-phosphate dehydrogenase (GAPDH)",
     {"GAPDH": "glyceraldehyde-3-phosphate dehydrogenase"}),
    ("long short-term memory (LSTM)", {"LSTM": "long short-term memory"}),
    ("nonsteroidal anti-inflammatory drugs (NSAIDs)",
     {"NSAIDs": "nonsteroidal anti-inflammatory drugs"}),
    ("severe combined immunodeficiency (SCID) mice", {"SCID": "severe combined immunodeficiency"}),
    ("Unbalanced ( text with acute kidney injury (AKI) in it", {"AKI": "acute kidney injury"}),
]  # fmt: skip
NOT_FOUND = [
    "Patients (n = 20) were seen.",
    "It rose (P < 0.05).",
    "The result (Figure 2) was clear.",
    "Aspirin (2003) was given.",
    "Aspirin (Bayer) was given.",
    "the drug (see below) worked",
    "cells (both kinds) grew",
    "We saw it (A).",
    "interleukin 6 (XYZ)",
    "(TNF) without a long form",
    "an old thing (AT) of and the",
    "",
]


def found(text: str) -> dict[str, str]:
    result = {}
    for a in find_abbreviations(text, split_sentences(text)):
        assert text[a.short_start : a.short_start + len(a.short)] == a.short
        assert text[a.long_start : a.long_start + len(a.long)] == a.long
        result[a.short] = a.long
    return result


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: dict[str, str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", NOT_FOUND)
def test_not_found(text: str) -> None:
    assert found(text) == {}


def test_definitions_do_not_cross_sentences() -> None:
    assert found("We saw tumor necrosis factor. (TNF) is in the next sentence.") == {}


@given(st.text(alphabet="ABab ()[];,1-. ", max_size=120))
def test_offsets_hold_for_any_text(text: str) -> None:
    found(text)
