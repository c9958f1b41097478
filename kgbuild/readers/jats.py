"""JATS and its forerunner NLM: PMC's full text (https://jats.nlm.nih.gov), one or many articles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder, collapse
from kgbuild.readers.dates import iso_date
from kgbuild.readers.jats_body import add_abstract, add_body
from kgbuild.readers.xml_records import inner_text, local_name, records
from kgbuild.records import AnnotatedDocument, Failure

__all__ = ["JatsReader"]

_DATES = ("epub", "ppub", "pub", "collection", "epreprint", "")


class JatsReader:
    """Reads single articles, ``pmc-articleset`` and other sets, with or without namespaces.

    Passages, in the order of the file: title, abstract(s) (``label`` is the section's title),
    headings, paragraphs (``label`` is the heading they stand under), list items, figure legends
    (``label`` "Figure 1"), table captions, rows of table cells joined by " | " and table
    footnotes, keywords, acknowledgements, appendices and footnotes. Not read: references,
    formulas' TeX twins, authors and affiliations, ``sub-article`` and ``response``.

    The id is the PMID, else the PMC id, else the DOI, else the hash of the text; the others are
    metadata (doi, pmc), beside journal, article_type, publisher_id, license and subjects.
    """

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield documents and failures, in the order of the file."""
        pattern = rb'<article-id pub-id-type="pmid">\s*(\d+)'
        for record in records(
            stream, ("article",), source=source, id_pattern=pattern, to_id="PMID:{}".format
        ):
            if isinstance(record, Failure):
                yield record
                continue
            document = _article(record.element, source)
            if document.document.text:
                yield document
            else:
                reason = "expected a title, abstract or body in <article>, found no text"
                place = f"line {record.line}, record {record.number}"
                yield Failure(source, "read", reason, document.document.id, place)


def child(element: Any, *names: str) -> Any:
    """Return the first child at a path of local names, or None."""
    for name in names:
        element = next((c for c in element if local_name(c) == name), None)
        if element is None:
            return None
    return element


def _article(article: Any, source: str) -> AnnotatedDocument:
    builder = DocumentBuilder()
    metadata = {"article_type": article.get("article-type", "")}
    ids: dict[str, str] = {}
    date = ""
    front = child(article, "front")
    meta = child(front, "article-meta") if front is not None else None
    if meta is not None:
        date = _meta(meta, builder, ids, metadata)
    journal = child(front, "journal-meta") if front is not None else None
    if journal is not None:
        for element in journal.iter():
            if local_name(element) == "journal-title":
                metadata["journal"] = collapse(inner_text(element))
                break
    add_body(article, builder)
    pmc = ids.get("pmc") or ids.get("pmcid") or ids.get("pmcaid") or ""
    pmc = f"PMC{pmc.removeprefix('PMC')}" if pmc else ""
    metadata |= {"doi": ids.get("doi", ""), "pmc": pmc, "pmid": ids.get("pmid", "")}
    metadata["publisher_id"] = ids.get("publisher-id", "")
    builder.describe(metadata)
    doi = ids.get("doi", "")
    identifier = (
        f"PMID:{ids['pmid']}" if ids.get("pmid")
        else f"PMC:{pmc}" if pmc
        else f"DOI:{doi}" if doi
        else ""
    )  # fmt: skip
    return AnnotatedDocument(builder.finish(identifier, date=date, source=source))


def _meta(
    meta: Any, builder: DocumentBuilder, ids: dict[str, str], metadata: dict[str, str]
) -> str:
    """Add title, abstracts and keywords; return the date."""
    dates: dict[str, str] = {}
    subjects: list[str] = []
    for element in meta:
        tag = local_name(element)
        if tag == "article-id":
            ids.setdefault(element.get("pub-id-type", ""), collapse(inner_text(element)))
        elif tag == "title-group":
            for part in element:
                if local_name(part) in {"article-title", "subtitle"}:
                    builder.add("title", collapse(inner_text(part)))
        elif tag in {"abstract", "trans-abstract"}:
            add_abstract(element, builder)
        elif tag == "kwd-group":
            words = [collapse(inner_text(w)) for w in element.iter() if local_name(w) == "kwd"]
            builder.add("keywords", ", ".join(filter(None, words)))
        elif tag == "pub-date":
            kind = element.get("pub-type") or element.get("date-type") or ""
            dates.setdefault(kind, _date(element))
        elif tag == "article-categories":
            subjects = [
                collapse(inner_text(s)) for s in element.iter() if local_name(s) == "subject"
            ]
        elif tag == "permissions":
            for part in element:
                if local_name(part) == "license":
                    href = next((v for k, v in part.attrib.items() if k.endswith("href")), "")
                    metadata["license"] = href or part.get("license-type", "")
    metadata["subjects"] = "|".join(dict.fromkeys(subjects))
    found = next((dates[kind] for kind in _DATES if dates.get(kind)), "")
    return found or next(filter(None, dates.values()), "")


def _date(element: Any) -> str:
    parts = {local_name(part): collapse(part.text or "") for part in element}
    iso = element.get("iso-8601-date", "")
    if not parts.get("year") and re.fullmatch(r"\d{4}(-\d\d){0,2}", iso):
        return str(iso)
    return iso_date(parts.get("year", ""), parts.get("month", ""), parts.get("day", ""))
