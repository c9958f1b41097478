"""Where things lie in an output folder."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "configuration_file",
    "cypher_store",
    "failures_file",
    "graph_folder",
    "manifest_file",
    "rdf_store",
    "schema_file",
]


def graph_folder(folder: Path) -> Path:
    """Return the folder of the graph's Parquet tables."""
    return folder / "graph"


def cypher_store(folder: Path) -> Path:
    """Return the Ladybug database, a file."""
    return folder / "stores" / "graph.lbug"


def rdf_store(folder: Path) -> Path:
    """Return the Oxigraph store, a folder."""
    return folder / "stores" / "rdf"


def schema_file(folder: Path) -> Path:
    """Return the schema file that the build leaves: a copy, or a reference to one of kgbuild's."""
    return folder / "schema.yaml"


def failures_file(folder: Path) -> Path:
    """Return the table of what failed, with the reasons."""
    return folder / "tables" / "failures.parquet"


def configuration_file(folder: Path) -> Path:
    """Return the configuration of the last build, YAML; the next one takes it by default."""
    return folder / "configuration.yaml"


def manifest_file(folder: Path) -> Path:
    """Return the manifest, JSON."""
    return folder / "manifest.json"
