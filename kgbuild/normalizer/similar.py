"""Candidates that are written alike: misspellings and other forms of words, without a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from kgbuild.normalizer.coded import categories_of_codes
from kgbuild.normalizer.encoder import fold
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.spelling import likeness
from kgbuild.records import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.ontologies.schema import Schema

__all__ = ["SURE", "SimilarNames"]

SURE: Mapping[str, float] = {"": 0.8}
"""The score from which a name is taken: chosen on training documents, where 87 % are right."""


class SimilarNames:
    """Searches a lexicon's index of 4-grams; answers as ``DenseIndex`` does.

    A candidate's score is how sure it is that its name is the text (see
    ``kgbuild.normalizer.spelling``), its method ``ngram``. Terms whose names are codes, where a
    letter makes another thing (genes, chemicals), are never found.
    """

    def __init__(self, lexicon: Lexicon, *, schema: Schema) -> None:
        self.lexicon = lexicon
        coded = categories_of_codes(lexicon.categories, schema)
        self._in_words = frozenset(lexicon.categories) - coded
        self._is_known = lru_cache(maxsize=10_000)(lexicon.has_word)

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
        within = self._in_words
        if category is not None:
            within &= {category} if isinstance(category, str) else frozenset(category)
        if not within:
            return [[] for _ in rows]
        wanted = self.lexicon.keys_in(within)
        found = [self._candidates(text, k, within, wanted) for text in unique]
        return [list(found[row]) for row in rows]

    def _candidates(
        self, text: str, k: int, within: Collection[str], wanted: NDArray[np.bool_] | None
    ) -> list[Candidate]:
        name = normal_key(text)
        # Terms of many names can crowd out others: a few times as many keys are looked at.
        near = self.lexicon.grams.search(text, k=4 * k, wanted=wanted)
        scored = [
            (
                likeness(name, self.lexicon.key(number), cosine=cosine, is_known=self._is_known),
                number,
            )
            for number, cosine in near
        ]
        scored.sort(key=lambda own: -own[0])
        best: dict[str, Candidate] = {}
        for score, number in scored:
            for entry in self.lexicon.names(number):
                if entry.category in within:
                    best.setdefault(
                        entry.curie, Candidate(entry.curie, entry.text, round(score, 4), "ngram")
                    )
            if len(best) >= k:
                break
        return list(best.values())[:k]
