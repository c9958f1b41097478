"""The formats that ``kgbuild export --format`` knows by name."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kgbuild.loaders.cytoscape import export_cx2, export_cyjs
from kgbuild.loaders.gexf import export_gexf
from kgbuild.loaders.graphml import export_graphml
from kgbuild.loaders.kgx import export_kgx_jsonl, export_kgx_tsv
from kgbuild.loaders.neo4j_admin import export_neo4j_admin, export_neo4j_admin_since
from kgbuild.loaders.serialize import RDF_FORMATS, export_rdf
from kgbuild.loaders.sssom import export_sssom
from kgbuild.loaders.tables import export_csv, export_parquet

if TYPE_CHECKING:
    from kgbuild.loaders.neo4j_delta import Earlier
    from kgbuild.loaders.report import LoadReport
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["CANNOT", "DIFFERENCE_EXPORTERS", "EXPORTERS", "DifferenceExporter", "Exporter"]


class Exporter(Protocol):
    """Writes the graph in one format."""

    def __call__(self, tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
        """Write ``path`` (csv and parquet: a folder; kgx: the beginning of two names)."""
        ...


class DifferenceExporter(Protocol):
    """Writes what differs between an earlier graph and this one."""

    def __call__(
        self, tables: GraphTables, path: Path, *, schema: Schema, since: Earlier
    ) -> LoadReport:
        """Write the folder ``path``."""
        ...


EXPORTERS: dict[str, Exporter] = {
    "csv": export_csv,
    "cx2": export_cx2,
    "cyjs": export_cyjs,
    "gexf": export_gexf,
    "graphml": export_graphml,
    "kgx": export_kgx_tsv,
    "kgx-jsonl": export_kgx_jsonl,
    "neo4j-admin": export_neo4j_admin,
    "neo4j-admin-parquet": partial(export_neo4j_admin, form="parquet"),
    "parquet": export_parquet,
    "sssom": export_sssom,
    **{name: partial(export_rdf, format=name) for name in RDF_FORMATS},
}

DIFFERENCE_EXPORTERS: dict[str, DifferenceExporter] = {
    "neo4j-admin": export_neo4j_admin_since,
    "neo4j-admin-parquet": partial(export_neo4j_admin_since, form="parquet"),
}

_EVIDENCE = "evidence, documents and mentions"
CANNOT: dict[str, str] = {
    "csv": "",
    "cx2": _EVIDENCE,
    "cyjs": _EVIDENCE,
    "gexf": f"{_EVIDENCE}; characters that XML forbids",
    "graphml": f"{_EVIDENCE}; characters that XML forbids",
    "kgx": "sentences (publications only), hedging, counts of mentions; tabs, line ends and bars",
    "kgx-jsonl": "sentences (publications only), hedging, counts of mentions",
    "neo4j-admin": "",
    "neo4j-admin-parquet": "empty texts, until the next `kgbuild load`",
    "parquet": "",
    "sssom": "everything but cross-references",
    **dict.fromkeys(RDF_FORMATS, "how often a document mentions an entity"),
}
"""What each format has no place for, beside the documents' texts; empty where it holds all."""
