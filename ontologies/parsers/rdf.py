"""What the RDF formats share: triples streamed by pyoxigraph, gathered into drafts of terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import READ_ERRORS
from kgbuild.ontologies.parsers.options import STAGE, ParseOptions, failure
from kgbuild.records import Failure, Synonym, Term

if TYPE_CHECKING:
    from pyoxigraph import Triple

__all__ = ["Draft", "curie_of", "finish", "language_of", "local_name", "triples"]

ENGLISH = ("", "en")
_ENTITY_LIMIT = 64 * 1024  # OWL's DTDs hold some dozen short namespaces
_LONGEST_VALUE = 1024
# Groups repeat in atomic ones, not possessively: Python 3.11.2 (Debian 12) matches those wrongly.
_MISC = rb"(?:\s|<!--(?>(?:(?!-->).)*)-->|<\?(?>(?:(?!\?>).)*)\?>)"
_LITERAL = rb"""(?:"[^"]*+"|'[^']*+')"""
_PROLOG = re.compile(rb"(?s)(?:\xef\xbb\xbf)?(?>" + _MISC + rb"*)")
_DECLARES = re.compile(rb"(?i)<!(?:DOCTYPE|ENTITY)")
_DTD_START = re.compile(rb"(?i)<!DOCTYPE|<!--|<\?")  # a comment that doesn't end may hide one
_DECLARATION = rb"<!(?!--)(?>(?:[^<>\"']|" + _LITERAL + rb")*)>"
_DTD = re.compile(
    rb"(?si)<!DOCTYPE(?>(?:[^\[<>\"']|" + _LITERAL + rb")*)"
    rb"(?>(?:\[(?>(?:" + _MISC + rb"|" + _DECLARATION + rb"|%[^;\s]*+;)*)\]\s*+)?)>"
)
_ENTITY = re.compile(rb"<!ENTITY\s+(?P<name>[^\s%\"'<>&]++)\s+(?P<value>" + _LITERAL + rb")\s*>")
_ENTITY_NAME = re.compile(rb"<!ENTITY\s+((?:%\s*)?[^\s\"'<>]*)")
_FORMATS = {".ttl": "TURTLE", ".nt": "N_TRIPLES", ".rdf": "RDF_XML", ".owl": "RDF_XML"}


@dataclass(slots=True)
class Draft:
    """What is known of a resource so far."""

    names: dict[str, str] = field(default_factory=dict)  # by language
    exact: list[str] = field(default_factory=list)
    part_of: list[str] = field(default_factory=list)
    synonyms: list[Synonym] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    definition: str = ""
    group: str = ""
    replaced_by: str = ""
    obsolete: bool = False
    wanted: bool = False


def triples(stream: BinaryIO, *, source: str) -> Iterator[Triple | Failure]:
    """Yield the triples of Turtle, N-Triples or RDF/XML, told apart by content.

    A syntax error ends the file (but in N-Triples only the line) and is yielded.

    Raises:
        VocabularyError: it is none of these, or its DTD is larger than any ontology's.
    """
    import pyoxigraph

    try:
        head = stream.read(_ENTITY_LIMIT)
        stream.seek(0)
    except READ_ERRORS as error:
        raise VocabularyError(f"{source}: it can't be read ({error}): fetch it again") from error
    format = getattr(pyoxigraph.RdfFormat, _format_name(head, source))
    if format == pyoxigraph.RdfFormat.RDF_XML:
        stream = cast(
            "BinaryIO", _OneDtd(stream, start=_end_of_dtd(head, source=source), source=source)
        )
    parser = pyoxigraph.parse(stream, format=format, lenient=True)
    while True:
        try:
            quad = next(parser, None)
        except SyntaxError as error:
            line = error.lineno or 1
            yield failure(source, line, f"not {format.name}: {error.msg}: correct it")
            if format != pyoxigraph.RdfFormat.N_TRIPLES:
                return
        except (*READ_ERRORS, ValueError) as error:
            yield Failure(
                source=source, stage=STAGE, reason=f"it breaks off ({error}): fetch it again"
            )
            return
        else:
            if quad is None:
                return
            yield quad.triple


