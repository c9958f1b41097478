"""The questions of docs/rdf.md, with their answers in the example graph."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "rdf.md"
_QUESTIONS = re.findall(r"^```sparql\n(.*?)^```", _PAGE.read_text("utf-8"), re.DOTALL | re.M)
_ANSWERS: list[list[list[Any]]] = [
    [["CHEBI:6801", "metformin", 0.91, 2]],
    [
        ["Metformin is first-line treatment for type 2 diabetes.", "PMID:90000001", 0, 54],
        ["In adults with T2DM, metformin lowered HbA1c.", "PMID:90000002", 100, 145],
    ],
    [["vemurafenib", "BRAF"]],
    [["acetylsalicylic acid", "decreased", "PTGS2"], ["vemurafenib", "decreased", "BRAF"]],
    [["MONDO:0005148", "type 2 diabetes mellitus"]],
    [["hydroxychloroquine", "treats", "COVID-19",
      "Hydroxychloroquine did not reduce deaths from COVID-19."]],
    [["BRAF", 2], ["BRAF V600E", 1], ["vemurafenib", 1]],
    [["BRAF V600E", "associated with", "melanoma", 2011],
     ["vemurafenib", "inhibits", "BRAF", 2011],
     ["vemurafenib", "treats", "melanoma", 2011],
     ["metformin", "treats", "type 2 diabetes mellitus", 2012]],
    [["patterns/1", 11, pytest.approx(0.65545, abs=1e-4)]],
    [["disease", 7], ["chemical entity", 5], ["gene", 3], ["phenotypic feature", 1],
     ["sequence variant", 1]],
]  # fmt: skip
QUESTIONS = list(zip(_QUESTIONS, _ANSWERS, strict=True))
