"""What a workspace has done, in one transactional SQLite file.

The tables of a shard are written and renamed first, then one transaction here says that they
count. A crash in between leaves files that nothing refers to, which the next run overwrites.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kgbuild.errors import WorkspaceError
from kgbuild.records import Failure

__all__ = ["DocumentEntry", "Ledger", "StageDone"]

_FORMAT = "2"
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inputs (source TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
  id TEXT PRIMARY KEY, text_hash TEXT NOT NULL, content_hash TEXT NOT NULL,
  version TEXT NOT NULL, input TEXT NOT NULL, shard INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE holds (input TEXT, id TEXT, PRIMARY KEY (input, id)) WITHOUT ROWID;
CREATE INDEX holders ON holds (id);
CREATE TABLE withdrawn (id TEXT PRIMARY KEY, input TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE retired (
  id TEXT, shard INTEGER, reason TEXT NOT NULL, PRIMARY KEY (id, shard)) WITHOUT ROWID;
CREATE TABLE shards (
  shard INTEGER PRIMARY KEY, documents INTEGER NOT NULL, characters INTEGER NOT NULL);
CREATE TABLE done (
  shard INTEGER, stage TEXT, fingerprint TEXT NOT NULL, rows INTEGER NOT NULL,
  seconds REAL NOT NULL, notes TEXT NOT NULL, PRIMARY KEY (shard, stage)) WITHOUT ROWID;
CREATE TABLE failures (
  shard INTEGER, stage TEXT NOT NULL, input TEXT NOT NULL, document TEXT NOT NULL,
  source TEXT NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX failures_by_shard ON failures (shard, stage);
"""


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """The ledger's line for a live document.

    ``text_hash`` is of its text and given annotations, ``content_hash`` of all that it says;
    ``version`` orders revisions of one id; ``input`` is the one that its content was taken from.
    """

    id: str
    text_hash: str
    content_hash: str
    version: str
    input: str
    shard: int


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage done on a shard: rows written, seconds taken, and counts worth keeping."""

    stage: str
    fingerprint: str
    rows: int = 0
    seconds: float = 0.0
    notes: Mapping[str, int] = field(default_factory=dict)


class Ledger:
    """The ledger of one workspace; one process writes at a time."""

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            if self._db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            if is_new or not self._has_tables():
                with self.transaction():
                    for command in _TABLES.split(";"):
                        self._db.execute(command)
                    self._db.execute("INSERT INTO meta VALUES ('format', ?)", (_FORMAT,))
        except sqlite3.OperationalError as error:
            raise WorkspaceError(
                f"{path} can't be opened ({error}): wait if another kgbuild is writing it, and "
                "see that you may write there"
            ) from error
        except sqlite3.Error as error:
            raise WorkspaceError(
                f"{path} can't be opened as a workspace ledger ({error}); "
                "choose another --out, or delete that folder to start anew"
            ) from error
        if (found := self.meta("format")) != _FORMAT:
            raise WorkspaceError(
                f"{path} has workspace format {found}, this kgbuild writes {_FORMAT}: "
                "build into a new folder"
            )

    def _has_tables(self) -> bool:
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'done'"
        return bool(self._db.execute(query).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the writes inside all count, or none."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise WorkspaceError(
                    f"the workspace's ledger can't be written ({error}): free some space and run "
                    "the same command again; it goes on where it stopped"
                ) from error
            raise

    def meta(self, key: str) -> str | None:
        """Return a note kept under ``key``."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Keep a note."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def input_stamp(self, source: str) -> str | None:
        """Return the stamp with which ``source`` was last read to its end."""
        query = "SELECT stamp FROM inputs WHERE source = ?"
        row = self._db.execute(query, (source,)).fetchone()
        return row[0] if row else None

    def finish_input(self, source: str, stamp: str) -> None:
        """Note that ``source`` has been read to its end."""
        self._db.execute("INSERT OR REPLACE INTO inputs VALUES (?, ?)", (source, stamp))

    def document(self, id: str) -> DocumentEntry | None:
        """Return the entry of a live document."""
        row = self._db.execute("SELECT * FROM documents WHERE id = ?", (id,)).fetchone()
        return DocumentEntry(*row) if row else None

    def begin_seeing(self) -> None:
        """Forget which ids ``see`` was told of: another input begins."""
        self._db.execute("DROP TABLE IF EXISTS temp.seen")
        self._db.execute("CREATE TEMP TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def see(self, id: str) -> bool:
        """Note that the input being read has this id; say whether it had it before.

        Kept in a temporary table, on disk where it grows: memory stays constant.
        """
        found = self._db.execute("INSERT OR IGNORE INTO temp.seen VALUES (?)", (id,))
        return found.rowcount == 0

    def unseen(self, source: str) -> list[str]:
        """Return the ids that an input held before and that ``see`` was not told of."""
        query = "SELECT id FROM holds WHERE input = ? AND id NOT IN (SELECT id FROM temp.seen)"
        return [id for (id,) in self._db.execute(query, (source,))]

    def hold(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Note which inputs hold which documents: (input, id) pairs."""
        self._db.executemany("INSERT OR IGNORE INTO holds VALUES (?, ?)", pairs)

    def drop(self, source: str, id: str) -> bool:
        """Note that an input holds a document no more; say whether it left the graph.

        It stays where another input holds it.
        """
        self._db.execute("DELETE FROM holds WHERE input = ? AND id = ?", (source, id))
        entry = self.document(id)
        other = self._db.execute("SELECT input FROM holds WHERE id = ?", (id,)).fetchone()
        if entry is not None and entry.input == source:
            if other is None:
                self.retire(entry, f"no longer in {source}")
                return True
            self._db.execute("UPDATE documents SET input = ? WHERE id = ?", (*other, id))
        return False

    def withdraw(self, id: str, source: str) -> None:
        """Note that an input withdraws a document, whether it is known or not."""
        self._db.execute("INSERT OR REPLACE INTO withdrawn VALUES (?, ?)", (id, source))

    def withdrawn_by(self, id: str) -> str | None:
        """Return the input that withdrew a document."""
        query = "SELECT input FROM withdrawn WHERE id = ?"
        row = self._db.execute(query, (id,)).fetchone()
        return row[0] if row else None

    def forget_withdrawals(self, source: str) -> None:
        """Drop what an input withdrew: it is read again."""
        self._db.execute("DELETE FROM withdrawn WHERE input = ?", (source,))

    def add_shard(self, shard: int, entries: Iterable[DocumentEntry], characters: int) -> None:
        """Add a shard's documents; an entry replaces the older one of the same id."""
        rows = [(e.id, e.text_hash, e.content_hash, e.version, e.input, shard) for e in entries]
        self._db.execute("INSERT INTO shards VALUES (?, ?, ?)", (shard, len(rows), characters))
        self._db.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", rows)

    def retire(self, entry: DocumentEntry, reason: str) -> None:
        """Take a document (as it stands in its shard) out of the graph."""
        row = (entry.id, entry.shard, reason)
        self._db.execute("INSERT OR REPLACE INTO retired VALUES (?, ?, ?)", row)
        query = "DELETE FROM documents WHERE id = ? AND shard = ?"
        self._db.execute(query, (entry.id, entry.shard))

    def retired(self) -> list[tuple[str, int, str]]:
        """Return (id, shard, reason) of the documents that don't count any more, sorted."""
        return self._db.execute("SELECT id, shard, reason FROM retired ORDER BY 1, 2").fetchall()

    def next_shard(self) -> int:
        """Return the number that the next shard gets."""
        return int(self._db.execute("SELECT coalesce(max(shard) + 1, 0) FROM shards").fetchone()[0])

    def shards(self) -> list[int]:
        """Return the shards' numbers."""
        return [row[0] for row in self._db.execute("SELECT shard FROM shards ORDER BY 1")]

    def fingerprint(self, shard: int, stage: str) -> str | None:
        """Return the fingerprint with which a stage was done on a shard."""
        query = "SELECT fingerprint FROM done WHERE shard = ? AND stage = ?"
        row = self._db.execute(query, (shard, stage)).fetchone()
        return row[0] if row else None

    def finish_stage(self, shard: int, done: StageDone) -> None:
        """Note that a stage is done on a shard."""
        notes = json.dumps(done.notes)
        values = (shard, done.stage, done.fingerprint, done.rows, done.seconds, notes)
        self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?, ?, ?)", values)

    def notes(self, stage: str) -> Counter[str]:
        """Return a stage's counts, summed over shards."""
        total: Counter[str] = Counter()
        for (notes,) in self._db.execute("SELECT notes FROM done WHERE stage = ?", (stage,)):
            total.update(json.loads(notes))
        return total

    def forget_stages(self, shard: int, stages: Iterable[str]) -> None:
        """Make stages count as not done on a shard: their tables are about to be overwritten."""
        pairs = [(shard, stage) for stage in stages]
        self._db.executemany("DELETE FROM done WHERE shard = ? AND stage = ?", pairs)

    def forget_stage(self, stage: str) -> None:
        """Make a stage count as not done, on every shard."""
        self._db.execute("DELETE FROM done WHERE stage = ?", (stage,))

    def replace_failures(self, shard: int, stage: str, failures: Iterable[Failure]) -> None:
        """Set the failures of a stage on a shard."""
        self._db.execute("DELETE FROM failures WHERE shard = ? AND stage = ?", (shard, stage))
        for failure in failures:
            self.add_failure(shard, failure, input="")

    def add_failure(self, shard: int, failure: Failure, *, input: str) -> None:
        """Add a failure; ``input`` names the input that a re-read of it would mend."""
        self._db.execute(
            "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                shard, failure.stage, input,
                *map(_storable, (failure.document, failure.source, failure.place, failure.reason)),
            ),
        )  # fmt: skip

    def forget_failures(self, input: str) -> None:
        """Drop the failures of reading an input that is about to be read again."""
        self._db.execute("DELETE FROM failures WHERE input = ?", (input,))

    def failures(self) -> list[Failure]:
        """Return all failures, in order of shard."""
        query = "SELECT source, stage, reason, document, place FROM failures ORDER BY shard, rowid"
        return [Failure(*row) for row in self._db.execute(query)]

    def stage_totals(self) -> dict[str, dict[str, float]]:
        """Return rows and seconds of each stage, summed over shards."""
        query = "SELECT stage, sum(rows), sum(seconds) FROM done GROUP BY stage"
        return {
            stage: {"rows": rows, "seconds": round(seconds, 3)}
            for stage, rows, seconds in self._db.execute(query)
        }

    def totals(self) -> dict[str, int]:
        """Return counts of inputs, shards, live and retired documents, failures, characters."""
        return {
            name: int(self._db.execute(query).fetchone()[0])
            for name, query in (
                ("inputs", "SELECT count(*) FROM inputs"),
                ("shards", "SELECT count(*) FROM shards"),
                ("documents", "SELECT count(*) FROM documents"),
                ("retired", "SELECT count(*) FROM retired"),
                ("failures", "SELECT count(*) FROM failures"),
                ("characters", "SELECT coalesce(sum(characters), 0) FROM shards"),
            )
        }

    def state(self) -> str:
        """Return a text that changes whenever what the graph is made of changes."""
        query = "SELECT shard, stage, fingerprint, rows FROM done ORDER BY 1, 2"
        return json.dumps([self._db.execute(query).fetchall(), self.retired()])


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
