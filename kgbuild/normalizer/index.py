"""The names of a lexicon as vectors: candidates by similarity of meaning."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.candidates import best_of_each
from kgbuild.normalizer.encoder import fold
from kgbuild.normalizer.index_folder import (
    FAISS_FILE,
    FORMAT,
    MANIFEST,
    VECTORS,
    built_beside,
    check_stamp,
    damaged,
    is_built,
    open_names,
    open_vectors,
    read_manifest,
    stamp_file,
    stamp_of,
    write_names,
)
from kgbuild.normalizer.vector_choice import (
    Choice,
    IndexKind,
    check_buildable,
    choose_index,
    this_machine,
)
from kgbuild.normalizer.vector_index import FaissIndex, VectorIndex, build_index, open_index
from kgbuild.records import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.protocols import Encoder

__all__ = ["DenseIndex", "Name", "Progress"]

Name = tuple[str, str, str]
"""Name, CURIE, category."""

Progress = Callable[[int, int], None]
"""Called with how many names are encoded, of how many."""

_ENCODE = 8192
_MOST_ROWS = 2048

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    vectors: NDArray[Any]
    index: VectorIndex
    names: Any
    ranges: Mapping[str, tuple[int, int]]


class DenseIndex:
    """Searches names by their vectors. Built at first use, then kept in a folder and mapped.

    Rows are grouped by category, so that a search within one category reads only its vectors.

    Args:
        names: (name, CURIE, category) of each name, or a function that gives them; read only when
            the index must be built. Repeated entries count once.
        encoder: makes the vectors; wrap it in ``CachedEncoder`` so that a killed build goes on
            where it was.
        folder: where the index is kept; built beside and renamed when whole. Of two processes that
            would build it, one waits for the other.
        lexicon: fingerprint of what ``names`` come from.
        kind: auto or one of ``IndexKind`` (see ``choose_index``); what was chosen is logged.
        dtype: of the vectors kept; float16 halves the size and changes cosines by less than 0.001.
        progress: called as names are encoded.

    Attributes:
        choice: which index it is and why, once it is being built or open.
    """

    def __init__(
        self,
        names: Iterable[Name] | Callable[[], Iterable[Name]],
        encoder: Encoder,
        *,
        folder: str | Path,
        lexicon: str,
        kind: IndexKind | Literal["auto"] = "auto",
        dtype: Literal["float16", "float32"] = "float16",
        progress: Progress | None = None,
    ) -> None:
        self._names = names
        self._encoder = encoder
        self.folder = Path(folder)
        self._lexicon = lexicon
        self._kind = kind
        self._dtype = dtype
        self._progress = progress
        self._opened: _Opened | None = None
        self.choice: Choice | None = None

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text, best first, each CURIE once.

        A candidate's ``name`` is the most similar of its names; its score is the cosine, and 0
        where that is negative.

        Args:
            texts: names as mentioned; none gives none.
            k: at least 1. Terms with hundreds of names like the text can crowd out others.
            category: one or several; None searches all. A category that no name has gives nothing.

        Raises:
            VocabularyError: the folder holds an index of another encoder or lexicon, or a damaged
                one.
        """
        opened = self._ready()
        unique, rows = fold(texts)
        spans = _spans(opened, category)
        if not unique or not spans:
            return [[] for _ in texts]
        queries = self._encoder.encode(unique)
        found: list[list[Candidate]] = [[] for _ in unique]
        for span in spans:
            for index, candidates in enumerate(_search(opened, queries, k, span)):
                found[index].extend(candidates)
        best = [
            best_of_each(candidates)[:k] if len(spans) > 1 else candidates for candidates in found
        ]
        return [list(best[row]) for row in rows]

    def _ready(self) -> _Opened:
        """Open the index, and build it first if the folder holds none."""
        if self._opened is None:
            if not is_built(self.folder):
                self.build()
            self._opened = self._open()
        return self._opened

    def build(self, *, replace: bool = False) -> None:
        """Build the index, unless the folder holds one and ``replace`` is off."""
        with built_beside(self.folder, replace=replace) as place:
            if place is None:
                return
            given = self._names() if callable(self._names) else self._names
            names = sorted(set(given), key=lambda name: (name[2], name[0], name[1]))
            self._write(names, place)
        self._opened = None

    def _write(self, names: Sequence[Name], place: Path) -> None:
        choice = choose_index(len(names), self._encoder.dimension, this_machine(), self._kind)
        check_buildable(choice)
        self.choice = choice
        _log.info("index of %d names: %s", len(names), choice)
        manifest = self._whose() | {
            "rows": len(names), "kind": choice.kind, "dtype": self._dtype, "ranges": _ranges(names),
        }  # fmt: skip
        stamp = stamp_of(manifest)
        vectors = self._encode(names, place / VECTORS)
        stamp_file(place / VECTORS, stamp)
        write_names(place, names, stamp)
        # An exact one is made at opening, of the vectors alone.
        if choice.kind != "flat":
            index = build_index(vectors, choice)
            if isinstance(index, FaissIndex):
                index.save(place / FAISS_FILE)
                stamp_file(place / FAISS_FILE, stamp)
        (place / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")

    def _encode(self, names: Sequence[Name], path: Path) -> NDArray[Any]:
        import numpy as np

        unique, places = fold([name[0] for name in names])
        shape = (len(names), self._encoder.dimension)
        if not names:
            empty: NDArray[Any] = np.zeros(shape, dtype=self._dtype)
            np.save(path, empty, allow_pickle=False)
            return empty
        vectors = np.lib.format.open_memmap(path, mode="w+", dtype=self._dtype, shape=shape)
        # Rows in order of their text's number, so that a text's rows are found by bisection.
        rows_of = np.argsort(np.asarray(places), kind="stable")
        numbers = np.asarray(places)[rows_of]
        by_length = np.array(sorted(range(len(unique)), key=lambda i: len(unique[i])))
        if self._progress:
            self._progress(0, len(unique))
        for start in range(0, len(unique), _ENCODE):
            chosen = by_length[start : start + _ENCODE]
            block = self._encoder.encode([unique[i] for i in chosen])
            left = np.searchsorted(numbers, chosen, side="left")
            counts = np.searchsorted(numbers, chosen, side="right") - left
            flat = np.repeat(left - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
            vectors[rows_of[flat]] = np.repeat(block, counts, axis=0)
            if self._progress:
                self._progress(start + len(chosen), len(unique))
        vectors.flush()
        return vectors

    def _open(self) -> _Opened:
        manifest = read_manifest(self.folder)
        self._refuse_others(manifest)
        try:
            shape = (manifest["rows"], manifest["dimension"])
            ranges = {category: (first, last) for category, first, last in manifest["ranges"]}
            choice = choose_index(*shape, this_machine(), manifest["kind"])
            stamp = stamp_of(manifest)
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(self.folder, f"{MANIFEST}: {error!r}") from error
        vectors = open_vectors(self.folder, stamp, shape[0])
        names = open_names(self.folder, stamp)
        if vectors.shape != shape or len(names) != shape[0]:
            raise damaged(self.folder, f"{vectors.shape} vectors for {len(names)} names")
        if (self.folder / FAISS_FILE).exists():
            check_stamp(self.folder / FAISS_FILE, stamp)
        index = open_index(self.folder / FAISS_FILE, vectors, choice)
        self.choice = choice
        return _Opened(vectors, index, names, ranges)

    def _whose(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "encoder": self._encoder.fingerprint,
            "lexicon": self._lexicon,
            "dimension": self._encoder.dimension,
        }

    def _refuse_others(self, manifest: Mapping[str, Any]) -> None:
        for key, value in self._whose().items():
            if manifest.get(key) != value:
                raise VocabularyError(
                    f"the dense index in {self.folder} was built with another {key} "
                    f"({manifest.get(key)}, not {value}): build it again with "
                    "DenseIndex(...).build(replace=True), or give another folder"
                )


def _ranges(names: Sequence[Name]) -> list[tuple[str, int, int]]:
    """Return the rows of each category; ``names`` are sorted by it."""
    ranges: list[tuple[str, int, int]] = []
    for row, (_, _, category) in enumerate(names):
        if ranges and ranges[-1][0] == category:
            ranges[-1] = (category, ranges[-1][1], row + 1)
        else:
            ranges.append((category, row, row + 1))
    return ranges


def _spans(opened: _Opened, category: str | Collection[str] | None) -> list[tuple[int, int]]:
    if category is None:
        return [(0, len(opened.vectors))] if len(opened.vectors) else []
    wanted = {category} if isinstance(category, str) else set(category)
    return [span for name, span in opened.ranges.items() if name in wanted]


def _search(
    opened: _Opened, queries: NDArray[np.float32], k: int, span: tuple[int, int]
) -> list[list[Candidate]]:
    """Search one range, deeper for queries whose neighbours are few terms with many names."""
    size = span[1] - span[0]
    results: list[list[Candidate]] = [[] for _ in range(len(queries))]
    todo = list(range(len(queries)))
    depth = min(4 * k, size)
    while todo:
        scores, rows = opened.index.search(queries[todo], k=depth, rows=span)
        for index, found in zip(todo, _candidates(opened, scores, rows, k), strict=True):
            results[index] = found
        if depth >= min(size, _MOST_ROWS):
            break
        todo = [index for index in todo if len(results[index]) < k]
        depth = min(4 * depth, size)
    return results


def _candidates(
    opened: _Opened, scores: NDArray[np.float32], rows: NDArray[np.int64], k: int
) -> Iterator[list[Candidate]]:
    """Yield the best ``k`` candidates of each line of scores, best first, each CURIE once."""
    import numpy as np

    wanted = np.unique(rows[rows >= 0])
    picked = opened.names.take(wanted)
    known = dict(
        zip(
            wanted.tolist(),
            zip(picked["name"].to_pylist(), picked["curie"].to_pylist(), strict=True),
            strict=True,
        )
    )
    for values, places in zip(scores.tolist(), rows.tolist(), strict=True):
        seen: set[str] = set()
        last, near = 1.0, []
        for value, row in zip(values, places, strict=True):
            score = min(max(value, 0.0), 1.0)
            # What is as near as the last may come before it in order of CURIE.
            if row < 0 or (len(seen) >= k and score < last):
                break
            name, curie = known[row]
            seen.add(curie)
            last = score
            near.append(Candidate(curie, name, score, "dense"))
        yield best_of_each(near)[:k]
