"""Babelon (https://github.com/monarch-initiative/babelon): a table of an ontology's translations.

HPO publishes one for each language (``hp-es.babelon.tsv``). Its terms have the ontology's ids and
only names in the other language, so it is loaded beside the ontology and the two are merged.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.languages import language_tag
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_SCOPES = {
    "rdfs:label": "exact",
    "oboinowl:hasexactsynonym": "exact",
    "oboinowl:hasrelatedsynonym": "related",
    "oboinowl:hasnarrowsynonym": "narrow",
    "oboinowl:hasbroadsynonym": "broad",
}
_NEEDED = ("subject_id", "translation_value", "translation_language")
_DRAFT = {"NOT_TRANSLATED"}


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield a term for each subject with its translated names; definitions are left out.

    Raises:
        VocabularyError: the header lacks a column of Babelon.
    """
    header: dict[str, int] = {}
    names: dict[str, str] = {}
    synonyms: dict[str, dict[Synonym, None]] = {}
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if not line.strip() or line.startswith("#"):
            continue
        cells = next(csv.reader([line], delimiter="\t"))
        if not header:
            header = _header(cells, source=source)
            continue
        cell = _Row(header, cells)
        curie = options.curie(cell("subject_id"))
        if ":" not in curie:
            yield failure(source, number, f"'{curie}' is no CURIE: expected a subject_id")
            continue
        scope = _SCOPES.get((cell("predicate_id") or "rdfs:label").casefold())
        if scope is None or cell("translation_status") in _DRAFT:
            continue
        if cell("predicate_id").casefold() == "rdfs:label":
            names.setdefault(curie, cell("source_value"))
        if text := cell("translation_value"):
            found = Synonym(text, scope, language_tag(cell("translation_language")))
            synonyms.setdefault(curie, {})[found] = None
    if not header:
        raise VocabularyError(f"{source}: empty: expected a table of translations (Babelon)")
    for curie, found_names in synonyms.items():
        name = names.get(curie) or next(iter(found_names)).text
        yield Term(curie, name, options.category_of(), tuple(found_names))


class _Row:
    """Cells by the name of their column; empty where there is none."""

    def __init__(self, header: dict[str, int], cells: list[str]) -> None:
        self._header, self._cells = header, cells

    def __call__(self, column: str) -> str:
        place = self._header.get(column, -1)
        return self._cells[place].strip() if 0 <= place < len(self._cells) else ""


def _header(cells: list[str], *, source: str) -> dict[str, int]:
    places = {cell: place for place, cell in enumerate(cells)}
    for column in _NEEDED:
        if column not in places:
            raise VocabularyError(
                f"{source}: no column '{column}' in the header: expected a Babelon table; got "
                + ", ".join(cells[:8])
            )
    return places
