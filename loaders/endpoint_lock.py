"""One loader at a time on a named graph: a lock kept in the server itself, as a triple."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from kgbuild.errors import StoreError
from kgbuild.loaders.endpoint import Endpoint
from kgbuild.loaders.rdf_terms import NAMESPACE

__all__ = ["Lock", "locked"]

_LOG = logging.getLogger(__name__)
_PROPERTY = f"<{NAMESPACE}loader>"
_STALE = 30.0  # seconds without a sign of life
_BEAT = 5.0


class Lock:
    """A held lock; ``beat`` now and then says that its holder lives."""

    def __init__(self, endpoint: Endpoint, control: str) -> None:
        self._endpoint = endpoint
        self._subject, self._control = f"<{control}>", control
        self._me = f"{socket.gethostname()} {os.getpid()} {os.urandom(4).hex()}"
        self._last = 0.0

    def acquire(self, *, wait: float) -> None:
        """Take the lock, waiting while another loader holds it and lives.

        Raises:
            StoreError: it holds it still after ``wait`` seconds.
        """
        seen: dict[str, float] = {}
        until = time.monotonic() + wait
        while True:
            holders = self._holders()
            mine = [h for h in holders if h.startswith(self._me)]
            others = [h for h in holders if h not in mine]
            now = time.monotonic()
            for holder in others:
                first = seen.setdefault(holder, now)
                if now - first > _STALE or _is_dead(holder):
                    self._drop(holder)
            if mine and not others:
                self._last = now
                return
            if mine and min(holders) not in mine:  # two at once: the smaller name has it
                self._drop(mine[0])
            elif not holders:
                self._put("", when="FILTER NOT EXISTS { GRAPH <%s> { %s %s ?x } }")
            if now > until:
                raise StoreError(
                    f"another loader ({others[0]}) is loading {self._subject}: wait for it, "
                    "or stop it and run the same command again"
                )
            if others:
                time.sleep(0.5)

    def beat(self) -> None:
        """Say that the holder lives, and see that it holds the lock still.

        Raises:
            StoreError: another has taken it.
        """
        if time.monotonic() - self._last < _BEAT:
            return
        mine = [holder for holder in self._holders() if holder.startswith(self._me)]
        if not mine:
            raise StoreError(
                f"another loader took over {self._subject}, since this one did not answer for "
                f"{_STALE:.0f} s: run the same command again"
            )
        self._drop(mine[0])
        self._put(f" {time.time():.0f}")
        self._last = time.monotonic()

    def release(self) -> None:
        """Give it up."""
        for holder in self._holders():
            if holder.startswith(self._me):
                self._drop(holder)

    def _holders(self) -> list[str]:
        query = (
            f"SELECT ?x WHERE {{ GRAPH <{self._control}> {{ {self._subject} {_PROPERTY} ?x }} }}"
        )
        return [line.strip('"') for line in self._endpoint.csv(query).splitlines()[1:] if line]

    def _put(self, suffix: str, when: str = "") -> None:
        triple = f'{self._subject} {_PROPERTY} "{self._me}{suffix}"'
        condition = when % (self._control, self._subject, _PROPERTY) if when else ""
        self._endpoint.update(
            f"INSERT {{ GRAPH <{self._control}> {{ {triple} }} }} WHERE {{ {condition} }}"
        )

    def _drop(self, holder: str) -> None:
        triple = f'{self._subject} {_PROPERTY} "{holder}"'
        self._endpoint.update(f"DELETE DATA {{ GRAPH <{self._control}> {{ {triple} }} }}")


@contextmanager
def locked(endpoint: Endpoint, control: str, *, wait: float = 600) -> Iterator[Lock]:
    """Hold the lock that is kept in the graph ``control``."""
    lock = Lock(endpoint, control)
    lock.acquire(wait=wait)
    try:
        yield lock
    finally:
        with suppress(StoreError):
            lock.release()


def _is_dead(holder: str) -> bool:
    """Tell whether a holder was a process of this machine that is gone."""
    host, pid, *_ = holder.split()
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
