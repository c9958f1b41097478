"""Text as all readers build it: cleaned in one place, with passages that hold their offsets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kgbuild.records import Document, Passage, document_hash

__all__ = ["DocumentBuilder", "clean", "collapse"]

_BAD = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[ \t\r\n\x0b\x0c]+")
MAX_GAP = 1_000_000


def _replace(match: re.Match[str]) -> str:
    return " " if match[0] < " " else "\ufffd"


def clean(text: str) -> str:
    r"""Return ``text`` in which nothing breaks JSON, Parquet or XML, of the same length.

    Control characters other than tab and line feed become a space, lone surrogates and the two
    non-characters that XML forbids become U+FFFD, one for one, so that offsets stay valid.

    >>> clean("a\x00b\r\n")
    'a b \n'
    """
    # Most texts are printable as a whole, which is much faster to find out.
    return text if text.isprintable() else _BAD.sub(_replace, text)


def collapse(text: str) -> str:
    r"""Return ``text`` with runs of ASCII white space as one space and none around.

    For formats in which the layout of the source means nothing (XML, HTML). Other space
    characters (no-break, thin) are left as they are.

    >>> collapse("  a\n   b ")
    'a b'
    """
    if not text.isprintable() or "  " in text:
        text = _SPACE.sub(" ", text)
    return text.strip(" ")


class DocumentBuilder:
    """Collects passages, one after the other, and keeps their offsets."""

    __slots__ = ("_length", "_parts", "metadata", "passages")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.passages: list[Passage] = []
        self.metadata: dict[str, str] = {}

    def add(self, kind: str, text: str, label: str = "") -> None:
        """Append a passage after a line feed; an empty text adds nothing."""
        if not text:
            return
        if self._length:
            self._parts.append("\n")
            self._length += 1
        self._append(kind, clean(text), label)

    def add_at(self, offset: int, kind: str, text: str, label: str = "") -> None:
        """Append a passage that starts at ``offset``; the gap before it is filled by line feeds.

        Raises:
            ValueError: the offset lies within what is there already, or absurdly far behind it.
        """
        gap = offset - self._length
        if gap < 0:
            raise ValueError(
                f"passage offset {offset} lies within the passage before it, "
                f"which ends at {self._length}"
            )
        if gap > MAX_GAP:
            raise ValueError(f"passage offset {offset} leaves a gap of {gap} characters")
        if gap:
            self._parts.append("\n" * gap)
            self._length += gap
        if text:
            self._append(kind, clean(text), label)

    def _append(self, kind: str, text: str, label: str) -> None:
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        self.passages.append(Passage(kind, start, self._length, clean(label)))

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Add metadata; empty values are left out."""
        for key, value in metadata.items():
            if value:
                self.metadata[clean(key)] = clean(value)

    def finish(self, identifier: str, *, date: str = "", source: str = "") -> Document:
        """Return the document; without an identifier its id is the hash of its text."""
        text = self.text
        return Document(
            clean(identifier) or document_hash(text),
            text,
            tuple(self.passages),
            date,
            source,
            self.metadata,
        )
