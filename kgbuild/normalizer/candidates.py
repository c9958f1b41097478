"""What is asked of a linker, what finds candidates for it, and how these are ordered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kgbuild.records import Candidate

__all__ = ["CandidateSearch", "Query", "best_of_each"]


class CandidateSearch(Protocol):
    """Finds terms by similarity of meaning; ``kgbuild.normalizer.index.DenseIndex`` is one."""

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text, best first; scores are cosines."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A name to resolve.

    Attributes:
        text: as mentioned.
        category: of the mention; "" is any.
        long_form: the name written out, where the document does so.
        remembered: that is a longer name of the document, not what it defines.
    """

    text: str
    category: str
    long_form: str = ""
    remembered: bool = False

    @property
    def name(self) -> str:
        """The name written out."""
        return self.long_form or self.text


def best_of_each(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the best candidate of each CURIE, best first; ties in order of CURIE and name."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.curie, c.name)):
        best.setdefault(candidate.curie, candidate)
    return list(best.values())
