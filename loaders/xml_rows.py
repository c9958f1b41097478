"""Rows out of XML formats of graphs, streamed, without entities and network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kgbuild.errors import InputError
from kgbuild.loaders.rows import EDGE, NODE, Row, number, unflat

__all__ = ["elements", "row_of"]


def elements(path: Path, names: tuple[str, ...]) -> Iterator[Any]:
    """Yield the elements of these names, whatever their namespace; each is emptied afterwards.

    Raises:
        InputError: the file is not there or no XML.
    """
    from lxml import etree

    try:
        tags = [f"{{*}}{name}" for name in names]
        walk = etree.iterparse(
            str(path), tag=tags, resolve_entities=False, no_network=True, huge_tree=True
        )
        for _, element in walk:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (OSError, etree.XMLSyntaxError) as error:
        raise InputError(f"{path} can't be read as XML: {error}") from error


def row_of(element: Any, kind: str, values: Mapping[str, str]) -> Row:
    """Return the row of a node or edge from its element and the texts of its columns."""
    row: Row = {"id": element.get("id")}
    if kind == "edge":
        row |= {"subject": element.get("source"), "object": element.get("target")}
    for name, type_ in (NODE if kind == "node" else EDGE).items():
        text = values.get(name)
        if type_ == "list":
            row[name] = unflat(text or "")
        elif text is None:
            row[name] = None
        else:
            row[name] = text if type_ == "string" else number(text, type_)
    return row
