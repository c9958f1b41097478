"""GEXF 1.3, for Gephi: nodes and edges with all their columns, streamed both ways."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.graphml import xml_text
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.rows import EDGE, NODE, Row, edges, nodes
from kgbuild.loaders.xml_rows import elements, row_of

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_gexf", "read_gexf"]

_NAMESPACE = "http://gexf.net/1.3"
_TYPES = {"string": "string", "list": "string", "integer": "long", "double": "double"}


def export_gexf(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write GEXF to ``path``, streamed: the name as label, the belief as weight too."""
    from lxml import etree

    started = time.perf_counter()
    with replacing(path) as beside, etree.xmlfile(str(beside), encoding="utf-8") as xml:
        xml.write_declaration()
        with (
            xml.element("gexf", nsmap={None: _NAMESPACE}, version="1.3"),
            xml.element("graph", defaultedgetype="directed"),
        ):
            for kind, columns in (("node", NODE), ("edge", EDGE)):
                xml.write(_declaration(kind, columns))
            with xml.element("nodes"):
                for row in nodes(tables):
                    xml.write(_element("node", {"id": row["id"], "label": row["name"]}, row, NODE))
            with xml.element("edges"):
                for row in edges(tables):
                    ends = {"id": row["id"], "source": row["subject"], "target": row["object"],
                            "label": row["predicate"], "weight": row["belief"]}  # fmt: skip
                    xml.write(_element("edge", ends, row, EDGE))
    rows = {"nodes": tables.count("entities"), "edges": tables.count("statements")}
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=rows)


def read_gexf(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield ``("node", row)`` and ``("edge", row)`` of a GEXF file that ``export_gexf`` wrote.

    Raises:
        InputError: it is no XML.
    """
    for element in elements(path, ("node", "edge")):
        kind = element.tag.rpartition("}")[2]
        values = {
            item.get("for"): item.get("value")
            for item in element.iter()
            if item.tag.rpartition("}")[2] == "attvalue"
        }
        yield kind, row_of(element, kind, values)


def _declaration(kind: str, columns: Any) -> Any:
    from lxml import etree

    declared = etree.Element("attributes", {"class": kind})
    for name, type_ in columns.items():
        etree.SubElement(declared, "attribute", id=name, title=name, type=_TYPES[type_])
    return declared


def _element(kind: str, attributes: dict[str, Any], row: Row, columns: Any) -> Any:
    from lxml import etree

    given = {key: xml_text(value) for key, value in attributes.items() if value is not None}
    element = etree.Element(kind, given)
    values = etree.SubElement(element, "attvalues")
    for name in columns:
        if row[name] is not None:
            etree.SubElement(values, "attvalue", {"for": name, "value": xml_text(row[name])})
    return element
