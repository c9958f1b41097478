"""PubTator: ``id|t|title``, ``id|a|abstract``, then annotations and relations, tab separated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote

from kgbuild.protocols import ReadItem
from kgbuild.readers.annotations import Annotations, RawMention, RawRelation
from kgbuild.readers.building import DocumentBuilder
from kgbuild.readers.identifiers import document_id, is_variant, split_identifiers
from kgbuild.readers.lines import Line, lines
from kgbuild.records import Failure

__all__ = ["PubTatorReader"]

_TEXT = re.compile(r"([^|\t]*)\|([A-Za-z])\|(.*)", re.DOTALL)
_ESCAPED = re.compile(r"%(?:25|2B|2C|3B|7C|09|0A|0D)")
_NOVEL = {"novel": True, "no": False}


class PubTatorReader:
    """Reads the PubTator format, with annotations and relations as given ones.

    The text is title, line feed, abstract, as the format's offsets count it; where the title is
    empty, offsets count from 1 and the line feed is left out. Annotation lines are
    ``id start end text type [identifiers [more]]``;
    relation lines ``id type id1 id2 [Novel|No]`` join the closest two mentions with these
    identifiers and span them. Types are left as they are. What has no place is a ``Failure``.

    Args:
        id_prefix: the prefix of ids that are digits only.
    """

    def __init__(self, *, id_prefix: str = "PMID") -> None:
        self._prefix = id_prefix

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield each document when the next one begins, its failures after it."""
        block: list[Line] = []
        current = ""
        for line in lines(stream):
            if not line.text.strip():
                continue
            match = _TEXT.match(line.text)
            name = match[1] if match else line.text.split("\t", 1)[0]
            starts = match is not None and (match[2] == "t" or name != current)
            if block and starts:
                yield from self._document(block, source)
                block = []
            if match:
                current = name
            block.append(line)
        if block:
            yield from self._document(block, source)

    def _document(self, block: list[Line], source: str) -> Iterator[ReadItem]:
        texts: dict[str, str] = {}
        others: list[Line] = []
        raw_id = ""
        first = f"line {block[0].number}"
        for line in block:
            if line.error:
                yield Failure(source, "read", line.error, place=f"line {line.number}")
                if _TEXT.match(line.text):
                    return
                continue
            match = _TEXT.match(line.text)
            if match:
                raw_id = match[1]
                texts[match[2]] = match[3]
            else:
                others.append(line)
        if not texts:
            reason = "expected id|t|title or id|a|abstract before annotations"
            yield Failure(source, "read", reason, place=first)
            return
        builder = DocumentBuilder()
        title, abstract = texts.pop("t", ""), texts.pop("a", "")
        builder.add("title", title)
        builder.add("abstract", abstract)
        for tag, text in texts.items():
            builder.add("other", text, tag)
        identifier = document_id(unescape(raw_id), prefix=self._prefix)
        document = builder.finish(identifier, source=source)
        annotations = Annotations(source)
        for line in others:
            _parse(line, raw_id, annotations, document.id, shift=0 if title else -1)
        yield annotations.place(document)
        yield from annotations.failures


def unescape(text: str) -> str:
    """Undo the escapes of the writer, which keep ids free of the format's separators."""
    return _ESCAPED.sub(lambda match: unquote(match[0]), text) if "%" in text else text


def _parse(line: Line, raw_id: str, annotations: Annotations, document: str, *, shift: int) -> None:
    fields = line.text.split("\t")
    place = f"line {line.number}"
    reason = ""
    if fields[0] != raw_id:
        reason = f"expected an annotation of {raw_id!r}, found one of {fields[0]!r}"
    elif len(fields) >= 5 and fields[1].strip().isdecimal() and fields[2].strip().isdecimal():
        _mention(fields, place, annotations, shift)
    elif 4 <= len(fields) <= 6 and not fields[1].strip().isdecimal():
        novel = _NOVEL.get(fields[4].strip().lower()) if len(fields) > 4 else None
        annotations.relations.append(
            RawRelation(
                unescape(fields[2].strip()),
                unescape(fields[3].strip()),
                fields[1].strip(),
                novel=novel,
                place=place,
            )
        )
    else:
        reason = (
            "expected 'id start end text type identifiers' or 'id relation id1 id2', tab "
            f"separated, found {len(fields)} fields: {line.text[:80]!r}"
        )
    if reason:
        annotations.failures.append(Failure(annotations.source, "read", reason, document, place))


def _mention(fields: list[str], place: str, annotations: Annotations, shift: int) -> None:
    category = fields[4].strip()
    raw = fields[5] if len(fields) > 5 else ""
    if len(fields) > 6 and is_variant(category) and re.match(r"RSID:\d", fields[6]):
        # tmVar's normalization: the change as written, then the variant that it is.
        raw = f"{raw.replace(',', ';')};{fields[6]}"
    identifiers = tuple(map(unescape, split_identifiers(raw, category)))
    span = (int(fields[1]) + shift, int(fields[2]) + shift)
    annotations.mentions.append(RawMention((span,), fields[3], category, identifiers, place=place))
