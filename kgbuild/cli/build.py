"""``kgbuild build``: documents in, a queryable graph out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kgbuild.cli.console import DONE, FAILED_DOCUMENTS, err, grid, out, print_table, progress

if TYPE_CHECKING:
    from kgbuild.pipeline import BuildReport

__all__ = ["register"]

SHOWN_FAILURES = 10
_EXAMPLES = """
Examples:

  kgbuild build abstracts/ --out graph

  kgbuild build pubmed24n0001.xml.gz 'papers/*.nxml' --out graph --vocab mesh --vocab hgnc

  zcat notes.jsonl.gz | kgbuild build - --format jsonl --out graph

  kgbuild build --out graph --force relate     run the relation extractors again
"""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("build", epilog=_EXAMPLES)(build)


def build(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders, globs or - (standard input).", metavar="INPUT..."),
    ] = None,
    *,
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="The output folder: new, or of an earlier build.")
    ] = Path("graph"),
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A YAML file; see `kgbuild config`.")
    ] = None,
    vocab: Annotated[
        list[str] | None,
        typer.Option(help="A vocabulary (name or file) instead of the configured ones; repeat."),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="The input's format; found out from the content.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default as the input's size asks.")
    ] = None,
    force: Annotated[
        list[str] | None,
        typer.Option(
            help="Run a stage again though nothing changed: segment, recognize, ground, relate "
            "or contribute; those after it follow."
        ),
    ] = None,
) -> None:
    """Read documents and make a folder hold their graph, with its evidence and stores.

    Run it again to add documents: what is there is not done twice, and the configuration is that
    of the first build unless you give another. A build that was stopped goes on where it was.
    Exit code 1 says that some documents failed; they are listed.
    """
    from kgbuild.api import build_into, config_for
    from kgbuild.errors import InputError
    from kgbuild.shard_work import SHARD_STAGES

    if unknown := sorted(set(force or ()) - set(SHARD_STAGES)):
        raise typer.BadParameter(f"{unknown[0]!r} is no stage; stages: {', '.join(SHARD_STAGES)}")
    if not inputs and not folder.exists():
        raise InputError(
            "nothing to build: give files or folders, as in `kgbuild build abstracts/`"
        )
    settings = config_for(folder, config)
    changes: dict[str, object] = {}
    if vocab:
        changes["vocabularies"] = vocab
        _tell_change([v.name for v in settings.vocabulary_specs()], vocab, folder)
    if format:
        changes["reading"] = settings.reading.model_copy(update={"format": format})
    if workers:
        changes["run"] = settings.run.model_copy(update={"workers": workers})
    with progress() as shown:
        report = build_into(
            folder,
            inputs or (),
            config=settings.model_copy(update=changes),
            force=force or (),
            progress=shown,
        )
    _summarize(report)
    raise typer.Exit(FAILED_DOCUMENTS if report.failures else DONE)


def _tell_change(old: list[str], new: list[str], folder: Path) -> None:
    from kgbuild.layout import configuration_file

    if configuration_file(folder).is_file() and set(old) != set(new):
        err.print(
            f"vocabularies change from {', '.join(old)} to {', '.join(new)}: "
            "all documents are recognized and grounded again",
            markup=False,
            soft_wrap=True,
        )


def _summarize(report: BuildReport) -> None:
    intake, counts = report.intake, report.counts
    if report.did_nothing:
        out.print(f"{report.folder} is up to date: nothing to do.")
    table = grid()
    table.add_column(justify="right")
    table.add_column(style="dim")
    notes = ", ".join(
        f"{count:,} {name}"
        for name, count in (
            ("new", intake.new),
            ("replaced", intake.replaced),
            ("withdrawn", intake.withdrawn),
            ("known already", intake.known),
        )
        if count
    )
    table.add_row("documents", f"{counts['documents']:,}", notes)
    table.add_row("entities", f"{counts['entities']:,}", "named in the documents")
    table.add_row("statements", f"{counts['statements']:,}", "subject, predicate, object")
    table.add_row("evidence", f"{counts['evidence']:,}", "sentences that carry them")
    seconds = sum(report.seconds.values())
    rate = f"{report.documents / seconds:,.0f} documents/s" if report.documents and seconds else ""
    table.add_row("seconds", f"{seconds:,.1f}", rate)
    print_table(table)
    question = _print_predicates(report)
    if report.failures:
        _print_failures(report)
    if question:
        out.print(
            f"\nAsk it:\n  kgbuild show {report.folder} ENTITY\n"
            f'  kgbuild query {report.folder} "{question}"',
            soft_wrap=True,
            markup=False,
        )


def _print_predicates(report: BuildReport) -> str:
    """Print how many statements each predicate has; return a question about the most frequent.

    Co-occurrence is asked about only where there is nothing else.
    """
    from kgbuild.layout import graph_folder
    from kgbuild.tables import GraphTables

    columns = ["subject_category", "predicate", "object_category"]
    statements = GraphTables(graph_folder(report.folder)).read("statements", columns)
    groups = statements.group_by(columns).aggregate([([], "count_all")]).to_pylist()
    kinds = {tuple(row[name] for name in columns): row["count_all"] for row in groups}
    if not kinds:
        return ""
    predicates: Counter[str] = Counter()
    for (_, predicate, _), count in kinds.items():
        predicates[predicate] += count
    table = grid()
    table.add_column()
    text = ", ".join(f"{name} {count:,}" for name, count in predicates.most_common())
    table.add_row("by predicate", text)
    print_table(table)
    subject, predicate, object_ = max(
        kinds, key=lambda kind: (kind[1] != "cooccurs_with", kinds[kind], kind)
    )
    return (
        f"MATCH (a:{subject})-[r:{predicate}]->(b:{object_}) WHERE r.belief > 0 "
        "RETURN a.name, b.name, r.belief, r.papers ORDER BY r.belief DESC LIMIT 10"
    )


def _print_failures(report: BuildReport) -> None:
    from rich.markup import escape

    number = len(report.failures)
    err.print(f"\n[yellow]{number:,} failed[/] (all of them: tables/failures.parquet):")
    for failure in report.failures[:SHOWN_FAILURES]:
        where = " ".join(filter(None, (failure.source, failure.place, failure.document)))
        err.print(f"  {escape(where)}: {escape(failure.reason)}", soft_wrap=True)
    if number > SHOWN_FAILURES:
        rest = f"{number - SHOWN_FAILURES:,} more"
        err.print(f"  … and {rest}: kgbuild failures {escape(str(report.folder))}", soft_wrap=True)
