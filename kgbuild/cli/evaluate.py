"""``kgbuild evaluate``: how good predictions are, by a gold corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.markup import escape

from kgbuild.cli.console import err, out, print_table, progress, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table as Grid

    from kgbuild.config import Config
    from kgbuild.evaluation.result import Evaluation, Resampling, Row, Table
    from kgbuild.evaluation.run import Request

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild evaluate dev.pubtator --vocab mesh      the pipeline, on the corpus's own texts

  kgbuild evaluate dev.pubtator --config mine.yaml --recognizer transformer --task mentions

  kgbuild evaluate dev.pubtator --predictions graph           what a build found

  kgbuild evaluate dev.pubtator --predictions other_tool.xml  another tool, by the same ruler

  kgbuild evaluate dev.pubtator --train train.pubtator --html report.html --json scores.json
"""


class _Files(NamedTuple):
    """What to write, where it is asked for."""

    json: Path | None
    html: Path | None
    curve: Path | None
    reliability: Path | None


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("evaluate", epilog=_EXAMPLES)(evaluate)


def evaluate(
    gold: Annotated[
        list[str],
        typer.Argument(help="Annotated files: PubTator, BioC, IOB, brat.", metavar="GOLD..."),
    ],
    *,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions",
            "-p",
            help="The output folder of a build, or annotated files; repeat. Without it the "
            "configuration is run.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A YAML file: what to run.")
    ] = None,
    vocab: Annotated[
        list[str] | None, typer.Option(help="A vocabulary instead of the configured ones; repeat.")
    ] = None,
    recognizer: Annotated[
        str, typer.Option(help="Run only the recognizers of this type, such as dictionary.")
    ] = "",
    train: Annotated[
        list[str] | None,
        typer.Option(help="Ground a second time, names of this annotated file added; repeat."),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(help="mentions, grounding, relations or statements; repeat. Default: all."),
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Only mentions of this category; repeat.")
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(help="What a label means: LABEL=CATEGORY, on either side; repeat."),
    ] = None,
    whole_spans: Annotated[
        bool, typer.Option("--whole-spans", help="Take discontinuous mentions as one piece.")
    ] = False,
    shared_only: Annotated[
        bool, typer.Option("--shared-only", help="Leave out documents without predictions.")
    ] = False,
    exact_ids: Annotated[
        bool, typer.Option("--exact-ids", help="Let no cross-reference count as the same.")
    ] = False,
    format: Annotated[
        str | None, typer.Option(help="The files' format; found out from the content.")
    ] = None,
    id_prefix: Annotated[
        str | None, typer.Option(help="The prefix of document ids that have none, such as PMID.")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, help="Draws of the bootstrap intervals; 0 makes none.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all numbers to this file.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page with the errors in their text.")
    ] = None,
    curve_file: Annotated[
        Path | None,
        typer.Option("--curve", help="Draw precision and recall of statements over belief."),
    ] = None,
    reliability_file: Annotated[
        Path | None,
        typer.Option("--reliability", help="Draw how often groundings are right at each score."),
    ] = None,
) -> None:
    """Measure mentions, identifiers, relations and statements against a gold corpus.

    What the corpus does not annotate is not judged. Documents are resampled for the intervals.
    """
    from kgbuild.evaluation.result import Resampling
    from kgbuild.evaluation.run import TASKS, Request
    from kgbuild.evaluation.run import evaluate as run

    files = _Files(json_file, html_file, curve_file, reliability_file)
    _check_writable(files)
    settings = _config(config, predictions)
    if vocab:
        settings = settings.model_copy(update={"vocabularies": vocab})
    resampling = Resampling(samples, seed=seed)
    request = Request(
        gold=gold,
        config=settings,
        predictions=predictions or (),
        recognizer=recognizer,
        train=train or (),
        tasks=task or TASKS,
        maps=_maps(map or []),
        categories=category or (),
        whole=whole_spans,
        shared_only=shared_only,
        xrefs=not exact_ids,
        format=format,
        options={} if id_prefix is None else {"id_prefix": id_prefix},
        resampling=resampling,
    )
    _check_use(request, files, vocab or ())
    with progress() as shown:
        evaluation = run(request, progress=shown)
    _print(evaluation, resampling)
    _write(evaluation, resampling, files)


def _config(path: Path | None, predictions: list[str] | None) -> Config:
    """Return the configuration; that of a build that is evaluated, where none is named."""
    from kgbuild.api import config_for
    from kgbuild.config import load_config

    if path is None and predictions and len(predictions) == 1:
        return config_for(predictions[0])
    return load_config(path)


def _maps(pairs: list[str]) -> dict[str, str]:
    maps = {}
    for pair in pairs:
        label, equals, category = pair.partition("=")
        if not (label and equals and category):
            raise typer.BadParameter(f"--map {pair!r}: expected LABEL=CATEGORY, as in SNP=Gene")
        maps[label] = category
    return maps


