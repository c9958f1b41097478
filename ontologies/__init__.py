"""The schema (what may be said) and the vocabularies (what things are called)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgbuild.ontologies.card import Card
    from kgbuild.ontologies.catalog import (
        VocabularyInfo,
        add_vocabulary,
        fetch_vocabulary,
        list_vocabularies,
        open_vocabulary,
        vocabulary_info,
    )
    from kgbuild.ontologies.schema import Category, Predicate, Schema
    from kgbuild.ontologies.vocabulary import Vocabulary

__all__ = [
    "Card",
    "Category",
    "Predicate",
    "Schema",
    "Vocabulary",
    "VocabularyInfo",
    "add_vocabulary",
    "fetch_vocabulary",
    "list_vocabularies",
    "open_vocabulary",
    "vocabulary_info",
]

_HOMES = {
    "Card": "card",
    "Category": "schema",
    "Predicate": "schema",
    "Schema": "schema",
    "Vocabulary": "vocabulary",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'kgbuild.ontologies' has no attribute '{name}'")
    home = _HOMES.get(name, "catalog")
    return getattr(import_module(f"kgbuild.ontologies.{home}"), name)


def __dir__() -> list[str]:
    return __all__
