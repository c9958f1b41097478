"""Linking: which identifier a mention means, or that none is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from kgbuild.normalizer.guards import may_be_same
from kgbuild.normalizer.modifiers import species_name, without_kind, without_modifiers
from kgbuild.normalizer.names import derived_names
from kgbuild.normalizer.ranking import COMPATIBLE, Ranking
from kgbuild.normalizer.variant_names import normal_variant, rs_number
from kgbuild.records import AnnotatedDocument, Candidate, Grounding, Mention

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.ontologies.schema import Schema

__all__ = ["CandidateSearch", "Linker", "Resolution"]

_SHORTER = {
    "DiseaseOrPhenotypicFeature": without_modifiers,
    "Gene": without_kind,
    "OrganismTaxon": species_name,
}
_VARIANT = "SequenceVariant"


class CandidateSearch(Protocol):
    """Finds terms by similarity of meaning; ``kgbuild.normalizer.index.DenseIndex`` is one."""

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text, best first; scores are cosines."""
        ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name means: the candidates, best first, and for NIL the reason.

    ``note`` says what is doubtful about the first, or what else has the name equally.
    """

    candidates: tuple[Candidate, ...]
    reason: str = ""
    note: str = ""

    @property
    def best(self) -> Candidate | None:
        """Return the identifier decided on, or None for NIL."""
        return self.candidates[0] if self.candidates and not self.reason else None


@dataclass(frozen=True, slots=True)
class _Query:
    text: str
    category: str
    long_form: str = ""


class Linker:
    """Grounds mentions in a lexicon: given, exact, abbreviation, normalized, dense, in this order.

    A step that finds something ends the search, so a similar vector never outbids an equal name.
    A short form that the document defines is looked up by its long form first, because the
    document knows better than any dictionary what its "MS" is.

    Args:
        lexicon: the names.
        schema: for categories and preferred vocabularies.
        dense: what finds similar names when no name is equal, or None.
        threshold: cosine from which a similar name is taken, in [0, 1].
        keep_candidates: how many candidates a grounding keeps for explanation; 0 keeps none.
        trust_given: keep the groundings that the input brings.
        compatible: how well a term's category serves for a mention's, other than the same and
            its descendants: ``{(mention's, term's): factor}``.
        cache_size: names remembered.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        schema: Schema,
        dense: CandidateSearch | None = None,
        threshold: float = 0.85,
        keep_candidates: int = 5,
        trust_given: bool = True,
        compatible: Mapping[tuple[str, str], float] = COMPATIBLE,
        cache_size: int = 100_000,
    ) -> None:
        self.lexicon = lexicon
        self.schema = schema
        self.dense = dense
        self.threshold = threshold
        self.keep_candidates = keep_candidates
        self.trust_given = trust_given
        self._ranking = Ranking(lexicon, schema=schema, compatible=compatible)
        self._resolve_names = lru_cache(maxsize=cache_size)(self._by_name)
        self._similar: dict[_Query, Resolution] = {}
        self._cache_size = cache_size

    def ground(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Grounding, ...]]:
        """Return the groundings of each document's mentions: at least one for each, NIL or not."""
        queries = [_queries(document) for document in batch]
        trusted = [_given(document) if self.trust_given else {} for document in batch]
        resolved = self._resolve(
            {
                query
                for document, asked, own in zip(batch, queries, trusted, strict=True)
                for mention, query in zip(document.mentions, asked, strict=True)
                if mention.id not in own
            }
        )
        done = []
        for document, asked, given in zip(batch, queries, trusted, strict=True):
            groundings: list[Grounding] = []
            for mention, query in zip(document.mentions, asked, strict=True):
                if mention.id in given:
                    groundings.extend(self._trusted(g, mention) for g in given[mention.id])
                else:
                    groundings.append(self._grounding(mention, resolved[query]))
            done.append(tuple(groundings))
        return done

    def explain(
        self, text: str, category: str | None = None, *, long_form: str = ""
    ) -> tuple[Candidate, ...]:
        """Return all candidates for a name, best first, each with its score and method.

        Equal names come with exact, abbreviation or normalized; similar ones, where there is a
        dense search, come too, whatever was found before.
        """
        query = _Query(text, category or "", long_form)
        found = {c.curie: c for c in self._resolve_names(query).candidates}
        if self.dense is not None:
            for candidate in self._search([query], self.dense)[query].candidates:
                found.setdefault(candidate.curie, candidate)
        return tuple(found.values())

    def resolve(self, text: str, category: str | None = None, *, long_form: str = "") -> Resolution:
        """Return what a name means; ``category`` None allows all."""
        query = _Query(text, category or "", long_form)
        resolution = self._resolve({query})[query]
        if long_form or resolution.best is None:
            return resolution
        return replace(resolution, note=self._ranking.note(text, resolution.candidates))

    def _resolve(self, queries: Iterable[_Query]) -> dict[_Query, Resolution]:
        resolved = {query: self._resolve_names(query) for query in queries}
        if self.dense is None:
            return resolved
        open_queries = [
            query
            for query, resolution in resolved.items()
            if resolution.best is None and not self._is_variant(query)
        ]
        missing = [q for q in open_queries if q not in self._similar]
        if len(self._similar) + len(missing) > self._cache_size:
            self._similar.clear()
            missing = open_queries
        self._similar.update(self._search(missing, self.dense))
        return resolved | {query: self._similar[query] for query in open_queries}

    def _is_variant(self, query: _Query) -> bool:
        return bool(query.category) and self.schema.is_a(query.category, _VARIANT)

    def _by_name(self, query: _Query) -> Resolution:
        """Resolve by equality of names, from the strictest to the most lenient."""
        if self._is_variant(query):
            return _variant(query.text)
        if query.long_form:
            candidates = self._ranking.equal_names(query.long_form, query.category)
            if not candidates:
                shorts = self._ranking.equal_names(query.text, query.category, defined=True)
                candidates = self._ranking.agreeing_with(shorts, query.long_form)
            if candidates:
                return Resolution(tuple(_renamed(c, "abbreviation") for c in candidates))
            if len(query.text) <= 6:
                return Resolution(
                    (), f"the document's {query.text!r} is {query.long_form!r}: not in the lexicon"
                )
        candidates = self._ranking.equal_names(query.text, query.category)
        if candidates:
            return Resolution(candidates)
        for form in self._other_forms(query):
            if candidates := self._ranking.equal_names(form, query.category):
                return Resolution(tuple(_renamed(c, "normalized") for c in candidates))
        return Resolution((), self._why_not(query))

    def _other_forms(self, query: _Query) -> Iterator[str]:
        """Yield what "Neoplasms, Breast" or "metastatic melanoma" is called elsewhere."""
        yield from derived_names(query.text)
        for category, shorter in _SHORTER.items():
            if self.schema.is_a(query.category, category):
                plain = shorter(query.text)
                if plain != query.text:
                    yield plain

    def _why_not(self, query: _Query) -> str:
        others = {entry.category for entry in self.lexicon.lookup(query.text)}
        if others:
            return f"the name is only known for {', '.join(sorted(others))}"
        return "no name in the lexicon"

    def _search(
        self, queries: Sequence[_Query], dense: CandidateSearch
    ) -> dict[_Query, Resolution]:
        """Resolve by similarity, all names of one category in one call."""
        by_category: dict[str, list[_Query]] = {}
        for query in queries:
            by_category.setdefault(query.category, []).append(query)
        resolved: dict[_Query, Resolution] = {}
        for category, group in by_category.items():
            texts = [query.long_form or query.text for query in group]
            wide = max(4 * self.keep_candidates, 20)
            fitting = self._ranking.fitting_categories(category)
            found = dense.search(texts, k=wide, category=fitting)
            for query, text, candidates in zip(group, texts, found, strict=True):
                resolved[query] = self._judge(text, category, candidates)
        return resolved

    def _judge(self, text: str, category: str, found: Sequence[Candidate]) -> Resolution:
        fitting = self._ranking.fitting(found, category)
        safe = [c for c in fitting if self._same_codes(text, c)]
        rest = tuple(c for c in fitting if c not in safe)
        best = safe[0] if safe else None
        kept = (*safe, *rest)
        if best is None:
            reason = "similar names differ in a digit or code" if rest else "no similar name"
        elif best.score < self.threshold:
            reason = f"best similarity {best.score:.2f} is below {self.threshold:.2f}"
        else:
            reason = ""
        return Resolution(kept, reason)

    def _same_codes(self, text: str, candidate: Candidate) -> bool:
        """Tell whether the name found agrees with ``text`` in its codes."""
        return may_be_same(text, candidate.name)

    def _trusted(self, given: Grounding, mention: Mention) -> Grounding:
        """Keep a given grounding; fill in name and category of the lexicon, and a successor."""
        if given.curie not in self.lexicon:
            return replace(given, category=mention.category)
        first = term = self.lexicon.term(given.curie)
        seen = {term.id}
        while term.obsolete and term.replaced_by in self.lexicon:
            term = self.lexicon.term(term.replaced_by)
            if term.id in seen:  # successors that go round in a circle lead nowhere
                term = first
                break
            seen.add(term.id)
        return Grounding(
            given.mention, term.id, term.name, term.category or mention.category, given.score,
            given.method, given.reason, given.candidates,
        )  # fmt: skip

    def _grounding(self, mention: Mention, resolution: Resolution) -> Grounding:
        kept = resolution.candidates[: self.keep_candidates]
        best = resolution.best
        if best is None:
            return Grounding(
                mention.id, "", mention.text, mention.category, 0.0, "nil", resolution.reason, kept
            )
        label = self.lexicon.label(best.curie)
        name, category = label or (best.name, mention.category)
        return Grounding(
            mention.id, best.curie, name, category, best.score, best.method, candidates=kept
        )


def _queries(document: AnnotatedDocument) -> list[_Query]:
    long_forms: dict[str, str] = {}
    for abbreviation in document.abbreviations:
        long_forms.setdefault(abbreviation.short, abbreviation.long)
    queries = []
    for mention in document.mentions:
        text = mention.text
        long_form = long_forms.get(text) or long_forms.get(text.removesuffix("s"), "")
        queries.append(_Query(text, mention.category, long_form))
    return queries


def _given(document: AnnotatedDocument) -> dict[str, list[Grounding]]:
    given: dict[str, list[Grounding]] = {}
    for grounding in document.groundings:
        if grounding.curie:
            given.setdefault(grounding.mention, []).append(grounding)
    return given


def _renamed(candidate: Candidate, method: str) -> Candidate:
    return Candidate(candidate.curie, candidate.name, candidate.score, method)


def _variant(text: str) -> Resolution:
    """Resolve a sequence variant: an rs number is its identifier, other notations have none."""
    if curie := rs_number(text):
        return Resolution((Candidate(curie, curie.partition(":")[2], 1.0, "exact"),))
    if form := normal_variant(text):
        return Resolution((), f"{form} needs its reference sequence to have an identifier")
    return Resolution((), "no notation of a sequence variant that we know")
