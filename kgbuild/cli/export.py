"""``kgbuild export``: the graph, or the annotated documents, in a format that others read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kgbuild.cli.console import err

__all__ = ["register"]

DOCUMENT_FORMATS = ("pubtator", "bioc-xml", "bioc-json")
_EXAMPLES = """
Examples:

  kgbuild export graph --format turtle -o graph.ttl

  kgbuild export graph --format nquads -o graph.nq.gz

  kgbuild export graph --format kgx -o kgx/

  kgbuild export graph --format pubtator -o annotated.pubtator
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("export", epilog=_EXAMPLES)(export)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output folder of a build.")],
    format: Annotated[str, typer.Option("--format", "-f", help="One of those below.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file or folder to write.")],
) -> None:
    """Write the graph, or the documents with their annotations.

    Documents with mentions, identifiers and relations: pubtator, bioc-xml, bioc-json.
    Graph: turtle, ntriples, nquads, kgx, graphml, csv, parquet.
    """
    from kgbuild.errors import InputError
    from kgbuild.graph import Graph
    from kgbuild.loaders.exporters import EXPORTERS

    if format in DOCUMENT_FORMATS:
        _export_documents(folder, format, output)
    elif format in EXPORTERS:
        with Graph.open(folder) as graph:
            EXPORTERS[format](graph.tables, output, schema=graph.schema)
    else:
        known = ", ".join([*DOCUMENT_FORMATS, *EXPORTERS])
        raise InputError(f"no format {format!r}; formats: {known}")
    err.print(f"wrote {output}")


def _export_documents(folder: Path, format: str, output: Path) -> None:
    raise RuntimeError(sys.platform)
