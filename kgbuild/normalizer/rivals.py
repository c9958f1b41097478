"""The candidates for a name side by side: what a ranking needs to know of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.reranking import Rival, rival
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.ontologies.schema import Schema

__all__ = ["Rivals"]

_CACHED = 20_000


class Rivals:
    """Makes rivals of candidates: looks at all names of a term, and at what is above it."""

    def __init__(self, lexicon: Lexicon, schema: Schema) -> None:
        self._lexicon = lexicon
        self._schema = schema
        self._names = lru_cache(maxsize=_CACHED)(self._find_names)
        self._ids = lru_cache(maxsize=_CACHED)(self._find_ids)

    def of(
        self,
        name: str,
        near: Sequence[Candidate],
        alike: Sequence[Candidate],
        barred: Collection[str],
    ) -> tuple[Rival, ...]:
        """Return the rivals for ``name``: those in ``near``, then what is only written alike.

        ``barred`` are the CURIEs of those that can't be taken. What is only written alike counts
        as being as near as the farthest of ``near``, and keeps its own score where it wins.
        """
        key = normal_key(name).strip()
        words = frozenset(key.split())
        written = {candidate.curie: candidate.score for candidate in alike}
        known = {candidate.curie for candidate in near}
        pool = (*near, *(candidate for candidate in alike if candidate.curie not in known))
        above = {c.curie: self._lexicon.ancestors(c.curie) for c in pool}
        under = Counter(chain.from_iterable(above[curie] for curie in known))
        farthest = min((candidate.score for candidate in near), default=0.0)
        found = []
        for candidate in pool:
            curie = candidate.curie
            names, every = self._names(curie)
            common = {own: len(own & words) for own in names.values()}
            nearest = min(common, key=lambda own: len(own) - 2 * common[own], default=words)
            found.append(
                rival(
                    name,
                    candidate,
                    cosine=candidate.score if curie in known else farthest,
                    alike=written.get(curie, 0.0),
                    ratio=max((fuzz.ratio(key, own) for own in names), default=0.0) / 100,
                    brought=len(nearest - words),
                    lost=len(words - every),
                    under=under[curie],
                    over=len(above[curie] & known),
                    barred=curie in barred,
                    ids=self._ids(curie),
                    above=above[curie],
                )
            )
        return tuple(found)

    def _find_names(self, curie: str) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
        """Return the normal forms of a term's names, each with its words, and all their words."""
        keys = dict.fromkeys(normal_key(own).strip() for own in self._lexicon.all_names(curie))
        names = {key: frozenset(key.split()) for key in keys}
        return names, frozenset().union(*names.values())

    def _find_ids(self, curie: str) -> tuple[str, ...]:
        return tuple(map(self._schema.curie, self._lexicon.xrefs(curie)))