def _check_writable(files: _Files) -> None:
    """Say before the work begins what would fail after it."""
    from kgbuild.errors import InputError
    from kgbuild.evaluation.figures import check_picture

    for path in files:
        if path is not None and not path.parent.is_dir():
            raise InputError(f"{path}: there is no folder {path.parent}; make it first")
    for picture in (files.curve, files.reliability):
        if picture is not None:
            check_picture(picture)


_TASK_OF = {"--train": "grounding", "--curve": "statements", "--reliability": "grounding"}


def _check_use(request: Request, files: _Files, vocab: Sequence[str]) -> None:
    """Refuse options that would be left aside, and pictures of what is not measured."""
    from kgbuild.layout import graph_folder

    values = {
        "--vocab": vocab, "--recognizer": request.recognizer, "--train": request.train,
        "--curve": files.curve, "--reliability": files.reliability,
    }  # fmt: skip
    has_graph = any(graph_folder(Path(name)).is_dir() for name in request.predictions)
    for option in (option for option, value in values.items() if value):
        task = _TASK_OF.get(option)
        if task and task not in request.tasks:
            raise typer.BadParameter(
                f"{option} belongs to the task {task}, which is left out: add --task {task}"
            )
        if not request.predictions or (option == "--curve" and has_graph):
            continue
        if option == "--curve":
            raise typer.BadParameter(
                "--curve draws the statements of a graph, and annotated files have none: give "
                "--predictions the output folder of a build, or leave out one of the two options"
            )
        raise typer.BadParameter(
            f"{option} needs a configuration that is run, and with --predictions none is: leave "
            "out one of the two options"
        )


def _write(evaluation: Evaluation, resampling: Resampling, files: _Files) -> None:
    """Write what can be written, then raise why the rest can't."""
    from kgbuild.errors import InputError, KgbuildError
    from kgbuild.evaluation.curve_picture import save_curves
    from kgbuild.evaluation.page import page
    from kgbuild.evaluation.reliability_picture import save_reliability
    from kgbuild.evaluation.result import to_json

    def write_json(path: Path) -> None:
        numbers = to_json(evaluation, resampling)
        path.write_text(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n", "utf-8")

    writers: tuple[tuple[Path | None, Callable[[Path], object]], ...] = (
        (files.json, write_json),
        (files.html, lambda path: path.write_text(page(evaluation, resampling), "utf-8")),
        (files.curve, lambda path: save_curves(evaluation.curves, path)),
        (files.reliability, lambda path: save_reliability(evaluation.reliability, path)),
    )
    failures = []
    for path, write in writers:
        if path is None:
            continue
        try:
            write(path)
        except (KgbuildError, OSError) as error:
            failures.append(f"{path} is not written: {error}")
        else:
            err.print(f"wrote {escape(str(path))}")
    if failures:
        raise InputError("; ".join(failures))


def _print(evaluation: Evaluation, resampling: Resampling) -> None:
    out.print(
        f"{escape(evaluation.predictions)} by {escape(evaluation.gold)}: "
        f"{evaluation.documents:,} documents"
    )
    for scores in evaluation.tables:
        out.print(f"\n[bold]{escape(scores.title)}[/] [dim]({escape(scores.note)})[/]")
        print_table(_accuracy(scores) if scores.measure == "accuracy" else _scores(scores))
        if scores.name == "mentions.overlap" and any(evaluation.kinds.values()):
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in evaluation.kinds.items())
            out.print(f"errors: {kinds}")
    if resampling.samples:
        share = f"{100 * resampling.confidence:g}"
        out.print(f"\n[dim]in brackets: {share} % intervals, documents resampled[/]")
    for note in evaluation.notes:
        err.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)


def _scores(scores: Table) -> Grid:
    from kgbuild.evaluation.text import interval, percent

    rows = table("")
    for name in ("gold", "found", "right", "P", "R", "F1", ""):
        rows.add_column(name, justify="right", no_wrap=True)
    for row in scores.rows:
        s = row.score
        rows.add_row(
            escape(row.label), f"{s.gold:,}", f"{s.found:,}", f"{s.right:,}", percent(s.precision),
            percent(s.recall), f"[bold]{percent(s.f1)}[/]", interval(row.intervals, "f1"),
        )  # fmt: skip
    return rows


def _accuracy(scores: Table) -> Grid:
    from kgbuild.evaluation.text import interval, percent

    columns = list(dict.fromkeys(row.column for row in scores.rows))
    labels: dict[str, dict[str, Row]] = {}
    for row in scores.rows:
        labels.setdefault(row.label, {})[row.column] = row
    rows = table("")
    for name in ("mentions", *columns):
        rows.add_column(name, justify="right", no_wrap=True)
    for label, cells in labels.items():
        first = next(iter(cells.values()))
        shown = [f"[bold]{percent(cells[c].score.recall)}[/]" for c in columns]
        shown[0] += f" {interval(first.intervals, 'recall')}"  # the others' are in JSON and HTML
        rows.add_row(escape(label), f"{first.score.gold:,}", *shown)
    return rows
