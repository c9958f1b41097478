"""TSV and CSV: a line a term, columns named by a header (or numbered).

Columns, all but the first two optional: ``id name category synonyms abbreviations related narrow
broad xrefs exact parents part_of taxon definition obsolete replaced_by``. Lists are joined by
``|``. A column of names may say its language: ``name@es``, ``synonyms@es``. In TSV there is no
quoting but a pair of quotes round a whole field; CSV follows RFC 4180.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.naming import nearest
from kgbuild.ontologies.parsers.languages import language_tag
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["COLUMNS", "parse"]

COLUMNS = (
    "id", "name", "category", "synonyms", "abbreviations", "related", "narrow", "broad", "xrefs",
    "exact", "parents", "part_of", "taxon", "definition", "obsolete", "replaced_by",
)  # fmt: skip
_SCOPES = {
    "synonyms": "exact",
    "abbreviations": "abbreviation",
    "related": "related",
    "narrow": "narrow",
    "broad": "broad",
}
_TRUE = {"1", "true", "yes", "obsolete", "deprecated"}

_NAMES = {"name": "exact", **_SCOPES}
_TRANSLATED = re.compile(r"(\w+)@([A-Za-z]{2,3}(?:[-_]\w+)?)\Z")

Row = tuple[int, list[str]]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the terms of a table.

    Raises:
        VocabularyError: no header with the columns ``id`` and ``name``.
    """
    wanted = dict(options.columns)
    for column in wanted:
        if column not in COLUMNS:
            raise VocabularyError(
                f"{source}: no column option '{column}': {nearest(column, COLUMNS)}"
            )
    places: dict[str, int] | None = None
    xrefs: dict[str, int] = {}
    if not options.header:
        places = {column: int(place) for column, place in wanted.items()}
        xrefs = {prefix: int(place) for prefix, place in options.xref_columns.items()}
    for row in _rows(stream, options, source=source):
        if isinstance(row, Failure):
            yield row
        elif places is None:
            places, xrefs = _header(row[1], options, source=source)
        else:
            yield _term(row, places, xrefs, options, source=source)
    if places is None:
        raise VocabularyError(f"{source}: empty: expected a header with the columns id and name")


def _rows(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Row | Failure]:
    delimiter = options.delimiter or _default_delimiter(source)
    if delimiter == ",":
        yield from _csv_rows(stream, source=source)
        return
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
        elif item[1].strip() and not item[1].startswith("#"):
            yield item[0], [_unquoted(cell) for cell in item[1].split(delimiter)]


def _default_delimiter(source: str) -> str:
    return "," if source.lower().removesuffix(".gz").endswith(".csv") else "\t"


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _csv_rows(stream: BinaryIO, *, source: str) -> Iterator[Row | Failure]:
    failures: list[Failure] = []
    number = 0

    def texts() -> Iterator[str]:
        nonlocal number
        for item in lines_of(stream, source=source):
            if isinstance(item, Failure):
                failures.append(item)
            else:
                number = item[0]
                yield item[1] + "\n"

    reader = csv.reader(texts())
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            failures.append(failure(source, number, f"not CSV: {error}"))
            continue
        finally:
            yield from failures
            failures.clear()
        if cells is None:
            return
        if any(cells) and not cells[0].startswith("#"):
            yield number, [cell.strip() for cell in cells]


def _header(
    cells: list[str], options: ParseOptions, *, source: str
) -> tuple[dict[str, int], dict[str, int]]:
    found = {cell.casefold(): place for place, cell in enumerate(cells)}

    def place_of(column: str | int) -> int | None:
        return column if isinstance(column, int) else found.get(column.casefold())

    claimed = {str(column).casefold() for column in options.columns.values()}
    places: dict[str, int] = {}
    for column in COLUMNS:
        if column not in options.columns and column in claimed:
            continue  # what the file calls so means something else
        place = place_of(options.columns.get(column, column))
        if place is not None:
            places[column] = place
        elif column in options.columns or column in {"id", "name"}:
            name = options.columns.get(column, column)
            raise VocabularyError(
                f"{source}: no column '{name}' (for {column}) in the header, which has: "
                f"{', '.join(cells)}. Rename it, or name the right one in the card's 'columns:'"
            )
    places |= {
        cell: where
        for cell, where in found.items()
        if (match := _TRANSLATED.match(cell)) and match[1] in _NAMES
    }
    xrefs: dict[str, int] = {}
    for prefix, column in options.xref_columns.items():
        place = place_of(column)
        if place is None:
            raise VocabularyError(
                f"{source}: no column '{column}' (for cross-references to {prefix}) in the header:"
                f" {nearest(str(column), cells)}"
            )
        xrefs[prefix] = place
    return places, xrefs


def _term(
    row: Row, places: Mapping[str, int], xref_places: Mapping[str, int], options: ParseOptions,
    *, source: str,
) -> Term | Failure:  # fmt: skip
    number, cells = row

    def cell(column: str) -> str:
        place = places.get(column, -1)
        return cells[place] if 0 <= place < len(cells) else ""

    def items(column: str) -> list[str]:
        return _items(cell(column), options.separator)

    ids = items("id") if options.split_names else [cell("id")]
    names = items("name") if options.split_names else [cell("name")]
    curie = options.curie(ids[0]) if ids else ""
    if problem := _problem(curie, names[0] if names else "", cells, places):
        return failure(source, number, problem)
    synonyms = [Synonym(text) for text in names[1:]]
    for column, scope in _SCOPES.items():
        synonyms.extend(Synonym(text, scope) for text in items(column))
    for column in places:
        if match := _TRANSLATED.match(column):
            scope, language = _NAMES[match[1]], language_tag(match[2])
            synonyms.extend(Synonym(text, scope, language) for text in items(column))
    exact = [options.curie(item) for item in (*ids[1:], *items("exact"))]
    xrefs = [options.curie(xref) for xref in (*ids[1:], *items("xrefs"), *items("exact"))]
    for prefix, place in xref_places.items():
        local = cells[place] if place < len(cells) else ""
        xrefs.extend(
            f"{prefix}:{i.removeprefix(prefix + ':')}" for i in _items(local, options.separator)
        )
    return Term(
        id=curie,
        name=names[0],
        category=cell("category") or options.category_of(),
        synonyms=tuple(dict.fromkeys(synonyms)),
        xrefs=tuple(dict.fromkeys(xrefs)),
        parents=tuple(options.curie(parent) for parent in items("parents")),
        definition=cell("definition"),
        obsolete=cell("obsolete").casefold() in _TRUE,
        replaced_by=options.curie(cell("replaced_by")),
        exact=tuple(dict.fromkeys(exact)),
        part_of=tuple(options.curie(whole) for whole in items("part_of")),
        taxon=options.curie(cell("taxon")),
    )


def _items(cell: str, separator: str) -> list[str]:
    if not cell:
        return []
    return [item for part in cell.split(separator) if (item := part.strip())]


def _problem(curie: str, name: str, cells: list[str], places: Mapping[str, int]) -> str:
    if len(cells) <= max(places["id"], places["name"]):
        return f"{len(cells)} column(s): expected at least id and name, separated as in the header"
    if not curie:
        return "no id: expected a CURIE such as MESH:D001241"
    if ":" not in curie:
        return f"'{curie}' is no CURIE: expected PREFIX:ID, or name the prefix (prefix=...)"
    if any(c.isspace() for c in curie):
        return f"'{curie}' holds white space: expected a CURIE such as MESH:D001241"
    if not name:
        return f"{curie} has no name"
    return ""
