"""``kgbuild load``: the graph into a server, or a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kgbuild.cli.console import err, progress

if TYPE_CHECKING:
    from kgbuild.loaders.report import LoadReport

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild load graph neo4j://localhost --user neo4j

  kgbuild load graph neo4j+s://graph.example.org --database papers --evidence properties

  kgbuild load graph elsewhere/graph.lbug
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("load", epilog=_EXAMPLES)(load)


def load(  # noqa: PLR0917 - typer makes options of them
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output folder of a build.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="An address, see below.")],
    user: Annotated[str, typer.Option(help="Whom to log in as; else KGBUILD_USER.")] = "",
    database: Annotated[str, typer.Option(help="The server's database, or named graph.")] = "",
    evidence: Annotated[str, typer.Option(help="How to keep evidence, see below.")] = "",
    batch: Annotated[int, typer.Option(min=0, help="Rows in a transaction; 0: as fits.")] = 0,
    writers: Annotated[int, typer.Option(min=0, help="Writers at a time; 0: as fits.")] = 0,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="Neo4j: vectors of names too (extra dense).")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Load although nothing changed.")] = False,
) -> None:
    """Make a server, or a file, hold the graph: what changed is written, what is gone removed.

    A stopped load goes on where it was when it is run again. The password is taken from
    KGBUILD_PASSWORD, or asked for.

    Targets: neo4j://HOST, bolt://HOST (with +s TLS, with +ssc TLS and any certificate), evidence
    as nodes (the default), properties or none. FILE.lbug, a Ladybug database
    of its own. http://HOST:PORT/PATH, a SPARQL server.
    """
    from kgbuild.cli.secrets import login
    from kgbuild.errors import InputError
    from kgbuild.graph import Graph
    from kgbuild.loaders.targets import kind_of

    name, password = login(user) if kind_of(target)[0] != "." else (user, "")
    encoder = None
    if vectors:
        from kgbuild.api import config_for
        from kgbuild.normalizer.encoder import open_encoder

        encoder = open_encoder(config_for(folder).grounding.encoder)
    with Graph.open(folder) as graph, progress() as show:
        try:
            report = graph.load(
                target, user=name, password=password, database=database, evidence=evidence,
                batch=batch, writers=writers, force=force, progress=show, vectors=encoder,
                notice=_notice,
            )  # fmt: skip
        except ValueError as error:
            raise InputError(str(error)) from error
    _say(report, target)


def _notice(text: str) -> None:
    err.print(escape(text), soft_wrap=True)


def _say(report: LoadReport, target: str) -> None:
    if report.unchanged:
        err.print(f"{escape(target)} holds this graph already", soft_wrap=True)
        return
    written, removed = sum(report.rows.values()), sum(report.removed.values())
    gone = f", removed {removed:,}" if removed else ""
    pace = f"{written / report.seconds:,.0f}/s" if report.seconds else ""
    err.print(
        f"wrote {written:,}{gone} in {report.seconds:,.1f} s ({pace}): {escape(target)}",
        soft_wrap=True,
    )
