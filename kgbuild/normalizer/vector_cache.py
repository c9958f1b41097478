"""Vectors on disk by the hash of their text, so that nothing is encoded twice."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.cache import cache_folder
from kgbuild.durable import alone
from kgbuild.errors import WorkspaceError
from kgbuild.normalizer.encoder import fold
from kgbuild.records import content_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.protocols import Encoder

__all__ = ["CachedEncoder"]

_log = logging.getLogger(__name__)

_LOOKUP = 900  # below SQLite's oldest limit of parameters to a query
_COMMIT = 8192  # texts whose vectors a kill can lose
_TIMEOUT = 60.0


class CachedEncoder:
    """Another encoder whose vectors are kept in an SQLite file, one for each fingerprint.

    Several processes may use the file at once, and a killed one loses no more than its last few
    thousand vectors. What can't be read back is encoded again.

    Args:
        encoder: makes what is not yet there.
        folder: where files are kept; default ``vectors`` in ``kgbuild.cache.cache_folder()``.

    Raises:
        WorkspaceError: the folder can't be written.
    """

    def __init__(self, encoder: Encoder, folder: str | Path | None = None) -> None:
        self._encoder = encoder
        base = Path(folder) if folder is not None else cache_folder() / "vectors"
        self._path = base / f"{encoder.fingerprint}-{encoder.dimension}.sqlite"
        try:
            base.mkdir(parents=True, exist_ok=True)
            # SQLite doesn't wait for others where the journal's mode is changed.
            with alone(self._path.with_suffix(".lock")):
                self._create()
        except (OSError, sqlite3.Error) as error:
            raise WorkspaceError(
                f"vectors can't be cached in {base}: {error}. Set KGBUILD_CACHE to a folder that "
                "can be written"
            ) from error

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._encoder.dimension

    @property
    def fingerprint(self) -> str:
        """That of the encoder: the cache changes no vector."""
        return self._encoder.fingerprint

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self._path

    def __len__(self) -> int:
        """Return how many texts have a vector in the file."""
        with self._open() as database:
            return int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, ``(len(texts), dimension)``, encoding only what is new."""
        import numpy as np

        unique, rows = fold(texts)
        keys = [bytes.fromhex(content_hash(text)) for text in unique]
        vectors = np.zeros((len(unique), self.dimension), dtype=np.float32)
        with self._open() as database:
            known = self._read(database, keys, vectors)
        new = [index for index in range(len(unique)) if not known[index]]
        # Like lengths together, or every block would pad to a long text of its own.
        new.sort(key=lambda index: len(unique[index]))
        for first in range(0, len(new), _COMMIT):
            chosen = new[first : first + _COMMIT]
            block = self._encoder.encode([unique[index] for index in chosen])
            vectors[chosen] = block
            self._write([keys[index] for index in chosen], block)
        return vectors[rows]

    def _read(
        self, database: sqlite3.Connection, keys: Sequence[bytes], vectors: NDArray[np.float32]
    ) -> list[bool]:
        import numpy as np

        known = [False] * len(keys)
        places = {key: index for index, key in enumerate(keys)}
        for first in range(0, len(keys), _LOOKUP):
            some = keys[first : first + _LOOKUP]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608
            for key, blob in database.execute(query, some):
                if len(blob) == 4 * self.dimension:
                    vectors[places[key]] = np.frombuffer(blob, dtype="<f4")
                    known[places[key]] = True
        return known

    def _write(self, keys: Sequence[bytes], block: NDArray[np.float32]) -> None:
        rows = ((key, row.astype("<f4").tobytes()) for key, row in zip(keys, block, strict=True))
        try:
            with self._open() as database, database:
                database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        except sqlite3.OperationalError as error:
            # A full disk must not stop the work: the vectors themselves are there.
            _log.warning("vectors were not cached in %s: %s", self._path, error)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # A connection for each call: none crosses a fork or a thread.
        with closing(sqlite3.connect(self._path, timeout=_TIMEOUT)) as database:
            database.execute("PRAGMA synchronous = NORMAL")
            yield database

    def _create(self) -> None:
        try:
            self._create_table()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = self._path.with_suffix(".damaged")
            _log.warning("%s is damaged (%s): it is kept as %s", self._path, error, aside.name)
            self._path.replace(aside)
            self._create_table()

    def _create_table(self) -> None:
        with self._open() as database, database:
            if database.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                database.execute("PRAGMA journal_mode = WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)"
            )
