"""Markdown: the text as it is, its blocks as passages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.text import read_text
from kgbuild.records import AnnotatedDocument, Document, Failure, Passage, document_hash

__all__ = ["MarkdownReader"]

_KINDS = {
    "paragraph_open": "paragraph", "blockquote_open": "paragraph", "bullet_list_open": "list",
    "ordered_list_open": "list", "table_open": "table", "fence": "other", "code_block": "other",
    "html_block": "other",
}  # fmt: skip
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*\n")


class MarkdownReader:
    """Reads a Markdown file (CommonMark with tables) as one document, its id its text's hash.

    The text stays as written, marks included, so that offsets are those of the file. The first
    heading of level 1 is the title; other headings, paragraphs, lists, tables and code (kind
    other) are passages whose ``label`` is the heading they stand under. A heading's passage
    leaves out its marks. Front matter is kept in the text, outside all passages.
    """

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield the document, or the failure to read it."""
        text = read_text(stream, source)
        if isinstance(text, Failure):
            yield text
            return
        if not text.strip():
            yield Failure(source, "read", "no text: the file holds white space only")
            return
        passages = tuple(_passages(text))
        yield AnnotatedDocument(Document(document_hash(text), text, passages, source=source))


def _passages(text: str) -> Iterator[Passage]:
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(text)
    body = text[front.end() :] if front else text
    base = front.end() if front else 0
    starts = [base, *accumulate((len(line) for line in body.splitlines(keepends=True)), initial=0)]
    starts = [base + start for start in starts[1:]]
    label, titled = "", False
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    for token, inline in zip(tokens, [*tokens[1:], None], strict=True):
        if token.level or token.map is None:
            continue
        start, end = _trim(text, starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        if start == end:
            continue
        if token.type == "heading_open":
            start, end, label = _heading(text, start, end, inline)
            kind = "heading" if titled or token.tag != "h1" else "title"
            titled = titled or kind == "title"
            if start < end:
                yield Passage(kind, start, end)
        else:
            yield Passage(_KINDS.get(token.type, "other"), start, end, label)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    block = text[start:end]
    left = len(block) - len(block.lstrip())
    return start + left, start + max(left, len(block.rstrip()))


def _heading(text: str, start: int, end: int, inline: Any) -> tuple[int, int, str]:
    content = inline.content if inline is not None else ""
    at = text.find(content, start, end) if content else -1
    if at < 0:
        return start, end, content
    return at, at + len(content), content
