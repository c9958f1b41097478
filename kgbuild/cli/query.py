"""``kgbuild query``: Cypher or SPARQL, answered as a table, CSV or JSON."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kgbuild.cli.console import out, table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Format", "print_frame", "register"]

_EXAMPLES = """
Examples:

  kgbuild query graph "MATCH (c:ChemicalEntity)-[r:treats]->(d:Disease)
  RETURN c.name, d.name, r.belief ORDER BY r.belief DESC LIMIT 10"

  kgbuild query graph --sparql "SELECT ?drug WHERE { ?drug biolink:treats ?disease } LIMIT 10"

  kgbuild query graph question.cypher --format csv > answer.csv
"""


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("query", epilog=_EXAMPLES)(query)


def query(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output folder of a build.")],
    text: Annotated[
        str, typer.Argument(metavar="QUERY", help="The query, a file that holds it, or -.")
    ],
    sparql: Annotated[bool, typer.Option("--sparql", help="The query is SPARQL.")] = False,
    format: Annotated[Format, typer.Option(help="How to print the rows.")] = Format.table,
) -> None:
    """Ask a graph a Cypher question, or with --sparql a SPARQL one. Reading only."""
    from kgbuild.graph import Graph

    with Graph.open(folder) as graph:
        question = _question(text)
        if not sparql:
            frame = graph.cypher(question)
        elif _form(question) == "ASK":
            out.print("true" if graph.ask(question) else "false")
            return
        elif _form(question) in {"CONSTRUCT", "DESCRIBE"}:
            frame = graph.construct(question)
        else:
            frame = graph.sparql(question)
    print_frame(frame, format)


def _question(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    try:
        return Path(text).read_text("utf-8") if Path(text).is_file() else text
    except OSError:  # a query can be longer than a file name may be
        return text


def _form(question: str) -> str:
    import re

    found = re.search(r"(?im)^[^#]*?\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", question)
    return found.group(1).upper() if found else "SELECT"


def print_frame(frame: pd.DataFrame, format: Format) -> None:
    """Print rows; a table goes with their number below."""
    if format is Format.csv:
        frame.to_csv(sys.stdout, index=False)
    elif format is Format.json:
        sys.stdout.write(frame.to_json(orient="records", force_ascii=False, indent=2) + "\n")
    else:
        _print_table(frame)


def _print_table(frame: pd.DataFrame) -> None:
    from rich.markup import escape

    rows = table()
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        rows.add_column(escape(str(name)), justify="right" if numeric else "left")
    for cells in zip(*(_cells(frame[name]) for name in frame.columns), strict=True):
        rows.add_row(*map(escape, cells))
    out.print(rows)
    out.print(f"[dim]{len(frame):,} row{'' if len(frame) == 1 else 's'}[/]")


def _cells(column: pd.Series) -> list[str]:
    """Return a column's values as texts, numbers with as many digits as their neighbours."""
    if column.dtype.kind != "f":
        return ["" if value is None else str(value) for value in column]
    known = column.dropna()
    if (known % 1 == 0).all():  # integers, of which some are missing
        form = ".0f"
    else:
        form = ".3f" if known[known != 0].abs().between(1e-3, 1e9).all() else ".3g"
    return ["" if value != value else f"{value:{form}}" for value in column]  # noqa: PLR0124
