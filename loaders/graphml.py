"""Exporting the graph as GraphML, for Cytoscape, Gephi, yEd and networkx."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_graphml"]

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE = {
    "name": "string", "category": "string", "synonyms": "string", "xrefs": "string",
    "parents": "string", "vocabulary": "string", "mentions": "long", "sentences": "long",
    "documents": "long",
}  # fmt: skip
_EDGE = {
    "predicate": "string", "qualifiers": "string", "belief": "double", "papers": "long",
    "sentences": "long", "negated": "long", "hedged": "long", "first_year": "long",
    "last_year": "long", "extractors": "string",
}  # fmt: skip
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def export_graphml(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write GraphML to ``path``, streamed.

    Lists become text joined by ``|`` and qualifiers ``key=value``; characters that XML can't hold
    become U+FFFD.
    """
    from lxml import etree

    started = time.perf_counter()
    with (
        replacing(path) as beside,
        etree.xmlfile(str(beside), encoding="utf-8") as xml,
    ):
        xml.write_declaration()
        with xml.element("graphml", nsmap={None: _NAMESPACE}):
            for kind, columns in (("node", _NODE), ("edge", _EDGE)):
                for name, type_ in columns.items():
                    key = {"id": f"{kind}_{name}", "for": kind, "attr.name": name}
                    xml.write(etree.Element("key", {**key, "attr.type": type_}))
            with xml.element("graph", edgedefault="directed"):
                for batch in tables.batches("entities"):
                    for row in batch.to_pylist():
                        xml.write(_element("node", {"id": row["id"]}, row, _NODE))
                for batch in tables.batches("statements"):
                    for row in batch.to_pylist():
                        ends = {
                            "id": row["id"],
                            "source": row["subject"],
                            "target": row["object"],
                        }
                        xml.write(_element("edge", ends, row, _EDGE))
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    rows = {"nodes": tables.count("entities"), "edges": tables.count("statements")}
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=rows)


def _element(
    kind: str, attributes: dict[str, str], row: dict[str, Any], columns: dict[str, str]
) -> Any:
    from lxml import etree

    element = etree.Element(kind, {key: _text(value) for key, value in attributes.items()})
    for name in columns:
        if row[name] is not None:
            etree.SubElement(element, "data", key=f"{kind}_{name}").text = _text(row[name])
    return element


def _text(value: object) -> str:
    if isinstance(value, list):
        value = "|".join("=".join(item) if isinstance(item, tuple) else str(item) for item in value)
    return _NOT_XML.sub("\ufffd", str(value))
