"""Which identifiers mean the same thing: equivalence cliques, never two ids of one ontology."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from kgbuild.ontologies.mappings import Mapping

__all__ = ["Cliques", "Conflict", "Known", "unite"]

_MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Conflict:
    """A match that was not followed: it would have joined ``first`` and ``second``.

    ``reason`` is "one ontology" (both are its ids) or "mapped apart" (a mapping says "Not").
    """

    subject: str
    object: str
    first: str
    second: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the lexicon knows: rows of live terms by id, and where obsolete ids lead."""

    live: Callable[[str], bool]
    successor: Callable[[str], str]
    rank: Callable[[str], tuple[int, ...]]


@dataclass(slots=True)
class Cliques:
    """Members by their preferred id, former ids by what they lead to, and what was split."""

    members: dict[str, list[str]] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    conflict_count: int = 0

    def table(self) -> pa.Table:
        """Return each id that has another preferred one, sorted, with that one."""
        import pyarrow as pa

        pairs = {m: best for best, group in self.members.items() for m in group if m != best}
        best_of = {m: best for best, group in self.members.items() for m in group}
        pairs |= {old: best_of.get(new, new) for old, new in self.former.items() if old != new}
        ids = sorted(pairs, key=str.encode)
        text = pa.large_string()
        return pa.table(
            {"id": pa.array(ids, text), "preferred": pa.array([pairs[i] for i in ids], text)}
        )


class _Groups:
    """Union-find that knows the id of each prefix in a group."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}
        self.ids: dict[str, dict[str, str]] = {}
        self.apart: dict[str, set[str]] = {}

    def root(self, curie: str) -> str:
        up = self._up
        if curie not in up:
            up[curie] = curie
            self.ids[curie] = {curie.partition(":")[0]: curie}
            return curie
        at = curie
        while up[at] != at:
            up[at] = up[up[at]]
            at = up[at]
        return at

    def keep_apart(self, first: str, second: str) -> None:
        self.apart.setdefault(first, set()).add(second)
        self.apart.setdefault(second, set()).add(first)

    def clash(self, first: str, second: str) -> tuple[str, str, str] | None:
        """Return two ids that the groups of both may not join, with the reason."""
        small, large = sorted((self.ids[first], self.ids[second]), key=len)
        for prefix, curie in small.items():
            if prefix in large:
                return curie, large[prefix], "one ontology"
            for other in self.apart.get(curie, ()):
                if large.get(other.partition(":")[0]) == other:
                    return curie, other, "mapped apart"
        return None

    def join(self, first: str, second: str) -> None:
        small, large = sorted((first, second), key=lambda root: len(self.ids[root]))
        self._up[small] = large
        self.ids[large] |= self.ids.pop(small)


def unite(
    exact: Iterable[tuple[str, str, str]], mappings: Sequence[tuple[Mapping, str]], known: Known
) -> Cliques:
    """Return the cliques of exact matches.

    Matches are followed from the most trusted: mappings, by confidence, then what vocabularies
    say themselves, in the order given. One that would put two ids of one ontology into a clique is
    not followed, and listed: so a clique is split where the evidence is weakest.

    Args:
        exact: (subject, object, source): what live terms say to be the same as themselves.
        mappings: with the name of their source; only exact ones unite, "Not" keeps apart.
        known: live terms, successors of obsolete ones, and the order of preference (least first).
    """
    uniting = _Uniting(known)
    for mapping, _ in mappings:
        if mapping.negated and mapping.is_exact:
            uniting.groups.keep_apart(mapping.subject, mapping.object)
    chosen = [(m, s) for m, s in mappings if m.is_exact and not m.negated]
    for mapping, source in sorted(chosen, key=lambda pair: -pair[0].confidence):
        uniting.follow(mapping.subject, mapping.object, source)
    for subject, other, source in exact:
        uniting.follow(subject, other, source)
    return uniting.done()


class _Uniting:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.groups = _Groups()
        self.cliques = Cliques()

    def follow(self, subject: str, other: str, source: str) -> None:
        """Unite two ids, unless that joins what must not be joined."""
        known, groups, cliques = self.known, self.groups, self.cliques
        if subject.partition(":")[0] == other.partition(":")[0] and not known.live(other):
            if known.successor(other) == other:  # not a term: a former id of the subject
                cliques.former[other] = subject
            return
        first = groups.root(known.successor(subject))
        second = groups.root(known.successor(other))
        if first == second:
            return
        if clash := groups.clash(first, second):
            cliques.conflict_count += 1
            if len(cliques.conflicts) < _MOST_LISTED:
                cliques.conflicts.append(Conflict(subject, other, *clash, source))
            return
        groups.join(first, second)

    def done(self) -> Cliques:
        """Return the cliques, each under its preferred id."""
        for ids in self.groups.ids.values():
            if len(ids) > 1:
                members = sorted(ids.values(), key=self.known.rank)
                self.cliques.members[members[0]] = members
        return self.cliques
