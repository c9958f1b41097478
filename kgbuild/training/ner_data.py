"""Annotated corpora as a tagger learns from them: windows of word pieces with their labels.

Each corpus has a convention of its own: which categories it annotates, and how far a mention goes.
So each has its own label set, and what it doesn't annotate is unknown there, not "outside". A
mention inside another one of the same corpus is learned by a second label set for inner mentions.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from kgbuild.extractors.tagging import TaggedText, prepare
from kgbuild.extractors.windows import plan_windows
from kgbuild.records import AnnotatedDocument, Mention, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from kgbuild.extractors.gazetteer import Gazetteer

__all__ = ["UNLABELLED", "Corpus", "Example", "windows", "word_labels"]

UNLABELLED = -1
"""In place of a corpus: nobody labelled the text, but teachers."""


def word_labels(
    words: Sequence[Span], mentions: Iterable[Mention], categories: Sequence[str]
) -> tuple[list[int], int]:
    """Return each word's BIOES label, and how many mentions have no place of their own.

    Longer mentions come first; a mention that overlaps one already placed is not learned. One that
    begins or ends inside a word is given the whole word.
    """
    labels = [0] * len(words)
    lost = 0
    starts = [start for start, _ in words]
    from bisect import bisect_left, bisect_right

    for mention in sorted(mentions, key=lambda m: (m.start - m.end, m.start)):
        first = max(bisect_right(starts, mention.start) - 1, 0)
        stop = bisect_left(starts, mention.end)
        if first >= stop or any(labels[first:stop]) or mention.spans:
            lost += 1
            continue
        base = 1 + 4 * categories.index(mention.category)
        if stop - first == 1:
            labels[first] = base + 3
        else:
            labels[first:stop] = [base + 1] * (stop - first)
            labels[first], labels[stop - 1] = base, base + 2
    return labels, lost


@dataclass(frozen=True, slots=True)
class Example:
    """A window of a document: pieces ``start:end`` of ``text``.

    ``corpus`` is the place of the corpus that has labelled it, or ``UNLABELLED``; ``taught`` is
    what teachers say of the text's words, ``(words, labels of all corpora)``.
    """

    corpus: int
    text: TaggedText
    labels: NDArray[np.int64]
    start: int
    end: int
    taught: NDArray[np.float16] | None = None


@dataclass
class Corpus:
    """The documents of a corpus, ready for training or measuring.

    Attributes:
        name: names the convention.
        categories: what the corpus annotates.
        documents: with sentences, abbreviations and gold mentions.
        share: part of the documents without any mention that an epoch shows, in [0, 1].
        taught: what teachers say of the words of each of the texts, where there are teachers:
            probabilities, ``(words, labels of all corpora)``.
    """

    name: str
    categories: tuple[str, ...]
    documents: Sequence[AnnotatedDocument]
    share: float = 1.0
    texts: list[TaggedText] = field(default_factory=list)
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    lost: int = 0
    taught: list[NDArray[np.float16]] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Hash of the prepared texts: their pieces, words, hints, labels and gold mentions."""
        found = blake2b(digest_size=12)
        for item, text, labels in zip(self.documents, self.texts, self.labels, strict=True):
            for array in (text.ids, text.first, text.shapes, text.tags, labels):
                found.update(array.tobytes())
            found.update(repr([(m.start, m.end, m.category) for m in item.mentions]).encode())
        return found.hexdigest()

    def prepare(self, tokenizer: Tokenizer, gazetteer: Gazetteer | None) -> None:
        """Make ``texts`` and ``labels`` of the documents; ``lost`` counts unlearnable mentions."""
        import numpy as np

        for first in range(0, len(self.documents), 256):
            chunk = self.documents[first : first + 256]
            for item, text in zip(chunk, prepare(chunk, tokenizer, gazetteer), strict=True):
                own = [m for m in item.mentions if m.category in self.categories]
                labels, lost = word_labels(text.words, own, self.categories)
                self.texts.append(text)
                self.labels.append(np.array(labels, dtype=np.int64))
                self.lost += lost

    def examples(
        self, index: int, rng: random.Random, *, shortest: int, longest: int
    ) -> Iterator[Example]:
        """Yield an epoch's windows: whole sentences, up to a random number of pieces each."""
        taught: Sequence[NDArray[np.float16] | None] = self.taught or [None] * len(self.texts)
        for text, labels, said in zip(self.texts, self.labels, taught, strict=True):
            if not labels.any() and rng.random() >= self.share:
                continue
            yield from windows(text, labels, index, rng.randint(shortest, longest), said)


def windows(
    text: TaggedText,
    labels: NDArray[np.int64],
    index: int,
    capacity: int,
    taught: NDArray[np.float16] | None = None,
) -> Iterator[Example]:
    """Cut a text into windows of whole sentences of at most ``capacity`` pieces, if they can."""
    for window in plan_windows(len(text.ids), capacity=capacity, stride=0, starts=text.starts):
        yield Example(index, text, labels, window.start, window.end, taught)
