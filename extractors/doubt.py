"""Names of a vocabulary that a model, which reads the sentence, holds for no mention there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from kgbuild.protocols import Recognizer
from kgbuild.records import AnnotatedDocument, Mention

__all__ = ["Asked", "Doubt", "Judge"]

Asked: TypeAlias = tuple[int, int, str]
"""Start, end and category of a place that may be a mention."""


class Judge(Recognizer, Protocol):
    """A recognizer that also says how likely a place is a mention."""

    def recognize_and_judge(
        self, batch: Sequence[AnnotatedDocument], asked: Sequence[Sequence[Asked]]
    ) -> tuple[list[tuple[Mention, ...]], list[list[float]]]:
        """Return the mentions of each document, and a probability for each place asked about."""
        ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """Asks one recognizer about the mentions of another, and leaves out the least likely.

    Attributes:
        judge: what is asked; it reads a batch once for its own mentions and for the answers.
        names: whose mentions are doubted.
        least: for each category that is doubted the judge's category, and the probability in it
            below which a mention is left out.
    """

    judge: Judge
    names: Recognizer
    least: Mapping[str, tuple[str, float]]

    def recognize(
        self, batch: Sequence[AnnotatedDocument]
    ) -> tuple[list[tuple[Mention, ...]], list[tuple[Mention, ...]]]:
        """Return the judge's own mentions of each document, and what is left of the others."""
        found = self.names.recognize(batch)
        doubted = [[m for m in some if m.category in self.least] for some in found]
        asked = [[(m.start, m.end, self.least[m.category][0]) for m in some] for some in doubted]
        own, chances = self.judge.recognize_and_judge(batch, asked)
        unlikely = {
            mention.id
            for some, likely in zip(doubted, chances, strict=True)
            for mention, chance in zip(some, likely, strict=True)
            if chance < self.least[mention.category][1]
        }
        return own, [tuple(m for m in some if m.id not in unlikely) for some in found]
