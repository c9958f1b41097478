"""What a person may mean who types a name: equal names, beginnings, similar spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Term

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon, NameEntry

__all__ = ["find"]

_FUZZY_POOL = 30_000
_FUZZY_CUTOFF = 75.0


def find(lexicon: Lexicon, text: str, *, limit: int) -> list[tuple[Term, float]]:
    """See ``Lexicon.find``."""
    scores: dict[str, float] = {}
    for entry in lexicon.lookup(text):
        scores.setdefault(entry.curie, 1.0 if entry.scope == "preferred" else 0.98)
    if len(scores) < limit:
        for entry in lexicon.search_prefix(text, limit=5 * limit):
            share = len(text) / max(len(entry.text), len(text))
            scores.setdefault(entry.curie, 0.5 + 0.45 * share)
    if len(scores) < limit:
        for entry, score in _similar(lexicon, text, limit):
            scores.setdefault(entry.curie, 0.9 * score)
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [(lexicon.term(curie), score) for curie, score in best]


def _similar(lexicon: Lexicon, text: str, limit: int) -> list[tuple[NameEntry, float]]:
    from rapidfuzz import fuzz, process

    key = normal_key(text)
    if len(key) < 5:
        return []
    first, pool = lexicon.keys_from(key[:3], key[:3] + "\U0010ffff", limit=_FUZZY_POOL)
    matches = process.extract(key, pool, scorer=fuzz.ratio, limit=limit, score_cutoff=_FUZZY_CUTOFF)
    return [
        (entry, score / 100)
        for _, score, place in matches
        for entry in lexicon.names(first + place)
    ]
