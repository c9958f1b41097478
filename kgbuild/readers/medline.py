"""MEDLINE text, as PubMed exports it (https://www.nlm.nih.gov/bsd/mms/medlineelements.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder, collapse
from kgbuild.readers.dates import loose_date
from kgbuild.readers.lines import lines
from kgbuild.records import AnnotatedDocument, Failure

__all__ = ["MedlineReader"]

_FIELD = re.compile(r"([A-Z][A-Z0-9]{1,3}) *- ?(.*)")
_LABEL = re.compile(r"(?:(?<=^)|(?<=[.!?)] ))([A-Z][A-Z /&,'-]{2,60}): (?=\S)")
_LISTS = {"MH": "mesh_headings", "PT": "publication_types", "LA": "language", "OT": "keywords"}
_SINGLE = {
    "JT": "journal",
    "TA": "journal_abbreviation",
    "TT": "vernacular_title",
    "STAT": "status",
}
_AID = re.compile(r"(.+?) \[(doi|pii)\]")


class MedlineReader:
    """Reads MEDLINE text: records of ``TAG - value`` lines that begin with ``PMID-``.

    The sections of a structured abstract (``METHODS: ...``) become passages with that label; the
    label is not part of the text. Metadata as in ``PubmedXmlReader``: journal, doi, pmc, mesh,
    mesh_headings, chemicals, keywords, publication_types, language, status, revised.
    """

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield each document when the next one begins."""
        fields: list[tuple[str, str]] = []
        start, error = 1, ""
        for line in lines(stream):
            match = _FIELD.match(line.text)
            if match and match[1] == "PMID":
                yield from _document(fields, source, start, error)
                fields, start, error = [], line.number, ""
            error = error or (f"line {line.number}: {line.error}" if line.error else "")
            if match:
                fields.append((match[1], match[2]))
            elif line.text.startswith("      ") and fields:
                tag, value = fields[-1]
                fields[-1] = (tag, f"{value} {line.text.strip()}")
            elif line.text.strip():
                reason = f"expected 'TAG - value' or an indented line, found {line.text[:60]!r}"
                yield Failure(source, "read", reason, place=f"line {line.number}")
        yield from _document(fields, source, start, error)


def _document(
    fields: list[tuple[str, str]], source: str, line: int, error: str
) -> Iterator[ReadItem]:
    if not fields:
        return
    values: dict[str, list[str]] = {}
    for tag, value in fields:
        values.setdefault(tag, []).append(collapse(value))
    pmid = values.get("PMID", [""])[0].split(" ")[0]
    if error or not pmid.isdecimal():
        reason = error or f"expected 'PMID- ' with digits, found {pmid!r}"
        yield Failure(source, "read", reason, f"PMID:{pmid}" if pmid else "", f"line {line}")
        return
    builder = DocumentBuilder()
    builder.add("title", " ".join(values.get("TI") or values.get("BTI") or []))
    for text in values.get("AB", []):
        for label, section in _sections(text):
            builder.add("abstract", section, label)
    for text in values.get("OAB", []):
        builder.add("abstract", text, "other")
    builder.describe(_metadata(values))
    dates = [loose_date(value) for tag in ("DEP", "DP") for value in values.get(tag, [])]
    date = next(filter(None, dates), "")
    yield AnnotatedDocument(builder.finish(f"PMID:{pmid}", date=date, source=source))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Split an abstract at its labels; one that doesn't begin with a label is one section."""
    matches = list(_LABEL.finditer(text))
    if not matches or matches[0].start() > 0:
        yield "", text
        return
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        end = following.start() if following else len(text)
        yield match[1], text[match.end() : end].strip()


def _metadata(values: dict[str, list[str]]) -> dict[str, str]:
    metadata = {name: "|".join(values.get(tag, [])) for tag, name in _LISTS.items()}
    metadata |= {name: values.get(tag, [""])[0] for tag, name in _SINGLE.items()}
    headings = values.get("MH", [])
    metadata["mesh"] = "|".join(heading.split("/")[0].lstrip("*") for heading in headings)
    substances = [value.rpartition("(")[2].rstrip(")") for value in values.get("RN", [])]
    metadata["chemicals"] = "|".join(substances)
    metadata["pmc"] = values.get("PMC", [""])[0]
    metadata["revised"] = loose_date(values.get("LR", [""])[0])
    metadata["retracted"] = "true" if "Retracted Publication" in values.get("PT", []) else ""
    for value in values.get("AID", []) + values.get("LID", []):
        if match := _AID.fullmatch(value):
            metadata.setdefault(match[2], match[1])
    return metadata
