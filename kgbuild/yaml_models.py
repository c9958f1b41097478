"""YAML read into a pydantic model; what is wrong is told with its line and with what would do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kgbuild.errors import ConfigError

__all__ = ["parse_model", "read_model"]

Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[int | str]


def read_model(path: Path, kind: type[Model]) -> Model:
    """Return what a YAML file says.

    Raises:
        ConfigError: the file is absent, no YAML, or has unknown keys or unfit values; the message
            names each with its line.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    return parse_model(text, kind, name=str(path))


def parse_model(text: str, kind: type[Model], *, name: str) -> Model:
    """Return what a YAML text says; ``name`` is what messages call it."""
    try:
        data = yaml.safe_load(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{name}{where}: no valid YAML ({reason})") from error
    try:
        return kind.model_validate({} if data is None else data)
    except ValidationError as error:
        problems = [_problem(each, node, kind) for each in error.errors()]
        raise ConfigError("\n".join(f"{name} {problem}" for problem in problems)) from error


def _problem(error: ErrorDetails, root: yaml.Node | None, kind: type[BaseModel]) -> str:
    location, sections = _followed(kind, error["loc"])
    line = _line(root, location)
    where = ".".join(str(part) for part in location) or "the top level"
    if error["type"] == "extra_forbidden":
        keys = (f.alias or name for each in sections for name, f in each.model_fields.items())
        known = list(dict.fromkeys(keys))
        nearest = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"known: {', '.join(known)}"
        return f"line {line}: unknown key '{where}'; {hint}"
    if error["type"] == "missing":
        return f"line {line}: '{where}' is required"
    return f"line {line}: {where}: {error['msg']} (got {error['input']!r})"


def _followed(
    kind: type[BaseModel], location: Location
) -> tuple[list[int | str], list[type[BaseModel]]]:
    """Return a location without pydantic's tags of unions, and what its last key may be in."""
    sections, kept = [kind], list[int | str]()
    for place, part in enumerate(location):
        tagged = [each for each in sections if part in (each.__name__, _tag(each))]
        if tagged or part in ("int", "str") or "[" in str(part):
            sections = tagged or sections
            continue
        kept.append(part)
        if place < len(location) - 1:
            sections = [*_below(sections, part)] or sections
    return kept, sections


def _below(sections: Iterable[type[BaseModel]], key: int | str) -> Iterator[type[BaseModel]]:
    for section in sections:
        for name, field in section.model_fields.items():
            if key in (name, field.alias):
                yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _tag(section: type[BaseModel]) -> Any:
    """Return the value of ``type`` by which a member of a union is told, if it has one."""
    field = section.model_fields.get("type")
    return field.default if field else None


def _line(node: yaml.Node | None, location: Location) -> int:
    """Return the line (from 1) of the node that ``location`` leads to, or as near as it goes."""
    line = 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
