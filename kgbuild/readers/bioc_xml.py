"""BioC XML collections of any size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.bioc import convert
from kgbuild.readers.identifiers import document_id
from kgbuild.readers.xml_records import inner_text, local_name, records
from kgbuild.records import Failure

__all__ = ["BiocXmlReader"]

_LISTS = {
    "passage": "passages", "sentence": "sentences", "annotation": "annotations",
    "relation": "relations", "location": "locations", "node": "nodes",
}  # fmt: skip


class BiocXmlReader:
    """Reads BioC XML, with annotations and relations as given ones.

    Offsets hold: gaps between passages are filled by line feeds. Infons of the document become
    metadata; source, date, key and infons of the collection are not kept.

    Args:
        id_prefix: the prefix of ids that are digits only.
    """

    def __init__(self, *, id_prefix: str = "PMID") -> None:
        self._prefix = id_prefix

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield each document with its failures after it."""
        to_id = partial(document_id, prefix=self._prefix)
        pattern = rb"<id>\s*([^<]*?)\s*</id>"
        for record in records(
            stream, ("document",), source=source, id_pattern=pattern, to_id=to_id
        ):
            if isinstance(record, Failure):
                yield record
                continue
            raw = _dictionary(record.element)
            raw.setdefault("passages", [])
            place = f"line {record.line}, document {record.number}"
            yield from convert(raw, source=source, place=place, prefix=self._prefix)


def _dictionary(element: Any) -> dict[str, Any]:
    """Return an element in the shape that BioC JSON has."""
    result: dict[str, Any] = dict(element.attrib)
    for child in element:
        tag = local_name(child)
        if tag == "infon":
            result.setdefault("infons", {})[child.get("key", "")] = inner_text(child)
        elif tag in _LISTS:
            result.setdefault(_LISTS[tag], []).append(_dictionary(child))
        else:
            result[tag] = inner_text(child)
    return result
