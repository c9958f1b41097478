"""Names that are written alike: an inverted index of character 4-grams, memory-mapped.

The cheap first stage of a search by similarity: no model, a few seconds for a million names. Keys
are cut into overlapping 4-grams of their UTF-8 bytes, hashed; a key's score is the cosine of
TF-IDF vectors (Salton & Buckley 1988), worked out for the keys that share the rarest grams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.normalizer.columns import TextColumn
from kgbuild.normalizer.normal_form import normal_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FILES", "GramIndex"]

FILES = ("gram_rows.npy", "gram_starts.npy", "gram_lengths.npy")

_GRAM = 4
_BITS = 18
_BLOCK = 200_000
_PAIRS = 4_000_000
_BUDGET = 5_000
_SPARE = 3
_PRIME = 0x01000193


class GramIndex:
    """Finds the keys of a lexicon that share rare 4-grams with a text.

    Args:
        rows, starts: ``rows[starts[g]:starts[g + 1]]`` are the keys that hold gram ``g``.
        lengths: of the keys' vectors.
    """

    def __init__(
        self, rows: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.float32]
    ) -> None:
        import numpy as np

        # A slice of a memory map is slow to make, one of a plain array isn't.
        self._rows, self._lengths = np.asarray(rows), np.asarray(lengths)
        self._starts = np.asarray(starts)
        self._sizes = np.diff(self._starts)
        self._weights = _weights(len(lengths), self._sizes)

    @classmethod
    def of(cls, keys: Sequence[str]) -> GramIndex:
        """Return an index of normal keys that is kept in memory."""
        import pyarrow as pa

        column = pa.array(keys, pa.large_string(), from_pandas=False)
        return cls(*_index(TextColumn(pa.table({"key": column}), "key")))

    @classmethod
    def build(cls, keys: TextColumn, folder: Path) -> None:
        """Write the index of ``keys``, sorted normal keys, into ``folder``."""
        import numpy as np

        arrays: tuple[NDArray[Any], ...] = _index(keys)
        for name, array in zip(FILES, arrays, strict=True):
            np.save(folder / name, array, allow_pickle=False)

    @classmethod
    def open(cls, folder: Path) -> GramIndex:
        """Map the index that ``build`` wrote.

        Raises:
            OSError, ValueError: it is not there, or damaged.
        """
        import numpy as np

        def load(name: str) -> NDArray[Any]:
            path = folder / name
            empty = path.stat().st_size <= 128
            found: NDArray[Any] = np.load(
                path, mmap_mode=None if empty else "r", allow_pickle=False
            )
            return found

        rows, starts, lengths = map(load, FILES)
        if len(starts) != (1 << _BITS) + 1 or starts[-1] != len(rows):
            raise ValueError(f"{folder / FILES[1]} doesn't fit {FILES[0]}")
        return cls(rows, starts, lengths)

    def __len__(self) -> int:
        return len(self._lengths)

    def search(
        self, text: str, *, k: int, wanted: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` keys' numbers with scores in (0, 1], best first, ties by number.

        Args:
            text: a name as written; it is folded first.
            k: at least 1.
            wanted: which keys may be found, where not all.
        """
        import numpy as np

        grams = _grams_of(normal_key(text).encode())
        length = float(np.sqrt(self._weights[grams].sum()))
        grams = grams[self._sizes[grams] > 0]
        if not len(grams) or not length:
            return []
        grams = grams[np.argsort(self._sizes[grams], kind="stable")]
        most = max(2, int(np.searchsorted(np.cumsum(self._sizes[grams]), _BUDGET)))
        found, sums = self._sharing(grams[:most], wanted)
        lengths = self._lengths[found]
        if len(found) > _SPARE * k:
            likely = np.sort(np.argpartition(-sums / lengths, _SPARE * k - 1)[: _SPARE * k])
            found, sums, lengths = found[likely], sums[likely], lengths[likely]
        for gram in grams[most:].tolist():
            sums = sums + self._weights[gram] * self._have(gram, found)
        scores = sums / (lengths * length)
        order = np.lexsort((found, -scores))[:k]
        cosines = np.minimum(scores[order], 1.0).tolist()
        return list(zip(found[order].tolist(), cosines, strict=True))

    def holding(self, piece: str) -> list[int]:
        """Return the numbers of the keys that have all 4-grams of a piece of a key, in order.

        A key that holds the piece is among them; of a piece of less than four bytes none is.
        """
        import numpy as np

        grams = _grams_of(piece.encode())
        if not len(grams):
            return []
        rarest, *others = grams[np.argsort(self._sizes[grams], kind="stable")].tolist()
        found = self._with(rarest)
        for gram in others:
            found = found[self._have(gram, found)]
        numbers: list[int] = found.tolist()
        return numbers

    def _with(self, gram: int) -> NDArray[np.uint32]:
        """Return the keys that hold a gram, in order."""
        return self._rows[self._starts[gram] : self._starts[gram + 1]]

    def _have(self, gram: int, rows: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Tell which of some keys hold a gram."""
        import numpy as np

        own = self._with(gram)
        if not len(own):
            return np.zeros(len(rows), bool)
        at = np.minimum(np.searchsorted(own, rows), len(own) - 1)
        return np.asarray(own[at] == rows)

    def _sharing(
        self, grams: NDArray[np.uint32], wanted: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
        """Return the keys that hold any of some grams, in order, and what these weigh in each."""
        import numpy as np

        rows = np.concatenate([self._with(gram) for gram in grams.tolist()])
        weights = np.repeat(self._weights[grams], self._sizes[grams])
        if wanted is not None:
            there = wanted[rows]
            rows, weights = rows[there], weights[there]
        if not len(rows):
            return rows, weights
        order = np.argsort(rows, kind="stable")
        rows, weights = rows[order], weights[order]
        first = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
        return rows[first], np.add.reduceat(weights, first)


def _index(
    keys: TextColumn,
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.float32]]:
    """Return what ``GramIndex`` is made of."""
    import numpy as np

    pairs = _pairs(keys)
    pairs.sort()
    kept = 0
    for block in _blocks(len(pairs)):  # doubles go, in place
        some = pairs[block]
        fresh = some[1:] != some[:-1]
        first = kept == 0 or some[0] != pairs[kept - 1]
        some = np.concatenate([some[:1], some[1:][fresh]]) if first else some[1:][fresh]
        pairs[kept : kept + len(some)] = some
        kept += len(some)
    pairs = pairs[:kept]
    starts = np.searchsorted(pairs, np.arange((1 << _BITS) + 1, dtype=np.uint64) << np.uint64(32))
    weights = _weights(len(keys), np.diff(starts))
    rows = np.empty(kept, np.uint32)
    squares = np.zeros(len(keys))
    for block in _blocks(kept):
        some = pairs[block]
        rows[block] = some  # the lower half
        own = weights[(some >> np.uint64(32)).astype(np.uint32)]
        squares += np.bincount(rows[block], weights=own, minlength=len(keys))
    return rows, starts.astype(np.int64), np.sqrt(squares).astype(np.float32)


def _blocks(count: int) -> Iterator[slice]:
    """Yield slices of a few million, so that what is computed of each stays small."""
    return (slice(start, start + _PAIRS) for start in range(0, count, _PAIRS))


def _weights(count: int, sizes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the square of each gram's rarity."""
    import numpy as np

    rarity = np.log1p(count / (sizes + 1))
    return (rarity * rarity).astype(np.float32)


def _pairs(keys: TextColumn) -> NDArray[np.uint64]:
    """Return the gram (upper half) and the row (lower half) of all grams of all keys."""
    import numpy as np

    pairs = np.empty(sum(len(keys.raw(a, b)[0]) for a, b in _ranges(keys)), np.uint64)
    count = 0
    for start, stop in _ranges(keys):
        text, ends = keys.raw(start, stop)
        row = np.repeat(np.arange(start, stop, dtype=np.uint32), np.diff(ends))
        hashes = _hashes(text)
        within = row[: len(hashes)] == row[_GRAM - 1 :]
        upper = hashes[within].astype(np.uint64) << np.uint64(32)
        pairs[count : count + len(upper)] = upper | row[: len(hashes)][within]
        count += len(upper)
    return pairs[:count]


def _ranges(keys: TextColumn) -> Iterator[tuple[int, int]]:
    return ((n, min(n + _BLOCK, len(keys))) for n in range(0, len(keys), _BLOCK))


def _grams_of(key: bytes) -> NDArray[np.uint32]:
    import numpy as np

    return np.unique(_hashes(np.frombuffer(key, np.uint8)))


def _hashes(text: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the hash of the gram that begins at each byte (FNV's steps, then mixed)."""
    import numpy as np

    size = len(text) - _GRAM + 1
    if size < 1:
        return np.zeros(0, np.uint32)
    hashes = text[:size].astype(np.uint32)
    for offset in range(1, _GRAM):
        hashes = hashes * np.uint32(_PRIME) + text[offset : offset + size]
    hashes ^= hashes >> np.uint32(15)
    hashes *= np.uint32(0x2C1B3C6D)
    hashes ^= hashes >> np.uint32(12)
    return hashes >> np.uint32(32 - _BITS)
