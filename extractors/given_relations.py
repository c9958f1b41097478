"""Relations that the input carries."""

from __future__ import annotations

from collections.abc import Sequence

from kgbuild.records import AnnotatedDocument, Relation

__all__ = ["GivenRelationExtractor"]


class GivenRelationExtractor:
    """Takes the relations that readers found in the input (PubTator, BioC).

    Their predicates stay as the input names them; assembly maps them by the schema's aliases and
    counts those that it doesn't know.
    """

    @property
    def name(self) -> str:
        """``given-relations/1``."""
        return "given-relations/1"

    def extract(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
        """Return the relations that each document came with."""
        return [item.relations for item in batch]
