"""What ``kgbuild load`` can load a graph into: a server or a file, known by its address.

A target is a function ``(tables, address, *, schema, options, progress)``. To add one, write it
in a module of its own and name it in ``_HOMES``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from kgbuild.errors import InputError

if TYPE_CHECKING:
    from kgbuild.loaders.report import LoadReport, Progress
    from kgbuild.ontologies.schema import Schema
    from kgbuild.protocols import Encoder
    from kgbuild.tables import GraphTables

__all__ = ["Target", "TargetOptions", "kind_of", "refuse_options", "target_of"]

_log = logging.getLogger(__name__)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_NEO4J = ("kgbuild.loaders.neo4j", "load_neo4j")
_HOMES: dict[str, tuple[str, str]] = {
    "http": ("kgbuild.loaders.endpoint_load", "load_endpoint"),
    "https": ("kgbuild.loaders.endpoint_load", "load_endpoint"),
    **dict.fromkeys(("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"), _NEO4J),
    ".lbug": ("kgbuild.loaders.ladybug", "load_ladybug_file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """How to load; what is empty or 0 is the target's default, what a target lacks it refuses.

    Attributes:
        user: whom to log in as.
        password: never shown or logged.
        database: the database of the server; for SPARQL the IRI of the named graph.
        evidence: how evidence is kept, one of the target's words (Neo4j: none, properties, nodes).
        batch: rows in one transaction or request.
        writers: how many write at a time.
        force: load although the target says that it holds this very graph.
        vectors: what encodes the names of entities, for a target that searches by vectors.
        notice: told what a person should know before it is over, in a sentence.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    evidence: str = ""
    batch: int = 0
    writers: int = 0
    force: bool = False
    vectors: Encoder | None = None
    notice: Callable[[str], None] = field(default=_log.info, compare=False)


class Target(Protocol):
    """Makes what is at an address hold the graph."""

    def __call__(
        self,
        tables: GraphTables,
        address: str,
        *,
        schema: Schema,
        options: TargetOptions,
        progress: Progress | None,
    ) -> LoadReport:
        """Load, and say what was done.

        Raises:
            StoreError: it can't be reached, refuses, or fails.
            ValueError: an option that the target lacks, or a wrong value.
        """
        ...


def kind_of(address: str) -> str:
    """Return what ``address`` is known by: its scheme (``neo4j``), or a file's ending (``.lbug``).

    Raises:
        InputError: nothing is known that it could be.
    """
    found = _SCHEME.match(address)
    kind = found.group(1).lower() if found else f".{address.rpartition('.')[2].lower()}"
    if kind not in _HOMES:
        known = ", ".join(f"{k}://..." if k[0] != "." else f"FILE{k}" for k in sorted(_HOMES))
        raise InputError(f"{address!r} is nothing to load into; expected one of {known}")
    return kind


def target_of(address: str) -> Target:
    """Return the function that loads into ``address``.

    Raises:
        InputError: nothing is known that it could be.
    """
    module, name = _HOMES[kind_of(address)]
    target: Target = getattr(import_module(module), name)
    return target


def refuse_options(options: TargetOptions, target: str, *, allowed: Collection[str]) -> None:
    """Raise ``ValueError`` where an option is given that ``target`` has no use for."""
    given = [f.name for f in fields(options) if f.compare and getattr(options, f.name)]
    if wrong := [name for name in given if name not in allowed]:
        raise ValueError(
            f"{target} takes no {wrong[0]!r}: leave it out (it takes {', '.join(sorted(allowed))})"
        )
