"""One load at a time, each of its transactions exactly once, whoever is killed or restarted.

Two things do it. A *lock* is an open transaction that has changed a node: the server gives it to
one and frees it as soon as the holder's connection is gone. A *fence* is a node for each writer,
which each of its transactions changes first: it holds whose turn it is, so that a loader which
lost its lock (as when the server was restarted) can write nothing more, and the number of the
writer's last transaction, so that one whose answer was lost is not done twice.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from kgbuild.errors import StoreError
from kgbuild.loaders.neo4j_connection import rows

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction

__all__ = ["LABEL", "Fence", "locked"]

LABEL = "KgbuildLoad"
"""The label of the nodes that hold what kgbuild knows of its loads."""

_CONSTRAINT = f"CREATE CONSTRAINT kgbuild_load IF NOT EXISTS FOR (n:{LABEL}) REQUIRE n.id IS UNIQUE"
_TRY = 3.0  # seconds that the server lets a transaction wait for the lock
_TAKE = f"MERGE (l:{LABEL} {{id: 'lock'}}) SET l.taken = timestamp()"
_ENTER = f"""
    MATCH (w:{LABEL} {{id: $writer}}) SET w.changed = timestamp()
    WITH w, w.owner AS owner, w.last AS last SET w.last = $number RETURN owner, last
"""
_MINE = f"""
    MERGE (g:{LABEL} {{id: 'graph'}}) SET g.holder = $holder
    WITH g UNWIND range(0, $writers - 1) AS n
    MERGE (w:{LABEL} {{id: 'writer ' + toString(n)}})
    WITH count(*) AS made MATCH (w:{LABEL}) WHERE w.id STARTS WITH 'writer '
    SET w.owner = $owner, w.last = -1
"""


class Fence:
    """What a writer passes at the beginning of each transaction."""

    def __init__(self, owner: str, writer: int) -> None:
        self.owner = owner
        self.writer = f"writer {writer}"
        self._number = 0

    def next(self) -> int:
        """Return the number of the writer's next transaction."""
        self._number += 1
        return self._number

    def enter(self, transaction: ManagedTransaction, number: int) -> bool:
        """Say whether the writer's transaction ``number`` is yet to be done.

        Raises:
            StoreError: another load has taken over.
        """
        entered = transaction.run(_ENTER, writer=self.writer, number=number).single()
        if entered is None or entered["owner"] != self.owner:
            raise StoreError(
                "another load has taken over this database while its server was away: "
                "wait until it is done, and run this one again"
            )
        return bool(entered["last"] != number)


@contextmanager
def locked(
    driver: Driver, *, database: str, writers: int, notice: Callable[[str], None]
) -> Iterator[list[Fence]]:
    """Yield a fence for each writer while no other load runs; wait for one that does.

    Args:
        driver: to the server.
        database: the database that is locked.
        writers: how many there are.
        notice: told whom is waited for.
    """
    constraint = (
        f"CREATE CONSTRAINT kgbuild_load IF NOT EXISTS FOR (n:{LABEL}) REQUIRE n.id IS UNIQUE"
    )
    rows(driver, constraint, database=database)
    owner = secrets.token_hex(8)
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    with driver.session(database=database or None) as session:
        transaction = _take(session, driver, database, notice)
        try:
            with driver.session(database=database or None) as other:
                other.execute_write(
                    lambda tx: tx.run(_MINE, holder=holder, writers=writers, owner=owner).consume()
                )
            yield [Fence(owner, number) for number in range(writers)]
        finally:
            # the server may be gone, and with it the lock
            with suppress(Exception):
                transaction.rollback()


def _take(session: Any, driver: Driver, database: str, notice: Callable[[str], None]) -> Any:
    """Return an open transaction that holds the lock."""
    query = f"MATCH (g:{LABEL} {{id: 'graph'}}) RETURN g.holder"
    if not _is_free(session):
        who = [str(row[0]) for row in rows(driver, query, database=database)]
        if who:  # else the server is slow, and nobody has ever loaded
            notice(f"waiting for another load of this database to end ({', '.join(who)})")
        while not _is_free(session):
            time.sleep(0.2)
    # without a time limit, which would end it while it holds the lock
    transaction = session.begin_transaction(timeout=0)
    transaction.run(_TAKE).consume()
    return transaction


def _is_free(session: Any) -> bool:
    """Try for a while whether the lock can be had."""
    from neo4j.exceptions import ClientError, DriverError, TransientError

    transaction = session.begin_transaction(timeout=_TRY)
    try:
        transaction.run(_TAKE).consume()
    except (ClientError, TransientError) as error:
        if not re.search("Timeout|TimedOut|Terminated|LockClientStopped", str(error.code)):
            raise
        return False
    finally:
        with suppress(DriverError):
            transaction.close()
    return True
