"""Things whose names are codes, where one letter makes another thing: genes, chemicals."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["categories_of_codes"]

_CODED = (
    "CellLine", "ChemicalEntity", "ChemicalRole", "GeneOrGeneProduct", "MacromolecularComplex",
    "ProteinDomain", "SequenceVariant", "Transcript",
)  # fmt: skip


def categories_of_codes(
    categories: Collection[str], schema: Schema, *, also: Collection[str] = ()
) -> frozenset[str]:
    """Return those of some categories whose names are codes, or that are of ``also``."""
    coded = (*_CODED, *also)
    return frozenset(own for own in categories if any(schema.is_a(own, one) for one in coded))
