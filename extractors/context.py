"""What the words around a name say about its category."""

from __future__ import annotations

import re

__all__ = ["context_bonus", "in_shouted_line", "words_beside"]

_AFTER = {
    "Gene": "gene genes mrna protein proteins receptor receptors promoter expression polymorphism "
    "polymorphisms mutation mutations mutant mutants allele alleles locus transcript transcripts "
    "kinase antibody antibodies knockout overexpression deficient variant variants exon levels",
    "Disease": "patients patient syndrome disease diseases disorder disorders symptoms diagnosis "
    "onset prevalence incidence risk severity remission relapse survivors mortality families",
    "PhenotypicFeature": "symptoms severity scores score",
    "ChemicalEntity": "treatment therapy administration mg dose doses infusion exposure intake "
    "injection tablets toxicity levels concentration concentrations supplementation withdrawal",
    "CellLine": "cells cell line lines",
}
_BEFORE = {
    "Gene": "gene genes protein receptor encoding encodes expressing human mouse mutant",
    "Disease": "with from diagnosed have had develop developed having suffering familial chronic",
    "ChemicalEntity": "mg dose administered received oral intravenous of taking using plus μm mm",
}
_AFTER_WORDS = {c: frozenset(words.split()) for c, words in _AFTER.items()}
_BEFORE_WORDS = {c: frozenset(words.split()) for c, words in _BEFORE.items()}
_WORD_AFTER = re.compile(r"[\s-]*([^\W\d_]+)")
_GAP = " -\t\n\r\f\v\u00a0\u2009"
_WINDOW = 30
_ENOUGH = 20


def words_beside(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the words before and after ``text[start:end]`` in lower case, "" where none is."""
    after = _WORD_AFTER.match(text, end, end + _WINDOW)
    head = text[max(0, start - _WINDOW) : start].rstrip(_GAP)
    at = len(head)
    while at and head[at - 1].isalpha():
        at -= 1
    return head[at:].lower(), after[1].lower() if after else ""


def context_bonus(before: str, after: str, category: str) -> float:
    """Return how much the words beside a name favour a category: 0 to 0.25.

    Categories that have no cues of their own (another field's) get 0.

    >>> context_bonus("human", "gene", "Gene"), context_bonus("human", "gene", "Tool")
    (0.25, 0.0)
    """
    bonus = 0.15 if after in _AFTER_WORDS.get(category, ()) else 0.0
    return bonus + (0.1 if before in _BEFORE_WORDS.get(category, ()) else 0.0)


def in_shouted_line(text: str, start: int, end: int) -> bool:
    """Tell whether the text around is all in capitals, so that capitals mean nothing there."""
    around = text[max(0, start - 40) : start] + text[end : end + 40]
    if sum(map(str.isupper, around)) <= 0.8 * _ENOUGH:
        return False
    letters = [c for c in around if c.isalpha()]
    return len(letters) >= _ENOUGH and sum(map(str.isupper, letters)) > 0.8 * len(letters)
