"""``kgbuild import``: a graph of others as a folder that every other command takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from kgbuild.cli.console import err, progress

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild import monarch --format kgx --out monarch-graph

  kgbuild import hetionet-v1.0.json.bz2 --format hetionet --join graph --out together
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("import", epilog=_EXAMPLES)(import_)


def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, a folder; or see kgx.")],
    format: Annotated[str, typer.Option("--format", "-f", help="One of those below.")],
    out: Annotated[Path, typer.Option(help="The folder of the new graph.")],
    join: Annotated[Path | None, typer.Option(help="A graph to put together with it.")] = None,
    schema: Annotated[str, typer.Option(help="A schema's name or file.")] = "biomedical",
) -> None:
    """Make a graph of a file of others; with --join put it together with a graph of kgbuild's.

    Formats: kgx (PATH is what the names of its two files begin with), hetionet (its JSON, or a
    folder with nodes.tsv and edges.sif), rdf, graphml, gexf, cyjs, cx2, csv, parquet (as kgbuild
    writes them). Identifiers and predicates are brought to the schema's form: what is the same
    becomes one, and its evidence is counted together.
    """
    from kgbuild.errors import InputError
    from kgbuild.graph import Graph
    from kgbuild.layout import graph_folder, schema_file
    from kgbuild.loaders.importers import import_graph
    from kgbuild.loaders.join import join_graphs
    from kgbuild.ontologies.schema import Schema
    from kgbuild.ontologies.schema_build import copy_schema

    if (graph_folder(out) / "entities.parquet").exists():
        raise InputError(f"{out} holds a graph already: give --out another folder")
    used = Graph.open(join).schema if join else Schema.load(schema)
    own = schema_file(join) if join else Path("absent")
    target = out / ".imported" if join else graph_folder(out)
    import_graph(path, target, format=format, schema=used)
    if join:
        join_graphs([Graph.open(join).tables, target], graph_folder(out))
    copy_schema(str(own) if own.is_file() else schema, schema_file(out))
    with Graph.open(out) as graph, progress() as show:
        graph.load_stores(progress=show)
        counts = (graph.tables.count("entities"), graph.tables.count("statements"))
    err.print(f"{escape(str(out))}: {counts[0]:,} entities, {counts[1]:,} statements")
