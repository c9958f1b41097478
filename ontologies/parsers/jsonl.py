"""JSON lines: an object a term, as in snapshots of the Cell Ontology.

Keys: ``id`` (or ``norm_concept_id``), ``name`` (or ``norm_preferred_label``), ``category``,
``synonyms``, ``abbreviations``, ``xrefs``, ``parents``, ``definition``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the terms, a line each."""
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
        elif item[1].strip():
            yield _term(*item, options, source=source)


def _term(number: int, line: str, options: ParseOptions, *, source: str) -> Term | Failure:
    try:
        record = json.loads(line)
    except ValueError as error:
        return failure(source, number, f"not JSON: {error}")
    if not isinstance(record, dict):
        return failure(source, number, "expected an object with 'id' and 'name'")
    curie = options.curie(str(record.get("id") or record.get("norm_concept_id") or ""))
    name = str(record.get("name") or record.get("norm_preferred_label") or "").strip()
    if ":" not in curie or any(c.isspace() for c in curie):
        return failure(source, number, f"'{curie}' is no CURIE: expected an 'id' as PREFIX:ID")
    if not name:
        return failure(source, number, f"{curie} has no name")
    synonyms = [Synonym(text) for text in _texts(record.get("synonyms")) if text != name]
    synonyms += [Synonym(text, "abbreviation") for text in _texts(record.get("abbreviations"))]
    return Term(
        id=curie,
        name=name,
        category=str(record.get("category") or options.category_of()),
        synonyms=tuple(dict.fromkeys(synonyms)),
        xrefs=tuple(options.curie(x) for x in _texts(record.get("xrefs"))),
        parents=tuple(options.curie(x) for x in _texts(record.get("parents"))),
        definition=str(record.get("definition") or ""),
    )


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value if str(item).strip()] if isinstance(value, list) else []
