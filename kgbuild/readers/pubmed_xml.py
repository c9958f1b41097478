"""PubMed and MEDLINE XML (https://dtd.nlm.nih.gov/ncbi/pubmed/), sets of any size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder, collapse
from kgbuild.readers.dates import iso_date, loose_date
from kgbuild.readers.xml_records import inner_text, records
from kgbuild.records import AnnotatedDocument, Failure, Withdrawal

__all__ = ["PubmedXmlReader"]

_TAGS = (
    "PubmedArticle", "PubmedBookArticle", "MedlineCitation", "DeleteCitation", "DeleteDocument",
)  # fmt: skip
_ARTICLE_IDS = {"doi": "doi", "pmc": "pmc", "pii": "pii"}


class PubmedXmlReader:
    """Reads ``PubmedArticleSet``, ``MedlineCitationSet`` and single articles of either.

    A document is the title, the sections of the abstract (``label`` is the section's label, which
    is not part of the text), and further abstracts in English. Metadata: journal,
    journal_abbreviation, doi, pmc, mesh (names), mesh_ids, mesh_headings (with qualifiers, ``*``
    for major topics, as MEDLINE writes them), chemicals, chemical_ids, keywords,
    publication_types, language, vernacular_title, version, revised, status, retracted, and
    abstract_xxx for an abstract in another language xxx.

    A ``DeleteCitation`` yields withdrawals. References, authors and affiliations are not read.
    """

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield documents, withdrawals and failures, in the order of the file."""
        pattern = rb"<PMID[^>]*>\s*(\d+)"
        for record in records(
            stream, _TAGS, source=source, id_pattern=pattern, to_id="PMID:{}".format
        ):
            if isinstance(record, Failure):
                yield record
                continue
            element = record.element
            if element.tag.startswith("Delete"):
                for pmid in element.iter("PMID"):
                    yield Withdrawal(f"PMID:{(pmid.text or '').strip()}", source)
                continue
            document = (
                _book(element, source) if "Book" in element.tag else _article(element, source)
            )
            if document is None:
                yield Failure(
                    source, "read", f"expected a <PMID> in <{element.tag}>, found none",
                    place=f"line {record.line}, record {record.number}",
                )  # fmt: skip
            else:
                yield document


def _text(parent: Any, tag: str) -> str:
    element = parent.find(tag) if parent is not None else None
    return "" if element is None else collapse(inner_text(element))


def _date(element: Any) -> str:
    if element is None:
        return ""
    parts = {child.tag: (child.text or "").strip() for child in element}
    if "Year" in parts:
        return iso_date(parts["Year"], parts.get("Month", ""), parts.get("Day", ""))
    return loose_date(parts.get("MedlineDate", ""))


def _article(element: Any, source: str) -> AnnotatedDocument | None:
    citation = element.find("MedlineCitation") if element.tag == "PubmedArticle" else element
    if citation is None:
        return None
    builder = DocumentBuilder()
    children = {child.tag: child for child in citation}
    pmid = children.get("PMID")
    article = children.get("Article")
    if pmid is None or not (pmid.text or "").strip():
        return None
    metadata = {
        "version": pmid.get("Version", ""),
        "status": citation.get("Status", ""),
        "revised": _date(children.get("DateRevised")),
    }
    date = ""
    if article is not None:
        date = _content(article, builder, metadata)
    _indexing(citation, children, metadata)
    for other in citation.iterfind("OtherAbstract"):
        _other_abstract(other, builder, metadata)
    data = element.find("PubmedData")
    if data is not None:
        _article_ids(data.find("ArticleIdList"), metadata)
    builder.describe(metadata)
    identifier = f"PMID:{pmid.text.strip()}"
    return AnnotatedDocument(builder.finish(identifier, date=date, source=source))


