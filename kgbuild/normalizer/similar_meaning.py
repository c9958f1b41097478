"""Names of similar meaning: the nearest vector, unless a guard forbids it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import CandidateSearch, Query
from kgbuild.normalizer.guards import may_be_same
from kgbuild.normalizer.resolution import Resolution
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.ranking import Ranking

__all__ = ["THRESHOLDS", "SimilarMeanings"]

THRESHOLDS: Mapping[str, float] = {"": 0.85}

_SYMBOL = re.compile(r"\S{1,4}|\S*\d\S*|\S+[A-Z]\S*")
_AS_NEAR = 0.02  # a cosine that much lower is as good
_SHOUTED = re.compile(r"[A-Z]{7,}")


class SimilarMeanings:
    """Resolves names by the nearest vector, or as NIL if a guard forbids that one.

    What a guard allows but is farther is worse than nothing: for "type IID von Willebrand disease"
    it is "Charcot-Marie-Tooth disease, type 2D".

    Args:
        ranking: knows which categories serve for which.
        dense: finds the nearest.
        thresholds: cosine from which a name is taken, by category; "" for the others.
        width: how many are looked at.
        guards: off, whatever is near enough is taken.
        cache_size: names remembered.
    """

    def __init__(
        self,
        ranking: Ranking,
        dense: CandidateSearch,
        *,
        thresholds: Mapping[str, float] = THRESHOLDS,
        width: int = 20,
        guards: bool = True,
        cache_size: int = 100_000,
    ) -> None:
        self._ranking = ranking
        self._dense = dense
        self._thresholds = thresholds
        self._width = width
        self._guards = guards
        self._cache_size = cache_size
        self._known: dict[Query, Resolution] = {}

    def resolve(self, queries: Sequence[Query]) -> dict[Query, Resolution]:
        """Return what each name means; all unknown names of one category in one search."""
        missing = [q for q in queries if q not in self._known]
        if len(self._known) + len(missing) > self._cache_size:
            self._known.clear()
            missing = list(queries)
        by_category: dict[str, list[Query]] = {}
        for query in missing:
            by_category.setdefault(query.category, []).append(query)
        for category, group in by_category.items():
            fitting = self._ranking.fitting_categories(category)
            texts = [query.name for query in group]
            found = self._dense.search(texts, k=self._width, category=fitting)
            for query, candidates in zip(group, found, strict=True):
                self._known[query] = self._judge(query, candidates)
        return {query: self._known[query] for query in queries}

    def _threshold(self, category: str) -> float:
        """Return the threshold of the nearest category that has one."""
        schema = self._ranking.schema
        fitting = [c for c in self._thresholds if c and category and schema.is_a(category, c)]
        nearest = next((c for c in fitting if all(schema.is_a(c, d) for d in fitting)), "")
        return self._thresholds[nearest]

    def _judge(self, query: Query, found: Sequence[Candidate]) -> Resolution:
        fitting = self._ranking.fitting(found, query.category)
        first = next((c for c in fitting if self._may_be_same(query.name, c.name)), None)
        threshold = self._threshold(query.category)
        if self._guards and _is_symbol(query.name):
            reason = "no name in the lexicon; a symbol is only taken as it is written"
        elif first is None:
            reason = "similar names differ in a digit or code" if fitting else "no similar name"
        elif first.score < fitting[0].score - _AS_NEAR:
            reason = f"{fitting[0].name!r} is more similar, but differs in a digit or code"
        elif first.score < threshold:
            reason = f"best similarity {first.score:.2f} is below {threshold:.2f}"
        else:
            reason = ""
        if first is not None and first.score >= fitting[0].score - _AS_NEAR:
            fitting = [first, *(c for c in fitting if c is not first)]
        return Resolution(tuple(fitting), reason)

    def _may_be_same(self, one: str, other: str) -> bool:
        return not self._guards or may_be_same(one, other)


def _is_symbol(name: str) -> bool:
    """Tell whether a name is a code, in which every letter counts: "BMP", "dcnt1", "FcgR"."""
    return bool(_SYMBOL.fullmatch(name)) and not _SHOUTED.fullmatch(name)
