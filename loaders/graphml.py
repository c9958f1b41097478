"""Exporting the graph as GraphML, for Cytoscape, Gephi, yEd and networkx."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.rows import EDGE, NODE, Row, edges, flat, nodes
from kgbuild.loaders.xml_rows import elements, row_of

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_graphml", "read_graphml", "xml_text"]

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_TYPES = {"string": "string", "list": "string", "integer": "long", "double": "double"}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def export_graphml(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    r"""Write GraphML to ``path``, streamed.

    Lists become text joined by ``|`` (``\|`` within an item), qualifiers ``key=value``; characters
    that XML can't hold become U+FFFD.
    """
    from lxml import etree

    started = time.perf_counter()
    with (
        replacing(path) as beside,
        etree.xmlfile(str(beside), encoding="utf-8") as xml,
    ):
        xml.write_declaration()
        with xml.element("graphml", nsmap={None: _NAMESPACE}):
            for kind, columns in (("node", NODE), ("edge", EDGE)):
                for name, type_ in columns.items():
                    key = {"id": f"{kind}_{name}", "for": kind, "attr.name": name}
                    xml.write(etree.Element("key", {**key, "attr.type": _TYPES[type_]}))
            with xml.element("graph", edgedefault="directed"):
                for row in nodes(tables):
                    xml.write(_element("node", {"id": row["id"]}, row, NODE))
                for row in edges(tables):
                    ends = {"id": row["id"], "source": row["subject"], "target": row["object"]}
                    xml.write(_element("edge", ends, row, EDGE))
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    rows = {"nodes": tables.count("entities"), "edges": tables.count("statements")}
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=rows)


def read_graphml(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield ``("node", row)`` and ``("edge", row)`` of a GraphML file that kgbuild wrote.

    Raises:
        InputError: it is no XML.
    """
    for element in elements(path, ("node", "edge")):
        kind = element.tag.rpartition("}")[2]
        values = {
            str(item.get("key")).partition("_")[2]: item.text or ""
            for item in element
            if item.tag.rpartition("}")[2] == "data"
        }
        yield kind, row_of(element, kind, values)


def xml_text(value: object) -> str:
    """Return a value as text, with U+FFFD for what XML can't hold."""
    return _NOT_XML.sub("\ufffd", str(flat(value)))


def _element(kind: str, attributes: dict[str, str], row: Row, columns: Mapping[str, str]) -> Any:
    from lxml import etree

    element = etree.Element(kind, {key: xml_text(value) for key, value in attributes.items()})
    for name in columns:
        if row[name] is not None:
            data = etree.SubElement(element, "data", key=f"{kind}_{name}")
            data.text = xml_text(row[name])
    return element
