"""MeSH as NLM publishes it in ASCII: ``d2026.bin`` (descriptors) and ``c2026.bin`` (supplements).

https://www.nlm.nih.gov/mesh/dtype.html: ``*NEWRECORD``, then lines ``KEY = value``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.mesh_record import (
    MeshRecord,
    descriptors,
    registry_xref,
    supplement,
)
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

__all__ = ["parse"]

_NEW = "*NEWRECORD"
_ENTRIES = ("ENTRY", "PRINT ENTRY", "SY")
_RELATIONS = {"NRW": "narrow", "BRD": "broad", "REL": "related"}
_SHORT = {"ABB", "ABX", "ACR", "ACX"}

Lines = dict[str, list[str]]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield supplementary records as they come, descriptors at the end.

    Raises:
        VocabularyError: no record in it.
    """
    waiting: list[MeshRecord] = []
    found = False
    for item in _records(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, lines = item
        found = True
        record = _record(lines)
        if not record.id:
            yield failure(source, number, "a record without UI")
        elif lines.get("RECTYPE", [""])[0] == "C":
            yield from supplement(record, options, source=source)
        elif lines.get("RECTYPE", [""])[0] == "D":
            waiting.append(record)
    yield from descriptors(waiting, options, source=source)
    if not found:
        raise VocabularyError(f"{source}: no {_NEW} in it: expected MeSH in ASCII (d2026.bin)")


def _records(stream: BinaryIO, *, source: str) -> Iterator[tuple[int, Lines] | Failure]:
    lines: Lines = {}
    first = 0
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if line.startswith(_NEW):
            if lines:
                yield first, lines
            lines, first = {}, number
        elif first and " = " in line:
            key, _, value = line.partition(" = ")
            lines.setdefault(key.strip(), []).append(value.strip())
    if lines:
        yield first, lines


def _record(lines: Lines) -> MeshRecord:
    def value(*keys: str) -> str:
        return next((lines[key][0] for key in keys if lines.get(key)), "")

    record = MeshRecord(value("UI"), value("MH", "NM"))
    record.synonyms = [_entry(entry) for key in _ENTRIES for entry in lines.get(key, ())]
    record.trees = lines.get("MN", [])
    # "*Aspirin" or "Aspirin/*analogs": a heading's name, which has no id here, so no parent
    numbers = (registry_xref(n) for key in ("RN", "RR") for n in lines.get(key, ())[:1])
    record.xrefs = [x for x in numbers if x]
    record.definition = value("MS", "NO")
    record.record_class = _class(lines)
    return record


def _class(lines: Lines) -> str:
    """Return the class of a supplementary record: its mark "SC" where there is one."""
    return next(iter(lines.get("SC", ())), "")


def _entry(entry: str) -> Synonym:
    """Read ``name|semantic type|relation|tag|date|code``: the last field names the others.

    >>> _entry("Aspirina|T109|T121|NON|EQV|UNK (19XX)|850308|abbcdef")
    Synonym(text='Aspirina', scope='exact', language='')
    >>> _entry("ASA|T109|ABB|NRW|850308|abcdef").scope
    'abbreviation'
    """
    text, *fields = entry.split("|")
    if set(fields) & _SHORT:
        return Synonym(text, "abbreviation")
    return Synonym(text, next((_RELATIONS[f] for f in fields if f in _RELATIONS), "exact"))
