"""PDF with a text layer, by pypdf."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.errors import MissingExtraError
from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder
from kgbuild.readers.dates import loose_date
from kgbuild.records import AnnotatedDocument, Failure

__all__ = ["PdfReader"]


class PdfReader:
    """Reads a PDF as one document, a passage for each page (``label`` "page 3").

    Words hyphenated at a line's end are joined; other line ends stay, as line feeds. Layout
    (columns, running heads) is as pypdf gives it. Scanned pages hold no text: each page without
    any is a ``Failure``.

    Raises:
        MissingExtraError: pypdf is not installed.
    """

    def __init__(self) -> None:
        try:
            import pypdf
        except ImportError as error:
            raise MissingExtraError("pdf", needed_for="reading PDF") from error
        self._pypdf = pypdf

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield the document, and a failure for each page without text."""
        from pypdf.errors import PyPdfError

        builder = DocumentBuilder()
        failures: list[Failure] = []
        date = ""
        try:
            reader = self._pypdf.PdfReader(io.BytesIO(stream.read()))
            if reader.is_encrypted and not reader.decrypt(""):
                reason = "encrypted PDF; expected one without password: decrypt it first"
                yield Failure(source, "read", reason)
                return
            for number, page in enumerate(reader.pages, start=1):
                text = _join(page.extract_text()).strip()
                builder.add("paragraph", text, f"page {number}")
                if not text:
                    reason = "no text on this page; if it is a scan, recognize its text (OCR) first"
                    failures.append(Failure(source, "read", reason, place=f"page {number}"))
            about = reader.metadata
            if about is not None:
                builder.describe(
                    {"title": str(about.title or ""), "author": str(about.author or "")}
                )
                date = loose_date(str(about.get("/CreationDate", ""))[2:10])
        except (PyPdfError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            reason = f"damaged PDF: {type(error).__name__}: {error}; make it anew or repair it"
            failures.append(Failure(source, "read", reason))
        if builder.passages:
            yield AnnotatedDocument(builder.finish("", date=date, source=source))
        yield from failures


def _join(text: str) -> str:
    """Join words that a hyphen and a line end part, where both halves are lower case."""
    parts = text.split("-\n")
    joined = parts[0]
    for part in parts[1:]:
        both = joined[-1:].islower() and part[:1].islower()
        joined += part if both else f"-\n{part}"
    return joined
