"""Translations of a classification in a gettext catalogue, as GNU Health publishes ICD-10's.

An entry's context names the term (``model:gnuhealth.pathology,name:A010``), its message is the
English name, its translation the name in the catalogue's language. So one file holds a vocabulary
in two languages, and several unite by their ids.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.languages import language_tag
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_CONTEXT = re.compile(r"model:gnuhealth\.pathology,name:([A-Z]\d[0-9A-Z])(\w*)")
_FIELD = re.compile(r'(msgctxt|msgid|msgstr)?\s*(".*")')


@dataclass(slots=True)
class _Entry:
    """One entry as far as it is read; ``part`` is the keyword of the last line."""

    fuzzy: bool = False
    part: str = ""
    texts: dict[str, str] = field(default_factory=dict)


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield a term for each code: its English name, and as a synonym the translated one.

    A translation that is marked as fuzzy (guessed) is left out. The language is the file's name.
    The first letter of a code is its group, for ``options.categories``.

    Raises:
        VocabularyError: no entry is of a classification.
    """
    language = language_tag(Path(source.removesuffix(".gz")).stem)
    found = False
    for item in _entries(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        match = _CONTEXT.fullmatch(item.texts.get("msgctxt", ""))
        if match and (name := item.texts.get("msgid", "")):
            found = True
            code = f"{match[1]}.{match[2]}" if match[2] else match[1]
            other = "" if item.fuzzy else item.texts.get("msgstr", "")
            synonyms = (Synonym(other, "exact", language),) if other else ()
            category = options.category_of(code[0])
            yield Term(options.curie(code), name, category, synonyms)
    if not found:
        raise VocabularyError(
            f"{source}: no entry of a classification: expected contexts like "
            "model:gnuhealth.pathology,name:A010"
        )


def _entries(stream: BinaryIO, *, source: str) -> Iterator[_Entry | Failure]:
    entry = _Entry()
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if not line.strip():
            yield entry
            entry = _Entry()
        elif line.startswith("#,"):
            entry.fuzzy = "fuzzy" in line
        elif not line.startswith("#"):
            try:
                _add(entry, line)
            except (SyntaxError, ValueError):
                yield failure(source, number, "expected msgctxt, msgid or msgstr, or quoted text")
    yield entry


def _add(entry: _Entry, line: str) -> None:
    """Add a line to its entry; raises ``ValueError`` or ``SyntaxError`` where it is none."""
    match = _FIELD.fullmatch(line.strip())
    if not match or not (match[1] or entry.part):
        raise ValueError(line)
    entry.part = match[1] or entry.part
    text = ast.literal_eval(match[2])  # the escapes are those of C
    entry.texts[entry.part] = entry.texts.get(entry.part, "") + str(text)
