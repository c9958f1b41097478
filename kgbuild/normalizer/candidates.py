"""What is asked of a linker, and what finds candidates for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from kgbuild.records import Candidate

__all__ = ["CandidateSearch", "Query"]


class CandidateSearch(Protocol):
    """Finds terms by similarity of meaning; ``kgbuild.normalizer.index.DenseIndex`` is one."""

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text, best first; scores are cosines."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A name to resolve. ``long_form`` is the name written out, where the document does so."""

    text: str
    category: str
    long_form: str = ""

    @property
    def name(self) -> str:
        """The name written out."""
        return self.long_form or self.text
