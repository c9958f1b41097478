"""Markdown: what a reader of the rendered page reads, its blocks as passages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder, collapse
from kgbuild.readers.html import HtmlReader
from kgbuild.readers.text import read_text
from kgbuild.records import AnnotatedDocument, Failure

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["MarkdownReader"]

MAX_NESTING = 100
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*\n")
_BREAK_TAG = re.compile(r"<br\b", re.IGNORECASE)


class MarkdownReader:
    """Reads a Markdown file (CommonMark with tables) as one document, its id its text's hash.

    The text is what is read once the marks have done their work: emphasis, code within a line
    and links leave their words, images their description. The first heading of level 1 is the
    title; other headings, paragraphs, list items and rows of tables (cells joined by a bar) are
    passages whose ``label`` is the heading they stand under. Blocks of code and front matter are
    no prose and are left out; of HTML the visible text stays.
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
        builder = DocumentBuilder()
        _Blocks(builder).add(text)
        if not builder.passages:
            yield Failure(source, "read", "no text: the file holds code or front matter only")
            return
        yield AnnotatedDocument(builder.finish("", source=source))


class _Blocks:
    """Adds a passage for each block that holds text."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._label = ""
        self._titled = False
        self._lists = 0
        self._cells: list[str] | None = None

    def add(self, text: str) -> None:
        from markdown_it import MarkdownIt

        parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
        parser.enable(["table", "strikethrough"])
        heading = ""
        front = _FRONT_MATTER.match(text)
        for token in parser.parse(text[front.end() :] if front else text):
            match token.type:
                case "heading_open":
                    heading = token.tag
                case "heading_close":
                    heading = ""
                case "bullet_list_open" | "ordered_list_open":
                    self._lists += 1
                case "bullet_list_close" | "ordered_list_close":
                    self._lists -= 1
                case "tr_open":
                    self._cells = []
                case "tr_close":
                    self._builder.add("table", " | ".join(self._cells or ()), self._label)
                    self._cells = None
                case "html_block":
                    self._add_html(token.content)
                case "inline":
                    self._add_inline(collapse(_plain(token.children or ())), heading)

    def _add_inline(self, text: str, heading: str) -> None:
        if self._cells is not None:
            self._cells += [text] if text else []
        elif heading:
            is_title = heading == "h1" and not self._titled
            self._titled = self._titled or is_title
            self._builder.add("title" if is_title else "heading", text)
            self._label = text
        else:
            self._builder.add("list" if self._lists else "paragraph", text, self._label)

    def _add_html(self, html: str) -> None:
        for item in HtmlReader().read(io.BytesIO(html.encode()), source=""):
            if isinstance(item, AnnotatedDocument):
                whole = item.document.text
                for passage in item.document.passages:
                    label = passage.label or self._label
                    self._builder.add(passage.kind, whole[passage.start : passage.end], label)


def _plain(tokens: Iterable[Token]) -> str:
    """Return the words of the tokens of a line."""
    return "".join(map(_words, tokens))


def _words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    if token.type == "html_inline":
        return " " if _BREAK_TAG.match(token.content) else ""
    if token.type == "image":
        return _plain(token.children or ())
    return token.content
