"""The ontologies' own edges around a graph's entities: what each is a kind of, or a part of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kgbuild.records import Statement, Term

__all__ = ["EXTRACTOR", "PREDICATES", "Edge", "Lookup", "climb"]

EXTRACTOR = "ontology"
"""What stands as the extractor of a statement that an ontology makes."""

PREDICATES = {"is_a": "subclass_of", "part_of": "part_of", "xref": "close_match"}
"""The schema's predicate for each kind of edge."""

_MOST = 200


@dataclass(frozen=True, slots=True)
class Lookup:
    """How terms are found.

    ``term`` gives the term of a CURIE, or None; ``preferred`` the CURIE by which the graph knows
    a thing that has several.
    """

    term: Callable[[str], Term | None]
    preferred: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Edge:
    """``subject`` is a kind of, a part of, or close to ``object``."""

    subject: str
    predicate: str
    object: str

    @property
    def id(self) -> str:
        """The id of the statement that it is."""
        return Statement(self.subject, self.predicate, self.object).id


def climb(
    entities: Iterable[str], kinds: Sequence[str], lookup: Lookup
) -> tuple[dict[str, Term], list[Edge]]:
    """Return what lies above ``entities``, up to the roots, and the edges on the way.

    Args:
        entities: ids of the graph's entities.
        kinds: of ``PREDICATES``; ``xref`` joins only entities that the graph has.
        lookup: finds terms.

    Returns:
        The terms above that are no entities yet, by id; and the edges, each once. A circle in an
        ontology is walked round once; an edge from a thing to itself is left out.
    """
    given = set(entities)
    above: dict[str, Term] = {}
    edges: dict[Edge, None] = {}
    pending = sorted(given)
    done = set(given)
    while pending:
        curie = pending.pop()
        term = above.get(curie) or lookup.term(curie)
        if term is None:
            continue
        for kind, others in (("is_a", term.parents), ("part_of", term.part_of)):
            if kind not in kinds:
                continue
            for other in map(lookup.preferred, others):
                if other == curie:
                    continue
                if other not in done:
                    found = lookup.term(other)
                    if found is None or found.obsolete:
                        continue
                    done.add(other)
                    above[other] = found
                    pending.append(other)
                edges[Edge(curie, PREDICATES[kind], other)] = None
    if "xref" in kinds:
        edges |= _near(sorted(given), given, lookup)
    return above, sorted(edges, key=lambda e: (e.subject, e.predicate, e.object))


def _near(entities: Iterable[str], given: set[str], lookup: Lookup) -> dict[Edge, None]:
    edges: dict[Edge, None] = {}
    for curie in entities:
        term = lookup.term(curie)
        for other in map(lookup.preferred, term.xrefs[:_MOST] if term else ()):
            if other != curie and other in given:
                first, second = sorted((curie, other))
                edges[Edge(first, PREDICATES["xref"], second)] = None
    return edges
