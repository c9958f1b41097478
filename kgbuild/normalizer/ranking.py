"""Ordering the terms that share a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.short_names import needs_definition, odd_case, scope_of
from kgbuild.records import Candidate

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon, NameEntry
    from kgbuild.ontologies.schema import Schema

__all__ = ["COMPATIBLE", "SCOPE_SCORE", "Ranking", "resembles"]

COMPATIBLE: Mapping[tuple[str, str], float] = {
    ("Disease", "PhenotypicFeature"): 0.9,
    ("PhenotypicFeature", "Disease"): 0.9,
    ("Gene", "Protein"): 0.95,
    ("Protein", "Gene"): 0.95,
    ("Gene", "GeneFamily"): 0.85,
    ("Protein", "GeneFamily"): 0.85,
    ("GeneFamily", "Gene"): 0.85,
    ("Gene", "MacromolecularComplex"): 0.8,
    ("ChemicalEntity", "Protein"): 0.9,
    ("ChemicalEntity", "ChemicalRole"): 0.9,
    ("CellLine", "Cell"): 0.8,
    ("Cell", "CellLine"): 0.8,
    ("MolecularActivity", "BiologicalProcess"): 0.85,
    ("BiologicalProcess", "MolecularActivity"): 0.85,
}
"""How well a term of the second category serves for a mention of the first."""

SCOPE_SCORE: Mapping[str, float] = {
    "preferred": 1.0,
    "exact": 0.97,
    "abbreviation": 0.8,
    "narrow": 0.78,
    "related": 0.75,
    "broad": 0.6,
}
"""What a name of each scope is worth, to the recognizer as to the linker."""

_PROTEIN, _WEAK = "Protein", ("narrow", "related", "broad")
_SIMILAR = 75.0
_METHOD_SCORE = {"exact": 1.0, "normalized": 0.95}
_DOUBTFUL = 0.5
_SCOPE_ORDER = ("preferred", "exact", "abbreviation", "narrow", "related", "broad")


class Ranking:
    """Orders candidates: by category, kind of name, preferred vocabulary, preferred name, id.

    ``methods`` are the ways in which names may be equal: as written, in normal form.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        schema: Schema,
        compatible: Mapping[tuple[str, str], float],
        methods: Collection[str] = tuple(_METHOD_SCORE),
    ) -> None:
        self.lexicon = lexicon
        self.schema = schema
        self.compatible = compatible
        self._methods = frozenset(methods)
        self._category_order = {name: rank for rank, name in enumerate(schema.categories)}

    def fit(self, wanted: str, found: str) -> float:
        """Return in [0, 1] how well a term of category ``found`` serves where ``wanted`` is."""
        if not wanted or self.schema.is_a(found, wanted):
            return 1.0
        if self.schema.is_a(wanted, found):
            return 0.95
        return self.compatible.get((wanted, found), 0.0)

    def is_of(self, curie: str, found: str, wanted: str) -> bool:
        """Tell whether a term of category ``found`` is of a category, not just serves for it.

        A gene's product that means the same as the gene is a gene, too.
        """
        if self.fit(wanted, found) == 1:
            return True
        best = self.lexicon.preferred_id(curie)
        label = self.lexicon.label(best) if best != curie else None
        return label is not None and self.fit(wanted, label[1]) == 1

    def _lends(self, entry: NameEntry, wanted: str) -> bool:
        """Tell whether a protein stands where a gene or chemical is meant, or a name is too weak.

        Their names differ in how they are written ("MMP2", "MMP-2") and by vocabulary, so they
        can't be told by those.
        """
        if not wanted or wanted == _PROTEIN or not self.fit(wanted, _PROTEIN):
            return False
        return scope_of(entry) in _WEAK or not self.is_of(entry.curie, entry.category, wanted)

    def agreeing_with(
        self, candidates: Sequence[Candidate], long_form: str
    ) -> tuple[Candidate, ...]:
        """Return the candidates that one of whose names resembles ``long_form``."""
        return tuple(c for c in candidates if resembles(self.lexicon, c.curie, long_form))

    def fitting_categories(self, wanted: str) -> tuple[str, ...] | None:
        """Return the lexicon's categories that serve where ``wanted`` is; None where all do."""
        if not wanted:
            return None
        return tuple(c for c in self.lexicon.categories if self.fit(wanted, c))

    def equal_names(
        self, text: str, category: str, *, defined: bool = False
    ) -> tuple[Candidate, ...]:
        """Return the terms with a name equal to ``text`` up to its normal form, best first.

        Where a name is equal as written (or but for its case), those that are equal only in
        normal form come after all of these, and don't decide. In a category the preferred
        vocabulary decides between preferred names and exact synonyms; proteins, which lend genes
        and chemicals their names, come after those. Without one, the category
        comes first that a recognizer would take: that of the best name, then the schema's first.
        ``defined`` says that the document defines ``text``, so that a short alias is believed.
        """
        found = [
            (entry, *self._scores(entry, text, category, defined=defined))
            for entry in self.lexicon.lookup(text)
            if self.fit(category, entry.category)
        ]
        leading: dict[str, float] = {}
        if not category:
            for entry, score, _, _ in found:
                leading[entry.category] = max(score, leading.get(entry.category, 0.0))
        best: dict[str, tuple[tuple[float, ...], str, Candidate]] = {}
        for entry, score, tier, method in found:
            if method not in self._methods:
                continue
            order = (
                -leading.get(entry.category, 0.0),
                self._lends(entry, category),
                0 if category else self._category_order.get(entry.category, 999),
                -tier,
                self.schema.prefix_rank(entry.curie, category=entry.category),
                _SCOPE_ORDER.index(scope_of(entry)),
                entry.derived,
            )
            if entry.curie not in best or order < best[entry.curie][0]:
                candidate = Candidate(entry.curie, entry.name, round(score, 4), method)
                best[entry.curie] = (order, entry.curie, candidate)
        return tuple(candidate for *_, candidate in sorted(best.values(), key=lambda v: v[:2]))

    def _scores(
        self, entry: NameEntry, text: str, category: str, *, defined: bool
    ) -> tuple[float, float, str]:
        """Return the score shown, the score that orders within a category, and the method."""
        method, case = _method(entry, text)
        scope = scope_of(entry)
        believed = self.fit(category, entry.category) * case * _METHOD_SCORE[method]
        if not (defined or category) and _doubtful(entry, text):
            believed *= _DOUBTFUL
        tier = 1.0 if scope == "exact" else SCOPE_SCORE[scope]
        return believed * SCOPE_SCORE[scope], believed * tier, method

    def note(self, text: str, candidates: Sequence[Candidate]) -> str:
        """Say what is doubtful about the first of ``candidates`` for ``text``, or ""."""
        if not candidates:
            return ""
        first = candidates[0]
        entries = [e for e in self.lexicon.lookup(text) if e.curie == first.curie]
        if entries and all(_doubtful(entry, text) for entry in entries):
            return (
                f"{text!r} is a short alias of {first.name}: taken for it in a text only where "
                "the text defines it"
            )
        _, category = self.lexicon.label(first.curie) or ("", "")
        for other in candidates[1:]:
            label = self.lexicon.label(other.curie)
            if label and other.score >= first.score and other.method == first.method:
                why = (
                    f"{category} comes before {label[1]}"
                    if label[1] != category
                    else f"of the vocabularies, {first.curie.partition(':')[0]} is preferred"
                    if other.curie.partition(":")[0] != first.curie.partition(":")[0]
                    else "the better or smaller identifier is taken"
                )
                return f"{other.curie} {other.name} has the name as well: {why}"
        return ""

    def fitting(self, found: Sequence[Candidate], category: str) -> list[Candidate]:
        """Return the candidates whose category fits, their scores lowered where it is another."""
        fitting = []
        for candidate in found:
            label = self.lexicon.label(candidate.curie)
            fit = self.fit(category, label[1]) if label else 1.0
            if fit:
                score = round(candidate.score * fit, 4)
                fitting.append(Candidate(candidate.curie, candidate.name, score, candidate.method))
        return sorted(fitting, key=lambda c: (-c.score, c.curie))


def resembles(lexicon: Lexicon, curie: str, text: str) -> bool:
    """Tell whether one of a term's names has (nearly) all words of ``text``, or the reverse.

    At least 75 by ``rapidfuzz.fuzz.token_set_ratio`` of the normal forms: "von Hippel-Lindau" and
    "von Hippel-Lindau disease".
    """
    wanted = normal_key(text)
    keys = (normal_key(name) for name in lexicon.all_names(curie))
    return any(fuzz.token_set_ratio(wanted, key, score_cutoff=_SIMILAR) for key in keys)


def _doubtful(entry: NameEntry, text: str) -> bool:
    return needs_definition(entry, text) or odd_case(entry.text, text)


def _method(entry: NameEntry, text: str) -> tuple[str, float]:
    """Return the step at which an entry's name equals ``text``, and a factor for its case."""
    if entry.text == text:
        return "exact", 1.0
    if entry.text.casefold() == text.casefold():
        # In words case means nothing, so it must not decide between vocabularies.
        word = entry.text[1:].islower() and text[1:].islower()
        return "exact", 1.0 if word or " " in text else 0.97
    return "normalized", 1.0
