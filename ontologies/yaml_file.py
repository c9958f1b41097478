"""Read a YAML file into a pydantic model, with errors that name the place and the cure."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from kgbuild.errors import ConfigError

__all__ = ["parse_yaml", "validate"]

Model = TypeVar("Model", bound=BaseModel)


def parse_yaml(data: bytes, *, source: Path) -> dict[Any, Any]:
    """Return the mapping that ``data`` holds.

    Raises:
        ConfigError: it is not UTF-8, not YAML, or not a mapping.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(data, Loader=loader)  # noqa: S506 (both loaders are safe ones)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        what = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"{source}{line}: not valid YAML: {what}") from error
    if not isinstance(content, dict):
        found = type(content).__name__
        raise ConfigError(f"{source}: expected a mapping of keys to values, got {found}")
    return content


def validate(model: type[Model], content: dict[Any, Any], *, source: Path) -> Model:
    """Return ``content`` as a ``model``.

    Raises:
        ConfigError: listing every wrong key and value; for an unknown key, the nearest right one.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [_explain(model, problem) for problem in error.errors()]
        raise ConfigError(f"{source}: " + "; ".join(lines)) from error


def _explain(model: type[BaseModel], problem: Any) -> str:
    location = [str(part) for part in problem["loc"]]
    place = ".".join(location)
    if problem["type"] != "extra_forbidden":
        return f"{place}: {problem['msg']}"
    known = _known_keys(model, location[:-1])
    close = get_close_matches(location[-1], known, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'?" if close else "known keys: " + ", ".join(known)
    return f"unknown key '{place}': {hint}"


def _known_keys(model: type[BaseModel], path: list[str]) -> list[str]:
    """Follow ``path`` through nested models and mappings of models; return the keys there."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        else:  # the key of a mapping: its values are the model
            current = get_args(current)[1]
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []
