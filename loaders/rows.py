"""Entities and statements as plain rows, for formats that hold nodes and edges and no more.

What such a format can't hold (evidence, documents) is left out; lists and qualifiers become texts
where it has only texts, and come back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgbuild.tables import GraphTables

__all__ = [
    "EDGE",
    "LISTS",
    "NODE",
    "Row",
    "edges",
    "flat",
    "nodes",
    "number",
    "pair",
    "unflat",
    "unpair",
]

Row = dict[str, Any]

NODE: Mapping[str, str] = {
    "name": "string", "category": "string", "synonyms": "list", "xrefs": "list",
    "parents": "list", "vocabulary": "string", "mentions": "integer", "sentences": "integer",
    "documents": "integer",
}  # fmt: skip
"""The columns of a node beside its id, with their types."""
EDGE: Mapping[str, str] = {
    "predicate": "string", "qualifiers": "list", "belief": "double", "papers": "integer",
    "sentences": "integer", "negated": "integer", "hedged": "integer", "first_year": "integer",
    "last_year": "integer", "extractors": "list",
}  # fmt: skip
"""The columns of an edge beside its id and ends; qualifiers are ``key=value``."""
LISTS = frozenset({"synonyms", "xrefs", "parents", "extractors", "qualifiers"})

_PIECE = re.compile(r"(?:[^|\\]|\\.)*", re.DOTALL)
_KEY = re.compile(r"(?:[^=\\]|\\.)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def nodes(tables: GraphTables) -> Iterator[Row]:
    """Yield the entities: ``id`` and the columns of ``NODE``."""
    for batch in tables.batches("entities", rows=10_000):
        for row in batch.to_pylist():
            yield {"id": row["id"], **{name: row[name] for name in NODE}}


def edges(tables: GraphTables) -> Iterator[Row]:
    """Yield the statements: ``id``, ``subject``, ``object`` and the columns of ``EDGE``."""
    for batch in tables.batches("statements", rows=10_000):
        for row in batch.to_pylist():
            row["qualifiers"] = [pair(*item) for item in row["qualifiers"] or ()]
            ends = {name: row[name] for name in ("id", "subject", "object")}
            yield {**ends, **{name: row[name] for name in EDGE}}


def pair(key: str, value: str) -> str:
    r"""Return ``key=value``; a ``=`` in the key becomes ``\=``."""
    escaped = key.replace("\\", "\\\\").replace("=", "\\=")
    return f"{escaped}={value}"


def unpair(text: str) -> tuple[str, str]:
    """Return key and value of what ``pair`` made."""
    found = _KEY.match(text)
    key = found.group() if found else text
    return _ESCAPED.sub(r"\1", key), text[len(key) + 1 :]


def flat(value: object) -> object:
    r"""Return a list as a text with ``|`` between its items (``\|`` within), else the value.

    >>> flat(["a|b", "c"])
    'a\\|b|c'
    """
    if not isinstance(value, list):
        return value
    return "|".join(str(item).replace("\\", "\\\\").replace("|", "\\|") for item in value)


def unflat(text: str) -> list[str]:
    r"""Return the list that ``flat`` made the text of; an empty text is no item.

    >>> unflat("a\\|b|c")
    ['a|b', 'c']
    """
    found, place = [], 0
    while text and place <= len(text):
        piece = _PIECE.match(text, place)
        end = piece.end() if piece else len(text)
        found.append(_ESCAPED.sub(r"\1", text[place:end]))
        place = end + 1
    return found


def number(text: str, type_: str) -> int | float:
    """Return the number that a text of this type (integer, double) says."""
    return float(text) if type_ == "double" else int(float(text))
