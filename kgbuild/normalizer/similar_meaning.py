"""Names of similar meaning: the nearest vector that no guard forbids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import CandidateSearch, Query
from kgbuild.normalizer.guards import may_be_same
from kgbuild.normalizer.resolution import Resolution
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.ranking import Ranking

__all__ = ["SimilarMeanings"]


class SimilarMeanings:
    """Resolves names by the nearest vector that no guard forbids.

    Args:
        ranking: knows which categories serve for which.
        dense: finds the nearest.
        threshold: cosine from which a name is taken.
        width: how many are looked at.
        cache_size: names remembered.
    """

    def __init__(
        self,
        ranking: Ranking,
        dense: CandidateSearch,
        *,
        threshold: float,
        width: int = 20,
        cache_size: int = 100_000,
    ) -> None:
        self._ranking = ranking
        self._dense = dense
        self._threshold = threshold
        self._width = width
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

    def _judge(self, query: Query, found: Sequence[Candidate]) -> Resolution:
        fitting = self._ranking.fitting(found, query.category)
        safe = [c for c in fitting if may_be_same(query.name, c.name)]
        rest = tuple(c for c in fitting if c not in safe)
        if not safe:
            reason = "similar names differ in a digit or code" if rest else "no similar name"
        elif safe[0].score < self._threshold:
            reason = f"best similarity {safe[0].score:.2f} is below {self._threshold:.2f}"
        else:
            reason = ""
        return Resolution((*safe, *rest), reason)
