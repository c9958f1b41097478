"""HGNC's table of genes, in the columns of its custom downloads or of ``hgnc_complete_set.txt``.

A gene is called by its symbol; alias and previous symbols match only with their case
(``abbreviation``), names anyhow. Loci that are only a phenotype are left out: they are no genes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_COLUMNS = {
    "id": ("HGNC ID", "hgnc_id"),
    "symbol": ("Approved symbol", "symbol"),
    "name": ("Approved name", "name"),
    "status": ("Status", "status"),
    "alias": ("Alias symbols", "alias_symbol"),
    "previous": ("Previous symbols", "prev_symbol"),
    "alias_name": ("Alias names", "alias_name"),
    "previous_name": ("Previous name", "prev_name"),
    "type": ("Locus type", "locus_type"),
}
_XREFS = {
    "NCBIGene": ("NCBI Gene ID(supplied by NCBI)", "entrez_id"),
    "ENSEMBL": ("Ensembl gene ID", "ensembl_gene_id"),
    "UniProtKB": ("UniProt ID(supplied by UniProt)", "uniprot_ids"),
    "MGI": ("Mouse genome database ID(supplied by MGI)", "mgd_id"),
    "RGD": ("Rat genome database ID(supplied by RGD)", "rgd_id"),
    "OMIM": ("OMIM ID(supplied by OMIM)", "omim_id"),
}
_SUCCESSOR = re.compile(r"symbol withdrawn, see \[?(HGNC:\d+)")


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the genes; withdrawn ones are obsolete and name their successor.

    Raises:
        VocabularyError: the header lacks the columns of id and symbol.
    """
    places: dict[str, int] = {}
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if not places:
            places = _header(line, source=source)
        elif line.strip():
            found = _gene(line.split("\t"), places, options, source=source, number=number)
            if found is not None:
                yield found


def _header(line: str, *, source: str) -> dict[str, int]:
    cells = [cell.strip('" ') for cell in line.split("\t")]
    places = {
        field: cells.index(name)
        for field, names in {**_COLUMNS, **_XREFS}.items()
        for name in names
        if name in cells
    }
    for field in ("id", "symbol"):
        if field not in places:
            wanted = "' or '".join(_COLUMNS[field])
            raise VocabularyError(
                f"{source}: no column '{wanted}' in the header: expected HGNC's table of genes;"
                f" got {', '.join(cells[:8])}"
            )
    return places


def _gene(
    cells: list[str], places: dict[str, int], options: ParseOptions, *, source: str, number: int
) -> Term | Failure | None:
    def cell(field: str) -> str:
        place = places.get(field, -1)
        return cells[place].strip().strip('"') if 0 <= place < len(cells) else ""

    curie, symbol, name = options.curie(cell("id")), cell("symbol"), cell("name")
    if not curie.startswith("HGNC:"):
        return failure(source, number, f"'{cell('id')}' is no id of HGNC: expected HGNC:5")
    if not symbol:
        return failure(source, number, f"{curie} has no symbol")
    if cell("type") == "phenotype only":
        return None
    withdrawn = "withdrawn" in cell("status").lower()
    successor = _SUCCESSOR.search(name)
    names = [] if withdrawn else [name, *_items(cell("alias_name")), *_items(cell("previous_name"))]
    synonyms = [Synonym(text) for text in names if text]
    for field in ("alias", "previous"):
        synonyms.extend(
            Synonym(text, "abbreviation") for text in _items(cell(field)) if text != symbol
        )
    xrefs = tuple(
        options.curie(item if ":" in item else f"{prefix}:{item}")
        for prefix in _XREFS
        for item in _items(cell(prefix))
    )
    return Term(
        id=curie,
        name=symbol,
        category=options.category or "Gene",
        synonyms=tuple(dict.fromkeys(synonyms)),
        xrefs=xrefs,
        exact=(
            *([] if withdrawn else [f"hgnc.symbol:{symbol}"]),
            *(x for x in xrefs if x.startswith(("NCBIGene:", "ENSEMBL:"))),
        ),
        taxon=options.taxon or "NCBITaxon:9606",
        obsolete=withdrawn,
        replaced_by=successor.group(1) if successor else "",
    )


def _items(cell: str) -> list[str]:
    parts = cell.split("|") if "|" in cell else cell.split(", ")
    return [item for part in parts if (item := part.strip())]
