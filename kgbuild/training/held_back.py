"""Documents that measure a model must not train it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from kgbuild.errors import ConfigError
from kgbuild.records import AnnotatedDocument

__all__ = ["read_held_back", "without"]

_PMID = re.compile(r"(?:PMID:)?([0-9]+)\b")


def read_held_back(path: Path) -> frozenset[str]:
    """Return the PubMed ids (CURIEs) of a list: one in the first column of each line.

    A first line that holds none is taken for the header.

    Raises:
        ConfigError: the file can't be read, or another line than the first begins with no id.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror})") from error
    found = set()
    for number, line in enumerate(lines, 1):
        match = _PMID.match(line)
        if match:
            found.add(f"PMID:{match[1]}")
        elif line.strip() and number > 1:
            raise ConfigError(
                f"{path} line {number}: expected a PubMed id in the first column, got {line[:40]!r}"
            )
    return frozenset(found)


def without(
    documents: Iterable[AnnotatedDocument], held: Collection[str]
) -> list[AnnotatedDocument]:
    """Return the documents whose id is not in ``held``, each id once."""
    kept = {item.document.id: item for item in documents if item.document.id not in held}
    return list(kept.values())
