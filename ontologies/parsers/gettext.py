"""Translations of a classification in a gettext catalogue, as GNU Health publishes ICD-10's.

An entry's context names the term (``model:gnuhealth.pathology,name:A010``), its message is the
English name, its translation the name in the catalogue's language. So one file holds a vocabulary
in two languages, and several unite by their ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.languages import language_tag
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_CONTEXT = re.compile(r"model:gnuhealth\.pathology,name:([A-Z]\d[0-9A-Z])(\w*)")
_WHERE = re.compile(r"\(line (\d+)\)")


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield a term for each code: its English name, and as a synonym the translated one.

    A translation that is marked as fuzzy (guessed) is left out. The language is the file's name.
    The first letter of a code is its group, for ``options.categories``. A catalogue that breaks
    gettext's rules is a failure as a whole.

    Raises:
        VocabularyError: no entry is of a classification.
    """
    import polib

    language = language_tag(Path(source.removesuffix(".gz")).stem)
    lines = []
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
        else:
            lines.append(" ".join(item[1].splitlines()))  # polib takes U+2028 for a line's end
    try:
        entries = polib.pofile("\n".join(lines) + "\n")
    except OSError as error:
        place = _WHERE.search(str(error))
        yield failure(source, int(place[1]) if place else 0, f"no gettext catalogue: {error}")
        return
    found = False
    for entry in entries:
        match = _CONTEXT.fullmatch(entry.msgctxt or "")
        if match and entry.msgid and not entry.obsolete:
            found = True
            code = f"{match[1]}.{match[2]}" if match[2] else match[1]
            other = "" if entry.fuzzy else entry.msgstr
            synonyms = (Synonym(other, "exact", language),) if other else ()
            category = options.category_of(code[0])
            yield Term(options.curie(code), entry.msgid, category, synonyms)
    if not found:
        raise VocabularyError(
            f"{source}: no entry of a classification: expected contexts like "
            "model:gnuhealth.pathology,name:A010"
        )
