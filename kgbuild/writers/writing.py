"""One function for all formats."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import BinaryIO

from kgbuild.records import AnnotatedDocument
from kgbuild.writers.report import WriteReport, WriteTally

__all__ = ["WRITERS", "write_documents"]

WRITERS: Mapping[str, str] = MappingProxyType(
    {
        "bioc-json": "kgbuild.writers.bioc_json:write_bioc_json",
        "bioc-xml": "kgbuild.writers.bioc_xml:write_bioc_xml",
        "pubtator": "kgbuild.writers.pubtator:write_pubtator",
    }
)
"""Format name to the function that writes it, as ``module:function``."""


def write_documents(
    documents: Iterable[AnnotatedDocument], stream: BinaryIO, *, format: str
) -> WriteReport:
    """Write documents with their mentions, identifiers and relations, one after the other.

    BioC keeps all of them (candidates of groundings, sentences and abbreviations aside) and the
    text, character for character where the document has been through a reader; what PubTator
    leaves out is counted in the report's ``lost``.

    Args:
        documents: in the order to write; consumed as they are written.
        stream: open for writing bytes; it is left open.
        format: one of ``WRITERS``.

    Raises:
        ValueError: an unknown format.

    >>> import io
    >>> from kgbuild.records import Document, Passage
    >>> out = io.BytesIO()
    >>> text = AnnotatedDocument(Document("PMID:1", "Aspirin.", (Passage("title", 0, 8),)))
    >>> write_documents([text], out, format="pubtator").documents
    1
    >>> print(out.getvalue().decode().strip())
    1|t|Aspirin.
    1|a|
    """
    if format not in WRITERS:
        near = difflib.get_close_matches(format, WRITERS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown format {format!r}{hint} (known: {', '.join(WRITERS)})")
    module, _, name = WRITERS[format].partition(":")
    tally = WriteTally()
    getattr(importlib.import_module(module), name)(documents, stream, tally)
    return tally.report()
