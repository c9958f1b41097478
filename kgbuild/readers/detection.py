"""Finds out which format a file has, from its first bytes and, where they don't tell, its name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from kgbuild.errors import InputError

__all__ = ["DOCUMENT_MARK", "detect_format", "is_tagged"]

DOCUMENT_MARK = "-DOCSTART-"
"""What begins a line that parts the documents of an IOB file."""

_XML_ROOTS = {
    "PubmedArticleSet": "pubmed-xml", "PubmedArticle": "pubmed-xml",
    "PubmedBookArticleSet": "pubmed-xml", "PubmedBookArticle": "pubmed-xml",
    "MedlineCitationSet": "pubmed-xml", "MedlineCitation": "pubmed-xml",
    "DeleteCitation": "pubmed-xml", "DeleteDocument": "pubmed-xml",
    "article": "jats", "pmc-articleset": "jats", "OAI-PMH": "jats", "articles": "jats",
    "collection": "bioc-xml",
    "html": "html",
}  # fmt: skip
_SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text", ".text": "text", ".md": "markdown",
    ".markdown": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf",
    ".bio": "iob", ".conll": "iob", ".iob": "iob", ".iob2": "iob", ".nxml": "jats",
    ".pubtator": "pubtator", ".nbib": "medline", ".medline": "medline",
}  # fmt: skip
_PUBTATOR = re.compile(rb"^[^\s|][^|\t\n]{0,200}\|[ta]\|", re.MULTILINE)
_MEDLINE = re.compile(rb"^(?:PMID|OWN |STAT)\s?- ", re.MULTILINE)
_TAGGED = re.compile(r"\S.*?[\t ](?:O|[BIESLUM](?:[-_]\S+)?)[ \t]*")
_MARKUP = re.compile(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.S | re.I)
_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+([\w-]+)", re.IGNORECASE)


def detect_format(head: bytes, name: str) -> str:
    """Return the name of the format of a file that starts with ``head`` and is called ``name``.

    Raises:
        InputError: no known format; the message says what was seen.

    >>> detect_format(b"123|t|A title", "a.txt"), detect_format(b"# A title", "notes.md")
    ('pubtator', 'markdown')
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    suffix = _suffix(name)
    found = _by_mark(start, suffix, name) or _by_first_line(start) or _SUFFIXES.get(suffix, "")
    if not found and name == "-" and b"\0" not in head:
        found = "text"
    if found:
        return found
    raise InputError(
        f"unknown format: {name} (starts with {head[:20]!r}); name it with format=..., or leave "
        "the file out"
    )


def _by_mark(start: bytes, suffix: str, name: str) -> str:
    if suffix == ".ann":
        return "brat"
    if _is_tagged(start):
        return "iob"
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(b"<") and suffix not in {".md", ".markdown"}:
        return _detect_xml(start, suffix, name)
    if start[:1] in {b"{", b"["} and suffix not in {".txt", ".md", ".markdown"}:
        return _detect_json(start, suffix)
    return ""


def _by_first_line(start: bytes) -> str:
    if _PUBTATOR.match(start.split(b"\n", 1)[0]):
        return "pubtator"
    return "medline" if _MEDLINE.match(start) else ""


def _is_tagged(start: bytes) -> bool:
    """Tell whether the first lines (twenty at most, empty ones aside) are tokens with tags."""
    lines = [line for line in start.split(b"\n", 40)[:40] if line.strip()][:20]
    # Three at least, for a text may end in a capital: "Hepatitis B".
    return len(lines) >= 3 and all(is_tagged(line.decode("utf-8", "replace")) for line in lines)


def is_tagged(line: str) -> bool:
    r"""Tell whether a line holds a token and, last, a tag of IOB or its kin, or parts documents.

    >>> is_tagged("Aspirin\tB-Chemical"), is_tagged("-DOCSTART- 12"), is_tagged("Aspirin helps.")
    (True, True, False)
    """
    return line.startswith(DOCUMENT_MARK) or bool(_TAGGED.fullmatch(line.rstrip("\r")))


def _suffix(name: str) -> str:
    path = PurePosixPath(name.rpartition("!")[2])
    if path.suffix.lower() == ".gz":
        path = path.with_suffix("")
    return path.suffix.lower()


def _detect_xml(start: bytes, suffix: str, name: str) -> str:
    rest = _MARKUP.sub(b"", start)
    root = _ROOT.search(rest) or _DOCTYPE.search(start)
    tag = root[1].decode() if root else ""
    if tag in _XML_ROOTS:
        return _XML_ROOTS[tag]
    if tag.lower() == "html" or suffix in {".html", ".htm", ".xhtml"}:
        return "html"
    declared = _DOCTYPE.search(start)
    if declared and declared[1].decode() in _XML_ROOTS:
        return _XML_ROOTS[declared[1].decode()]
    raise InputError(
        f"unknown XML: {name} has the root <{tag or '?'}>; expected PubmedArticleSet, article, "
        "pmc-articleset, collection (BioC) or html; or name the format"
    )


def _detect_json(start: bytes, suffix: str) -> str:
    if re.search(rb'"(?:passages|PubTator3)"\s*:', start) or re.search(
        rb'"documents"\s*:\s*\[', start
    ):
        return "bioc-json"
    if suffix in {".jsonl", ".ndjson"} or start.startswith(b"{"):
        return "jsonl"
    return "bioc-json"
