"""More candidates than a linker keeps: accuracy@5 asks what stands behind an equal name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import Query
from kgbuild.records import AnnotatedDocument, Candidate, Grounding

if TYPE_CHECKING:
    from kgbuild.normalizer.linker import Linker

__all__ = ["Completion"]

_Name = tuple[str, str, str]


class Completion:
    """Adds the candidates that a linker can name beyond those that decided.

    A name that equals one of the lexicon ends the linker's search, so its grounding keeps the
    terms of equal names only. Names are asked for once.

    Args:
        linker: its ``explain_all`` gives all candidates of names.
        k: groundings with as many candidates are left as they are.
    """

    def __init__(self, linker: Linker, *, k: int) -> None:
        self._linker = linker
        self._k = k
        self._known: dict[_Name, tuple[Candidate, ...]] = {}

    def complete(self, items: Sequence[AnnotatedDocument]) -> list[AnnotatedDocument]:
        """Return documents with more candidates for the mentions that are no composites."""
        asked = [self._asked(item) for item in items]
        new = {name for names in asked for name in names if name} - self._known.keys()
        queries = [Query(*name) for name in sorted(new)]
        for query, found in zip(queries, self._linker.explain_all(queries), strict=True):
            self._known[query.text, query.category, query.long_form] = found
        return [
            replace(
                item,
                groundings=tuple(
                    self._more(grounding, name) if name else grounding
                    for grounding, name in zip(item.groundings, names, strict=True)
                ),
            )
            for item, names in zip(items, asked, strict=True)
        ]

    def _asked(self, item: AnnotatedDocument) -> list[_Name | None]:
        """Return the name to ask for of each grounding, None where its candidates will do."""
        long_forms = {a.short: a.long for a in item.abbreviations}
        mentions = {mention.id: mention for mention in item.mentions}
        parts = Counter(grounding.mention for grounding in item.groundings)
        return [
            (mention.text, mention.category, long_forms.get(mention.text, ""))
            if parts[mention.id] == 1 and len(grounding.candidates) < self._k
            else None
            for grounding in item.groundings
            for mention in [mentions[grounding.mention]]
        ]

    def _more(self, grounding: Grounding, name: _Name) -> Grounding:
        found = {c.curie: c for c in (*grounding.candidates, *self._known[name])}
        return replace(grounding, candidates=tuple(found.values())[: self._k])
