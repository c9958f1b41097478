"""The command line: ``kgbuild COMMAND --help`` says what each does, with examples."""

from __future__ import annotations

import io
import logging
import os
import sys
from typing import Annotated

import typer

from kgbuild.cli.console import INTERRUPTED, WRONG_USE, err, out
from kgbuild.errors import KgbuildError

__all__ = ["app", "main"]

app = typer.Typer(
    name="kgbuild",
    help="Text in, a knowledge graph with evidence out: build it, ask it, export it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from kgbuild import __version__

        out.print(f"kgbuild {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what happens, with tracebacks.")
    ] = False,
) -> None:
    if verbose:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
        logging.getLogger("kgbuild").debug("verbose")
    else:  # that a transaction is tried again is no news
        logging.getLogger("neo4j").setLevel(logging.ERROR)


def _register() -> None:
    from kgbuild.cli import (
        build,
        config,
        evaluate,
        export,
        failures,
        ground,
        import_graph,
        load,
        neo4j,
        query,
        show,
        train,
        validate,
        vocab,
    )

    for module in (
        build, query, show, ground, export, load, import_graph, neo4j, validate, failures,
        evaluate,
    ):  # fmt: skip
        module.register(app)
    app.add_typer(vocab.app, name="vocab")
    app.add_typer(train.app, name="train")
    app.add_typer(config.app, name="config")


_register()


def main() -> None:
    """Run the command line; every deliberate error is one sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what can't be encoded must not stop a command
            stream.reconfigure(errors="replace")
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(INTERRUPTED)
    except (KgbuildError, OSError) as error:
        logging.getLogger("kgbuild").debug("this is how it came about", exc_info=error)
        err.print(f"[red]error:[/] {_plain(str(error))}", soft_wrap=True)
        sys.exit(WRONG_USE)
    except Exception as error:
        log = logging.getLogger("kgbuild")
        log.debug("this is how it came about", exc_info=error)
        verbose = log.isEnabledFor(logging.DEBUG)
        hint = "" if verbose else "; run with -v for the traceback: kgbuild -v ..."
        what = _plain(" ".join(f"{type(error).__name__}: {error}".split()))
        err.print(f"[red]error:[/] unexpected, {what}{hint}", soft_wrap=True)
        sys.exit(WRONG_USE)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # what typer makes of KeyboardInterrupt
            err.print("interrupted: run the same command again, it goes on where it stopped")
        raise


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
