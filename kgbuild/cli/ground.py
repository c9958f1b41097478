"""``kgbuild ground``: what a name means, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kgbuild.cli.console import out, print_table, progress, table

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.normalizer.linker import Resolution
    from kgbuild.ontologies.schema import Schema
    from kgbuild.records import Candidate

__all__ = ["register"]

_EXAMPLES = """
Examples:

  kgbuild ground "heart attack"

  kgbuild ground ASA --category ChemicalEntity --explain

  kgbuild ground "Neoplasms, Breast" --vocab mesh

  kgbuild ground "asthma and breast cancer"     names several things: a line for each

  kgbuild ground "heart attack" --format json     "id" is null for a name that means nothing known
"""


class Format(StrEnum):
    """How the answer is printed."""

    text = "text"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("ground", epilog=_EXAMPLES)(ground)


def ground(
    text: Annotated[str, typer.Argument(help="A name as it stands in a text.")],
    *,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Print all candidates.")] = False,
    vocab: Annotated[
        list[str] | None, typer.Option(help="A vocabulary instead of the configured ones; repeat.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="A YAML file.")] = None,
    format: Annotated[Format, typer.Option(help="How to print the answer.")] = Format.text,
) -> None:
    """Resolve a name to an identifier of the configured vocabularies."""
    from kgbuild.components import make_components, prepare
    from kgbuild.config import load_config
    from kgbuild.errors import InputError
    from kgbuild.normalizer.linker import Linker

    if not text.strip():
        raise InputError('nothing to ground: give a name, as in `kgbuild ground "heart attack"`')
    settings = load_config(config)
    if vocab:
        settings = settings.model_copy(update={"vocabularies": vocab})
    with progress() as shown:
        components = make_components(prepare(settings, progress=shown), progress=shown)
        wanted = _category(category, components.schema)
        linker = components.grounder
        if not isinstance(linker, Linker):
            raise TypeError(f"expected a Linker, got {type(linker).__name__}")
        found = linker.resolve_all(text, wanted)
        candidates = linker.explain(text, wanted) if explain else ()
    if format is Format.json:
        _print_json(text, found, candidates if explain else None, linker.lexicon)
        return
    for resolution in found:
        _print_text(text, resolution, part=len(found) > 1)
    if explain:
        _print_candidates(candidates, linker.lexicon)


def _print_json(
    text: str,
    found: Sequence[Resolution],
    candidates: Sequence[Candidate] | None,
    lexicon: Lexicon,
) -> None:
    nil = {"id": None, "name": None, "category": None, "method": None, "score": None}
    best = found[0].best if len(found) == 1 else None
    answer: dict[str, object] = {"text": text, **(_row(best, lexicon) if best else nil)}
    if len(found) == 1:
        answer |= {"reason": found[0].reason, "note": found[0].note}
    else:
        answer |= {"reason": "it names several things", "note": ""}
        answer["parts"] = [_row(part.best, lexicon) for part in found if part.best]
    if candidates is not None:
        answer["candidates"] = [_row(one, lexicon) for one in candidates]
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")


def _row(found: Candidate, lexicon: Lexicon) -> dict[str, object]:
    _, category = lexicon.label(found.curie) or ("", "")
    return {
        "id": found.curie,
        "name": found.name,
        "category": category,
        "method": found.method,
        "score": round(found.score, 4),
    }


def _print_text(text: str, resolution: Resolution, *, part: bool) -> None:
    best = resolution.best
    if best is None:
        out.print(f"{escape(text)} is NIL: {escape(resolution.reason)}")
    else:
        out.print(
            f"{escape(text)} {'names' if part else 'is'} [bold]{best.curie}[/] {escape(best.name)} "
            f"({best.method}, score {best.score:.2f})"
        )
        if resolution.note:
            out.print(f"[dim]{escape(resolution.note)}[/]")


def _category(name: str | None, schema: Schema) -> str | None:
    from kgbuild.errors import ConfigError

    if name is None:
        return None
    if (found := schema.category(name)) is not None:
        return found
    known = ", ".join(sorted(schema.categories))
    raise ConfigError(f"the schema has no category {name!r}; it has: {known}")


def _print_candidates(candidates: Sequence[Candidate], lexicon: Lexicon) -> None:
    rows = table("identifier", "name", "category", "method")
    rows.add_column("score", justify="right")
    for found in candidates:
        _, category = lexicon.label(found.curie) or ("", "")
        rows.add_row(found.curie, escape(found.name), category, found.method, f"{found.score:.3f}")
    if candidates:
        print_table(rows)
    else:
        out.print("no candidates")
