"""A training's one configuration file: YAML, checked against its model."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from kgbuild.errors import ConfigError

__all__ = ["read_settings", "resolve", "start_path"]

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path, kind: type[Settings]) -> Settings:
    """Return the settings that a YAML file says.

    Raises:
        ConfigError: the file is absent or no YAML, or has unknown keys or unfit values; the message
            lists them all, with what is known.
    """
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).replace("\n", " ")
        raise ConfigError(f"{path}: no valid YAML in UTF-8 ({reason})") from error
    try:
        return kind.model_validate(data or {})
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(map(str, e['loc'])) or 'the top level'}: {e['msg']}"
            + (f" (got {e['input']!r})" if e["type"] != "missing" else "")
            for e in error.errors()
        ]
        known = ", ".join(kind.model_fields)
        raise ConfigError("\n".join([*problems, f"known at the top level: {known}"])) from error


def resolve(name: str, folder: Path) -> str:
    """Return the file or folder ``name`` seen from ``folder``, or ``name`` where there is none."""
    path = folder / Path(name).expanduser()
    return str(path) if path.exists() else name


def start_path(name: str | None, folder: Path) -> Path | None:
    """Return what a ``start_from`` names, seen from ``folder``; None where it names nothing."""
    return Path(resolve(name, folder)) if name else None
