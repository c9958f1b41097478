"""Plain text: one document a file, a passage for each block between empty lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import clean
from kgbuild.readers.lines import decode
from kgbuild.records import AnnotatedDocument, Document, Failure, Passage, document_hash

__all__ = ["TextReader", "paragraphs", "read_text"]

_BREAK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def read_text(stream: BinaryIO, source: str) -> str | Failure:
    """Return the whole text, cleaned, with line feeds for line ends; or why it can't be read."""
    data = stream.read()
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    text, error = decode(data)
    if error:
        return Failure(source, "read", error, place=_line_of(data))
    if "\0" in text[:4096]:
        reason = "expected text, found NUL characters: a binary file, or UTF-16 without its mark"
        return Failure(source, "read", f"{reason} (then name it: encoding='utf-16-le')")
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def _line_of(data: bytes) -> str:
    """Return the first line that is not UTF-8."""
    numbers = (n for n, line in enumerate(data.split(b"\n"), start=1) if decode(line)[1])
    return f"line {next(numbers, 1)}"


class TextReader:
    """Reads a plain text as one document whose id is the hash of its text.

    The text is kept as it is, line ends aside (they become line feeds). Blocks between empty
    lines are its paragraphs; sentences never cross them.
    """

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield the document, or the failure to read it."""
        text = read_text(stream, source)
        if isinstance(text, Failure):
            yield text
        elif not text.strip():
            yield Failure(source, "read", "no text: the file holds white space only")
        else:
            passages = tuple(paragraphs(text))
            yield AnnotatedDocument(Document(document_hash(text), text, passages, source=source))


def paragraphs(text: str) -> Iterator[Passage]:
    """Yield the blocks between empty lines, without the white space around them."""
    position = 0
    for start, end in [*(m.span() for m in _BREAK.finditer(text)), (len(text), len(text))]:
        block = text[position:start]
        stripped = block.strip()
        if stripped:
            left = position + len(block) - len(block.lstrip())
            yield Passage("paragraph", left, left + len(stripped))
        position = end