def _format_name(head: bytes, source: str) -> str:
    text = head[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<?xml", b"<rdf:RDF", b"<!DOCTYPE", b"<!--")):
        return "RDF_XML"
    suffix = re.search(r"\.\w+$", source.lower().removesuffix(".gz"))
    named = _FORMATS.get(suffix.group() if suffix else "")
    return named if named and named != "RDF_XML" else "TURTLE"


class _OneDtd:
    """A stream that ends in an error at a DTD behind ``start``: pyoxigraph takes it anywhere."""

    def __init__(self, stream: BinaryIO, *, start: int, source: str) -> None:
        self._stream = stream
        self._skip = start
        self._tail = b""
        self._source = source

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._stream.read(size)
        checked = self._tail + data[self._skip :]
        self._skip = max(0, self._skip - len(data))
        if _DECLARES.search(checked):
            raise VocabularyError(
                f"{self._source}: a DTD (<!DOCTYPE or <!ENTITY) behind the file's beginning: not"
                " read, for safety; save the ontology again without it"
            )
        self._tail = checked[-8:]
        return data


def _end_of_dtd(head: bytes, *, source: str) -> int:
    """Return where the DTD ends, and allow only the entities that ontologies declare.

    These are short namespaces. A declaration in a comment counts too, since pyoxigraph takes it
    for one.
    """
    start = _PROLOG.match(head).end()  # type: ignore[union-attr]
    dtd = _DTD.match(head, start)
    if dtd is None:
        cut_off = len(head) == _ENTITY_LIMIT and start > len(head) - 16
        if cut_off or _DTD_START.match(head, start):
            raise VocabularyError(
                f"{source}: its DTD doesn't end in the first 64 KiB, or is no valid XML: not read,"
                " for safety; save the ontology again without it"
            )
        return start
    for place in re.finditer(rb"<!ENTITY", dtd.group()):
        declared = _ENTITY.match(dtd.group(), place.start())
        value = declared.group("value")[1:-1] if declared else b""
        if declared is None or re.search(rb"[&<]", value):
            name = _ENTITY_NAME.match(dtd.group(), place.start())
            raise VocabularyError(
                f"{source}: the entity '{name.group(1).decode(errors='replace') if name else ''}'"
                " refers to others or to another file: not read, for safety; save the ontology"
                " again without it"
            )
        if len(value) > _LONGEST_VALUE:
            raise VocabularyError(
                f"{source}: the entity '{declared.group('name').decode(errors='replace')}' is"
                f" {len(value):,} bytes long, a namespace is below {_LONGEST_VALUE:,}: not read,"
                " for safety; save the ontology again without it"
            )
    return dtd.end()


def local_name(iri: str) -> str:
    """Return what follows the last ``#`` or ``/``."""
    return re.split(r"[#/]", iri)[-1]


def curie_of(iri: str, options: ParseOptions) -> str:
    """Return the CURIE of an IRI: by the schema's prefixes, else the options'; else empty."""
    from kgbuild.ontologies.schema import Schema

    if "://" not in iri:
        found = options.curie(iri)
        return found if ":" in found and " " not in found and not found.startswith("_:") else ""
    found = Schema.load("biomedical").compress(iri) or ""
    if found and ":" in found:
        return found
    local = local_name(iri)
    prefix, underscore, rest = local.partition("_")
    if underscore and prefix.isalpha() and rest and "/obo/" in iri:
        return options.curie(f"{prefix}:{rest}")
    return f"{options.prefix}:{local}" if options.prefix and local else ""


def finish(
    drafts: dict[str, Draft], options: ParseOptions, *, source: str
) -> Iterator[Term | Failure]:
    """Yield the wanted drafts as terms, named in English where there is a choice."""
    for iri, draft in drafts.items():
        if not draft.wanted:
            continue
        curie = curie_of(iri, options)
        name = _best_name(draft)
        if not curie:
            reason = f"no prefix is known for <{iri}>: name one (prefix=...)"
        elif not name and not draft.obsolete:
            reason = f"{curie} has no name"
        else:
            reason = ""
        if reason:
            yield Failure(source=source, stage=STAGE, reason=reason, place=iri)
        elif name:
            yield _term(curie, name, draft, options)


def _best_name(draft: Draft) -> str:
    for language in ("en", "", *sorted(draft.names)):
        for found in (language, f"{language}-us", f"{language}-gb"):
            if name := draft.names.get(found, "").strip():
                return name
    return ""


def _term(curie: str, name: str, draft: Draft, options: ParseOptions) -> Term:
    def curies(raws: list[str]) -> tuple[str, ...]:
        found = (curie_of(raw, options) for raw in raws)
        return tuple(dict.fromkeys(x for x in found if x))

    others = (
        Synonym(text.strip(), "exact", language)
        for language, text in draft.names.items()
        if text.strip() and language.partition("-")[0] not in ENGLISH
    )
    given = (s for s in draft.synonyms if s.text)
    synonyms = dict.fromkeys(s for s in (*given, *others) if s.text != name or s.language)
    return Term(
        id=curie,
        name=name,
        category=options.category_of(draft.group),
        synonyms=tuple(synonyms),
        xrefs=curies(draft.xrefs),
        parents=curies(draft.parents),
        definition=draft.definition,
        obsolete=draft.obsolete,
        replaced_by=curie_of(draft.replaced_by, options) if draft.replaced_by else "",
        exact=tuple(x for x in curies(draft.exact) if x != curie),
        part_of=curies(draft.part_of),
    )


def language_of(value: object) -> str:
    """Return the language tag of a literal in lower case; empty for English and where none is.

    English is what names are in unless they say otherwise, so it needs no tag.
    """
    tag = str(getattr(value, "language", None) or "").lower()
    return "" if tag.partition("-")[0] in ENGLISH else tag
