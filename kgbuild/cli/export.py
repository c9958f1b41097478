"""``kgbuild export``: the graph, or the annotated documents, in a format that others read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kgbuild.cli.console import err, out

if TYPE_CHECKING:
    from kgbuild.records import AnnotatedDocument

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild export graph --format turtle -o graph.ttl

  kgbuild export graph --format trig --statements named-graphs -o graph.trig.gz

  kgbuild export graph --format kgx -o graph_kgx

  kgbuild export graph --format neo4j-admin --since last_week -o changes

  kgbuild export graph --format pubtator -o annotated.pubtator
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("export", epilog=_EXAMPLES)(export)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output folder of a build.")],
    format: Annotated[str, typer.Option("--format", "-f", help="One of those below.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file or folder to write.")],
    statements: Annotated[str, typer.Option(help="How RDF writes statements, see below.")] = "",
    since: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="An earlier build: write what differs, see below."),
    ] = None,
) -> None:
    """Write the graph, or the documents with their annotations.

    Documents with mentions, identifiers and relations: pubtator, bioc-xml, bioc-json.
    RDF: turtle, trig, ntriples, nquads, jsonld, rdfxml, gzipped where the file ends in .gz, with
    --statements as reification (the default), triple-terms (RDF 1.2) or named-graphs.
    Graph: kgx, kgx-jsonl, graphml, gexf, cyjs, cx2, sssom, csv, parquet (csv and parquet into a
    folder, kgx into two files whose names begin so), neo4j-admin and neo4j-admin-parquet (a folder
    for Neo4j's bulk import, whose command is printed; with --since a folder that brings a database
    which holds the earlier graph up to date).
    """
    from kgbuild.errors import InputError
    from kgbuild.graph import Graph
    from kgbuild.loaders.exporters import CANNOT, DIFFERENCE_EXPORTERS, EXPORTERS
    from kgbuild.loaders.neo4j_delta import Earlier
    from kgbuild.loaders.rdf_shape import STATEMENT_FORMS
    from kgbuild.loaders.serialize import RDF_FORMATS, export_rdf
    from kgbuild.writers import WRITERS

    if statements and (format not in RDF_FORMATS or statements not in STATEMENT_FORMS):
        raise InputError(
            f"--statements {statements} with --format {format}: give one of "
            f"{', '.join(STATEMENT_FORMS)}, with one of the formats {', '.join(RDF_FORMATS)}"
        )
    if since is not None and format not in DIFFERENCE_EXPORTERS:
        raise InputError(
            f"--since with --format {format}: only {', '.join(DIFFERENCE_EXPORTERS)} can be "
            "written as what differs; leave --since out for the whole"
        )
    if format in WRITERS:
        _export_documents(folder, format, output)
    elif format in EXPORTERS:
        write = EXPORTERS[format]
        if statements:
            write = partial(export_rdf, format=format, form=statements)
        if since is not None:
            with Graph.open(since) as before:
                earlier = Earlier(before.tables, before.schema)
            write = partial(DIFFERENCE_EXPORTERS[format], since=earlier)
        with Graph.open(folder) as graph:
            report = write(graph.tables, output, schema=graph.schema)
        if report.advice:
            out.print(report.advice, soft_wrap=True, markup=False)
        if CANNOT[format]:
            err.print(f"[yellow]not in {format}:[/] {escape(CANNOT[format])}", soft_wrap=True)
    else:
        known = ", ".join([*WRITERS, *EXPORTERS])
        raise InputError(f"no format {format!r}; formats: {known}")
    err.print(f"wrote {output}")


def _export_documents(folder: Path, format: str, output: Path) -> None:
    from kgbuild.errors import StoreError
    from kgbuild.workspace import Workspace
    from kgbuild.writers import write_documents

    def documents() -> Iterator[AnnotatedDocument]:
        try:
            yield from workspace.documents()
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(f"{folder} can't be read ({reason}): build it again") from error

    beside = output.with_name(f".{output.name}.part")
    with Workspace(folder) as workspace:
        try:
            with beside.open("wb") as stream:
                report = write_documents(documents(), stream, format=format)
            beside.replace(output)
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(f"{output} can't be written ({reason})") from error
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
    for reason, count in report.lost.items():
        err.print(f"[yellow]left out[/] {count:,}: {escape(reason)}", soft_wrap=True)
