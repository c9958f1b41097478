"""``kgbuild validate``: does a whole graph keep the rules of its schema, and what breaks them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kgbuild.cli.console import FAILED_DOCUMENTS, one_line, out, print_table, progress, table

if TYPE_CHECKING:
    from kgbuild.validation import Breach, Validation

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild validate graph

  kgbuild validate graph.trig.gz --json

  kgbuild validate neo4j://localhost --user neo4j

  kgbuild validate graph --shapes shapes.ttl
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("validate", epilog=_EXAMPLES)(validate)


def validate(  # noqa: PLR0917 - typer makes options of them
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A build's folder, an RDF file, or a Neo4j.")
    ],
    shapes: Annotated[
        Path | None, typer.Option(help="Write the rules as SHACL shapes into a file, too.")
    ] = None,
    schema: Annotated[
        str | None, typer.Option(help="A schema's name or file; else the graph's own.")
    ] = None,
    examples: Annotated[
        int, typer.Option(min=0, help="How many of what breaks a rule to print.")
    ] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    user: Annotated[str, typer.Option(help="Whom to log in as; else KGBUILD_USER.")] = "",
    database: Annotated[str, typer.Option(help="The server's database.")] = "",
) -> None:
    """Check a whole graph against the rules of its schema, and print what breaks them.

    A build's folder is checked twice: as RDF by SPARQL and as a property graph by Cypher. The
    exit status is 1 where something breaks a rule.
    """
    from kgbuild.cli.secrets import login
    from kgbuild.loaders.shacl import shacl_shapes
    from kgbuild.validation import validate as check

    who, password = login(user) if "://" in place else ("", "")
    options = {"user": who, "password": password, "database": database} if who else {}
    with progress() as show:
        found = check(place, schema=schema, examples=examples, progress=show, **options)
    if shapes is not None:
        shapes.write_text(shacl_shapes(found.schema), encoding="utf-8")
    if as_json:
        sys.stdout.write(json.dumps(_as_json(found), ensure_ascii=False, indent=2) + "\n")
    elif found.breaches:
        _print(found.breaches)
    if not as_json:
        _print_end(found)
    if not found.is_clean:
        raise typer.Exit(FAILED_DOCUMENTS)


def _as_json(found: Validation) -> dict[str, object]:
    return {
        "place": found.place,
        "clean": found.is_clean,
        "checks": found.checks,
        "breaches": [
            {
                "shape": breach.rule,
                "language": breach.language,
                "expected": breach.expected,
                "count": breach.count,
                "examples": [{"focus": this, "value": value} for this, value in breach.examples],
            }
            for breach in found.breaches
        ],
    }


def _print(breaches: tuple[Breach, ...]) -> None:
    rows = table("shape", "by", "expected")
    rows.add_column("count", justify="right")
    rows.add_column("focus node")
    rows.add_column("value")
    for breach in breaches:
        head = (breach.rule, breach.language, breach.expected, f"{breach.count:,}")
        for this, value in breach.examples or (("", ""),):
            cells = (escape(cell) for cell in head)
            rows.add_row(*cells, one_line(this), one_line(value))
            head = ("", "", "", "")
    print_table(rows)


def _print_end(found: Validation) -> None:
    place = escape(found.place)
    if found.is_clean:
        out.print(f"{place}: {found.checks} checks, nothing breaks a rule")
        return
    rules = len({breach.rule for breach in found.breaches})
    total = sum(breach.count for breach in found.breaches)
    said, known = (
        ("breach", "rule") if total == 1 else ("breaches", "rules" if rules > 1 else "rule")
    )
    out.print(f"{place}: {found.checks} checks, {total:,} {said} of {rules} {known}")
