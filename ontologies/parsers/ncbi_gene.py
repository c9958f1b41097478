"""NCBI Gene's ``gene_info`` (https://ftp.ncbi.nlm.nih.gov/gene/DATA/README).

A gene is called by its symbol; its other symbols match only with their case. The file for all
organisms holds tens of millions of genes: ``taxa`` keeps those of some.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_COLUMNS = {
    "taxon": "tax_id", "id": "GeneID", "symbol": "Symbol", "aliases": "Synonyms",
    "xrefs": "dbXrefs", "description": "description", "kind": "type_of_gene",
    "name": "Full_name_from_nomenclature_authority", "others": "Other_designations",
}  # fmt: skip
_NO_GENE = {"biological-region"}
_SAME_GENE = ("HGNC:", "ENSEMBL:", "MGI:", "RGD:", "ZFIN:", "FB:", "SGD:")


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the genes of the wanted organisms.

    Raises:
        VocabularyError: the header lacks the columns of taxon, id or symbol.
    """
    places: dict[str, int] = {}
    taxa = {taxon.rpartition(":")[2] for taxon in options.taxa}
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if not places:
            places = _header(line, source=source)
        elif line and (not taxa or line.partition("\t")[0] in taxa):
            found = _gene(line.split("\t"), places, options, source=source, number=number)
            if found is not None:
                yield found


def _header(line: str, *, source: str) -> dict[str, int]:
    cells = line.lstrip("#").split("\t")
    places = {field: cells.index(name) for field, name in _COLUMNS.items() if name in cells}
    if lacking := [_COLUMNS[f] for f in ("taxon", "id", "symbol") if f not in places]:
        raise VocabularyError(
            f"{source}: no column '{lacking[0]}' in the header: expected NCBI's gene_info; got "
            + ", ".join(cells[:8])
        )
    return places


def _gene(
    cells: list[str], places: dict[str, int], options: ParseOptions, *, source: str, number: int
) -> Term | Failure | None:
    def cell(field: str) -> str:
        place = places.get(field, -1)
        value = cells[place].strip() if 0 <= place < len(cells) else ""
        return "" if value == "-" else value

    symbol = cell("symbol")
    if not cell("id").isdigit():
        return failure(source, number, f"'{cell('id')}' is no GeneID: expected a number")
    if not symbol or symbol == "NEWENTRY" or cell("kind") in _NO_GENE:
        return None
    full = dict.fromkeys(t for t in (cell("name"), cell("description")) if t and t != symbol)
    synonyms = [Synonym(text) for text in full]
    synonyms += [Synonym(text, "abbreviation") for text in cell("aliases").split("|") if text]
    synonyms += [Synonym(text, "related") for text in cell("others").split("|") if text]
    xrefs = [options.curie(item) for item in cell("xrefs").split("|") if ":" in item]
    return Term(
        id=f"NCBIGene:{cell('id')}",
        name=symbol,
        category=options.category or "Gene",
        synonyms=tuple(dict.fromkeys(synonyms)),
        xrefs=tuple(dict.fromkeys(xrefs)),
        exact=tuple(dict.fromkeys(x for x in xrefs if x.startswith(_SAME_GENE))),
        taxon=f"NCBITaxon:{cell('taxon')}",
    )
