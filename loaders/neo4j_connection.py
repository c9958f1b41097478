"""Connecting to Neo4j, and what its errors mean to a person."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kgbuild.errors import MissingExtraError, StoreError

if TYPE_CHECKING:
    from neo4j import Driver
    from neo4j.api import ServerInfo

__all__ = ["PATIENCE", "SCHEMES", "is_local", "opened", "require_version", "rows", "said"]

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
PATIENCE = 120.0
"""Seconds for which a server that is away is waited for."""

_OLDEST = "5.7"
_PROTOCOL = (5, 2)  # that of the oldest: from it on a server can be told to keep its remarks
_MEANINGS = {
    "Security.Unauthorized": (
        "does not let {user} in: check KGBUILD_USER and KGBUILD_PASSWORD"
    ),
    "Security.AuthenticationRateLimit": (
        "refuses to answer for a while after several wrong passwords: wait, then log in right"
    ),
    "Security.CredentialsExpired": (
        "wants {user}'s password changed first: do it in the Neo4j Browser or with cypher-shell"
    ),
    "Security.Forbidden": (
        "does not allow {user} to do this ({message}): log in as somebody who may read, write "
        "and make constraints there"
    ),
    "Database.DatabaseNotFound": "has no such database ({message}): `SHOW DATABASES` lists them",
    "Schema.ConstraintCreationFailed": (
        "holds data that do not allow kgbuild's constraints ({message}): load into an empty "
        "database, or remove those nodes"
    ),
    "Schema.ConstraintValidationFailed": (
        "was changed by somebody else during the load ({message}): run it again"
    ),
    "General.WriteOnReadOnlyAccessDatabase": (
        "has this database read-only: name another one (--database), or change "
        "server.databases.read_only in its neo4j.conf"
    ),
    "Transaction.TransactionLogError": (
        "can't write its log, as when its disk is full ({message}): make room there, start it "
        "again, and run this again"
    ),
    "Transaction.TransactionStartFailed": (
        "can't go on ({message}): look whether its disk is full, start it again, and run this again"
    ),
    "General.DatabaseUnavailable": "has its database stopped or starting: try again later",
    "MemoryPoolOutOfMemoryError": (
        "has too little memory for a transaction ({message}): give --batch a smaller number, or "
        "the server more"
    ),
}  # fmt: skip


def is_local(address: str) -> bool:
    """Tell whether ``address`` is on this machine."""
    return urlsplit(address).hostname in {"localhost", "127.0.0.1", "::1"}


@contextmanager
def opened(
    address: str, *, user: str, password: str, database: str, patience: float = PATIENCE
) -> Iterator[Driver]:
    """Yield a driver that has reached the server and its database, of a version that will do.

    Args:
        address: with one of ``SCHEMES``; ``+s`` means TLS, ``+ssc`` TLS with any certificate.
        user: whom to log in as; empty where the server asks nobody.
        password: his.
        database: empty for the user's home database.
        patience: seconds for which transactions are tried again while the server is away.

    Raises:
        MissingExtraError: the extra ``neo4j`` is not installed.
        StoreError: the server can't be reached, or refuses; also for errors within the block.
    """
    try:
        import neo4j
        from neo4j.exceptions import DriverError, Neo4jError
    except ImportError as error:
        raise MissingExtraError("neo4j", needed_for="loading into Neo4j") from error
    if urlsplit(address).username is not None:
        raise StoreError(
            "an address must not hold a user or password, which others could see: give --user "
            "and KGBUILD_PASSWORD"
        )
    login: dict[str, Any] = {
        "auth": (user, password) if user else None,
        "connection_timeout": 15,
        "user_agent": "kgbuild",
    }
    with ExitStack() as stack:
        try:
            with neo4j.GraphDatabase.driver(address, **login) as asking:
                _check_version(asking.get_server_info(), address)
            driver = stack.enter_context(
                neo4j.GraphDatabase.driver(
                    address,
                    max_transaction_retry_time=patience,
                    notifications_min_severity="OFF",
                    **login,
                )
            )
            rows(driver, "RETURN 1", database=database, patience=0)  # the database is there
        except (DriverError, Neo4jError, ValueError, OSError) as error:
            raise said(error, address, user) from error
        try:
            yield driver
        except (DriverError, Neo4jError) as error:
            raise said(error, address, user) from error


def _check_version(server: ServerInfo, address: str) -> None:
    if server.protocol_version < _PROTOCOL:
        raise StoreError(
            f"{address} is {server.agent.replace('/', ' ')}; kgbuild needs Neo4j {_OLDEST} or "
            "newer: update the server, or give the address of another (`kgbuild neo4j DIR` runs "
            "one on this machine)"
        )


def require_version(driver: Driver, least: tuple[int, int], *, purpose: str) -> None:
    """Refuse a Neo4j that is older than ``least``; whatever names itself otherwise may try.

    Raises:
        StoreError: with ``purpose``, such as "vectors", in its words.
    """
    agent = driver.get_server_info().agent
    found = re.match(r"Neo4j/(\d+)\.(\d+)", agent)
    if found is not None and (int(found[1]), int(found[2])) < least:
        raise StoreError(
            f"the server is {agent.replace('/', ' ')}; {purpose} need Neo4j "
            f"{least[0]}.{least[1]} or newer: update it, or load without them"
        )


def rows(
    driver: Driver, query: Any, *, database: str, patience: float = PATIENCE, **parameters: Any
) -> list[Any]:
    """Return all records of a query that is run in a transaction of its own.

    It must do no harm twice: while the server is away it is tried again for ``patience`` seconds.
    """
    from neo4j.exceptions import ServiceUnavailable, SessionExpired, TransientError

    until = time.monotonic() + patience
    while True:
        try:
            with driver.session(database=database or None) as session:
                return list(session.run(query, parameters))
        except (ServiceUnavailable, SessionExpired, TransientError):
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def said(error: Exception, address: str, user: str) -> StoreError:
    """Return the error that says what ``error`` means, and what to do."""
    from neo4j.exceptions import ConfigurationError, Neo4jError, ServiceUnavailable

    code, message = "", str(error)
    if isinstance(error, Neo4jError):
        code, message = error.code or "", error.message or message
    message = message.rstrip(".")
    for ending, meaning in _MEANINGS.items():
        if code.endswith(ending):
            who = user or "anybody without a user"
            return StoreError(f"{address} {meaning.format(user=who, message=message)}")
    if isinstance(error, ServiceUnavailable | OSError):
        return StoreError(
            f"nothing answers at {address} as Neo4j does ({message}): is the server up, and the "
            "port that of Bolt (7687 by default; 7474 is the browser's)?"
        )
    if isinstance(error, ConfigurationError | ValueError):
        return StoreError(
            f"{address} is no address of a Neo4j ({message}): expected one like "
            "neo4j://HOST:7687, neo4j+s:// for TLS"
        )
    return StoreError(f"{address} refused: {message}" + (f" ({code})" if code else ""))
