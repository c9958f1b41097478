"""What a parser must be told that the file doesn't say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from kgbuild.ontologies.naming import PrefixTable
from kgbuild.records import Failure

__all__ = ["STAGE", "ParseOptions", "failure", "prefix_table"]

STAGE = "vocabulary"


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """How to read a vocabulary.

    Attributes:
        prefix: of ids that come without one (``D001241`` is ``MESH:D001241``).
        number_prefix: of ids that are only digits, where it isn't ``prefix`` (MEDIC's OMIM ids).
        category: of terms whose category the file doesn't say.
        categories: the file's own groupings (GO's namespaces) to categories.
        branches: CURIEs of terms to the category of them and of what is below them, whatever the
            file says; the file is read twice then.
        keep: prefixes whose terms are kept; empty keeps all. Ontologies import parts of others.
        columns: for tables: what each column is called, or its number from 0.
        xref_columns: for tables: prefix to the column that holds ids of it.
        delimiter: for tables: between columns; empty means tab, or comma in ``.csv`` files.
        separator: for tables: between the items of a list.
        header: for tables: whether the first line names the columns.
        companion: a file that holds what this one refers to (MeSH's descriptors).
        split_names: for tables: whether id and name are lists themselves, the preferred one first.
        taxon: the organism of all terms that name none (``NCBITaxon:10090`` for mouse genes).
        taxa: organisms whose genes are kept; empty keeps all.
        sources: for UMLS: the source vocabularies (SAB) whose names are kept; empty keeps all.
        exact_xrefs: prefixes whose plain cross-references mean just the same thing.
    """

    prefix: str = ""
    number_prefix: str = ""
    category: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    columns: Mapping[str, str | int] = field(default_factory=dict)
    xref_columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ""
    separator: str = "|"
    header: bool = True
    split_names: bool = False
    companion: str = ""
    taxon: str = ""
    taxa: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    exact_xrefs: tuple[str, ...] = ()

    def curie(self, raw: str) -> str:
        """Return ``raw`` as a CURIE, with ``prefix`` where it has none; empty stays empty."""
        found = prefix_table().normalize(raw)
        if not found or ":" in found:
            return found
        prefix = (found.isdigit() and self.number_prefix) or self.prefix
        return f"{prefix}:{found}" if prefix else found

    def category_of(self, group: str = "") -> str:
        """Return the category of a term that the file puts into ``group``."""
        return self.categories.get(group) or self.category or "NamedThing"


@lru_cache(maxsize=1)
def prefix_table() -> PrefixTable:
    """Return the spellings of prefixes of the biomedical schema."""
    from kgbuild.ontologies.schema import Schema

    prefixes = Schema.load("biomedical").prefixes
    return PrefixTable((prefix.name, prefix.synonyms) for prefix in prefixes.values())


def failure(source: str, line: int, reason: str) -> Failure:
    """Return the failure of one line of a vocabulary."""
    return Failure(source=source, stage=STAGE, reason=reason, place=f"line {line}")
