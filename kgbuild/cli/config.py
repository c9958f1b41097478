"""``kgbuild config``: the one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kgbuild.cli.console import out

__all__ = ["app"]

app = typer.Typer(
    help="Write, check and show the configuration file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("init", epilog="Example:  kgbuild config init my.yaml")
def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("kgbuild.yaml"),
) -> None:
    """Write a file with every option at its default, each explained."""
    from kgbuild.config import Config, to_yaml
    from kgbuild.errors import ConfigError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(to_yaml(Config(), comments=True))
    except FileExistsError:
        raise ConfigError(f"{path} exists already: give another name, or remove it") from None
    except OSError as error:
        raise ConfigError(f"{path} can't be written ({error.strerror})") from error
    out.print(f"wrote {path}; use it with `kgbuild build INPUT --config {path}`")


@app.command("check", epilog="Example:  kgbuild config check my.yaml")
def check(path: Annotated[Path, typer.Argument(help="The file to check.")]) -> None:
    """Say whether a file is right: its keys, values, and the files that it names."""
    from kgbuild.components import check as check_components
    from kgbuild.config import load_config
    from kgbuild.errors import ConfigError, VocabularyError

    config = load_config(path)
    try:
        check_components(config)
    except (ConfigError, VocabularyError) as error:
        raise type(error)(f"{path}: {error}") from error
    out.print(f"{path} is right")


@app.command("show", epilog="Example:  kgbuild config show --config my.yaml")
def show(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="A YAML file.")] = None,
) -> None:
    """Print the whole configuration, defaults included."""
    from kgbuild.config import load_config, to_yaml

    out.print(to_yaml(load_config(config)), markup=False, soft_wrap=True, end="")
