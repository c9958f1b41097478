"""Vocabularies by name or by path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary

__all__ = ["open_vocabulary"]

_STARTER = Path(__file__).parent / "starter"


def open_vocabulary(spec: str | Path, *, category: str | None = None) -> Vocabulary:
    """Return the vocabulary called ``spec``, or the one in the file ``spec``.

    ``category`` is given to the terms whose category the file doesn't say.

    Raises:
        VocabularyError: no such vocabulary or file, or the format can't be told.
    """
    if str(spec) == "starter":
        files = tuple(sorted(_STARTER.glob("*.tsv")))
        found = Vocabulary("starter", "1", files, "tsv", licence="CC0-1.0")
    else:
        path = Path(spec).expanduser()
        if not path.is_file():
            raise VocabularyError(f"{path}: no such vocabulary or file")
        name = path.name.partition(".")[0]
        found = Vocabulary(name, "", (path,), "table", ParseOptions())
    if category:
        return replace(found, options=replace(found.options, category=category))
    return found
