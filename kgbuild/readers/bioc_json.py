"""BioC JSON: collections, PubTator3's export, lists of documents, one document a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.bioc import convert
from kgbuild.readers.json_stream import JsonStreamError, documents
from kgbuild.records import Failure

__all__ = ["BiocJsonReader"]


class BiocJsonReader:
    """Reads BioC JSON, with annotations and relations as given ones.

    Offsets hold: gaps between passages are filled by line feeds. Infons of the document become
    metadata.

    Args:
        id_prefix: the prefix of ids that are digits only.
    """

    def __init__(self, *, id_prefix: str = "PMID") -> None:
        self._prefix = id_prefix

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield each document with its failures after it."""
        for item in documents(stream, frozenset({"documents", "PubTator3"})):
            if isinstance(item, JsonStreamError):
                yield Failure(source, "read", str(item), place=f"line {item.line}")
                continue
            line, raw = item
            yield from convert(raw, source=source, place=f"line {line}", prefix=self._prefix)
