"""``kgbuild query``: Cypher or SPARQL, answered as a table, CSV or JSON."""

from __future__ import annotations

import json
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kgbuild.cli.console import out, print_table, table

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
    """Return the query that an argument is or names.

    Raises:
        InputError: it is empty, or can only be a file, and there is none.
    """
    from kgbuild.errors import InputError

    name = text
    if text == "-":
        text = sys.stdin.read()
    elif not re.search(r"\s", text.strip()):  # no query is a single word
        try:
            text = Path(text).read_text("utf-8") if text.strip() else ""
        except OSError as error:
            raise InputError(
                f"{name} is no query, and no file that can be read ({error.strerror}): "
                'give a query as one argument, as in "MATCH (d:Disease) RETURN d.name"'
            ) from error
        except UnicodeDecodeError as error:
            raise InputError(f"{name} is not UTF-8 text (byte {error.start})") from error
    elif Path(text[:200]).is_file() and len(text) < 200:
        text = Path(text).read_text("utf-8")
    if not text.strip():
        raise InputError("the query is empty" + (f": {name}" if name.strip() else ""))
    return text


def _form(question: str) -> str:
    found = re.search(r"(?im)^[^#]*?\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", question)
    return found.group(1).upper() if found else "SELECT"


def print_frame(frame: pd.DataFrame, format: Format) -> None:
    """Print rows; a table goes with their number below."""
    if format is Format.csv:
        _flat(frame).to_csv(sys.stdout, index=False)
    elif format is Format.json:
        text = frame.to_json(orient="records", force_ascii=False, indent=2, double_precision=15)
        sys.stdout.write(text + "\n")
    else:
        _print_table(_flat(frame))


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with lists, nodes and relationships as JSON."""

    def flat(value: object) -> object:
        if isinstance(value, dict) or hasattr(value, "tolist"):
            return json.dumps(value, ensure_ascii=False, default=_plain)
        return value

    nested = {name: frame[name].map(flat) for name in frame.columns if frame[name].dtype == object}
    return frame.assign(**nested)


def _plain(value: object) -> object:
    tolist = getattr(value, "tolist", None)  # numpy's arrays and numbers
    return tolist() if tolist else str(value)


def _print_table(frame: pd.DataFrame) -> None:
    from rich.markup import escape

    rows = table()
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        rows.add_column(escape(str(name)), justify="right" if numeric else "left")
    for cells in zip(*(_cells(frame[name]) for name in frame.columns), strict=True):
        rows.add_row(*map(escape, cells))
    print_table(rows)
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
