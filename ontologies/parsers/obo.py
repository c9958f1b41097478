"""OBO 1.4 (https://owlcollab.github.io/oboformat/doc/obo-syntax.html), by fastobo.

fastobo is strict and stops at the first mistake, so frames are given to it in groups, only with the
lines that a term needs; where a group fails, frames go one by one, and a bad line is left out and
reported. (pronto reads the same files at half the speed, four times the memory, all at once.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import lines_of
from kgbuild.ontologies.parsers.options import ParseOptions, failure
from kgbuild.ontologies.parsers.rdf import curie_of
from kgbuild.records import Failure, Synonym, Term

__all__ = ["is_abbreviation", "parse"]

_TAGS = frozenset(
    {"id", "name", "namespace", "def", "synonym", "xref", "is_a", "is_obsolete", "replaced_by",
     "alt_id", "relationship", "property_value"}
)  # fmt: skip
_ATTRIBUTES = {
    "name": "name",
    "namespace": "namespace",
    "alt_id": "alt_id",
    "is_a": "term",
    "is_obsolete": "obsolete",
    "replaced_by": "term",
}
_GROUP = 250
_EXACT = frozenset({"exactmatch", "equivalentto"})
_PART_OF = frozenset({"part_of", "BFO:0000050"})
_MATCH = re.compile(r"property_value: *(?:\S*[:/#])?exactMatch +\S", re.IGNORECASE)
_PART = re.compile(r"relationship: *(?:part_of|BFO:0000050) ")
_XREF = re.compile(r'xref: *[A-Za-z][\w.-]*:(?!//)[^\s"]+( *["{!].*)?$')  # not `BEL:"a b"`

Frame = list[tuple[int, str]]


def parse(stream: BinaryIO, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Yield the terms of an OBO file; alternative ids become cross-references.

    Raises:
        VocabularyError: there is no ``[Term]`` in it.
    """
    group: list[Frame] = []
    found = False
    for item in _frames(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        found = True
        group.append(item)
        if len(group) == _GROUP:
            yield from _terms(group, options, source=source)
            group = []
    yield from _terms(group, options, source=source)
    if not found:
        raise VocabularyError(f"{source}: no [Term] in it: expected OBO; name the format if not")


def _frames(stream: BinaryIO, *, source: str) -> Iterator[Frame | Failure]:
    """Yield the wanted, numbered lines of each term frame."""
    frame: Frame | None = None
    for item in lines_of(stream, source=source):
        if isinstance(item, Failure):
            yield item
            continue
        number, line = item
        if line.startswith("["):
            if frame:
                yield frame
            frame = [(number, "[Term]")] if line.startswith("[Term]") else None
        elif frame is not None and _is_wanted(line):
            frame.append((number, line))
    if frame:
        yield frame


def _is_wanted(line: str) -> bool:
    if line.startswith("xref:"):
        return _XREF.match(line) is not None
    if line.startswith("relationship:"):
        return _PART.match(line) is not None
    if line.startswith("property_value:"):
        return _MATCH.match(line) is not None
    return line.partition(":")[0] in _TAGS


def _terms(group: list[Frame], options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    import fastobo

    text = "\n".join(line for frame in group for _, line in frame) + "\n"
    try:
        parsed = list(fastobo.loads(text, threads=1)) if group else []
    except SyntaxError:
        for frame in group:
            yield from _mended(frame, options, source=source)
        return
    for frame, entity in zip(group, parsed, strict=True):
        yield _term(entity, options, line=frame[0][0], source=source)


def _mended(frame: Frame, options: ParseOptions, *, source: str) -> Iterator[Term | Failure]:
    """Parse one frame, leaving out each line that fastobo rejects."""
    import fastobo

    lines = list(frame)
    while len(lines) > 1:
        try:
            (entity,) = fastobo.loads("\n".join(line for _, line in lines) + "\n", threads=1)
        except SyntaxError as error:
            place = min(max((error.lineno or 2) - 1, 1), len(lines) - 1)
            number, line = lines.pop(place)
            yield failure(source, number, f"not OBO: {error.msg} in '{line[:80]}': left out")
        else:
            yield _term(entity, options, line=frame[0][0], source=source)
            return
    yield failure(source, frame[0][0], "a [Term] with no usable line")


def _term(entity: Any, options: ParseOptions, *, line: int, source: str) -> Term | Failure:
    curie = options.curie(str(entity.id))
    if ":" not in curie or any(c.isspace() for c in curie):
        return failure(source, line, f"'{curie}' is no CURIE: expected PREFIX:ID")
    values, synonyms = _values(entity)
    name = values.get("name", [""])[0].strip()
    if not name:
        return failure(source, line, f"{curie} has no name")
    xrefs = (options.curie(x) for x in values.get("xref", []) + values.get("alt_id", []))
    exact = (curie_of(x, options) for x in values.get("exact", []) + values.get("alt_id", []))
    return Term(
        id=curie,
        name=name,
        category=options.category_of(values.get("namespace", [""])[0]),
        synonyms=tuple(dict.fromkeys(synonyms)),
        xrefs=tuple(dict.fromkeys(x for x in xrefs if _is_curie(x))),
        parents=tuple(options.curie(x) for x in values.get("is_a", [])),
        definition=values.get("def", [""])[0],
        obsolete=values.get("is_obsolete", [""])[0] == "True",
        replaced_by=options.curie(values.get("replaced_by", [""])[0]),
        exact=tuple(dict.fromkeys(x for x in exact if _is_curie(x) and x != curie)),
        part_of=tuple(options.curie(x) for x in values.get("part_of", [])),
    )


def _values(entity: Any) -> tuple[dict[str, list[str]], list[Synonym]]:
    """Return what a frame says, by tag; ``exact`` holds what it says to mean the same."""
    values: dict[str, list[str]] = {}
    synonyms: list[Synonym] = []
    for clause in entity:
        tag = clause.raw_tag()
        if tag == "synonym":
            synonyms.append(_synonym(clause.synonym))
        elif tag == "def":
            values[tag] = [clause.definition]
        elif tag == "xref":
            values.setdefault(tag, []).append(str(clause.xref.id))
            if _says_equivalent(clause):
                values.setdefault("exact", []).append(str(clause.xref.id))
        elif tag == "relationship":
            if str(clause.typedef) in _PART_OF:
                values.setdefault("part_of", []).append(str(clause.term))
        elif tag == "property_value":
            values.setdefault("exact", []).append(str(clause.property_value.value))
        else:  # `raw_value` would be escaped
            value = str(getattr(clause, _ATTRIBUTES[tag]))
            values.setdefault(tag, []).append(value)
    return values, synonyms


def _says_equivalent(clause: Any) -> bool:
    """Tell whether a cross-reference is qualified as in MONDO: {source="MONDO:equivalentTo"}."""
    return any(
        re.split(r"[:#/]", str(qualifier.value))[-1].casefold() in _EXACT
        for qualifier in clause.qualifiers or ()
    )


def _synonym(synonym: Any) -> Synonym:
    kind = str(synonym.type) if synonym.type else ""
    scope = "abbreviation" if is_abbreviation(kind) else str(synonym.scope).lower()
    return Synonym(synonym.desc, scope)


def is_abbreviation(kind: str) -> bool:
    """Tell whether a synonym type (an id or an IRI) marks abbreviations.

    >>> is_abbreviation("ABBREVIATION"), is_abbreviation("OMO:0003000"), is_abbreviation("plural")
    (True, True, False)
    """
    key = kind.casefold().replace("_", ":")
    return "abbreviation" in key or "acronym" in key or key.endswith("omo:0003000")


def _is_curie(text: str) -> bool:
    prefix, colon, local = text.partition(":")
    return bool(prefix and colon and local) and not local.startswith("//") and " " not in text
