"""What every loader hands back, and how it knows that a target already holds a graph."""

from __future__ import annotations

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

__all__ = [
    "LoadReport",
    "Progress",
    "graph_fingerprint",
    "remove",
    "replacing",
    "require_room",
    "unwritable",
]

Progress = Callable[[str, int, int], None]
"""Called with what is being loaded, the rows done and the rows in all."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a loader did.

    ``target`` is a path, or the address of a server. ``rows`` counts what was written, by kind (a
    label, a relationship type, ``triples``); it is empty where ``unchanged``, which says that the
    target already held this very graph. ``removed`` counts what the target held and the graph
    does not, where the loader changes the target in place. ``advice`` is what to do next, where
    there is something.
    """

    target: Path | str
    fingerprint: str
    seconds: float
    unchanged: bool = False
    rows: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    advice: str = ""


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

    What a killed run left there is removed first; one process at a time may write ``path``.

    Raises:
        StoreError: nothing can be written there.
    """
    beside = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(beside)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        remove(beside)


def require_room(tables: GraphTables, path: Path) -> None:
    """Refuse to begin where the disk of ``path`` has not the room that a store takes.

    Stores take two to four times the size of the tables; one that finds the disk full may end
    the process rather than raise.

    Raises:
        StoreError: there is too little room.
    """
    size = sum(file.stat().st_size for file in tables.folder.glob("*.parquet"))
    needed = 4 * size + (64 << 20)
    place = next(folder for folder in path.absolute().parents if folder.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StoreError(
            f"{path} needs about {needed >> 20:,} MB and its disk has {free >> 20:,} MB: "
            "make room or give an output folder on another disk"
        )


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there and can be."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink()


def unwritable(path: Path, error: Exception) -> StoreError:
    """Return the error that says that ``path`` can't be written, and why."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return StoreError(
        f"{path} can't be written: {reason}; give a path on a disk with room that you may write to"
    )
