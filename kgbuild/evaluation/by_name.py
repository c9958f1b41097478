"""Counting by names, as BioSyn does: a candidate stands for every term that has its name.

BioSyn's dictionary has each name once, with the identifiers of all terms that have it (lower case,
without punctuation), those of training mentions included where they are added; a predicted name is
right if one of them is the gold one. It takes a mention apart only where the gold standard gives it
several identifiers (Sung et al. 2020, doi:10.18653/v1/2020.acl-main.335, its preprocessing).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kgbuild.evaluation.alignment import CrossReferences
from kgbuild.normalizer.candidates import Query
from kgbuild.records import AnnotatedDocument, Grounding, Mention

if TYPE_CHECKING:
    from kgbuild.normalizer.linker import Linker

__all__ = ["ByName", "plain_name", "training_ids"]

_ALIKE = ("dense", "ngram")
_MARKS = re.compile(r"[^\w\s]")


def plain_name(text: str) -> str:
    """Return a name as BioSyn compares them.

    >>> plain_name("Pelizaeus-Merzbacher Disease")
    'pelizaeus merzbacher disease'
    """
    return " ".join(_MARKS.sub(" ", text.lower()).split())


def training_ids(
    items: Iterable[AnnotatedDocument], *, leave_out: Collection[str] = ()
) -> dict[str, set[str]]:
    """Return all identifiers that each name has in annotated documents, by its plain form."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.document.id in leave_out:
            continue
        names = {mention.id: plain_name(mention.text) for mention in item.mentions}
        for grounding in item.groundings:
            if grounding.curie:
                found[names[grounding.mention]].add(grounding.curie)
    return dict(found)


class ByName:
    """Puts gold identifiers for candidates whose name is one of their terms', too.

    Args:
        linker: what linked; its lexicon knows the names.
        xrefs: which identifiers mean the same.
        taught: identifiers of further names, by their plain form.
        k: how many candidates are kept.
    """

    def __init__(
        self,
        linker: Linker,
        *,
        xrefs: CrossReferences,
        taught: Mapping[str, Collection[str]],
        k: int,
    ) -> None:
        self._linker = linker
        self._xrefs = xrefs
        self._taught = taught
        self._k = k

    def count(
        self, gold: Sequence[AnnotatedDocument], linked: Sequence[AnnotatedDocument]
    ) -> list[AnnotatedDocument]:
        """Return the linked documents as they are to be counted."""
        return [self._document(*pair) for pair in zip(gold, linked, strict=True)]

    def _document(self, gold: AnnotatedDocument, linked: AnnotatedDocument) -> AnnotatedDocument:
        wanted: dict[str, set[str]] = defaultdict(set)
        for grounding in gold.groundings:
            if grounding.curie:
                wanted[grounding.mention].add(grounding.curie)
        long_forms = {a.short: a.long for a in linked.abbreviations}
        mentions = {mention.id: mention for mention in linked.mentions}
        parts = Counter(grounding.mention for grounding in linked.groundings)
        found: list[Grounding] = []
        done: set[str] = set()
        for grounding in linked.groundings:
            mention = mentions[grounding.mention]
            long_form = long_forms.get(mention.text, "")
            own = wanted[mention.id]
            if len(own) == 1 and parts[mention.id] > 1:
                if mention.id not in done:
                    found.append(self._whole(grounding, mention, long_form, own))
                done.add(mention.id)
            else:
                texts = (mention.text, long_form) if parts[mention.id] == 1 else ()
                found.append(self._counted(grounding, texts, own))
        return replace(linked, groundings=tuple(found))

    def _whole(
        self, grounding: Grounding, mention: Mention, long_form: str, gold: Collection[str]
    ) -> Grounding:
        """Ask for a name that was taken apart as a whole."""
        query = Query(mention.text, mention.category, long_form)
        candidates = self._linker.explain_all([query])[0][: self._k]
        first = candidates[0].curie if candidates else ""
        whole = replace(grounding, curie=first, candidates=candidates)
        return self._counted(whole, (mention.text, long_form), gold)

    def _counted(
        self, grounding: Grounding, texts: Sequence[str], gold: Collection[str]
    ) -> Grounding:
        standing = {}
        for candidate in grounding.candidates:
            # An equal name is the mention's own; the candidate shows its term's preferred one.
            names = (candidate.name,) if candidate.method in _ALIKE else texts
            every = self._namesakes(candidate.curie, names)
            same = every.union(*(self._xrefs(one) or () for one in every))
            standing[candidate.curie] = min(same.intersection(gold), default=candidate.curie)
        candidates = tuple(replace(c, curie=standing[c.curie]) for c in grounding.candidates)
        curie = standing.get(grounding.curie, grounding.curie)
        return replace(grounding, curie=curie, candidates=candidates)

    def _namesakes(self, curie: str, texts: Iterable[str]) -> set[str]:
        """Return the terms that have the name by which one is meant, itself included."""
        found = {curie}
        for text in filter(None, texts):
            entries = self._linker.lexicon.lookup(text)
            own = {plain_name(entry.text) for entry in entries if entry.curie == curie}
            found |= {entry.curie for entry in entries if plain_name(entry.text) in own}
            found |= {taught for name in own for taught in self._taught.get(name, ())}
        return found
