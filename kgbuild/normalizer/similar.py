"""Candidates that are written alike: the first stage of a search by similarity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from kgbuild.normalizer.encoder import fold
from kgbuild.records import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.normalizer.lexicon import Lexicon

__all__ = ["SimilarNames"]


class SimilarNames:
    """Searches a lexicon's index of 4-grams; answers as ``DenseIndex`` does, without a model.

    A candidate's score is the cosine of the 4-grams of its name and the text (see
    ``kgbuild.normalizer.grams``), its method ``ngram``.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._wanted = lru_cache(maxsize=64)(self._keys_of)

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text, best first, each CURIE once.

        Args:
            texts: names as mentioned; equal ones are searched once.
            k: at least 1.
            category: one or several; None searches all.
        """
        unique, rows = fold(texts)
        wanted = None
        if category is not None:
            names = {category} if isinstance(category, str) else set(category)
            wanted = self._wanted(frozenset(names))
        found = [self._candidates(text, k, category, wanted) for text in unique]
        return [list(found[row]) for row in rows]

    def _candidates(
        self,
        text: str,
        k: int,
        category: str | Collection[str] | None,
        wanted: NDArray[np.bool_] | None,
    ) -> list[Candidate]:
        best: dict[str, Candidate] = {}
        # Terms of many names can crowd out others: a few times as many keys are looked at.
        for number, score in self.lexicon.grams.search(text, k=4 * k, wanted=wanted):
            for entry in self.lexicon.names(number):
                if category is not None and entry.category not in (
                    (category,) if isinstance(category, str) else category
                ):
                    continue
                best.setdefault(
                    entry.curie, Candidate(entry.curie, entry.text, round(score, 4), "ngram")
                )
            if len(best) >= k:
                break
        return list(best.values())[:k]

    def _keys_of(self, categories: frozenset[str]) -> NDArray[np.bool_]:
        return self.lexicon.keys_in(categories)
