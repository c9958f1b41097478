"""BioC XML, by the element order of its DTD."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from lxml import etree

from kgbuild.records import AnnotatedDocument
from kgbuild.writers.bioc import to_bioc
from kgbuild.writers.report import WriteTally

__all__ = ["write_bioc_xml"]

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
    b"<collection><source>kgbuild</source><date></date><key></key>\n"
)


def write_bioc_xml(
    documents: Iterable[AnnotatedDocument], stream: BinaryIO, tally: WriteTally
) -> None:
    """Write one collection; no documents make an empty one."""
    stream.write(_HEAD)
    for item in documents:
        element = _document(to_bioc(item, tally))
        stream.write(etree.tostring(element, encoding="UTF-8", xml_declaration=False) + b"\n")
    stream.write(b"</collection>\n")


def _text(parent: Any, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text


def _infons(parent: Any, infons: dict[str, str]) -> None:
    for key, value in infons.items():
        etree.SubElement(parent, "infon", key=key).text = value


def _document(raw: dict[str, Any]) -> Any:
    document = etree.Element("document")
    _text(document, "id", raw["id"])
    _infons(document, raw["infons"])
    for item in raw["passages"]:
        passage = etree.SubElement(document, "passage")
        _infons(passage, item["infons"])
        _text(passage, "offset", str(item["offset"]))
        _text(passage, "text", item["text"])
        for annotation in item["annotations"]:
            _annotation(passage, annotation)
    for annotation in raw["annotations"]:
        _annotation(document, annotation)
    for item in raw["relations"]:
        relation = etree.SubElement(document, "relation", id=item["id"])
        _infons(relation, item["infons"])
        for node in item["nodes"]:
            etree.SubElement(relation, "node", refid=node["refid"], role=node["role"])
    return document


def _annotation(parent: Any, raw: dict[str, Any]) -> None:
    annotation = etree.SubElement(parent, "annotation", id=raw["id"])
    _infons(annotation, raw["infons"])
    for location in raw["locations"]:
        offset, length = str(location["offset"]), str(location["length"])
        etree.SubElement(annotation, "location", offset=offset, length=length)
    _text(annotation, "text", raw["text"])
