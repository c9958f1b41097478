"""Resolving a name by equality: exact, abbreviation, normalized, in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import Query
from kgbuild.normalizer.chemical_names import chemical_forms, formula_name, one_of_group
from kgbuild.normalizer.disease_names import disease_forms
from kgbuild.normalizer.modifiers import species_name, without_kind
from kgbuild.normalizer.names import derived_names
from kgbuild.normalizer.variant_names import normal_variant, rs_number
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.ranking import Ranking

__all__ = ["EqualNames", "Resolution"]

_CHEMICAL, _VARIANT = "ChemicalEntity", "SequenceVariant"
_FORMS: Mapping[str, Callable[[str], Iterable[str]]] = {
    _CHEMICAL: chemical_forms,
    "DiseaseOrPhenotypicFeature": disease_forms,
    "Gene": lambda text: (without_kind(text),),
    "OrganismTaxon": lambda text: (species_name(text),),
}
_SHORT = 6
_CODE = 4


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name means: the candidates, best first, and for NIL the reason.

    ``note`` says what is doubtful about the first, or what else has the name equally. ``name`` is
    what a NIL is called where that is not the text itself: a variant's normal form.
    """

    candidates: tuple[Candidate, ...]
    reason: str = ""
    note: str = ""
    name: str = ""

    @property
    def best(self) -> Candidate | None:
        """Return the identifier decided on, or None for NIL."""
        return self.candidates[0] if self.candidates and not self.reason else None


class EqualNames:
    """Resolves names that the lexicon has, up to their normal form.

    Args:
        ranking: orders the terms that share a name.
        rewritten: look up what a name is called elsewhere, too ("Neoplasms, Breast").
        cache_size: names remembered.
    """

    def __init__(
        self, ranking: Ranking, *, rewritten: bool = True, cache_size: int = 100_000
    ) -> None:
        self._ranking = ranking
        self._rewritten = rewritten
        self.resolve = lru_cache(maxsize=cache_size)(self._resolve)

    def is_variant(self, query: Query) -> bool:
        """Tell whether the name is that of a sequence variant, which no lexicon lists."""
        return self._is_a(query, _VARIANT)

    def _resolve(self, query: Query) -> Resolution:
        if self.is_variant(query):
            return _variant(query.text)
        if query.long_form:
            if candidates := self._by_long_form(query):
                method = "memory" if query.remembered else "abbreviation"
                return Resolution(_renamed(method, candidates))
            if len(query.text) <= _SHORT:
                return Resolution(
                    (), f"the document's {query.text!r} is {query.long_form!r}: not in the lexicon"
                )
        candidates = self._by_text(query)
        return Resolution(candidates, "" if candidates else self._why_not(query))

    def _by_text(self, query: Query) -> tuple[Candidate, ...]:
        is_chemical = self._rewritten and self._is_a(query, _CHEMICAL)
        formula = formula_name(query.text) if is_chemical else ""
        if candidates := self._ranking.equal_names(formula, query.category):
            return _renamed("normalized", candidates)
        candidates = self._ranking.equal_names(query.text, query.category)
        if is_chemical and candidates and candidates[0].method == "normalized":
            candidates = (*self._one_of_group(query, candidates[0]), *candidates)
        return candidates or _renamed("normalized", self._by_other_form(query.text, query))

    def _one_of_group(self, query: Query, group: Candidate) -> tuple[Candidate, ...]:
        """Return what "glutamate" is where a vocabulary has it under a group "Glutamates"."""
        plural, one = f"{query.text.casefold()}s", one_of_group(query.text)
        if group.name.casefold() != plural:
            return ()
        lexicon = self._ranking.lexicon
        homes = {entry.vocabulary for entry in lexicon.lookup(plural)}
        own = {entry.curie for entry in lexicon.lookup(one) if entry.vocabulary in homes}
        return tuple(
            _renamed(
                "normalized",
                (
                    c
                    for c in self._ranking.equal_names(one, query.category)
                    if c.curie in own and group.curie in lexicon.ancestors(c.curie)
                ),
            )
        )

    def _is_a(self, query: Query, category: str) -> bool:
        return bool(query.category) and self._ranking.schema.is_a(query.category, category)

    def _by_other_form(self, text: str, query: Query) -> tuple[Candidate, ...]:
        """Look up what "Neoplasms, Breast" or "metastatic melanoma" is called elsewhere."""
        if not self._rewritten:
            return ()
        forms = chain(
            derived_names(text),
            *(forms(text) for category, forms in _FORMS.items() if self._is_a(query, category)),
        )
        found = (self._ranking.equal_names(f, query.category) for f in forms if f != text)
        return next(filter(None, found), ())

    def _by_long_form(self, query: Query) -> tuple[Candidate, ...]:
        candidates = self._ranking.equal_names(query.long_form, query.category)
        if candidates and self._is_of(candidates[0], query):
            return candidates
        shorts = self._ranking.equal_names(query.text, query.category, defined=True)
        agreeing = self._ranking.agreeing_with(shorts, query.long_form)
        if agreeing and self._is_of(agreeing[0], query):
            return tuple(dict.fromkeys((*agreeing, *candidates)))
        found = tuple(dict.fromkeys((*candidates, *agreeing)))
        return (
            self._of_code(query, shorts, is_of_kind=bool(found))
            or found
            or self._by_other_form(query.long_form, query)
        )

    def _is_of(self, candidate: Candidate, query: Query) -> bool:
        label = self._ranking.lexicon.label(candidate.curie)
        return label is not None and self._ranking.is_of(candidate.curie, label[1], query.category)

    def _of_code(
        self, query: Query, shorts: Sequence[Candidate], *, is_of_kind: bool
    ) -> tuple[Candidate, ...]:
        """Return what a short form with a number is a code of, whatever it is written out as.

        It is the term's name itself ("PLAGL2"), or, where what it is written out as is something
        of a kind that serves too (``is_of_kind``: the protein), any name of one term only.
        """
        if len(query.text) < _CODE or not any(map(str.isdigit, query.text)):
            return ()
        own = [c for c in shorts if self._is_of(c, query)]
        if is_of_kind and len(own) == 1:
            return tuple(own)
        return tuple(c for c in own if c.name == query.text)

    def _why_not(self, query: Query) -> str:
        others = {entry.category for entry in self._ranking.lexicon.lookup(query.text)}
        if others:
            return f"the name is only known for {', '.join(sorted(others))}"
        return "no name in the lexicon"


def _renamed(method: str, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(Candidate(c.curie, c.name, c.score, method) for c in candidates)


def _variant(text: str) -> Resolution:
    """Resolve a sequence variant: an rs number is its identifier, other notations have none."""
    if curie := rs_number(text):
        return Resolution((Candidate(curie, curie.partition(":")[2], 1.0, "exact"),))
    if form := normal_variant(text):
        reason = f"{form} needs its reference sequence to have an identifier"
        return Resolution((), reason, name=form)
    return Resolution((), "no notation of a sequence variant that we know")
