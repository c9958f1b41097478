"""MeSH as tables of id, name, synonyms and tree numbers, or ids that a record is mapped to.

A descriptor's category follows from its tree numbers; descriptors outside the wanted trees (general
words such as "Abbreviations as Topic") are left out. A supplementary record takes the category of
the descriptor that it is mapped to, where the table of descriptors is given as companion; that of
a human gene's product means the same as the gene.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.mesh_former import former_ids
from kgbuild.ontologies.parsers.mesh_proteins import human_gene, plain_names
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["TREES", "parse"]

# in order: the first that begins one of a descriptor's tree numbers decides
TREES: dict[str, str] = {
    "C": "Disease",
    "F03": "Disease",
    "D08.811": "Protein",  # enzymes
    "D12.776": "Protein",
    **dict.fromkeys(("D0", "D1", "D20", "D23", "D25", "D26"), "ChemicalEntity"),
    "D27": "ChemicalRole",  # pharmacologic actions and uses; what is in another branch, too, is not
    "B": "OrganismTaxon",
    "A11.251.210": "CellLine",
    "A11.284": "CellularComponent",
    "A11": "Cell",
    "A": "AnatomicalEntity",
    "E": "Procedure",
    "G": "BiologicalProcess",
}

Row = tuple[int, list[str]]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the descriptors, or supplementary records, of a table.

    Raises:
        VocabularyError: no line of it has the four columns.
    """
    trees = options.categories or TREES
    rows: list[Row] = []
    for item in _rows(stream, source=source):
        if isinstance(item, Failure):
            yield item
        else:
            rows.append(item)
    if not rows:
        raise VocabularyError(
            f"{source}: expected lines of id, name, synonyms and tree numbers (or mapped-to ids),"
            " separated by tabs"
        )
    homes = {tree: row[0] for _, row in rows for tree in _items(row[3]) if _is_tree(tree)}
    mapped = _categories(options.companion, trees)
    for number, row in rows:
        places = _items(row[3])
        if row[0].startswith("C") or not any(map(_is_tree, places)):
            category = _mapped_category(row, mapped, options)
            parents = [place.lstrip("*") for place in row[3].split(",") if place]
        else:
            category = category_of(places, trees)
            parents = [homes[up] for place in places if (up := place.rpartition(".")[0]) in homes]
        if not row[1].strip():
            yield failure(source, number, f"MESH:{row[0]} has no name")
        elif category:
            yield _term(row, category, parents)


def _rows(stream: BinaryIO, *, source: str) -> Iterator[Row | Failure]:
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        cells = item[1].split("\t")
        if len(cells) < 4 or not cells[0][1:].isdigit():
            if item[1].strip():
                yield failure(source, item[0], "expected id, name, synonyms and trees, by tabs")
        else:
            yield item[0], cells


def _items(cell: str) -> list[str]:
    return [item for item in cell.strip().split("|") if item]


def _is_tree(text: str) -> bool:
    return "." in text or (len(text) == 3 and text[1:].isdigit())


def category_of(tree_numbers: list[str], trees: Mapping[str, str]) -> str:
    """Return the category of a descriptor with these tree numbers, or "".

    >>> category_of(["D12.776", "C04.557"], TREES), category_of(["J01.576"], TREES)
    ('Disease', '')
    """
    for branch, category in trees.items():
        if any(number.startswith(branch) for number in tree_numbers):
            return category
    return ""


def _categories(companion: str, trees: Mapping[str, str]) -> dict[str, str]:
    """Map the ids of the companion's descriptors to their categories, or to ""."""
    from kgbuild.ontologies.vocabulary import open_stream

    if not companion:
        return {}
    with open_stream(Path(companion)) as stream:
        rows = [row for row in _rows(stream, source=companion) if not isinstance(row, Failure)]
    return {cells[0]: category_of(_items(cells[3]), trees) for _, cells in rows}


def _mapped_category(row: list[str], mapped: Mapping[str, str], options: ParseOptions) -> str:
    if not row[0].startswith("C"):
        return ""
    if not mapped:
        return options.category or "ChemicalEntity"
    for place in row[3].split(","):
        if category := mapped.get(place.lstrip("*").strip()):
            return "ChemicalEntity" if category == "ChemicalRole" else category
    return options.category


def _term(row: list[str], category: str, parents: list[str]) -> Term:
    name = row[1].strip()
    synonyms = dict.fromkeys(text for s in _items(row[2]) if (text := s.strip()) != name)
    gene = human_gene(name, synonyms)
    return Term(
        id=f"MESH:{row[0]}",
        name=name,
        category=category,
        synonyms=(*map(Synonym, synonyms), *plain_names([name, *synonyms])),
        exact=(*filter(None, [gene]), *former_ids(row[0])),
        parents=tuple(dict.fromkeys(f"MESH:{parent}" for parent in parents)),
    )
