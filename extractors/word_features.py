"""What a tagger sees of a word beside its word pieces: its shape, and which names it is part of.

An uncased encoder can't tell WAS from was; the shape says so. Features are a multi-hot row for each
token, so that the model multiplies them by one small matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from kgbuild.extractors.gazetteer import KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FEATURES", "SHAPES", "multi_hot", "shape_of"]

SHAPES = ("mark", "digits", "lower", "Initial", "A", "CAPS", "mIxed", "lower1", "Caps1", "other")
"""The shapes of words; 1 stands for digits after letters."""

_TAGS = 4  # of each kind: first, inside, last, alone
FEATURES = len(SHAPES) + _TAGS * len(KINDS)
"""Columns of the feature matrix."""


@lru_cache(maxsize=200_000)
def shape_of(word: str) -> int:
    """Return the place of a word's shape in ``SHAPES``.

    >>> [SHAPES[shape_of(word)] for word in ("IL", "p53", "(", "mRNA", "Aspirin", "β")]
    ['CAPS', 'lower1', 'mark', 'mIxed', 'Initial', 'other']
    """
    if word.isdigit():
        shape = 1
    elif not any(character.isalnum() for character in word):
        shape = 0
    elif not word.isascii():
        shape = 9
    elif any(character.isdigit() for character in word):
        shape = 7 if word.islower() else 8
    elif word.islower():
        shape = 2
    elif word.isupper():
        shape = 4 if len(word) == 1 else 5
    else:
        shape = 3 if word[1:].islower() else 6
    return shape


def multi_hot(
    shapes: Sequence[int] | NDArray[np.uint8], tags: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the feature rows of words, ``(words, FEATURES)``.

    Args:
        shapes: of each word.
        tags: what ``Gazetteer.tag`` gives, ``(words, len(KINDS))``.
    """
    import numpy as np

    count = len(shapes)
    rows = np.zeros((count, FEATURES), dtype=np.float32)
    rows[np.arange(count), np.asarray(shapes, dtype=np.int64)] = 1
    words, kinds = np.nonzero(tags)
    rows[words, len(SHAPES) + _TAGS * kinds + tags[words, kinds] - 1] = 1
    return rows
