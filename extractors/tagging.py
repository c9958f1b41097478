"""A document as a tagger reads it: word pieces, words, their features, and windows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgbuild.extractors.gazetteer import KINDS, Gazetteer
from kgbuild.extractors.windows import sentence_starts
from kgbuild.extractors.word_features import shape_of
from kgbuild.records import AnnotatedDocument, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

__all__ = ["TaggedText", "prepare"]

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A document's word pieces and words.

    Attributes:
        ids: word pieces, ``(pieces,)``, without special tokens.
        word_of: the word that each piece belongs to, ``(pieces,)``, rising.
        first: each word's first piece, ``(words,)``.
        words: each word's place in the text.
        shapes: each word's shape, ``(words,)``.
        tags: what the gazetteer says of each word, ``(words, len(KINDS))``.
        starts: first pieces of sentences.
    """

    ids: NDArray[np.int64]
    word_of: NDArray[np.int64]
    first: NDArray[np.int64]
    words: Sequence[Span]
    shapes: NDArray[np.uint8]
    tags: NDArray[np.uint8]
    starts: Sequence[int]


def prepare(
    batch: Sequence[AnnotatedDocument], tokenizer: Tokenizer, gazetteer: Gazetteer | None
) -> list[TaggedText]:
    """Return what a tagger reads of each document; words are the tokenizer's own.

    Where a document defines an abbreviation of a name that the gazetteer knows, the short form has
    the name's kinds all over the document.
    """
    # A lone surrogate has no UTF-8; its replacement is one character too.
    texts = [_SURROGATE.sub("\ufffd", item.document.text) for item in batch]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [
        _tagged(item, text, encoding, gazetteer)
        for item, text, encoding in zip(batch, texts, encodings, strict=True)
    ]


def _tagged(
    item: AnnotatedDocument,
    text: str,
    encoding: Encoding,
    gazetteer: Gazetteer | None,
) -> TaggedText:
    import numpy as np

    offsets = encoding.offsets
    word_of = np.array(encoding.word_ids, dtype=np.int64)
    is_first = np.ones(len(word_of), dtype=bool)
    is_first[1:] = word_of[1:] != word_of[:-1]
    first = np.flatnonzero(is_first)
    ends = np.append(first, len(word_of))[1:] - 1
    spans = [(offsets[a][0], offsets[b][1]) for a, b in zip(first, ends, strict=True)]
    words = [text[a:b] for a, b in spans]
    if gazetteer is None:
        tags = np.zeros((len(words), len(KINDS)), dtype=np.uint8)
    else:
        tags = gazetteer.tag(words, _short_forms(item, gazetteer))
    return TaggedText(
        ids=np.array(encoding.ids, dtype=np.int64),
        word_of=np.cumsum(is_first) - 1,
        first=first,
        words=spans,
        shapes=np.array([shape_of(word) for word in words], dtype=np.uint8),
        tags=tags,
        starts=sentence_starts(offsets, item.sentences),
    )


def _short_forms(item: AnnotatedDocument, gazetteer: Gazetteer) -> dict[str, int]:
    found = {a.short: gazetteer.kinds_of(a.long) for a in item.abbreviations}
    return {short: kinds for short, kinds in found.items() if kinds}
