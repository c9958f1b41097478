"""Vocabularies of a few terms, and the means to write more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kgbuild.records import Failure, Synonym, Term, content_hash


@dataclass(frozen=True)
class Words:
    """A vocabulary in memory."""

    name: str
    items: tuple[Term | Failure, ...]
    version: str = "1"

    @property
    def fingerprint(self) -> str:
        return content_hash(*self.items)

    def terms(self) -> Iterator[Term | Failure]:
        return iter(self.items)


def term(curie: str, name: str, category: str, *synonyms: str, **more: object) -> Term:
    """Write synonyms as "text" or "text/scope"."""
    parsed = tuple(
        Synonym(text, scope or "exact") for text, _, scope in (s.partition("/") for s in synonyms)
    )
    return Term(curie, name, category, parsed, **more)  # type: ignore[arg-type]


MESH = Words(
    "mesh",
    (
        term(
            "MESH:D001241", "Aspirin", "ChemicalEntity", "Acetylsalicylic Acid", "ASA/abbreviation"
        ),
        term("MESH:D001943", "Breast Neoplasms", "Disease", "Neoplasms, Breast", "Breast Cancer"),
        term("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", "NIDDM", "T2D/abbreviation"),
        term("MESH:D003922", "Diabetes Mellitus, Type 1", "Disease", "IDDM"),
        term("MESH:D000544", "Alzheimer Disease", "Disease"),
        term("MESH:D009103", "Multiple Sclerosis", "Disease", "MS/abbreviation"),
        term("MESH:D007854", "Lead", "ChemicalEntity"),
        term("MESH:D010146", "Pain", "PhenotypicFeature"),
        term("MESH:D004194", "Disease", "Disease", "Diseases"),
    ),
)
GENES = Words(
    "hgnc",
    (
        term("HGNC:1516", "CAT", "Gene", "catalase"),
        term("HGNC:12731", "WAS", "Gene", "WASP", "THC"),
        term("HGNC:6001", "IL2", "Gene", "interleukin 2"),
        term("HGNC:6011", "IL3", "Gene", "interleukin 3"),
        term("HGNC:11892", "TNF", "Gene", "TNF-alpha", "tumor necrosis factor"),
        term("HGNC:1100", "BRCA1", "Gene", "BRCA1 DNA repair associated"),
        term("HGNC:6081", "INS", "Gene", "insulin"),
        term("HGNC:2623", "CYP2D6", "Gene"),
        term("HGNC:2625", "CYP2C9", "Gene"),
    ),
)
MONDO = Words(
    "mondo",
    (
        term(
            "MONDO:0007254", "breast cancer", "Disease", "breast cancers", xrefs=("MESH:D001943",)
        ),
        term("MONDO:0005148", "type 2 diabetes mellitus", "Disease", "type II diabetes/related"),
        term("MONDO:0000001", "disease", "Disease", "condition"),
    ),
)
