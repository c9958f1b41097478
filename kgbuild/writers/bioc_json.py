"""BioC JSON, one document a line within the collection."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import BinaryIO

from kgbuild.records import AnnotatedDocument
from kgbuild.writers.bioc import to_bioc
from kgbuild.writers.report import WriteTally

__all__ = ["write_bioc_json"]

_HEAD = b'{"source": "kgbuild", "date": "", "key": "", "infons": {}, "documents": ['


def write_bioc_json(
    documents: Iterable[AnnotatedDocument], stream: BinaryIO, tally: WriteTally
) -> None:
    """Write one collection; no documents make an empty one."""
    stream.write(_HEAD)
    separator = b"\n"
    for item in documents:
        raw = json.dumps(to_bioc(item, tally), ensure_ascii=False)
        stream.write(separator + raw.encode("utf-8", "replace"))
        separator = b",\n"
    stream.write(b"\n]}\n")
