"""The schema (what may be said) and the vocabularies (what things are called)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgbuild.ontologies.catalog import open_vocabulary
    from kgbuild.ontologies.schema import Schema
    from kgbuild.ontologies.vocabulary import Vocabulary

__all__ = ["Schema", "Vocabulary", "open_vocabulary"]

_HOMES = {
    "Schema": "schema",
    "Vocabulary": "vocabulary",
    "open_vocabulary": "catalog",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'kgbuild.ontologies' has no attribute '{name}'")
    return getattr(import_module(f"kgbuild.ontologies.{home}"), name)


def __dir__() -> list[str]:
    return __all__
