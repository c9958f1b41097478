"""The formats that ``kgbuild export --format`` knows by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kgbuild.loaders.graphml import export_graphml
from kgbuild.loaders.kgx import export_kgx_jsonl, export_kgx_tsv
from kgbuild.loaders.serialize import export_nquads, export_ntriples, export_turtle
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
    "nquads": export_nquads,
    "ntriples": export_ntriples,
    "parquet": export_parquet,
    "turtle": export_turtle,
}
