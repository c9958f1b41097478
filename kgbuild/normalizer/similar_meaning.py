"""Names of similar meaning: what is near, as a vector or in writing, unless a guard forbids it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import CandidateSearch, Query
from kgbuild.normalizer.guards import difference, may_be_same
from kgbuild.normalizer.reranking import Reranker, Rival, TextContext, rival
from kgbuild.normalizer.resolution import Resolution
from kgbuild.normalizer.rivals import Rivals
from kgbuild.normalizer.similar import SURE
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.ranking import Ranking

__all__ = ["THRESHOLDS", "Near", "SimilarMeanings"]

THRESHOLDS: Mapping[str, float] = {"": 0.85}

_SYMBOL = re.compile(r"\S{1,4}|\S*\d\S*|\S+[A-Z]\S*")
_RANKED, _WRITTEN = 20, 5  # of what is near, and of what is written alike
_AS_NEAR = 0.02  # a cosine that much lower is as good
_OF_SYMBOL = "no name in the lexicon; a symbol is only taken as it is written"
_SHOUTED = re.compile(r"[A-Z]{7,}")


@dataclass(frozen=True, slots=True)
class Near:
    """The candidates near a name, the most similar first.

    Attributes:
        candidates: those whose category fits.
        allowed: those of them that may be the same thing as the name.
        rivals: those that are ranked: the nearest, and what is only written alike.
        weighed: what the reranker says of each, whatever the text.
    """

    candidates: tuple[Candidate, ...]
    allowed: tuple[Candidate, ...]
    rivals: tuple[Rival, ...]
    weighed: tuple[float, ...] | None = None


class SimilarMeanings:
    """Resolves names by what is near them, or as NIL if a guard forbids the nearest.

    What a guard allows but is farther is worse than nothing: for "type IID von Willebrand disease"
    it is "Charcot-Marie-Tooth disease, type 2D".

    Args:
        ranking: knows which categories serve for which.
        dense: finds the nearest.
        thresholds: cosine from which a name is taken, by category; "" for the others.
        width: how many are looked at.
        guards: off, whatever is near enough is taken.
        reranker: orders what is near; None leaves the nearest first.
        alike: finds what is written alike, to be ordered with what is near.
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
        reranker: Reranker | None = None,
        alike: CandidateSearch | None = None,
        cache_size: int = 100_000,
    ) -> None:
        self._ranking = ranking
        self._dense = dense
        self._thresholds = thresholds
        self._width = width
        self._guards = guards
        self._reranker = reranker
        self._alike = alike
        self._rivals = Rivals(ranking.lexicon, ranking.schema)
        self._cache_size = cache_size
        self._known: dict[Query, Near] = {}

    def near(self, queries: Sequence[Query]) -> dict[Query, Near]:
        """Return what is near each name; all unknown names of one category in one search."""
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
            written: Sequence[Sequence[Candidate]] = [()] * len(texts)
            if self._alike is not None:
                written = self._alike.search(texts, k=_WRITTEN, category=fitting)
            for query, candidates, alike in zip(group, found, written, strict=True):
                own = self._ranking.fitting(candidates, category)
                also = self._ranking.fitting(alike, category)
                self._known[query] = self._near(query.name, own, also)
        return {query: self._known[query] for query in queries}

    def _near(self, name: str, own: Sequence[Candidate], alike: Sequence[Candidate]) -> Near:
        every = {c.curie: c for c in (*alike, *own)}
        barred = {c for c, one in every.items() if not self._may_be_same(name, one.name)}
        allowed = tuple(c for c in own if c.curie not in barred)
        if self._reranker is None and self._alike is None:
            return Near(tuple(own), allowed, tuple(rival(name, c) for c in allowed))
        rivals = self._rivals.of(name, own[:_RANKED], alike, barred)
        if self._reranker is None:
            return Near(tuple(own), allowed, rivals)
        return Near(tuple(own), allowed, rivals, tuple(map(self._reranker.weigh, rivals)))

    def judge(self, query: Query, near: Near, context: TextContext) -> Resolution:
        """Return what a name means in a text."""
        symbol = self._guards and _is_symbol(query.name)
        if self._reranker is not None:
            ordered = self._reranker.order(near.rivals, context, weighed=near.weighed)
        else:
            ordered = [own for own in near.rivals if own.candidate in near.allowed]
        taken = {own.candidate.curie for own in ordered}
        others = (c for c in near.candidates if c.curie not in taken)
        candidates = (*(own.candidate for own in ordered), *others)
        if not near.allowed or near.allowed[0].score < near.candidates[0].score - _AS_NEAR:
            listed = candidates if self._reranker is not None else near.candidates
            return Resolution(listed, _OF_SYMBOL if symbol else _why_none(query.name, near))
        best = ordered[0].candidate
        threshold = self._threshold(query.category, best.method)
        reason = note = ""
        if symbol:
            reason = _OF_SYMBOL
        elif ordered[0].barred:
            reason = f"{best.name!r} is more likely, but {difference(query.name, best.name)}"
        elif best.score < threshold:
            reason = f"best similarity {best.score:.2f} is below {threshold:.2f}"
        elif self._reranker is not None and best != near.allowed[0]:
            first = next(own for own in near.rivals if not own.barred)
            why = self._reranker.why(ordered[0], first, context)
            note = f"{first.candidate.name!r} is more similar, but {why}"
        return Resolution(candidates, reason, note)

    def _threshold(self, category: str, method: str) -> float:
        """Return the threshold of the nearest category that has one."""
        if method == "ngram" and self._alike is not None:
            return SURE[""]
        schema = self._ranking.schema
        fitting = [c for c in self._thresholds if c and category and schema.is_a(category, c)]
        nearest = next((c for c in fitting if all(schema.is_a(c, d) for d in fitting)), "")
        return self._thresholds[nearest]

    def _may_be_same(self, one: str, other: str) -> bool:
        return not self._guards or may_be_same(one, other)


def _why_none(name: str, near: Near) -> str:
    """Say why none of what is near may be taken."""
    if not near.candidates:
        return "no name is similar"
    nearest = near.candidates[0].name
    return f"{nearest!r} is more similar, but {difference(name, nearest)}"


def _is_symbol(name: str) -> bool:
    """Tell whether a name is a code, in which every letter counts: "BMP", "dcnt1", "FcgR"."""
    return bool(_SYMBOL.fullmatch(name)) and not _SHOUTED.fullmatch(name)
