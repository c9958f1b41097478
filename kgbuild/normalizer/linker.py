"""Linking: which identifier a mention means, or that none is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import CandidateSearch, Query
from kgbuild.normalizer.composites import splits
from kgbuild.normalizer.expansion import defined_beside, expanded, long_forms, names_with_kind
from kgbuild.normalizer.induced import Induced, tells_of_induction
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.ranking import COMPATIBLE, Ranking
from kgbuild.normalizer.reranking import Reranker, Rival, TextContext
from kgbuild.normalizer.resolution import EqualNames, Resolution
from kgbuild.normalizer.similar import SURE, SimilarNames
from kgbuild.normalizer.similar_meaning import THRESHOLDS, Near, SimilarMeanings
from kgbuild.normalizer.species import SpeciesOfText
from kgbuild.protocols import NameSource
from kgbuild.records import AnnotatedDocument, Candidate, Grounding, Mention

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.ontologies.schema import Schema

__all__ = ["CandidateSearch", "Linker", "Resolution"]

_READINGS = 3
_ALIKE = ("dense", "ngram")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A mention's query, and its parts where it can be read as several names."""

    query: Query
    readings: tuple[tuple[Query, ...], ...] = ()


class Linker:
    """Grounds mentions: given, exact, abbreviation, memory, normalized, dense or ngram.

    A step that finds something ends the search, so a similar vector never outbids an equal name.
    A short form that the document defines is looked up by its long form first, because the
    document knows better than any dictionary what its "MS" is; a name that equals none is read as
    the document's longer one that says its kind ("von Willebrand disease"). A name of several
    things ("breast and ovarian cancer") that no term equals is taken apart if each part equals a
    term.

    Args:
        lexicon: the names.
        schema: for categories and preferred vocabularies.
        dense: what finds names of similar meaning when no name is equal; None goes by their
            character n-grams, as far as names are words.
        thresholds: cosine from which ``dense`` is believed, in [0, 1], by category of the
            mention; that of "" holds for the others.
        keep_candidates: how many candidates a grounding keeps for explanation; 0 keeps none.
        trust_given: keep the groundings that the input brings.
        compatible: how well a term's category serves for a mention's, other than the same and
            its descendants: ``{(mention's, term's): factor}``.
        without: what not to go by.
        reranker: orders what ``dense`` finds; None leaves the nearest first.
        cache_size: names remembered.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        schema: Schema,
        dense: CandidateSearch | None = None,
        thresholds: Mapping[str, float] = THRESHOLDS,
        keep_candidates: int = 5,
        trust_given: bool = True,
        compatible: Mapping[tuple[str, str], float] = COMPATIBLE,
        without: Collection[NameSource] = (),
        reranker: Reranker | None = None,
        cache_size: int = 100_000,
    ) -> None:
        self.lexicon = lexicon
        self.schema = schema
        self.dense = dense
        self.keep_candidates = keep_candidates
        self.trust_given = trust_given
        self._without = frozenset(without)
        methods = {"exact", "normalized"} - self._without
        self._ranking = Ranking(lexicon, schema=schema, compatible=compatible, methods=methods)
        self._equal = EqualNames(
            self._ranking, rewritten="rewritten" not in without, cache_size=cache_size
        )
        self._induced = Induced(self._ranking)
        ranked = reranker is not None or "ranking" in without  # training sees what is ranked
        reranker = None if "ranking" in without else reranker
        search, width = dense, max(4 * keep_candidates, 20)
        alike = None if "ngrams" in without else SimilarNames(lexicon, schema=schema)
        if dense is None:
            search, width = alike, max(2 * keep_candidates, 10)
            thresholds, reranker, alike = SURE, None, None
        self._similar: SimilarMeanings | None = None
        if search is not None:
            self._similar = SimilarMeanings(
                self._ranking,
                search,
                thresholds=thresholds,
                width=width,
                guards="guards" not in without,
                reranker=reranker,
                alike=alike if ranked else None,
                cache_size=cache_size,
            )

    @property
    def goes_by_similarity(self) -> bool:
        """Tell whether names that equal none are compared with similar ones."""
        return self._similar is not None

    def ground(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Grounding, ...]]:
        """Return the groundings of each document's mentions: at least one for each, NIL or not.

        A mention that names several things has one for each of them.
        """
        trusted = [_given(document) if self.trust_given else {} for document in batch]
        asked = [self._asked(document) for document in batch]
        wanted = {
            one
            for document, own, queries in zip(batch, trusted, asked, strict=True)
            for mention, one in zip(document.mentions, queries, strict=True)
            if mention.id not in own
        }
        named = {one: self._by_name(one) for one in wanted}
        near = self._near(named)
        done = []
        for document, given, queries in zip(batch, trusted, asked, strict=True):
            species = SpeciesOfText(document.document.text)
            context = self._context(document, (named[one] for one in queries if one in named))
            judged: dict[Query, Resolution] = {}
            induced = "induced" not in self._without and tells_of_induction(document, self.schema)
            groundings: list[Grounding] = []
            for mention, one in zip(document.mentions, queries, strict=True):
                if mention.id in given:
                    groundings.extend(self._trusted(g, mention) for g in given[mention.id])
                    continue
                resolutions = named[one]
                if induced and len(resolutions) == 1:
                    own, query = resolutions[0], one.query
                    resolutions = [self._induced.prefer(own, query.text, query.category)]
                if one.query in near and resolutions[0].best is None:
                    if one.query not in judged:
                        judged[one.query] = self._judge(one.query, near, context)
                    resolutions = [judged[one.query]]
                for resolution in resolutions:
                    ordered = resolution.candidates
                    if "species" not in self._without:
                        ordered = species.reorder(ordered, mention.start, len(mention.text))
                    groundings.append(
                        self._grounding(mention, replace(resolution, candidates=ordered))
                    )
            done.append(tuple(groundings))
        return done

    def rivals(
        self, document: AnnotatedDocument
    ) -> list[tuple[Mention, tuple[Rival, ...], TextContext]]:
        """Return the mentions that no name equals, with the similar names that may be meant."""
        queries = self._asked(document)
        named = {one: self._by_name(one) for one in queries}
        near = self._near(named)
        context = self._context(document, named.values())
        return [
            (mention, near[one.query].rivals, context)
            for mention, one in zip(document.mentions, queries, strict=True)
            if one.query in near and near[one.query].rivals
        ]

    def explain(
        self, text: str, category: str | None = None, *, long_form: str = ""
    ) -> tuple[Candidate, ...]:
        """Return all candidates for a name, best first, each with its score and method.

        Equal names come with exact, abbreviation or normalized; similar ones come too, whatever
        was found before.
        """
        return self.explain_all([Query(text, category or "", long_form)])[0]

    def explain_all(self, queries: Sequence[Query]) -> list[tuple[Candidate, ...]]:
        """Return all candidates for each of many names, by one search for what is similar."""
        near = {} if self._similar is None else self._similar.near(queries)
        explained = []
        for query in queries:
            found = {c.curie: c for c in self._equal.resolve(query).candidates}
            if query in near:
                for candidate in self._judge(query, near, TextContext(query.name)).candidates:
                    found.setdefault(candidate.curie, candidate)
            explained.append(tuple(found.values()))
        return explained

    def resolve(self, text: str, category: str | None = None, *, long_form: str = "") -> Resolution:
        """Return what a name means as a whole; ``category`` None allows all."""
        query = Query(text, category or "", long_form)
        return self._with_note(query, self._resolve(_Asked(query))[0])

    def resolve_all(
        self, text: str, category: str | None = None, *, long_form: str = ""
    ) -> list[Resolution]:
        """Return what a name means, or what each part of a composite name means."""
        query = Query(text, category or "", long_form)
        asked = _Asked(query, self._readings(query))
        found = self._resolve(asked)
        return [self._with_note(query, found[0])] if len(found) == 1 else found

    def _with_note(self, query: Query, resolution: Resolution) -> Resolution:
        best = resolution.best
        if query.long_form or best is None or best.method in _ALIKE:
            return resolution
        return replace(resolution, note=self._ranking.note(query.text, resolution.candidates))

    def _resolve(self, asked: _Asked) -> list[Resolution]:
        """Return what a name means that stands alone."""
        named = {asked: self._by_name(asked)}
        near = self._near(named)
        if asked.query in near:
            return [self._judge(asked.query, near, TextContext(asked.query.name))]
        return named[asked]

    def _near(self, named: Mapping[_Asked, Sequence[Resolution]]) -> dict[Query, Near]:
        """Return what is near the names that no name equals, by one search."""
        if self._similar is None:
            return {}
        missing = [
            one.query
            for one, found in named.items()
            if found[0].best is None and not self._equal.is_variant(one.query)
        ]
        near = self._similar.near(list(dict.fromkeys(missing)))
        return {query: own for query, own in near.items() if own.candidates}

    def _judge(self, query: Query, near: Mapping[Query, Near], context: TextContext) -> Resolution:
        assert self._similar is not None
        return self._similar.judge(query, near[query], context)

    def _by_name(self, asked: _Asked) -> list[Resolution]:
        """Resolve by equality of names: the whole, else all parts of a reading."""
        equal = self._equal.resolve(asked.query)
        if equal.best is None:
            for reading in asked.readings:
                parts = [self._equal.resolve(part) for part in reading]
                meant = {part.best.curie for part in parts if part.best}
                if len(meant) == len(parts):
                    return parts
        return [equal]

    def _asked(self, document: AnnotatedDocument) -> list[_Asked]:
        heeds = "abbreviations" not in self._without
        known: dict[str, str] = {}
        if heeds:
            beside = defined_beside(document.document.text, document.mentions)
            known = beside | long_forms(document.abbreviations)
        queries = []
        for mention in document.mentions:
            asks = bool(known) or (heeds and "(" in mention.text)
            written_out = expanded(mention.text, known) if asks else mention.text
            long_form = written_out if written_out != mention.text else ""
            query = Query(mention.text, mention.category, long_form)
            queries.append(_Asked(query, self._readings(query)))
        return queries if "memory" in self._without else self._remembering(queries)

    def _remembering(self, asked: list[_Asked]) -> list[_Asked]:
        """Read a name that equals none as the one of its document that says its kind, too."""
        known = names_with_kind((one.query.category, one.query.name) for one in asked)
        return [self._with_kind(one, known) for one in asked] if known else asked

    def _with_kind(self, one: _Asked, known: Mapping[tuple[str, str], str]) -> _Asked:
        if self._by_name(one)[0].best:
            return one
        whole = known.get((one.query.category, normal_key(one.query.name)))
        return _Asked(replace(one.query, long_form=whole, remembered=True)) if whole else one

    def _readings(self, query: Query) -> tuple[tuple[Query, ...], ...]:
        """Return the most likely ways to read a name as several."""
        if "composites" in self._without:
            return ()
        return tuple(
            tuple(Query(part, query.category) for part in reading)
            for reading in islice(splits(query.name), _READINGS)
        )

    def _context(
        self, document: AnnotatedDocument, found: Iterable[Sequence[Resolution]]
    ) -> TextContext:
        """Return what a document says, and what of it is named outright."""
        meant = [resolution.best.curie for own in found for resolution in own if resolution.best]
        return TextContext(document.document.text, meant, self.lexicon.ancestors)

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
            name = resolution.name or mention.text
            return Grounding(
                mention.id, "", name, mention.category, 0.0, "nil", resolution.reason, kept
            )
        label = self.lexicon.label(best.curie)
        name, category = label or (best.name, mention.category)
        return Grounding(
            mention.id, best.curie, name, category, best.score, best.method, candidates=kept
        )


def _given(document: AnnotatedDocument) -> dict[str, list[Grounding]]:
    given: dict[str, list[Grounding]] = {}
    for grounding in document.groundings:
        if grounding.curie:
            given.setdefault(grounding.mention, []).append(grounding)
    return given
