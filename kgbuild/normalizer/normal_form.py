"""The normal form of a name: what stays when spelling variants are taken away.

Names and running text are folded in the same way, so that a scan of folded text for folded names
finds every spelling at once, and the token table leads each hit back to the original characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from kgbuild.normalizer.folding import ROMAN, fold_token, roman_number, word_set

__all__ = ["NORMAL_FORM_VERSION", "NormalForm", "normal_form", "normal_key", "tokens"]

NORMAL_FORM_VERSION = 1
"""Goes up whenever a key changes: lexicons built by another version are built again."""

_DIGIT = r"\d²³¹⁰⁴-⁹₀-₉"
_GREEK = "Ͱ-Ͽµ"
_MARKS = "\u0300-\u036f"
_SPELLED = "alpha|beta|gamma|delta|epsilon|kappa|lambda|sigma|theta|zeta|omega"
_TOKEN = re.compile(
    rf"[A-Z]{{2,}}(?=(?:{_SPELLED})(?![a-z]))"  # the TNF of TNFalpha
    rf"|(?:{_SPELLED})(?=[A-Z](?![a-z]))"  # the kappa of NF-kappaB
    rf"|[^\W_{_DIGIT}{_GREEK}]+(?:[{_MARKS}]+[^\W_{_DIGIT}{_GREEK}]*)*(?:['’][sS](?!\w))?"
    rf"|[{_DIGIT}]+"
    rf"|[{_GREEK}]"
    r"|(?<=[^\W_])\++"  # CD4+, Ca2+
    r"|\([+\-−±]\)"  # (+)-catechin is not (-)-catechin
    rf"|(?<=[{_DIGIT}])['′’‘ʹ]"  # 5'-nucleotidase
)
_BEFORE_NUMERAL = word_set(
    """
    type types subtype subtypes factor factors class classes stage stages grade grades phase phases
    complex complexes collagen group groups angiotensin annexin topoisomerase polymerase
    mucopolysaccharidosis mucolipidosis glycogenosis schedule level region category form cranial
    nerve photosystem synapsin cathepsin hexokinase interleukin apolipoprotein chromosome
    """
)


class _Folds(dict[str, str]):
    """Folded tokens, computed once each; emptied when it grows beyond reason.

    ``numerals`` are those that are Roman numerals after some words.
    """

    def __init__(self) -> None:
        super().__init__()
        self.numerals: set[str] = set()

    def __missing__(self, token: str) -> str:
        if len(self) > 500_000:
            self.clear()
        self[token] = folded = fold_token(token)
        if token[0] in "IVXivx" and len(token) <= 6 and roman_number(token):
            self.numerals.add(token)
        return folded


_folds = _Folds()


@dataclass(frozen=True, slots=True)
class NormalForm:
    """A folded text with the way back.

    Attributes:
        key: ``" token token "``, one space around each token; ``""`` where there is no token.
        spans: for each token its ``(start, end)`` in the original text.
        places: for each token the place in ``key`` of the space before it, and at the end the
            place of the last space. A fold may hold a space itself (``IIIb``: ``3 b``), so
            ``len(places) == len(spans) + 1`` always, whatever the number of spaces.
    """

    key: str
    spans: list[tuple[int, int]]
    places: list[int]


def tokens(text: str) -> list[str]:
    """Return the tokens of ``text`` as written: what ``normal_form`` folds one by one.

    >>> tokens("TNFα, CD4+ and 5'-AMP")
    ['TNF', 'α', 'CD', '4', '+', 'and', '5', "'", 'AMP']
    """
    return _TOKEN.findall(text)


def _fold(raw: list[str]) -> list[str]:
    folded = list(map(_folds.__getitem__, raw))
    if _folds.numerals.isdisjoint(raw):
        return folded
    for index in range(1, len(raw)):
        token = raw[index]
        if token in _folds.numerals:
            before = raw[index - 1]
            wide = len(token) > 1 and token.upper() in ROMAN and token.isupper()
            if before.lower() in _BEFORE_NUMERAL or (
                wide and len(before) >= 5 and before[1:].islower()
            ):
                folded[index] = roman_number(token)
    return folded


def normal_form(text: str) -> NormalForm:
    """Fold a text of any length; see ``NormalForm``.

    >>> normal_form("Interleukin-1β").key
    ' interleukin 1 beta '
    >>> normal_form("").key
    ''
    """
    spans: list[tuple[int, int]] = []
    raw: list[str] = []
    for match in _TOKEN.finditer(text):
        spans.append(match.span())
        raw.append(match[0])
    folded = _fold(raw)
    key = f" {' '.join(folded)} " if folded else ""
    places = list(accumulate((len(token) + 1 for token in folded), initial=0))
    return NormalForm(key, spans, places)


def normal_key(text: str) -> str:
    """Return ``normal_form(text).key`` at half the price.

    >>> normal_key("Diabetes mellitus, type II") == normal_key("diabetes mellitus (Type 2)")
    True
    """
    folded = _fold(_TOKEN.findall(text))
    return f" {' '.join(folded)} " if folded else ""
