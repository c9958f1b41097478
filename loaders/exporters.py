"""The formats that ``kgbuild export --format`` knows by name."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kgbuild.loaders.graphml import export_graphml
from kgbuild.loaders.kgx import export_kgx_jsonl, export_kgx_tsv
from kgbuild.loaders.serialize import RDF_FORMATS, export_rdf
from kgbuild.loaders.tables import export_csv, export_parquet

if TYPE_CHECKING:
    from kgbuild.loaders.report import LoadReport
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["EXPORTERS", "Exporter"]


class Exporter(Protocol):
    """Writes the graph in one format."""

    def __call__(self, tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
        """Write ``path`` (csv and parquet: a folder; kgx: the beginning of two names)."""
        ...


EXPORTERS: dict[str, Exporter] = {
    "csv": export_csv,
    "graphml": export_graphml,
    "kgx": export_kgx_tsv,
    "kgx-jsonl": export_kgx_jsonl,
    "parquet": export_parquet,
    **{name: partial(export_rdf, format=name) for name in RDF_FORMATS},
}
