"""What MeSH's XML and ASCII formats share: a record's facts, and a term made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kgbuild.ontologies.parsers.mesh import TREES, category_of
from kgbuild.ontologies.parsers.mesh_former import former_ids
from kgbuild.ontologies.parsers.mesh_proteins import human_gene, plain_names
from kgbuild.ontologies.parsers.options import STAGE, ParseOptions
from kgbuild.records import Failure, Synonym, Term

__all__ = ["CLASSES", "MeshRecord", "descriptors", "registry_xref", "supplement"]

CLASSES = {
    "1": "ChemicalEntity",
    "2": "Procedure",
    "3": "Disease",
    "4": "OrganismTaxon",
    "5": "PopulationOfIndividualOrganisms",
    "6": "AnatomicalEntity",
}
"""Categories of the classes of supplementary concept records."""

_CAS = re.compile(r"\d{2,7}-\d\d-\d\Z")
_UNII = re.compile(r"[0-9A-Z]{10}\Z")


@dataclass(slots=True)
class MeshRecord:
    """A descriptor or supplementary record; ``record_class`` is that of the latter."""

    id: str
    name: str
    synonyms: list[Synonym] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    mapped_to: list[str] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    definition: str = ""
    record_class: str = ""


def descriptors(
    records: Iterable[MeshRecord], options: ParseOptions, *, source: str
) -> Iterator[Term | Failure]:
    """Yield the descriptors in the wanted trees, when all are known: parents are found by tree."""
    kept = list(records)
    trees = options.categories or TREES
    homes = {tree: record.id for record in kept for tree in record.trees}
    for record in kept:
        category = category_of(record.trees, trees)
        if category:
            above = (homes.get(tree.rpartition(".")[0], "") for tree in record.trees)
            yield _term(record, category, [p for p in above if p], source=source)


def supplement(
    record: MeshRecord, options: ParseOptions, *, source: str
) -> Iterator[Term | Failure]:
    """Yield a supplementary record, under the descriptors that it is mapped to."""
    category = CLASSES.get(record.record_class) or options.category or "ChemicalEntity"
    yield _term(record, category, record.mapped_to, source=source)


def registry_xref(number: str) -> str:
    """Return the CURIE of a registry number (CAS, UNII, EC), or "".

    >>> registry_xref("50-78-2"), registry_xref("R16CO5Y76E"), registry_xref("EC 1.1.1.1")
    ('CAS:50-78-2', 'UNII:R16CO5Y76E', 'EC:1.1.1.1')
    >>> registry_xref("0")
    ''
    """
    if _CAS.match(number):
        return f"CAS:{number}"
    if number.startswith("EC "):
        return f"EC:{number[3:].rstrip('.-')}"
    return f"UNII:{number}" if _UNII.match(number) else ""


def _term(record: MeshRecord, category: str, parents: list[str], *, source: str) -> Term | Failure:
    curie = f"MESH:{record.id}"
    if not record.name:
        return Failure(source=source, stage=STAGE, reason=f"{curie} has no name", place=curie)
    synonyms = [
        s
        for s in dict.fromkeys(record.synonyms)
        if s.text and (s.text, "") != (record.name, s.language)
    ]
    english = [s.text for s in synonyms if not s.language]
    gene = human_gene(record.name, english)
    return Term(
        id=curie,
        name=record.name,
        category=category,
        synonyms=(*synonyms, *plain_names([record.name, *english])),
        exact=(*filter(None, [gene]), *former_ids(record.id)),
        xrefs=tuple(dict.fromkeys(record.xrefs)),
        parents=tuple(f"MESH:{p}" for p in dict.fromkeys(parents) if p != record.id),
        definition=record.definition,
    )
