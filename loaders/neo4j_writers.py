"""Several writers at a time that never wait for each other's locks on nodes.

Writing a relationship locks the nodes at its ends, so two transactions that share a node may end
in a deadlock. Each batch therefore says which partitions of the nodes it touches, and a writer
takes only a batch that shares none with those being written.

That does not rule out every deadlock. A new relationship also locks the one that came before it at
either node, and that one may join nodes of two writers. Such a transaction is done again in halves,
and the fence keeps it from being written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from neo4j import Driver, ManagedTransaction

    from kgbuild.loaders.neo4j_lock import Fence

__all__ = ["EVERYTHING", "Batch", "write_batches"]

EVERYTHING = frozenset({-1})
"""The partitions of a batch beside which nothing may be written that says so too."""

_AHEAD = 6  # batches that wait for each writer, among which it looks for one that is free
_IN_HALVES = ("OutOfMemory", "MemoryPool", "MemoryLimit", "Deadlock")  # what to do at once


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one transaction.

    ``query`` takes them as the list of lists ``$rows``; ``partitions`` are those of the nodes
    that it locks.
    """

    query: str
    rows: pa.Table
    partitions: frozenset[int] = frozenset()


def write_batches(
    driver: Driver,
    batches: Iterable[Batch],
    *,
    database: str,
    fences: list[Fence],
    written: Callable[[int], None],
) -> None:
    """Write all batches, in any order, each exactly once, with a writer for each fence.

    Args:
        driver: to the server.
        batches: taken as they are needed.
        database: the database, or empty.
        fences: see ``kgbuild.loaders.neo4j_lock``.
        written: called with the rows of each batch that is committed, by one thread at a time.

    Raises:
        Exception: the first that a writer or ``batches`` raised; what was committed stays.
    """
    queue = _Queue(len(fences) * _AHEAD)

    def work(fence: Fence) -> None:
        try:
            while (batch := queue.take()) is not None:
                # a session of its own: one that goes on would wait for what came before, which a
                # server that has run out of disk may have lost
                with driver.session(database=database or None) as session:
                    _write(session, batch, fence)
                queue.done(batch, written)
        except BaseException as error:
            queue.fail(error)

    threads = [Thread(target=work, args=(fence,), daemon=True) for fence in fences]
    for thread in threads:
        thread.start()
    try:
        for batch in batches:
            queue.put(batch)
    except BaseException as error:
        queue.fail(error)
    finally:
        queue.close()
        for thread in threads:
            thread.join()
    if queue.failure is not None:
        raise queue.failure


class _Queue:
    """Batches that wait, and the partitions that are being written."""

    def __init__(self, length: int) -> None:
        self.failure: BaseException | None = None
        self._length = length
        self._waiting: list[Batch] = []
        self._busy: set[int] = set()
        self._closed = False
        self._changed = Condition()

    def put(self, batch: Batch) -> None:
        """Add a batch when there is room; do nothing more after a failure."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < self._length or self.failure)
            if self.failure is not None:
                raise self.failure
            self._waiting.append(batch)
            self._changed.notify_all()

    def take(self) -> Batch | None:
        """Return a batch that shares no partition with those being written; None at the end."""
        with self._changed:
            while self.failure is None:
                for place, batch in enumerate(self._waiting):
                    if self._busy.isdisjoint(batch.partitions):
                        self._busy |= batch.partitions
                        del self._waiting[place]
                        self._changed.notify_all()
                        return batch
                if self._closed and not self._waiting:
                    return None
                self._changed.wait()
        return None

    def done(self, batch: Batch, written: Callable[[int], None]) -> None:
        """Free a batch's partitions."""
        with self._changed:
            self._busy -= batch.partitions
            written(batch.rows.num_rows)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Keep the first failure, and stop."""
        with self._changed:
            self.failure = self.failure or error
            self._changed.notify_all()

    def close(self) -> None:
        """Say that no batch will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _write(session: Any, batch: Batch, fence: Fence) -> None:
    """Commit a batch, in halves where the server can't take it whole.

    A server may notice only when it commits that it has too little memory, and the driver then
    tries again for minutes. So whatever has to be tried again is tried in halves.
    """
    from neo4j.exceptions import IncompleteCommit, Neo4jError

    number = fence.next()
    rows = _as_lists(batch.rows)
    tries = 0

    def transact(transaction: ManagedTransaction) -> None:
        nonlocal tries
        tries += 1
        if not fence.enter(transaction, number):
            return
        if tries > 1 and len(rows) > 1:
            raise _InHalvesError
        try:
            transaction.run(batch.query, rows=rows).consume()
        except Neo4jError as error:
            if len(rows) > 1 and any(word in str(error.code) for word in _IN_HALVES):
                raise _InHalvesError from error
            raise

    while True:
        try:
            session.execute_write(transact)
        except IncompleteCommit:
            continue  # nobody knows whether it was committed: the fence does
        except _InHalvesError:
            half = batch.rows.num_rows // 2
            for part in (batch.rows.slice(0, half), batch.rows.slice(half)):
                _write(session, Batch(batch.query, part), fence)
        return


class _InHalvesError(Exception):
    """A transaction is to be tried in halves; the driver doesn't try again after it."""


def _as_lists(table: pa.Table) -> list[list[Any]]:
    """Return rows as lists: a third cheaper for the server than maps, which repeat the names."""
    columns = [column.to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]
