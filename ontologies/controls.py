"""Control characters in names: left over from tables and other encodings, never part of a name."""

from __future__ import annotations

import re
from dataclasses import replace

from kgbuild.records import Term

__all__ = ["without_controls"]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff]+")


def without_controls(term: Term) -> tuple[Term, int]:
    """Return the term with a space for each run of control characters, and how many names changed.

    Synonyms of which nothing is left are dropped; the name may come back empty.
    """
    names = [term.name, *(synonym.text for synonym in term.synonyms)]
    if not any(map(_CONTROLS.search, names)):
        return term, 0
    cleaned = (replace(synonym, text=_clean(synonym.text)) for synonym in term.synonyms)
    synonyms = tuple(synonym for synonym in cleaned if synonym.text)
    changed = sum(map(bool, map(_CONTROLS.search, names)))
    return replace(term, name=_clean(term.name), synonyms=synonyms), changed


def _clean(name: str) -> str:
    if not _CONTROLS.search(name):
        return name
    return " ".join(_CONTROLS.sub(" ", name).split())
