"""Small deterministic stand-ins for models, for the tests of those who build on kgbuild.

They are real components that need no model and no extra: use them where a test or an example must
not download anything.

>>> encoder = HashingEncoder()
>>> near, far = encoder.encode(["asthma", "asthmas", "aspirin"])[1:] @ encoder.encode(["asthma"])[0]
>>> bool(near > far)
True
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from kgbuild.records import AnnotatedDocument, Mention, content_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["HashingEncoder", "KeywordRecognizer"]


class HashingEncoder:
    """Encodes a text by its character n-grams, hashed into signed buckets (Weinberger 2009).

    Texts that share spelling are near each other; case is ignored. The same text and settings give
    the same vector on every machine.

    Args:
        dimension: length of a vector.
        seed: another seed, other buckets (and another fingerprint).
        sizes: smallest and largest n-gram.
    """

    def __init__(
        self, *, dimension: int = 256, seed: int = 0, sizes: tuple[int, int] = (2, 4)
    ) -> None:
        if dimension < 1 or not 1 <= sizes[0] <= sizes[1]:
            raise ValueError(f"expected dimension >= 1 and rising sizes, got {dimension}, {sizes}")
        self._dimension = dimension
        self._seed = seed
        self._sizes = sizes

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def fingerprint(self) -> str:
        """Hash of the settings."""
        return content_hash("hashing", self._dimension, self._seed, self._sizes)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, ``(len(texts), dimension)``; the empty text has one too."""
        import numpy as np

        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for bucket, sign in map(self._bucket, self._grams(text)):
                row[bucket] += sign
            if not row.any():
                # The signs of two n-grams can cancel out.
                row[self._bucket(text)[0]] = 1.0
        units: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return units

    def _grams(self, text: str) -> list[str]:
        padded = f" {text.casefold()} "
        smallest, largest = self._sizes
        return [
            padded[i : i + n]
            for n in range(smallest, largest + 1)
            for i in range(len(padded) - n + 1)
        ]

    def _bucket(self, gram: str) -> tuple[int, float]:
        data = gram.encode("utf-8", "surrogatepass")
        key = self._seed.to_bytes(8, "little", signed=True)
        number = int.from_bytes(blake2b(data, digest_size=8, key=key).digest(), "little")
        return (number >> 1) % self._dimension, 1.0 if number & 1 else -1.0


class KeywordRecognizer:
    """Finds given words, whole and with any case, longest first.

    Args:
        keywords: category by keyword.
        score: the score of every mention.

    >>> from kgbuild.records import Document
    >>> recognizer = KeywordRecognizer({"asthma": "Disease"})
    >>> document = AnnotatedDocument(Document("PMID:1", "Asthma, asthmatic"))
    >>> [(m.text, m.category) for m in recognizer.recognize([document])[0]]
    [('Asthma', 'Disease')]
    """

    def __init__(self, keywords: Mapping[str, str], *, score: float = 1.0) -> None:
        self._categories = {key.casefold(): category for key, category in keywords.items() if key}
        longest_first = sorted(filter(None, keywords), key=lambda key: (-len(key), key))
        choices = "|".join(map(re.escape, longest_first))
        self._pattern = re.compile(rf"(?<!\w)(?:{choices})(?!\w)" if choices else r"(?!)", re.I)
        self._score = score
        self.name = f"keywords/{content_hash(*sorted(self._categories.items()))[:12]}"

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each document, in order of start; they don't overlap."""
        return [tuple(self._mentions(item)) for item in batch]

    def _mentions(self, item: AnnotatedDocument) -> list[Mention]:
        document = item.document
        return [
            Mention(
                document.id,
                found.start(),
                found.end(),
                found[0],
                self._categories[found[0].casefold()],
                self._score,
                self.name,
            )
            for found in self._pattern.finditer(document.text)
            if found[0].casefold() in self._categories
        ]
