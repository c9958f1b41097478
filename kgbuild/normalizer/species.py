"""Whose gene a text means: human, mouse or rat, by the organism that it speaks of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from kgbuild.records import Candidate

__all__ = ["PREFIX_OF_SPECIES", "SpeciesOfText"]

PREFIX_OF_SPECIES = {"human": "HGNC", "mouse": "MGI", "rat": "RGD"}
"""The vocabulary that names the genes of each species."""

_WORDS = {
    "human": r"humans?|patients?|men|women|persons?|people|children|homo sapiens|clinical|subjects|"
    r"volunteers|families|family|individuals?|adults",
    "mouse": r"mice|mouse|murine|mus musculus|knockout mice|C57BL/6J?|BALB/c",
    "rat": r"rats?|rattus(?: norvegicus)?|Sprague-Dawley|Wistar",
}
_SPECIES = re.compile(
    r"(?<![\w-])(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _WORDS.items()) + r")"
    r"(?![\w])",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z(])")
_CLOSE = 0.3


class SpeciesOfText:
    """Finds the species around a place: the nearest in its sentence, else the text's most frequent.

    A text that names none is taken to speak of humans.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _named(self) -> list[tuple[int, int, str]]:
        return [(m.start(), m.end(), str(m.lastgroup)) for m in _SPECIES.finditer(self._text)]

    @cached_property
    def _usual(self) -> str:
        counts = Counter(name for _, _, name in self._named)
        if not counts:
            return "human"
        # A study of mice mentions people too: animals are named for a reason.
        animals = {name: n for name, n in counts.items() if name != "human"}
        if animals and sum(animals.values()) * 2 >= counts["human"]:
            return max(animals, key=lambda name: (animals[name], name))
        return counts.most_common(1)[0][0]

    @cached_property
    def _ends(self) -> list[int]:
        return [m.end() for m in _SENTENCE_END.finditer(self._text)]

    def at(self, start: int, length: int = 0) -> str:
        """Return the species that a gene named at ``start`` belongs to.

        >>> SpeciesOfText("Trp53 was deleted in mice. In patients TP53 is mutated.").at(0)
        'mouse'
        """
        first = max((end for end in self._ends if end <= start), default=0)
        last = min((end for end in self._ends if end > start), default=len(self._text))
        near = [
            (start - end if end <= start else begin - start - length, name)
            for begin, end, name in self._named
            if first <= begin < last
        ]
        return min(near)[1] if near else self._usual

    def reorder(
        self, candidates: Sequence[Candidate], start: int, length: int
    ) -> tuple[Candidate, ...]:
        """Return the candidates with the gene of the right species first.

        Only genes of several species are reordered, and only those that fit nearly as well as the
        best.
        """
        given = tuple(candidates)
        prefixes = {c.curie.partition(":")[0] for c in given} & set(PREFIX_OF_SPECIES.values())
        if len(prefixes) < 2:
            return given
        wanted = PREFIX_OF_SPECIES[self.at(start, length)]
        best = given[0].score
        return tuple(
            sorted(
                given,
                key=lambda c: c.curie.partition(":")[0] != wanted or c.score < best - _CLOSE,
            )
        )
