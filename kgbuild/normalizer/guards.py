"""What keeps similarity from merging different things: digits and short codes must agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache

from kgbuild.normalizer.folding import word_set
from kgbuild.normalizer.normal_form import normal_key, tokens

__all__ = ["codes", "difference", "may_be_same"]

_CODE_WORDS = word_set(
    """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi
    chi psi omega + - '
    """
)
_OPPOSITES = (
    ("hyper", "hypo"), ("tachy", "brady"), ("macro", "micro"), ("poly", "oligo"), ("poly", "mono"),
    ("ante", "post"), ("pre", "post"), ("intra", "extra"), ("intra", "inter"), ("left", "right"),
    ("acute", "chronic"), ("benign", "malignant"), ("maternal", "paternal"), ("male", "female"),
    ("dominant", "recessive"), ("upper", "lower"), ("anterior", "posterior"),
    ("proximal", "distal"),
    ("agonist", "antagonist"), ("activator", "inhibitor"), ("endo", "exo"), ("endo", "ecto"),
    ("primary", "secondary"), ("type", "pseudo"), ("increased", "decreased"), ("anabolic",
    "catabolic"), ("gain", "loss"), ("dextro", "levo"), ("cis", "trans"), ("juvenile", "adult"),
    ("inborn", "acquired"), ("congenital", "acquired"), ("high", "low"), ("large", "small"),
    ("with", "without"),
)  # fmt: skip
_SIDES = tuple({side for pair in _OPPOSITES for side in pair})
_DENIALS = word_set("non not")
_BEGINNING, _SHORTEST = 6, 4
_CAPS = re.compile(r"[A-Z]{2,5}")


def codes(name: str) -> Counter[str]:
    """Return the parts of a name that are digits, Greek letters, signs, or one or two letters.

    >>> sorted(codes("IL-2 receptor alpha"))
    ['2', 'alpha', 'il']
    """
    found: Counter[str] = Counter()
    parts = tokens(name) if not name.isupper() else ()  # TNF of TNFα, too
    shouted = {part.casefold() for part in parts if _CAPS.fullmatch(part)}
    for token in normal_key(name).split():
        if token.isdigit():
            found[token.lstrip("0") or "0"] += 1
        elif token in _CODE_WORDS or token in shouted or (len(token) <= 2 and token not in _SMALL):
            found[token] += 1
    return found


_SMALL = word_set("of in to on by or at an is as de la le du et no vs")


def may_be_same(one: str, other: str) -> bool:
    """Tell whether similarity may take two names for one thing.

    False where they differ in a digit, a Greek letter, a short code, or in an opposite
    ("hypertension" and "hypotension"), or where one denies a word of the other ("non-diabetic").
    A name without any code may be one with a code only if the code is a single letter ("a"):
    "diabetes" is not "diabetes type 2".

    >>> may_be_same("IL-2", "IL-3"), may_be_same("renal failure", "kidney failure")
    (False, True)
    """
    return not difference(one, other)


def difference(one: str, other: str) -> str:
    """Say what keeps two names from being one thing's, or "" where nothing does.

    >>> difference("IL-2", "IL-3"), difference("hypertension", "hypotension")
    ('differs in a digit or code', 'is its opposite')
    """
    (own, first, words, denied), (others, _, second, undone) = _signs(one), _signs(other)
    if own != others:
        return "differs in a digit or code"
    if denied != undone and (_denies(denied, second) or _denies(undone, words)):
        return "is its denial"
    opposed = bool(first) and any(
        _opposed(first, second, left, right) or _opposed(first, second, right, left)
        for left, right in _OPPOSITES
    )
    return "is its opposite" if opposed else ""


def _denied(words: Sequence[str]) -> frozenset[str]:
    """Return how the words begin that a name denies: of "non-diabetic" or "nondiabetic"."""
    found = set()
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if word in _DENIALS:
            found.add(following)
        elif word.startswith("non"):
            found.add(word[3:])
        elif word.startswith("uninfect"):
            found.add(word[2:])
    return frozenset(word[:_BEGINNING] for word in found if len(word) >= _SHORTEST)


def _denies(denied: Set[str], words: Set[str]) -> bool:
    """Tell whether a name has a word that the other one denies."""
    return any(word.startswith(tuple(denied)) for word in words) if denied else False


@lru_cache(maxsize=50_000)
def _signs(name: str) -> tuple[Counter[str], tuple[str, ...], frozenset[str], frozenset[str]]:
    """Return a name's codes, its words that may be one of two opposites, all, and the denied."""
    words = normal_key(name).split()
    sided = tuple(word for word in words if word.startswith(_SIDES))
    return codes(name), sided, frozenset(words), _denied(words)


def _opposed(first: Sequence[str], words: Set[str], left: str, right: str) -> bool:
    """Tell whether a word with ``left`` in one has the same word with ``right`` in the other."""
    for word in first:
        if not word.startswith(left):
            continue
        if word == left:
            if right in words and left not in words:
                return True
        elif right + word[len(left) :] in words:
            return True
    return False
