"""What every loader hands back, and how it knows that a target already holds a graph."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import StoreError

if TYPE_CHECKING:
    from kgbuild.tables import GraphTables

__all__ = ["LoadReport", "Progress", "graph_fingerprint", "replacing"]

Progress = Callable[[str, int, int], None]
"""Called with what is being loaded, the rows done and the rows in all."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a loader did.

    ``rows`` counts what was written, by kind (a label, a relationship type, ``triples``); it is
    empty where ``unchanged``, which says that the target already held this very graph.
    """

    target: Path
    fingerprint: str
    seconds: float
    unchanged: bool = False
    rows: Mapping[str, int] = field(default_factory=dict)


def graph_fingerprint(tables: GraphTables, *extra: str) -> str:
    """Return a hash of the contents of all tables and of ``extra`` (schema, loader version).

    Raises:
        StoreError: a table is absent.
    """
    digest = blake2b(digest_size=16)
    for part in extra:
        digest.update(f"{len(part)}:{part}".encode())
    for name in ("entities", "statements", "evidence", "documents", "occurrences"):
        path = tables.path(name)
        if not path.is_file():
            raise StoreError(
                f"{path} is absent: a graph has five tables; run `kgbuild build` to write them"
            )
        digest.update(f"{name}:{path.stat().st_size}:".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` that takes its place when the block ends without an error.

    Raises:
        StoreError: nothing can be written there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path} can't be written: {error.strerror or error}; "
            "give a path on a disk with room that you may write to"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        with suppress(OSError):
            beside.unlink()
