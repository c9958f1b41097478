"""The names of a lexicon as vectors: candidates by similarity of meaning."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.encoder import fold
from kgbuild.normalizer.vector_index import (
    FaissIndex,
    FlatIndex,
    IndexKind,
    build_index,
    choose_kind,
)
from kgbuild.records import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.protocols import Encoder

__all__ = ["DenseIndex", "FaissIndex", "FlatIndex", "Name", "Progress", "build_index"]

Name = tuple[str, str, str]
"""Name, CURIE, category."""

Progress = Callable[[int, int], None]
"""Called with how many names are encoded, of how many."""

_FORMAT = 1
_ENCODE = 8192
_MOST_ROWS = 2048

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    vectors: NDArray[Any]
    index: FlatIndex | FaissIndex
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
        folder: where the index is kept; built beside and renamed when whole, so that two processes
            may build it at once.
        lexicon: fingerprint of what ``names`` come from.
        kind: auto, flat, hnsw or ivf (see ``build_index``).
        dtype: of the vectors kept; float16 halves the size and changes cosines by less than 0.001.
        progress: called as names are encoded.
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
        if not unique:
            return []
        queries = self._encoder.encode(unique)
        found: list[list[Candidate]] = [[] for _ in unique]
        for span in _spans(opened, category):
            for index, candidates in enumerate(_search(opened, queries, k, span)):
                found[index].extend(candidates)
        best = [_once(candidates)[:k] for candidates in found]
        return [list(best[row]) for row in rows]

    def _ready(self) -> _Opened:
        """Open the index, and build it first if the folder holds none."""
        if self._opened is None:
            if not (self.folder / "manifest.json").is_file():
                self.build()
            self._opened = self._open()
        return self._opened

    def build(self, *, replace: bool = False) -> None:
        """Build the index, unless the folder holds one and ``replace`` is off."""
        if self.folder.exists() and not replace and (self.folder / "manifest.json").is_file():
            return
        given = self._names() if callable(self._names) else self._names
        names = sorted(set(given), key=lambda name: (name[2], name[0], name[1]))
        with _built_beside(self.folder, replace=replace) as place:
            self._write(names, place)
        self._opened = None

    def _write(self, names: Sequence[Name], place: Path) -> None:
        import pyarrow as pa

        vectors = self._encode(names, place / "vectors.npy")
        table = pa.table(
            {"name": pa.array([n[0] for n in names], pa.large_utf8()),
             "curie": pa.array([n[1] for n in names], pa.large_utf8())}
        )  # fmt: skip
        with (
            pa.OSFile(str(place / "names.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)
        kind = choose_kind(len(names), self._kind)
        index = build_index(vectors, kind=kind)
        if isinstance(index, FaissIndex):
            index.save(place / "index.faiss")
        manifest = {
            "format": _FORMAT, "encoder": self._encoder.fingerprint, "lexicon": self._lexicon,
            "dimension": self._encoder.dimension, "rows": len(names), "kind": kind,
            "dtype": self._dtype, "ranges": _ranges(names),
        }  # fmt: skip
        (place / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")

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
        import numpy as np
        import pyarrow as pa

        manifest = _read_manifest(self.folder)
        self._refuse_others(manifest)
        try:
            shape = (manifest["rows"], manifest["dimension"])
            mode: Literal["r"] | None = "r" if manifest["rows"] else None
            vectors = np.load(self.folder / "vectors.npy", mmap_mode=mode, allow_pickle=False)
            names = pa.ipc.open_file(pa.memory_map(str(self.folder / "names.arrow"))).read_all()
            ranges = {category: (first, last) for category, first, last in manifest["ranges"]}
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
            raise _damaged(self.folder, str(error)) from error
        if vectors.shape != shape or len(names) != shape[0]:
            raise _damaged(self.folder, f"{vectors.shape} vectors for {len(names)} names")
        index: FlatIndex | FaissIndex = FlatIndex(vectors)
        if (self.folder / "index.faiss").is_file():
            index = FaissIndex.load(self.folder / "index.faiss", vectors)
        return _Opened(vectors, index, names, ranges)

    def _refuse_others(self, manifest: Mapping[str, Any]) -> None:
        expected = {
            "format": _FORMAT,
            "encoder": self._encoder.fingerprint,
            "lexicon": self._lexicon,
            "dimension": self._encoder.dimension,
        }
        for key, value in expected.items():
            if manifest.get(key) != value:
                raise VocabularyError(
                    f"the dense index in {self.folder} was built with another {key} "
                    f"({manifest.get(key)}, not {value}): build it again with "
                    "DenseIndex(...).build(replace=True), or give another folder"
                )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(folder, str(error)) from error
    if not isinstance(manifest, dict):
        raise _damaged(folder, "manifest.json is no object")
    return manifest


def _damaged(folder: Path, why: str) -> VocabularyError:
    return VocabularyError(f"the dense index in {folder} is damaged ({why}): delete the folder")


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
        for index, found in zip(todo, _candidates(opened, scores, rows), strict=True):
            results[index] = found[:k]
        if depth >= min(size, _MOST_ROWS):
            break
        todo = [index for index in todo if len(results[index]) < k]
        depth = min(4 * depth, size)
    return results


def _candidates(
    opened: _Opened, scores: NDArray[np.float32], rows: NDArray[np.int64]
) -> Iterator[list[Candidate]]:
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
        yield _once(
            Candidate(known[row][1], known[row][0], min(max(value, 0.0), 1.0), "dense")
            for value, row in zip(values, places, strict=True)
            if row >= 0
        )


def _once(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the best candidate of each CURIE, best first; ties in order of CURIE and name."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.curie, c.name)):
        best.setdefault(candidate.curie, candidate)
    return list(best.values())


@contextmanager
def _built_beside(folder: Path, *, replace: bool) -> Iterator[Path]:
    """Give a folder to write in, and rename it to ``folder`` when that went well."""
    parent = folder.parent
    prefix = f".{folder.name}.building-"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent, prefix)
        place = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    except OSError as error:
        raise VocabularyError(f"the dense index can't be written in {parent}: {error}") from error
    try:
        yield place
        place.chmod(0o755)
        if folder.exists() and (replace or not (folder / "manifest.json").is_file()):
            shutil.rmtree(folder)
        try:
            place.rename(folder)
        except OSError:
            # Another process was first; its index is as good, or refused at opening.
            if not (folder / "manifest.json").is_file():
                raise
            _log.info("another process built %s meanwhile", folder)
    except OSError as error:
        raise VocabularyError(f"the dense index can't be written in {folder}: {error}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _sweep(parent: Path, prefix: str) -> None:
    """Delete what builds that were killed more than a day ago left."""
    for leftover in parent.glob(f"{prefix}*"):
        if time.time() - leftover.stat().st_mtime > 86_400:
            shutil.rmtree(leftover, ignore_errors=True)
