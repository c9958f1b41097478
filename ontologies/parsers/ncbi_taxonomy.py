"""NCBI's taxonomy dump: ``taxdump.tar.gz``, or ``names.dmp`` with ``nodes.dmp`` beside it.

https://ftp.ncbi.nlm.nih.gov/pub/taxonomy/taxdump_readme.txt. Parents are held as two arrays of
numbers (some 40 MB for 2.7 million taxa), names are streamed. An archive is read twice.
"""

from __future__ import annotations

import tarfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, cast

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import READ_ERRORS, lines_of
from kgbuild.ontologies.parsers.options import STAGE, ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_CLASSES = {
    "synonym": "exact", "equivalent name": "exact", "common name": "exact",
    "genbank common name": "exact", "genbank synonym": "exact", "acronym": "abbreviation",
    "genbank acronym": "abbreviation", "in-part": "broad", "includes": "narrow",
}  # fmt: skip
_ROOT = "1"


class _Parents:
    """Taxon to parent, and the taxa that were merged into each."""

    def __init__(self) -> None:
        self._taxa = array("q")
        self._above = array("q")
        self.merged: dict[str, list[str]] = {}
        self._sorted = True

    def add(self, taxon: int, parent: int) -> None:
        self._sorted = self._sorted and (not self._taxa or self._taxa[-1] < taxon)
        self._taxa.append(taxon)
        self._above.append(parent)

    def of(self, taxon: int) -> int:
        """Return the parent's number, 0 where there is none."""
        if not self._sorted:
            pairs = sorted(zip(self._taxa, self._above, strict=True))
            self._taxa = array("q", (t for t, _ in pairs))
            self._above = array("q", (p for _, p in pairs))
            self._sorted = True
        place = bisect_left(self._taxa, taxon)
        there = place < len(self._taxa) and self._taxa[place] == taxon
        return self._above[place] if there and self._above[place] != taxon else 0


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the taxa by number, as in the file; merged taxa are ``exact`` of their successor.

    Raises:
        VocabularyError: it is neither an archive that holds names.dmp nor names.dmp.
    """
    head = stream.read(512)
    stream.seek(0)
    parents = _Parents()
    failures: list[Failure] = []
    if head[257:262] == b"ustar":
        names = _from_archive(stream, parents, failures, source=source)
    else:
        for name, take in _TABLES.items():
            _read_beside(options.companion, name, take, parents, failures)
        names = _rows(stream, failures, source=source)
    found = False
    for number, group in groupby(names, key=lambda row: row[0]):
        yield from _drained(failures)
        found = True
        yield _taxon(number, list(group), parents, options, source=source)
    yield from _drained(failures)
    if not found:
        raise VocabularyError(
            f"{source}: expected taxdump.tar.gz or names.dmp: lines of taxon, name, unique name "
            "and class, separated by '\\t|\\t'"
        )


def _drained(failures: list[Failure]) -> Iterator[Failure]:
    yield from failures
    failures.clear()


def _nodes(row: list[str], parents: _Parents) -> None:
    parents.add(int(row[0]), int(row[1]))


def _merged(row: list[str], parents: _Parents) -> None:
    parents.merged.setdefault(row[1], []).append(row[0])


_TABLES: dict[str, Callable[[list[str], _Parents], None]] = {
    "nodes.dmp": _nodes,
    "merged.dmp": _merged,
}


def _from_archive(
    stream: BinaryIO, parents: _Parents, failures: list[Failure], *, source: str
) -> Iterator[list[str]]:
    """Yield the rows of names.dmp, when the other tables have been read."""
    for name, content in _members(stream, set(_TABLES), [], source=source):
        for row in _rows(content, failures, source=f"{source}!{name}"):
            _TABLES[name](row, parents)
    stream.seek(0)
    for name, content in _members(stream, {"names.dmp"}, failures, source=source):
        yield from _rows(content, failures, source=f"{source}!{name}")


def _members(
    stream: BinaryIO, wanted: set[str], failures: list[Failure], *, source: str
) -> Iterator[tuple[str, BinaryIO]]:
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                name = Path(member.name).name
                content = archive.extractfile(member) if name in wanted else None
                if content:
                    yield name, cast("BinaryIO", content)
    except (tarfile.TarError, *READ_ERRORS) as error:
        reason = f"the archive breaks off or is corrupt ({error}): fetch it again"
        failures.append(Failure(source=source, stage=STAGE, reason=reason))


def _read_beside(
    companion: str,
    name: str,
    take: Callable[[list[str], _Parents], None],
    parents: _Parents,
    failures: list[Failure],
) -> None:
    from kgbuild.ontologies.vocabulary import open_stream

    if not companion:
        return
    path = Path(companion).with_name(name)
    if path.is_file():
        with open_stream(path) as stream:
            for row in _rows(stream, failures, source=str(path)):
                take(row, parents)


def _rows(stream: BinaryIO, failures: list[Failure], *, source: str) -> Iterator[list[str]]:
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            failures.append(item)
            continue
        number, line = item
        row = line.removesuffix("\t|").split("\t|\t")
        if len(row) < 2 or not row[0].isdigit():
            if line.strip():
                failures.append(failure(source, number, "expected fields separated by '\\t|\\t'"))
        else:
            yield row


def _taxon(
    number: str, rows: list[list[str]], parents: _Parents, options: ParseOptions, *, source: str
) -> Term | Failure:
    curie = f"NCBITaxon:{number}"
    name = next((row[1] for row in rows if len(row) > 3 and row[3] == "scientific name"), "")
    if not name:
        reason = f"{curie} has no scientific name"
        return Failure(source=source, stage=STAGE, reason=reason, place=curie)
    synonyms = dict.fromkeys(
        Synonym(row[1], scope)
        for row in rows
        if len(row) > 3 and (scope := _CLASSES.get(row[3], "")) and row[1] != name
    )
    above = parents.of(int(number))
    return Term(
        id=curie,
        name=name,
        category=options.category or "OrganismTaxon",
        synonyms=tuple(synonyms),
        parents=(f"NCBITaxon:{above}",) if above and number != _ROOT else (),
        exact=tuple(f"NCBITaxon:{old}" for old in parents.merged.get(number, ())),
    )
