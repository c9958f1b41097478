"""More candidates than a linker keeps: accuracy@5 asks what stands behind an equal name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from kgbuild.records import AnnotatedDocument, Candidate, Grounding

if TYPE_CHECKING:
    from kgbuild.normalizer.linker import Linker

__all__ = ["Completion"]


class Completion:
    """Adds the candidates that a linker can name beyond those that decided.

    A name that equals one of the lexicon ends the linker's search, so its grounding keeps the
    terms of equal names only. Names are asked for once.

    Args:
        linker: its ``explain`` gives all candidates of a name.
        k: groundings with as many candidates are left as they are.
    """

    def __init__(self, linker: Linker, *, k: int) -> None:
        self._linker = linker
        self._k = k
        self._known: dict[tuple[str, str, str], tuple[Candidate, ...]] = {}

    def complete(self, item: AnnotatedDocument) -> AnnotatedDocument:
        """Return the document with more candidates for the mentions that are no composites."""
        long_forms = {a.short: a.long for a in item.abbreviations}
        mentions = {mention.id: mention for mention in item.mentions}
        parts = Counter(grounding.mention for grounding in item.groundings)
        done = []
        for grounding in item.groundings:
            mention = mentions[grounding.mention]
            if parts[mention.id] == 1 and len(grounding.candidates) < self._k:
                long_form = long_forms.get(mention.text, "")
                done.append(self._more(grounding, (mention.text, mention.category, long_form)))
            else:
                done.append(grounding)
        return replace(item, groundings=tuple(done))

    def _more(self, grounding: Grounding, name: tuple[str, str, str]) -> Grounding:
        if name not in self._known:
            text, category, long_form = name
            self._known[name] = self._linker.explain(text, category, long_form=long_form)
        found = {c.curie: c for c in (*grounding.candidates, *self._known[name])}
        return replace(grounding, candidates=tuple(found.values())[: self._k])
