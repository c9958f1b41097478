"""UMLS in Rich Release Format: MRCONSO.RRF, with MRSTY.RRF beside it for the categories.

https://www.ncbi.nlm.nih.gov/books/NBK9685/. Both files are sorted by concept (CUI), as NLM ships
them, so a concept is read at a time. Concepts whose semantic types mean no category (Intellectual
Product, Idea or Concept, ...) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.languages import language_tag
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["SEMANTIC_TYPES", "parse"]

_COLUMNS = 18
_SHORT = {"AB", "ACR", "AA", "SYGB_AB"}  # term types of abbreviations
_SUPPRESSED = {"O", "E", "Y"}
_TYPES = {
    "Disease": "T019 T020 T037 T046 T047 T048 T049 T050 T190 T191",
    "PhenotypicFeature": "T033 T034 T184",
    "Protein": "T116 T126 T192",
    "Drug": "T200",
    "ChemicalEntity": "T103 T104 T109 T114 T120 T121 T122 T123 T125 T127 T129 T130 T131 T195 T196 "
    "T197",
    "Gene": "T028",
    "Cell": "T025",
    "CellularComponent": "T026",
    "AnatomicalEntity": "T017 T018 T021 T022 T023 T024 T029 T030 T031",
    "OrganismTaxon": "T001 T002 T004 T005 T007 T008 T010 T011 T012 T013 T014 T015 T016 T194 T204",
    "MolecularActivity": "T044",
    "BiologicalProcess": "T032 T038 T039 T040 T041 T042 T043 T045 T201",
    "Procedure": "T058 T059 T060 T061 T062 T063 T065",
    "Device": "T074 T075 T203",
    "Phenomenon": "T067 T068 T069 T070",
    "PopulationOfIndividualOrganisms": "T098 T099 T100 T101",
}
SEMANTIC_TYPES = {code: category for category, codes in _TYPES.items() for code in codes.split()}
"""Semantic type (TUI) to category; where a concept has several, the first in this order wins."""

_RANK = {category: rank for rank, category in enumerate(_TYPES)}
_PREFIXES = {
    "MSH": "MESH", "SNOMEDCT_US": "SNOMEDCT", "NCI": "NCIT", "HPO": "HP", "OMIM": "OMIM",
    "RXNORM": "RXCUI", "DRUGBANK": "DRUGBANK", "MDR": "MEDDRA", "ICD10CM": "ICD10CM", "GO": "GO",
    "HGNC": "HGNC", "NCBI": "NCBITaxon", "FMA": "FMA", "ORPHANET": "ORPHANET", "MONDO": "MONDO",
}  # fmt: skip

Row = tuple[int, list[str]]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the concepts of MRCONSO.RRF; names that are suppressed are left out.

    The companion is MRSTY.RRF; without it all concepts are of ``options.category``.

    Raises:
        VocabularyError: no line of it is of MRCONSO, or MRSTY isn't sorted by concept.
    """
    with ExitStack() as stack:
        types = _Types(options.companion, stack)
        bad: list[Failure] = []
        found = False
        for cui, group in groupby(_rows(stream, bad, source=source), key=lambda row: row[1][0]):
            yield from bad
            bad.clear()
            found = True
            category = types.category(cui) if types.given else options.category_of()
            rows = [cells for _, cells in group]
            if category and (term := _term(cui, rows, category, options)) is not None:
                yield term
        yield from bad
        if not found:
            raise VocabularyError(
                f"{source}: expected MRCONSO.RRF: lines of {_COLUMNS} fields, each ended by '|'"
            )


def _rows(stream: BinaryIO, bad: list[Failure], *, source: str) -> Iterator[Row]:
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            bad.append(item)
            continue
        number, line = item
        cells = line.split("|")
        if len(cells) < _COLUMNS or not cells[0].startswith("C"):
            if line.strip():
                bad.append(failure(source, number, f"expected {_COLUMNS} fields of MRCONSO"))
        else:
            yield number, cells


def _term(cui: str, rows: list[list[str]], category: str, options: ParseOptions) -> Term | None:
    wanted = [
        cells
        for cells in rows
        if cells[16] not in _SUPPRESSED and (not options.sources or cells[11] in options.sources)
    ]
    if not wanted:
        return None
    best = min(wanted, key=lambda c: (c[1] != "ENG", c[2] != "P", c[4] != "PF", c[6] != "Y"))
    name = best[14]
    synonyms = dict.fromkeys(
        Synonym(c[14], "abbreviation" if c[12] in _SHORT else "exact", language_tag(c[1]))
        for c in wanted
        if c[14] and (c[14] != name or language_tag(c[1]))
    )
    same = dict.fromkeys(
        options.curie(f"{_PREFIXES[c[11]]}:{c[13]}")
        for c in wanted
        if c[11] in _PREFIXES and c[13] and c[13] != "NOCODE"
    )
    return Term(
        id=f"UMLS:{cui}",
        name=name,
        category=category,
        synonyms=tuple(synonyms),
        xrefs=tuple(same),
        exact=tuple(same),
    )


class _Types:
    """Reads MRSTY.RRF as far as the concepts that are asked for."""

    def __init__(self, companion: str, stack: ExitStack) -> None:
        from kgbuild.ontologies.vocabulary import open_stream

        self.given = bool(companion)
        self._source = companion
        self._lines: Iterator[tuple[int, str] | Failure] = iter(())
        if companion:
            stream = stack.enter_context(open_stream(Path(companion)))
            self._lines = lines_of(stream, source=companion)
        self._next = self._read()

    def _read(self) -> tuple[str, str] | None:
        for item in self._lines:
            if not isinstance(item, Failure) and item[1].count("|") >= 4:
                cui, code, _ = item[1].split("|", 2)
                return cui, SEMANTIC_TYPES.get(code, "")
        return None

    def category(self, cui: str) -> str:
        found: list[str] = []
        while self._next is not None and self._next[0] <= cui:
            at, category = self._next
            if at == cui and category:
                found.append(category)
            self._next = self._read()
            if self._next is not None and self._next[0] < at:
                raise VocabularyError(
                    f"{self._source}: {self._next[0]} comes after {at}: expected MRSTY.RRF sorted "
                    "by concept, as NLM ships it: sort it"
                )
        return min(found, key=_RANK.__getitem__, default="")
