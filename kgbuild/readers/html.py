"""HTML: the text that a reader of the page sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder, collapse
from kgbuild.readers.dates import loose_date
from kgbuild.readers.identifiers import document_id
from kgbuild.records import AnnotatedDocument, Failure

__all__ = ["HtmlReader"]

_INVISIBLE = {
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "head",
    "button", "select", "textarea", "input", "nav",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img", "br", "td", "th",
}  # fmt: skip
_KINDS = {
    "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading",
    "h6": "heading", "li": "list", "dt": "list", "dd": "list", "tr": "table", "caption": "table",
    "figcaption": "figure",
}  # fmt: skip
_METADATA = {
    "citation_journal_title": "journal", "citation_doi": "doi", "citation_pmid": "pmid",
    "author": "author", "description": "description", "keywords": "keywords",
}  # fmt: skip
_DATES = ("citation_publication_date", "citation_date", "article:published_time", "date")


class HtmlReader:
    """Reads a page as one document: each block's visible text is a passage.

    The page's title is the first passage; headings label what follows. Scripts, styles, forms'
    controls and navigation are left out, hidden elements too. The id is the page's
    ``citation_pmid`` or ``citation_doi``, else the hash of the text. The encoding is what byte
    order mark or page say, else UTF-8.
    """

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield the document, or the failure to find text in it."""
        from lxml import etree

        data = stream.read()
        try:
            data.decode("utf-8")
            encoding: str | None = "utf-8"
        except UnicodeDecodeError:
            encoding = None
        parser = etree.HTMLParser(
            encoding=encoding,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
            huge_tree=True,  # else what is nested deeper than 255 is dropped without a word
        )
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            root = None
            reason = f"expected HTML, but: {error.msg}"
        else:
            reason = "expected HTML with visible text, found none"
            if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
                root = None  # the rest is dropped, and a page cut off says something else
                reason = "expected elements nested up to 2,048 deep, found deeper ones"
        builder = DocumentBuilder()
        meta: dict[str, str] = {}
        if root is not None:
            meta = _meta(root)
            title = root.find(".//title")
            if title is not None:
                builder.add("title", collapse(title.text or ""))
            _Walker(builder).walk(root)
        if not builder.passages:
            yield Failure(source, "read", reason)
            return
        builder.describe({name: meta.get(key, "") for key, name in _METADATA.items()})
        pmid = meta.get("citation_pmid", "")
        identifier = f"PMID:{pmid}" if pmid.isdecimal() else ""
        doi = document_id(meta.get("citation_doi", ""))
        identifier = identifier or (doi if doi.startswith("DOI:") else "")
        date = next(filter(None, (loose_date(meta.get(name, "")) for name in _DATES)), "")
        yield AnnotatedDocument(builder.finish(identifier, date=date, source=source))


def _meta(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("name") or element.get("property") or ""
        found.setdefault(name.lower(), collapse(element.get("content") or ""))
    return found


class _Walker:
    """Collects runs of inline text; a block's edges end a run."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._run: list[str] = []
        self._label = ""

    def walk(self, root: Any) -> None:
        """Walk without recursion, since pages may nest without end."""
        stack: list[tuple[Any, bool, str]] = [(root, False, "paragraph")]
        while stack:
            element, leaving, kind = stack.pop()
            if not isinstance(element.tag, str):
                self._run.append(element.tail or "")
                continue
            tag = element.tag
            block = tag not in _INLINE
            if leaving:
                if block:
                    self._flush(kind)
                if tag in {"td", "th"}:
                    self._run.append(" ")
                self._run.append(element.tail or "")
                continue
            if tag in _INVISIBLE or _hidden(element):
                self._run.append(element.tail or "")
                continue
            inner = _KINDS.get(tag, kind)
            if block:
                self._flush(kind)
            if tag == "br":
                self._run.append(" ")
            self._run.append(element.text or "")
            stack.append((element, True, inner))
            stack += [(child, False, inner) for child in reversed(element)]

    def _flush(self, kind: str) -> None:
        text = collapse("".join(self._run))
        self._run.clear()
        if not text:
            return
        self._builder.add(kind, text, "" if kind == "heading" else self._label)
        if kind == "heading":
            self._label = text


def _hidden(element: Any) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return "hidden" in element.attrib or "display:none" in style