def _content(article: Any, builder: DocumentBuilder, metadata: dict[str, str]) -> str:
    """Add title and abstract; return the date."""
    date = printed = ""
    languages: list[str] = []
    for child in article:
        tag = child.tag
        if tag == "ArticleTitle":
            builder.add("title", collapse(inner_text(child)))
        elif tag == "Abstract":
            _abstract(child, builder)
        elif tag == "Journal":
            metadata["journal"] = _text(child, "Title")
            metadata["journal_abbreviation"] = _text(child, "ISOAbbreviation")
            printed = _date(child.find("JournalIssue/PubDate"))
        elif tag == "ArticleDate":
            date = date or _date(child)
        elif tag == "Language":
            languages.append(child.text or "")
        elif tag == "ELocationID" and child.get("ValidYN") != "N":
            if child.get("EIdType") == "doi":
                metadata["doi"] = collapse(child.text or "")
        elif tag == "VernacularTitle":
            metadata["vernacular_title"] = collapse(inner_text(child))
        elif tag == "PublicationTypeList":
            types = [collapse(kind.text or "") for kind in child]
            metadata["publication_types"] = "|".join(types)
            metadata["retracted"] = "true" if "Retracted Publication" in types else ""
    metadata["language"] = "|".join(languages)
    return date or printed


def _abstract(abstract: Any, builder: DocumentBuilder, label: str = "") -> None:
    for section in abstract.iterfind("AbstractText"):
        builder.add("abstract", collapse(inner_text(section)), section.get("Label", "") or label)


def _other_abstract(other: Any, builder: DocumentBuilder, metadata: dict[str, str]) -> None:
    language = other.get("Language", "eng")
    if language == "eng":
        _abstract(other, builder, other.get("Type", ""))
    else:
        texts = [collapse(inner_text(section)) for section in other.iterfind("AbstractText")]
        metadata[f"abstract_{language}"] = "\n".join(texts)


def _indexing(citation: Any, children: dict[str, Any], metadata: dict[str, str]) -> None:
    """Add MeSH headings, chemicals and keywords."""
    headings = children.get("MeshHeadingList")
    if headings is not None:
        names, ids, full = [], [], []
        for heading in headings:
            parts: list[str] = []
            for part in heading:
                text = part.text or ""
                if not parts:
                    names.append(text)
                    ids.append(_mesh(part.get("UI", "")))
                parts.append(f"*{text}" if part.get("MajorTopicYN") == "Y" else text)
            full.append("/".join(parts))
        metadata["mesh"] = "|".join(names)
        metadata["mesh_ids"] = "|".join(ids) if any(ids) else ""
        metadata["mesh_headings"] = "|".join(full)
    chemicals = children.get("ChemicalList")
    if chemicals is not None:
        substances = list(chemicals.iter("NameOfSubstance"))
        metadata["chemicals"] = "|".join(collapse(item.text or "") for item in substances)
        ids = [_mesh(item.get("UI", "")) for item in substances]
        metadata["chemical_ids"] = "|".join(ids) if any(ids) else ""
    if "KeywordList" in children:
        words = [collapse(inner_text(word)) for word in citation.iterfind("KeywordList/Keyword")]
        metadata["keywords"] = "|".join(filter(None, words))


def _mesh(ui: str) -> str:
    return f"MESH:{ui}" if ui else ""


def _article_ids(ids: Any, metadata: dict[str, str]) -> None:
    if ids is None:
        return
    for item in ids:
        key = _ARTICLE_IDS.get(item.get("IdType", ""))
        if key and item.text and not metadata.get(key):
            metadata[key] = collapse(item.text)


def _book(element: Any, source: str) -> AnnotatedDocument | None:
    document = element.find("BookDocument")
    pmid = document.find("PMID") if document is not None else None
    if pmid is None or not (pmid.text or "").strip():
        return None
    builder = DocumentBuilder()
    book = document.find("Book")
    book_title = _text(book, "BookTitle")
    builder.add("title", _text(document, "ArticleTitle") or book_title)
    for abstract in document.iterfind("Abstract"):
        _abstract(abstract, builder)
    for section in document.iterfind("Sections/Section"):
        builder.add("heading", _text(section, "SectionTitle"))
    metadata = {
        "book": book_title,
        "publisher": _text(book, "Publisher/PublisherName"),
        "version": pmid.get("Version", ""),
        "revised": _date(document.find("DateRevised")),
        "language": _text(document, "Language"),
        "publication_types": "|".join(
            collapse(kind.text or "") for kind in document.iterfind("PublicationType")
        ),
        "keywords": "|".join(
            collapse(inner_text(word)) for word in document.iterfind("KeywordList/Keyword")
        ),
    }
    _article_ids(document.find("ArticleIdList"), metadata)
    builder.describe(metadata)
    date = _date(document.find("ContributionDate")) or _date(
        book.find("PubDate") if book is not None else None
    )
    return AnnotatedDocument(builder.finish(f"PMID:{pmid.text.strip()}", date=date, source=source))
