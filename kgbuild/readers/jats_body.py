"""The text of a JATS article: sections, figures, tables, lists, as passages in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kgbuild.readers.building import DocumentBuilder, collapse
from kgbuild.readers.xml_records import inner_text, local_name

__all__ = ["add_abstract", "add_body"]

_LEFT_OUT = {
    "ref-list", "tex-math", "graphic", "media", "inline-graphic", "object-id", "alt-text",
    "long-desc", "permissions", "sub-article", "response", "front", "sec-meta",
}  # fmt: skip
_BLOCKS = {
    "p", "sec", "fig", "fig-group", "table-wrap", "table-wrap-group", "list", "def-list",
    "boxed-text", "disp-quote", "disp-formula", "disp-formula-group", "supplementary-material",
    "statement", "verse-group", "preformat", "array", "chem-struct-wrap", "speech",
}  # fmt: skip


def add_abstract(abstract: Any, builder: DocumentBuilder) -> None:
    """Add an abstract: each section's paragraphs with the section's title as label."""
    label = abstract.get("abstract-type") or ""
    _Walker(builder, "abstract").inside(abstract, label)


def add_body(article: Any, builder: DocumentBuilder) -> None:
    """Add body, floats and back matter."""
    walker = _Walker(builder, "paragraph")
    for part in article:
        if local_name(part) in {"body", "floats-wrap", "floats-group", "back"}:
            walker.inside(part, "")


class _Walker:
    """Walks block elements and adds their text; ``kind`` is that of ordinary paragraphs."""

    def __init__(self, builder: DocumentBuilder, kind: str) -> None:
        self.builder = builder
        self.kind = kind

    def inside(self, element: Any, label: str) -> None:
        """Add what ``element`` contains; text of its own between blocks too."""
        heads = [c for c in element if local_name(c) in {"title", "label"}]
        title = next((c for c in heads if local_name(c) == "title"), None)
        if title is None:
            self.mixed(element, label)
            return
        text = " ".join(filter(None, (collapse(_inline(head)) for head in heads)))
        if self.kind != "abstract":
            self.builder.add("heading", text)
        self.mixed(element, text, skip=heads)

    def mixed(self, element: Any, label: str, *, skip: Sequence[Any] = ()) -> None:
        """Add text and inline children as paragraphs, block children as themselves."""
        run = [element.text or ""]
        for child in element:
            tag = local_name(child)
            if not tag or tag in _LEFT_OUT or any(child is head for head in skip):
                run.append(" " if tag else "")
            elif self.is_block(child, tag):
                self.flush(run, label)
                self.block(child, tag, label)
            else:
                run.append(_inline(child))
            run.append(child.tail or "")
        self.flush(run, label)

    def is_block(self, child: Any, tag: str) -> bool:
        return tag in _BLOCKS or any(local_name(inner) in _BLOCKS for inner in child)

    def flush(self, run: list[str], label: str) -> None:
        self.builder.add(self.kind, collapse("".join(run)), label)
        run.clear()

    def block(self, element: Any, tag: str, label: str) -> None:
        if tag in {"fig", "chem-struct-wrap"}:
            self.float(element, "figure")
        elif tag == "supplementary-material":
            self.float(element, "other")
        elif tag == "table-wrap":
            self.float(element, "table")
        elif tag in {"list", "def-list"}:
            _Walker(self.builder, "list").mixed_items(element, label)
        elif tag in {"p", "disp-quote", "preformat"}:
            self.mixed(element, label)
        else:
            self.inside(element, label)

    def mixed_items(self, element: Any, label: str) -> None:
        for item in element:
            self.inside(item, label)

    def float(self, element: Any, kind: str) -> None:
        """Add a figure or table: label and caption in one passage, then rows and footnotes."""
        label = ""
        rest = []
        for child in element:
            tag = local_name(child)
            if tag == "label":
                label = collapse(inner_text(child))
            elif tag == "caption":
                self.caption(child, kind, label)
            elif tag and tag not in _LEFT_OUT:
                rest.append(child)
        for child in rest:
            rows = [row for row in child.iter() if local_name(row) == "tr"]
            for row in rows:
                cells = [_inline(cell) for cell in row if local_name(cell) in {"td", "th"}]
                self.builder.add(kind, " | ".join(map(collapse, cells)).strip(" |"), label)
            if not rows:
                _Walker(self.builder, kind).mixed(child, label)

    def caption(self, caption: Any, kind: str, label: str) -> None:
        parts = [collapse(_inline(part)) for part in caption] or [collapse(inner_text(caption))]
        self.builder.add(kind, " ".join(filter(None, parts)), label)


def _inline(element: Any) -> str:
    """Return the text of ``element`` without what is left out; line breaks are spaces."""
    tag = local_name(element)
    if tag in _LEFT_OUT:
        return ""
    if tag == "break":
        return " "
    if len(element) == 0:
        return element.text or ""
    parts = [element.text or ""]
    for child in element:
        parts += (_inline(child), child.tail or "")
    return "".join(parts)
