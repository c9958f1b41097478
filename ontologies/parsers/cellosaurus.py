"""Cellosaurus as its text file, ``cellosaurus.txt``: two-letter line codes, records end in ``//``.

https://www.cellosaurus.org. (Its OBO file is read by ``obo``.)
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

_TAXON = re.compile(r"NCBI_TaxID=(\d+)")
_IDENTITY = {"CLO": "CLO", "EFO": "EFO", "MCCL": "MCCL", "BTO": "BTO", "CLDB": "CLDB"}

Record = dict[str, list[str]]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the cell lines; former accessions are ``exact`` of the one that replaced them.

    Raises:
        VocabularyError: no record in it.
    """
    record: Record = {}
    first = 0
    found = False
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if line.startswith("//"):
            if record:
                found = True
                yield _term(record, options, source=source, line=first)
            record = {}
        elif line.startswith("ID   ") or (record and line[2:5] == "   "):
            if not record:
                first = number
            record.setdefault(line[:2], []).append(line[5:].strip())
    if record:
        yield failure(source, first, "the file ends within this record: fetch it again")
    if not found:
        raise VocabularyError(
            f"{source}: no record of Cellosaurus in it: expected lines 'ID   name', 'AC   CVCL_...'"
            ", '//'"
        )


def _term(record: Record, options: ParseOptions, *, source: str, line: int) -> Term | Failure:
    accession = "".join(record.get("AC", [])[:1])
    curie = options.curie(accession)
    if not curie.startswith("CVCL:"):
        return failure(source, line, f"'{accession}' is no accession: expected AC   CVCL_0030")
    name = record["ID"][0]
    if not name:
        return failure(source, line, f"{curie} has no name")
    others = (text.strip() for cell in record.get("SY", ()) for text in cell.split(";"))
    xrefs = [
        found
        for cell in record.get("DR", ())
        if (found := _xref(*cell.partition(";")[::2], options))
    ]
    old = (options.curie(a.strip()) for c in record.get("AS", ()) for a in c.split(";"))
    taxa = dict.fromkeys(_TAXON.findall(" ".join(record.get("OX", ()))))
    return Term(
        id=curie,
        name=name,
        category=options.category or "CellLine",
        synonyms=tuple(Synonym(text) for text in dict.fromkeys(others) if text and text != name),
        xrefs=tuple(dict.fromkeys(xrefs)),
        definition="; ".join(record.get("CA", ())),
        exact=(
            *dict.fromkeys(a for a in old if a),
            *(x for x in dict.fromkeys(xrefs) if x.partition(":")[0] in _IDENTITY),
        ),
        taxon=f"NCBITaxon:{next(iter(taxa))}" if len(taxa) == 1 else "",
    )


def _xref(database: str, identifier: str, options: ParseOptions) -> str:
    """Return ``CLO:0003684`` of ``CLO; CLO_0003684``; empty where an id has a space."""
    local = identifier.strip()
    local = local.removeprefix(f"{database}_").removeprefix(f"{database}:")
    return options.curie(f"{database}:{local}") if local and " " not in local else ""
