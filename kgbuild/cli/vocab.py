"""``kgbuild vocab``."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(help="List, fetch and add vocabularies.", no_args_is_help=True)
