"""What a name encoder learns from: things with all their names, and which of them are related."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, combinations

from kgbuild.normalizer.grams import GramIndex
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Term

__all__ = ["Concept", "Concepts", "gather_concepts"]

_LONGEST = 120
_SHARED = 6
_NAMES = 8


@dataclass(slots=True)
class Concept:
    """One thing, its terms in all vocabularies united; ``related`` is never a negative."""

    names: list[str]
    source: int
    parents: set[int] = field(default_factory=set)
    related: set[int] = field(default_factory=set)


class Concepts:
    """The concepts, drawn at random with those that are written alike.

    Args:
        members: the concepts.
        place: the concept of each identifier.
        shares: how often each source is drawn.
    """

    def __init__(
        self, members: Sequence[Concept], place: Mapping[str, int], shares: Sequence[float]
    ) -> None:
        self.members = members
        self.place = place
        self._of_source = [
            [i for i, c in enumerate(members) if c.source == source and len(c.names) > 1]
            for source in range(len(shares))
        ]
        # Terms with many names teach more, but not in proportion.
        self._weights = [
            list(accumulate(min(len(members[i].names), _NAMES) ** 0.7 for i in rows))
            for rows in self._of_source
        ]
        self._shares = [
            share if rows else 0.0 for share, rows in zip(shares, self._of_source, strict=True)
        ]
        self._letters = GramIndex.of([normal_key(c.names[0]) or " - " for c in members])
        self.alike = lru_cache(maxsize=50_000)(self._alike)

    @property
    def fingerprint(self) -> str:
        """Hash of the names and of what is related."""
        found = blake2b(digest_size=12)
        for c in self.members:
            known = (c.names, c.source, sorted(c.parents), sorted(c.related))
            found.update(repr(known).encode("utf-8", "surrogatepass"))
        return found.hexdigest()

    def draw(self, count: int, rng: random.Random) -> list[int]:
        """Return ``count`` concepts with two names or more."""
        sources = rng.choices(range(len(self._shares)), weights=self._shares, k=count)
        return [
            rng.choices(self._of_source[source], cum_weights=self._weights[source])[0]
            for source in sources
        ]

    def names(self, concept: int, count: int, rng: random.Random) -> list[str]:
        """Return up to ``count`` different names."""
        own = self.members[concept].names
        return rng.sample(own, min(count, len(own)))

    def _alike(self, concept: int, count: int) -> tuple[int, ...]:
        """Return unrelated concepts whose preferred names share the most letters with its own."""
        own = self.members[concept]
        found = self._letters.search(own.names[0], k=count + 8)
        near = own.related | own.parents | {concept}
        return tuple(i for i, _ in found if i not in near)[:count]


def gather_concepts(
    vocabularies: Sequence[tuple[Iterable[Term], float]],
) -> Concepts:
    """Return the concepts of vocabularies, each with its share.

    Terms of two vocabularies are one concept where a cross-reference pairs them and no others, or
    where they have one preferred name. Those that share any other name, or a cross-reference that
    isn't one to one, are related; so are parents and children.
    """
    terms: dict[str, tuple[Term, int]] = {}
    for source, (given, _) in enumerate(vocabularies):
        for term in given:
            if not term.obsolete and term.name:
                terms.setdefault(term.id, (term, source))
    root, loose = _united({i: t for i, (t, _) in terms.items()})
    members: list[Concept] = []
    place: dict[str, int] = {}
    for curie, (term, source) in terms.items():
        first = root(curie)
        if first not in place:
            place[first] = len(members)
            members.append(Concept([], source))
        place[curie] = place[first]
        _add_names(members[place[curie]], term)
    kept = [i for i, concept in enumerate(members) if concept.names]
    new = {old: row for row, old in enumerate(kept)}
    members = [members[i] for i in kept]
    place = {curie: new[i] for curie, i in place.items() if i in new}
    _relate(members, place, [t for t, _ in terms.values()], loose)
    _place_foreign(place, [t for t, _ in terms.values()])
    return Concepts(members, place, [share for _, share in vocabularies])


def _united(terms: Mapping[str, Term]) -> tuple[_Roots, list[tuple[str, str]]]:
    root, loose = _Roots(), []
    forward: dict[tuple[str, str], list[str]] = defaultdict(list)
    back: dict[tuple[str, str], list[str]] = defaultdict(list)
    for term in terms.values():
        for xref in term.xrefs:
            if xref in terms and _prefix(xref) != _prefix(term.id):
                forward[term.id, _prefix(xref)].append(xref)
                back[xref, _prefix(term.id)].append(term.id)
    for (curie, _), xrefs in forward.items():
        for xref in xrefs:
            if len(xrefs) == 1 and len(back[xref, _prefix(curie)]) == 1:
                root.unite(xref, curie)
            else:
                loose.append((xref, curie))
    by_name: dict[str, list[str]] = defaultdict(list)
    for term in terms.values():
        by_name[normal_key(term.name)].append(term.id)
    for key, same in by_name.items():
        if key and len({_prefix(curie) for curie in same}) == len(same):
            for other in same[1:]:
                root.unite(same[0], other)
    return root, loose


class _Roots:
    """Sets that are united (union-find)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def __call__(self, member: str) -> str:
        while (above := self._above.get(member, member)) != member:
            self._above[member] = member = self._above.get(above, above)
        return member

    def unite(self, one: str, other: str) -> None:
        first, second = self(one), self(other)
        if first != second:
            self._above[second] = first


def _add_names(concept: Concept, term: Term) -> None:
    seen = {name.casefold() for name in concept.names}
    for text in (term.name, *(s.text for s in term.synonyms if s.scope in _SAME)):
        clean = " ".join(text.split())
        if 1 < len(clean) <= _LONGEST and clean.casefold() not in seen:
            seen.add(clean.casefold())
            concept.names.append(clean)


_SAME = frozenset(("exact", "preferred", "abbreviation"))


def _relate(
    members: Sequence[Concept],
    place: Mapping[str, int],
    terms: Iterable[Term],
    loose: Iterable[tuple[str, str]],
) -> None:
    by_key: dict[str, set[int]] = defaultdict(set)
    for row, concept in enumerate(members):
        for name in concept.names:
            by_key[normal_key(name)].add(row)
    pairs = {pair for rows in by_key.values() if len(rows) <= _SHARED for pair in _pairs(rows)}
    pairs |= {(place[a], place[b]) for a, b in loose if a in place and b in place}
    for one, other in pairs:
        if one != other:
            members[one].related.add(other)
            members[other].related.add(one)
    for term in terms:
        for parent in term.parents:
            if term.id in place and parent in place and place[term.id] != place[parent]:
                members[place[term.id]].parents.add(place[parent])


def _pairs(rows: set[int]) -> Iterable[tuple[int, int]]:
    return combinations(sorted(rows), 2)


def _place_foreign(place: dict[str, int], terms: Iterable[Term]) -> None:
    """Let identifiers of absent vocabularies (OMIM) lead to the one term that refers to them."""
    refers: dict[str, set[int]] = defaultdict(set)
    for term in terms:
        for xref in term.xrefs:
            if xref not in place and term.id in place:
                refers[xref.replace("OMIMPS:", "OMIM:")].add(place[term.id])
    for xref, rows in refers.items():
        if len(rows) == 1:
            place.setdefault(xref, next(iter(rows)))


def _prefix(curie: str) -> str:
    return curie.partition(":")[0]
