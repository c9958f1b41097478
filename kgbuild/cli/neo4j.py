"""``kgbuild neo4j``: a Neo4j of one's own on this machine, for those without Docker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kgbuild.cli.console import err, out, progress

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild neo4j my-server

  kgbuild neo4j my-server --load graph
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("neo4j", epilog=_EXAMPLES)(neo4j)


def neo4j(
    home: Annotated[Path, typer.Argument(metavar="HOME", help="Where the server keeps its data.")],
    load: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Load this output folder of a build.")
    ] = None,
    memory: Annotated[str, typer.Option(help="Of the server, as Java takes it.")] = "1g",
) -> None:
    """Run a Neo4j on free ports of this machine until it is interrupted.

    It is fetched by Maven once and needs Java 17. User, password and addresses are printed.
    """
    from kgbuild.graph import Graph
    from kgbuild.loaders.neo4j_server import LocalNeo4j

    err.print("starting Neo4j (the first time it is fetched)")
    with LocalNeo4j(home, memory=memory) as server:
        if load is not None:
            with Graph.open(load) as graph, progress() as show:
                graph.load(
                    server.address, user=server.user, password=server.password, progress=show
                )
        out.print(f"browser   {server.browser}\naddress   {server.address}")
        out.print(f"user      {server.user}\npassword  {server.password}", markup=False)
        err.print("Ctrl-C stops it")
        try:
            server.wait()
        except KeyboardInterrupt:
            err.print("stopping")
