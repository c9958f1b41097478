"""Vectors made when they are asked for: names written alike, in order of their meaning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import best_of_each
from kgbuild.normalizer.encoder import fold
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon, NameEntry
    from kgbuild.protocols import Encoder

__all__ = ["LateVectors"]

_KEYS = 20


class LateVectors:
    """Searches a lexicon's names by their vectors without encoding them beforehand.

    Of each text the names that share its rarest character n-grams are encoded, and no others, so
    that a lexicon of any size can be searched at once. What is meant alike and written otherwise
    ("renal", "kidney") isn't found unless another name of the term is written alike.

    Args:
        lexicon: the names; forms derived from them and abbreviations are left out.
        encoder: makes the vectors; wrap it in ``CachedEncoder``, as texts have candidates in
            common.
    """

    def __init__(self, lexicon: Lexicon, encoder: Encoder) -> None:
        self._lexicon = lexicon
        self._encoder = encoder

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text; see ``DenseIndex.search``."""
        unique, rows = fold(texts)
        within = frozenset(self._lexicon.categories)
        if category is not None:
            within &= {category} if isinstance(category, str) else frozenset(category)
        if not unique or not within:
            return [[] for _ in texts]
        alike = [self._written_alike(text, within) for text in unique]
        different = {entry.text for entries in alike for entry in entries}
        names, _ = fold([*unique, *sorted(different)])
        vectors = self._encoder.encode(names)
        row_of = {name: row for row, name in enumerate(names)}
        found = []
        for query, entries in zip(vectors[: len(unique)], alike, strict=True):
            cosines = vectors[[row_of[entry.text] for entry in entries]] @ query
            candidates = (
                Candidate(entry.curie, entry.text, min(max(cosine, 0.0), 1.0), "dense")
                for entry, cosine in zip(entries, cosines.tolist(), strict=True)
            )
            found.append(best_of_each(candidates)[:k])
        return [list(found[row]) for row in rows]

    def _written_alike(self, text: str, within: frozenset[str]) -> list[NameEntry]:
        wanted = self._lexicon.keys_in(within)
        near = self._lexicon.grams.search(text, k=_KEYS, wanted=wanted)
        return [
            entry
            for number, _ in near
            for entry in self._lexicon.names(number)
            if entry.category in within and not entry.derived and entry.scope != "abbreviation"
        ]
