"""Words that are not mentions: common English, and terms too general to say anything."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["common_words", "too_general"]


def _lines(name: str) -> frozenset[str]:
    text = files("kgbuild.extractors").joinpath(name).read_text(encoding="utf-8")
    entries = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(entry for entry in entries if entry)


@cache
def common_words() -> frozenset[str]:
    """Return frequent lower-case English words (``benchmarks/common_words.py`` makes the list)."""
    return _lines("common_words.txt")


@cache
def too_general() -> frozenset[str]:
    """Return CURIEs and lower-case names that are no use as mentions."""
    return _lines("too_general.txt")
