"""The form of a schema file, checked by pydantic: outside data enters here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kgbuild.errors import ConfigError
from kgbuild.ontologies.yaml_file import parse_yaml, validate

__all__ = ["CategoryFile", "PredicateFile", "PrefixFile", "SchemaFile", "read_schema_file"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CategoryFile(_Strict):
    """A category as a schema file writes it; ``curie`` defaults to ``namespace:Name``."""

    curie: str = ""
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()
    abstract: bool = False


class PredicateFile(_Strict):
    """A predicate as a schema file writes it; ``curie`` defaults to ``namespace:name``."""

    curie: str = ""
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    inverse_of: str = ""
    symmetric: bool = False
    qualifiers: dict[str, str] = Field(default_factory=dict)
    exact: bool | None = None
    equivalent: tuple[str, ...] = ()


class PrefixFile(_Strict):
    """A prefix as a schema file writes it; the IRI alone will do."""

    iri: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _iri_alone(cls, value: Any) -> Any:
        return {"iri": value} if isinstance(value, str) else value


class SchemaFile(_Strict):
    """A whole schema file. With ``extends``, entries are added to, or replace, the base's."""

    name: str = Field(min_length=1)
    title: str = ""
    extends: str = ""
    namespace: str = "biolink"
    model: str = ""
    model_version: str = ""
    categories: dict[str, CategoryFile] = Field(default_factory=dict)
    predicates: dict[str, PredicateFile] = Field(default_factory=dict)
    prefixes: dict[str, PrefixFile] = Field(default_factory=dict)


def read_schema_file(path: Path, data: bytes) -> SchemaFile:
    """Return the schema that ``data``, the content of ``path``, holds.

    Raises:
        ConfigError: it isn't YAML, has an unknown key or a value of the wrong kind; the message
            names the file, the key and the nearest right one.
    """
    content: Any = parse_yaml(data, source=path)
    for section in ("categories", "predicates", "prefixes"):
        entries = content.get(section)
        if isinstance(entries, dict):
            content[section] = {key: value or {} for key, value in entries.items()}
    file = validate(SchemaFile, content, source=path)
    if not file.categories and not file.extends:
        raise ConfigError(f"{path}: no categories: expected at least one under 'categories:'")
    return file
