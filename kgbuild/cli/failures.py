"""``kgbuild failures``: what could not be read or processed, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kgbuild.cli.console import out
from kgbuild.cli.query import Format, print_frame

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild failures graph

  kgbuild failures graph --format csv > failures.csv
"""
_COLUMNS = ["source", "place", "document", "stage", "reason"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("failures", epilog=_EXAMPLES)(failures)


def failures(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output folder of a build.")],
    format: Annotated[Format, typer.Option(help="How to print the rows.")] = Format.table,
) -> None:
    """List what a build could not read or process: file, place, document, stage and reason."""
    import pyarrow.parquet as pq

    from kgbuild.errors import InputError
    from kgbuild.layout import failures_file

    path = failures_file(folder)
    if not path.is_file():
        raise InputError(
            f"{folder} is no output of a build ({path} is absent): "
            "give the folder that `kgbuild build INPUT --out FOLDER` wrote"
        )
    frame = pq.read_table(path, columns=_COLUMNS).to_pandas()
    if frame.empty and format is Format.table:
        out.print("nothing failed")
    else:
        print_frame(frame, format)
