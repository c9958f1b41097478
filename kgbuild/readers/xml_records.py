"""XML as a stream of records, each parsed by itself.

Sets of articles reach gigabytes, and one bad byte in one article must not cost the others. So
the bytes are cut at the record's tags, which costs a search, and lxml parses each piece. What
precedes the first record never reaches the parser: a document type declaration can neither
declare entities (expansion bombs) nor load anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from lxml import etree

from kgbuild.readers.xml_cutter import MAX_RECORD, XmlCutter
from kgbuild.records import Failure

__all__ = ["Record", "inner_text", "local_name", "records"]

_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NAMESPACE = re.compile(rb"""xmlns(?::[\w.-]+)?\s*=\s*(?:"[^"]*"|'[^']*')""")
_NOT_ROOT = re.compile(rb"<\?.*?\?>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.S)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9.]*);")
_CONTROL_REFERENCE = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.IGNORECASE
)
_CONTROLS = bytes(32 if b < 32 and b not in (9, 10, 13) else b for b in range(256))
_PREDEFINED = {b"amp", b"lt", b"gt", b"quot", b"apos"}


@dataclass(frozen=True, slots=True)
class Record:
    """A parsed record, with the line that it starts at and its number, both from 1."""

    element: Any
    line: int
    number: int


def local_name(element: Any) -> str:
    """Return the tag without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def inner_text(element: Any) -> str:
    """Return all text within ``element``, that of inline markup too."""
    if len(element) == 0:
        return element.text or ""
    return "".join(element.itertext())


def records(
    stream: BinaryIO,
    tags: tuple[str, ...],
    *,
    source: str,
    id_pattern: bytes,
    to_id: Callable[[str], str],
) -> Iterator[Record | Failure]:
    """Yield each element named by ``tags`` (local names), parsed, in constant memory.

    A record that is not well-formed becomes a ``Failure`` with its line, and reading goes on
    after it. ``id_pattern`` is a regular expression whose group 1 is the record's id, of which
    ``to_id`` makes a CURIE, for the failure's ``document``.
    """
    cutter = XmlCutter(stream, tags)
    parse: _Parser | None = None
    while (cut := cutter.next()) is not None:
        if parse is None:
            try:
                parse = _Parser(cutter.prolog)
            except ValueError as error:
                yield Failure(source, "read", str(error), place="line 1")
                return
        yield from _parse_all(parse, cutter, cut, source, partial(_find_id, id_pattern, to_id))
    yield from _ending(cutter, tags, source)


def _parse_all(
    parse: _Parser,
    cutter: XmlCutter,
    cut: tuple[int, bytes, bool],
    source: str,
    find_id: Callable[[bytes], str],
) -> Iterator[Record | Failure]:
    line, data, whole = cut
    number = cutter.count
    while data:
        reason = ""
        if whole:
            try:
                yield Record(parse(data), line, number)
                return
            except etree.XMLSyntaxError as error:
                at = line + max(error.lineno or 1, 1) - 1
                message = (error.msg or "not well-formed").split(", line ")[0]
                reason = f"expected well-formed XML, but: {message} (line {at})"
        elif len(data) > MAX_RECORD:
            reason = f"the record is longer than {MAX_RECORD >> 20} MiB; expected its end tag"
        else:
            reason = "the input ends within this record, which is cut off; fetch the file again"
        second = cutter.second_start(data)
        if second > 0:
            reason = "expected the record's end tag before the next one starts"
        yield Failure(source, "read", reason, find_id(data), f"line {line}, record {number}")
        if second < 0:
            return
        line += data.count(b"\n", 0, second)
        data = data[second:]


def _find_id(pattern: bytes, to_id: Callable[[str], str], data: bytes) -> str:
    found = re.search(pattern, data[:20_000])
    return to_id(found[1].decode("utf-8", "replace")) if found else ""


def _ending(cutter: XmlCutter, tags: tuple[str, ...], source: str) -> Iterator[Failure]:
    if cutter.nothing:
        return
    prolog = _NOT_ROOT.sub(b"", cutter.prolog)
    root = _ROOT.search(prolog)
    closing = b"</" + root[1] if root else b""
    closed = not root or closing in cutter.tail or b"/>" in cutter.tail
    if cutter.count == 0:
        if b"<!ENTITY" in cutter.prolog:
            yield Failure(source, "read", _ENTITIES_REFUSED, place="line 1")
            return
        expected = " or ".join(f"<{tag}>" for tag in tags)
        if not closed or not root:
            reason = f"no {expected} in it and no end to it: is the file cut off, or not XML?"
            yield Failure(source, "read", reason, place=f"line {cutter.line}")
    elif not closed and root:
        name = root[1].decode("utf-8", "replace")
        reason = f"the input ends before </{name}>: it is cut off; fetch the file again"
        yield Failure(source, "read", reason, place=f"line {cutter.line}")


_ENTITIES_REFUSED = (
    "the document type declaration defines entities, which are refused because they can expand "
    "without bound; expected none: write their text in their place"
)


class _Parser:
    """Parses single records as the prolog of their file says.

    Raises:
        ValueError: the file must be refused as a whole; the message says why.
    """

    def __init__(self, prolog: bytes) -> None:
        if b"<!ENTITY" in prolog:
            raise ValueError(_ENTITIES_REFUSED)
        found = _ENCODING.search(prolog)
        encoding = found[1].decode() if found else "UTF-8"
        if encoding.upper().startswith(("UTF-16", "UTF16")):
            encoding = "UTF-8"  # The stream was transcoded when it was opened.
        try:
            self._parser = etree.XMLParser(
                resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True,
                remove_comments=True, remove_pis=True, encoding=encoding,
            )  # fmt: skip
        except LookupError:
            raise ValueError(
                f"unknown encoding {encoding!r} in the XML declaration; convert the file to UTF-8"
            ) from None
        declared = sorted(set(_NAMESPACE.findall(prolog)))
        self._wrapper = b"<w " + b" ".join(declared) + b">" if declared else b""

    def __call__(self, data: bytes) -> Any:
        """Parse a record; what has one safe reading is repaired where it is not well-formed.

        Control characters become spaces (as in every reader) and the named entities of HTML,
        which PMC's declarations hold too, become their characters.
        """
        try:
            return self._parse(data)
        except etree.XMLSyntaxError:
            repaired = _ENTITY.sub(_named, data.translate(_CONTROLS))
            repaired = _CONTROL_REFERENCE.sub(b" ", repaired)
            if repaired == data:
                raise
            return self._parse(repaired)

    def _parse(self, data: bytes) -> Any:
        if not self._wrapper:
            return etree.fromstring(data, self._parser)
        return etree.fromstring(self._wrapper + data + b"</w>", self._parser)[0]


def _named(match: re.Match[bytes]) -> bytes:
    if match[1] in _PREDEFINED:
        return match[0]
    text = html.unescape(match[0].decode("ascii"))
    if text.startswith("&"):
        return match[0]
    return "".join(f"&#{ord(c)};" for c in text).encode("ascii")
