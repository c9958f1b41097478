"""What the names in a training's configuration file mean: files are relative to it."""

from __future__ import annotations

from pathlib import Path

from kgbuild.errors import ConfigError

__all__ = ["encoder_beside", "named_or_file", "resolve", "start_path"]


def resolve(name: str, folder: Path) -> str:
    """Return the file or folder ``name`` seen from ``folder``, or ``name`` where there is none."""
    path = folder / Path(name).expanduser()
    return str(path) if path.exists() else name


def named_or_file(name: str, folder: Path) -> str:
    """Return the file ``name`` seen from ``folder``, or the name of a vocabulary or schema.

    A folder is only meant where the name has a separator: "mesh" is the vocabulary.
    """
    path = folder / Path(name).expanduser()
    return str(path) if path.is_file() or (path.is_dir() and "/" in name) else name


def encoder_beside(name: str, folder: Path) -> Path:
    """Return the folder of an encoder: beside the settings, or a hub's.

    Raises:
        ConfigError: there is none.
    """
    from kgbuild.normalizer.encoder import encoder_folder

    try:
        return encoder_folder(resolve(name, folder))
    except ConfigError as error:
        here = (folder / Path(name).expanduser()).absolute()
        raise ConfigError(f"there is no folder {here}, and {error}") from error


def start_path(name: str | None, folder: Path) -> Path | None:
    """Return what a ``start_from`` names, seen from ``folder``; None where it names nothing."""
    return Path(resolve(name, folder)) if name else None
