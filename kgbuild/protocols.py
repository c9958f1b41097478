"""The seams: one-method protocols that components implement and the pipeline calls.

Every stage is a function from a batch of records to a batch of records. It knows nothing of
files, processes or databases, and has no state that a batch changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, runtime_checkable

from kgbuild.records import (
    AnnotatedDocument,
    Failure,
    Grounding,
    Mention,
    Relation,
    Withdrawal,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Encoder",
    "Grounder",
    "NameSource",
    "ReadItem",
    "Reader",
    "Recognizer",
    "RelationExtractor",
]

ReadItem = AnnotatedDocument | Withdrawal | Failure

NameSource = Literal[
    "exact",
    "normalized",
    "rewritten",
    "abbreviations",
    "memory",
    "composites",
    "guards",
    "species",
    "induced",
    "ngrams",
    "ranking",
]
"""What grounding goes by beside vectors; each can be switched off, to see what it is worth."""


@runtime_checkable
class Reader(Protocol):
    """Reads one format."""

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield the documents of ``stream`` as they come, in constant memory.

        What can't be read is yielded as a ``Failure`` and reading goes on where it can; nothing
        is raised for bad content.
        """
        ...


@runtime_checkable
class Recognizer(Protocol):
    """Finds mentions. ``name`` is ``name/version``, the provenance of what it finds."""

    @property
    def name(self) -> str: ...

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each document, in order of start."""
        ...


@runtime_checkable
class Grounder(Protocol):
    """Resolves mentions to identifiers."""

    def ground(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Grounding, ...]]:
        """Return the groundings of each document's mentions: at least one for each, NIL or not."""
        ...


@runtime_checkable
class RelationExtractor(Protocol):
    """Finds relations among the mentions of a document."""

    @property
    def name(self) -> str: ...

    def extract(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
        """Return the relations of each document, between mentions that it holds."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors. ``fingerprint`` identifies the weights and the pooling."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape ``(len(texts), dimension)``."""
        ...
