"""Whether a sentence asserts, denies or doubts what a model found of two mentions in it.

Trigger patterns know which word states a relation, and ask which cues reach that word. A model
names no such word, so here a cue counts that reaches the pair (``Cues.denied_pair``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kgbuild.extractors.cues import Cues, find_cues
from kgbuild.extractors.masking import mask_sentence, meanings, sentence_mentions
from kgbuild.records import AnnotatedDocument, Mention, Sentence

__all__ = ["Reading", "SentenceReader"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a sentence means what it says of two mentions.

    ``silent`` is true where one of the two is said to be lacking: the sentence then neither
    asserts nor denies that it does something.
    """

    negated: bool = False
    hedged: bool = False
    silent: bool = False

    @property
    def asserted(self) -> bool:
        """Whether it is neither denied nor silent; it may be hedged."""
        return not self.negated and not self.silent


class SentenceReader:
    """Reads the sentences of one document, each masked once, when it is first asked for."""

    def __init__(self, document: AnnotatedDocument) -> None:
        self._document = document
        self._begins = [sentence.start for sentence in document.sentences]
        self._meanings: dict[int, object] = {}
        self._mentions: list[tuple[Sentence, list[Mention]]] = []
        self._known: dict[int, tuple[Cues, list[int]]] = {}

    def place(self, mention: Mention) -> int:
        """Return which sentence a mention begins in; -1 if it stands before all."""
        return bisect_right(self._begins, mention.start) - 1

    @property
    def sentences(self) -> Sequence[Sentence]:
        """The document's sentences."""
        return self._document.sentences

    def pair(self, one: Mention, other: Mention) -> Reading:
        """Return how the sentence that both mentions begin in means what it says of them."""
        cues, offsets = self._cues(self.place(one))
        first, second = sorted(_within(offsets, mention) for mention in (one, other))
        silent = cues.absent(first) or cues.absent(second)
        return Reading(
            negated=not silent and cues.denied_pair(first, second),
            hedged=cues.hedged_pair(first, second),
            silent=silent,
        )

    def alone(self, mention: Mention) -> Reading:
        """Return how a mention's sentence means what it says of it."""
        return self.pair(mention, mention)

    def _cues(self, place: int) -> tuple[Cues, list[int]]:
        if place not in self._known:
            document = self._document
            if not self._mentions:
                self._meanings = meanings(document)
                self._mentions = list(sentence_mentions(document.mentions, document.sentences))
            sentence, mentions = self._mentions[place]
            masked = mask_sentence(document, sentence, mentions, codes={}, names=self._meanings)
            self._known[place] = find_cues(masked.text), list(masked.offsets)
        return self._known[place]


def _within(offsets: list[int], mention: Mention) -> int:
    """Return where a mention is in a masked text, or that which stands for it there."""
    return max(bisect_right(offsets, mention.start) - 1, 0)
