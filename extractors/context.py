"""What the words around a name say about its category."""

from __future__ import annotations

import re

__all__ = ["context_bonus", "in_shouted_line"]

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
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[\s-]*\Z")
_WINDOW = 30


def context_bonus(text: str, start: int, end: int, category: str) -> float:
    """Return how much the words beside ``text[start:end]`` favour a category: 0 to 0.25.

    Categories that have no cues of their own (another field's) get 0.
    """
    bonus = 0.0
    if category in _AFTER_WORDS:
        after = _WORD_AFTER.match(text, end, end + _WINDOW)
        if after and after[1].lower() in _AFTER_WORDS[category]:
            bonus += 0.15
    if category in _BEFORE_WORDS:
        before = _WORD_BEFORE.search(text[max(0, start - _WINDOW) : start])
        if before and before[1].lower() in _BEFORE_WORDS[category]:
            bonus += 0.1
    return bonus


def in_shouted_line(text: str, start: int, end: int) -> bool:
    """Tell whether the text around is all in capitals, so that capitals mean nothing there."""
    around = text[max(0, start - 40) : start] + text[end : end + 40]
    letters = [c for c in around if c.isalpha()]
    return len(letters) >= 20 and sum(map(str.isupper, letters)) > 0.8 * len(letters)
