"""``kgbuild show``: an entity, its strongest statements and the sentences that carry them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kgbuild.cli.console import out, print_indented

if TYPE_CHECKING:
    from rich.text import Text

    from kgbuild.entity_view import EvidenceView, StatementView

__all__ = ["register"]

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # one for one: places must hold
_EXAMPLES = """
Examples:

  kgbuild show graph aspirin

  kgbuild show graph MONDO:0005148 --statements 20 --sentences 3
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("show", epilog=_EXAMPLES)(show)


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output folder of a build.")],
    entity: Annotated[str, typer.Argument(help="An identifier, name or synonym.")],
    statements: Annotated[int, typer.Option(min=1, help="How many statements.")] = 10,
    sentences: Annotated[int, typer.Option(min=0, help="How many sentences for each.")] = 2,
    min_belief: Annotated[float, typer.Option(min=0, max=1, help="Leave out weaker ones.")] = 0.0,
) -> None:
    """Print an entity with its strongest statements and the sentences that carry them."""
    from rich.markup import escape

    from kgbuild.graph import Graph

    with Graph.open(folder) as graph:
        view = graph.show(entity, statements=statements, sentences=sentences, min_belief=min_belief)
    out.print(f"[bold]{escape(view.name)}[/]  {view.id}  [cyan]{view.category}[/]")
    if view.synonyms:
        out.print(f"[dim]also: {escape(', '.join(view.synonyms[:8]))}[/]")
    out.print(
        f"{view.mentions:,} mentions in {view.sentences:,} sentences of "
        f"{view.documents:,} documents; {view.statement_count:,} statements"
    )
    for statement in view.statements:
        _print_statement(statement)


def _print_statement(statement: StatementView) -> None:
    from rich.markup import escape

    denied = f", [red]denied by {statement.negated}[/]" if statement.negated else ""
    out.print(
        f"\n{escape(statement.subject_name)} [bold green]{statement.predicate}[/] "
        f"{escape(statement.object_name)}  [dim]belief {statement.belief:.2f}, "
        f"{statement.papers} paper{'' if statement.papers == 1 else 's'}[/]{denied}"
    )
    for evidence in statement.evidence:
        print_indented(_sentence(evidence))


def _sentence(evidence: EvidenceView) -> Text:
    from rich.text import Text

    sentence = Text(_BREAKS.sub(" ", evidence.sentence))
    for start, end in (evidence.subject, evidence.object):
        sentence.stylize("bold underline", start, end)
    kinds = [name for name in ("negated", "hedged") if getattr(evidence, name)]
    year = f" ({evidence.year})" if evidence.year else ""
    return Text.assemble(
        (f"[{', '.join(kinds)}] " if kinds else "", "red"),
        sentence,
        (f"  {evidence.document}{year}", "dim"),
    )
