"""Mappings between vocabularies in SSSOM (https://mapping-commons.github.io/sssom/): TSV, streamed.

Only what says that two ids mean just the same thing unites them: ``skos:exactMatch``,
``owl:equivalentClass``, ``owl:sameAs``. Close, broad, narrow and related matches are counted and
left alone; a mapping with the modifier "Not" keeps its ends apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.naming import nearest
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.records import Failure

__all__ = ["EXACT", "Mapping", "MappingFile"]

EXACT = frozenset({"skos:exactMatch", "owl:equivalentClass", "owl:sameAs"})
"""Predicates that say identity."""

_NEEDED = ("subject_id", "predicate_id", "object_id")
_IRIS = {
    "http://www.w3.org/2004/02/skos/core#": "skos:",
    "http://www.w3.org/2002/07/owl#": "owl:",
}
_CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a line says: ``negated`` for "Not"; ``confidence`` in [0, 1], 1 where it isn't said."""

    subject: str
    predicate: str
    object: str
    confidence: float = 1.0
    negated: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether it says that both mean just the same."""
        return self.predicate in EXACT


@dataclass(frozen=True, slots=True)
class MappingFile:
    """An SSSOM file. ``fingerprint`` changes when its content does."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its content."""
        from kgbuild.ontologies.vocabulary import sha256_of

        return sha256_of(self.path)

    def mappings(self) -> Iterator[Mapping | Failure]:
        """Yield the mappings, and the lines that can't be read.

        Raises:
            VocabularyError: it can't be opened, or its header lacks a column of SSSOM.
        """
        from kgbuild.ontologies.vocabulary import open_stream

        source = str(self.path)
        about: list[str] = []
        header: dict[str, int] = {}
        prefixes: dict[str, str] = {}
        with open_stream(self.path) as stream:
            for item in lines_of(stream, source=source):
                if isinstance(item, Failure):
                    yield item
                    continue
                number, line = item
                if line.startswith("#"):
                    about.append(line[1:])
                elif line.strip():
                    cells = next(csv.reader([line], delimiter=_delimiter(line, self.path)))
                    if header:
                        yield _mapping(cells, header, prefixes, source=source, line=number)
                    else:
                        header = _header(cells, source=source)
                        prefixes = _curie_map(about)
        if not header:
            raise VocabularyError(f"{source}: empty: expected SSSOM, a table of mappings")


def _delimiter(line: str, path: Path) -> str:
    csv_file = path.name.lower().removesuffix(".gz").endswith(".csv")
    return "," if csv_file and "\t" not in line else "\t"


def _header(cells: list[str], *, source: str) -> dict[str, int]:
    places = {cell.strip(): place for place, cell in enumerate(cells)}
    for column in _NEEDED:
        if column not in places:
            raise VocabularyError(
                f"{source}: no column '{column}' in the header: expected SSSOM; "
                f"{nearest(column, places)}"
            )
    return places


def _curie_map(about: list[str]) -> dict[str, str]:
    """Return the file's own prefixes, which its metadata may declare, with their IRIs."""
    try:
        content = yaml.safe_load("\n".join(about))
    except yaml.YAMLError:
        return {}
    found = content.get("curie_map") if isinstance(content, dict) else None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _mapping(
    cells: list[str], header: dict[str, int], prefixes: dict[str, str], *, source: str, line: int
) -> Mapping | Failure:
    def cell(column: str) -> str:
        place = header.get(column, -1)
        return cells[place].strip() if 0 <= place < len(cells) else ""

    ends = [_curie(cell(column), prefixes) for column in ("subject_id", "object_id")]
    for column, curie in zip(("subject_id", "object_id"), ends, strict=True):
        if ":" not in curie or " " in curie:
            return failure(source, line, f"{column} '{cell(column)}' is no CURIE")
    predicate = cell("predicate_id")
    for iri, short in _IRIS.items():
        predicate = short + predicate.removeprefix(iri) if predicate.startswith(iri) else predicate
    try:
        confidence = float(cell(_CONFIDENCE) or 1.0)
    except ValueError:
        return failure(source, line, f"confidence '{cell(_CONFIDENCE)}' is no number")
    if not 0 <= confidence <= 1:
        return failure(source, line, f"confidence {confidence} is not between 0 and 1")
    negated = cell("predicate_modifier").casefold() == "not"
    return Mapping(ends[0], predicate, ends[1], confidence, negated)


def _curie(raw: str, prefixes: dict[str, str]) -> str:
    """Spell a CURIE as the schema does; a prefix that only the file knows goes by its IRI."""
    from kgbuild.ontologies.parsers.rdf import curie_of

    prefix, colon, local = raw.partition(":")
    options = ParseOptions()
    if colon and not local.startswith("//"):
        known = curie_of(raw, options)
        iri = prefixes.get(prefix)
        return (iri and curie_of(iri + local, options)) or known
    return curie_of(raw, options)
