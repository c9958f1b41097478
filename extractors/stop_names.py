"""Words that are not mentions: common English, and terms too general to say anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["SPARED_BY_COMMON_WORDS", "TooGeneral", "common_words", "too_general"]

SPARED_BY_COMMON_WORDS = ("AnatomicalEntity", "BiologicalProcess", "CellularComponent")
"""Categories that the corpora behind the list of common words don't annotate.

A word of theirs ("microglia", "apoptosis") is in the list because it is frequent there, not
because it is no name.
"""


@dataclass(frozen=True, slots=True)
class TooGeneral:
    """What is no use as a mention.

    Attributes:
        names: in lower case.
        terms: CURIEs.
        branches: CURIEs that stand for all below them, too.
    """

    names: frozenset[str]
    terms: frozenset[str]
    branches: frozenset[str]


def _lines(name: str) -> list[str]:
    text = files("kgbuild.extractors").joinpath(name).read_text(encoding="utf-8")
    entries = (line.partition("#")[0].strip() for line in text.splitlines())
    return [entry for entry in entries if entry]


@cache
def common_words() -> frozenset[str]:
    """Return frequent lower-case English words (``benchmarks/common_words.py`` makes the list)."""
    return frozenset(_lines("common_words.txt"))


@cache
def too_general() -> TooGeneral:
    """Return the list in ``too_general.txt``."""
    lines = _lines("too_general.txt")
    return TooGeneral(
        names=frozenset(line for line in lines if ":" not in line),
        terms=frozenset(line for line in lines if ":" in line and not line.endswith("*")),
        branches=frozenset(line[:-1] for line in lines if line.endswith("*")),
    )
