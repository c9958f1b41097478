"""Tell the format and the release of a vocabulary file from how it begins."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers import FORMATS
from kgbuild.ontologies.parsers.lines import READ_ERRORS
from kgbuild.ontologies.vocabulary import open_stream

__all__ = ["companion_of", "detect_format", "detect_release", "head_of", "main_file"]

_HEAD = 256 * 1024
_MESH = re.compile(r"[CD]\d{6,9}\t[^\t\n]+\t[^\t\n]*\t")
_UMLS = re.compile(r"C\d{7}\|[A-Z]{3}\|")
_TAXA = re.compile(r"\d+\t\|\t")
_CELLS = re.compile(r"^ID   \S.*\nAC   CVCL_", re.MULTILINE)
_COMPANIONS = {"umls": "MRSTY.RRF", "ncbi-taxonomy": "nodes.dmp"}
_MAIN_FILES = ("MRCONSO.RRF", "names.dmp")
_RELEASES = (
    re.compile(r"^data-version: *(?:\w+/releases/)?(\S+)", re.MULTILINE),
    re.compile(r"owl:versionInfo[^>]*>([^<]+)<"),
    re.compile(r'owl:versionIRI[^>]*resource="[^"]*?(\d{4}-\d{2}-\d{2})'),
    re.compile(r'owl:versionInfo +"([^"]+)"'),
    re.compile(r'"version" *: *"[^"]*?(\d{4}-\d{2}-\d{2})[^"]*"'),
)


def head_of(path: Path) -> str:
    """Return the first 256 KiB of a file, decompressed, as text.

    Raises:
        VocabularyError: it can't be read.
    """
    with open_stream(path) as stream:
        data = b""
        try:
            while len(data) < _HEAD and (more := stream.read(16 * 1024)):
                data += more
        except (*READ_ERRORS, zlib.error) as error:
            if not data:
                raise VocabularyError(f"{path}: it can't be read ({error})") from error
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def detect_format(head: str, name: str) -> str:
    """Return the format of a file that begins with ``head`` and is called ``name``.

    >>> detect_format("format-version: 1.2", "x.obo"), detect_format("id,name", "x.csv")
    ('obo', 'csv')

    Raises:
        VocabularyError: it is none that is known.
    """
    start = head.lstrip()
    if not start:
        raise VocabularyError(f"{name}: empty: expected a vocabulary")
    if "subject_id\t" in start and "\tpredicate_id" in start and "translation_value" not in start:
        raise VocabularyError(
            f"{name}: SSSOM mappings, which hold no terms: name the file under 'mappings' in the "
            "configuration, or give it as --mappings"
        )
    if re.match(r"<!doctype html|<html", start, re.IGNORECASE):
        raise VocabularyError(f"{name}: a web page, not a vocabulary: fetch the file itself")
    found = _by_content(start) or _by_name(name, start.partition("\n")[0])
    if not found:
        raise VocabularyError(
            f"{name}: its format can't be told: expected one of {', '.join(sorted(FORMATS))};"
            " name it (format=...)"
        )
    return found


def _by_content(start: str) -> str:
    first = start.partition("\n")[0]
    if found := _by_first_words(start, first):
        return found
    skos = "skos/core#" in start and re.search(r"skos:Concept\b|core#Concept\b", start)
    owl = "owl#Class" in start or "owl:Class" in start or start.startswith(("<?xml", "<rdf:RDF"))
    signs = {
        "obo": re.search(r"^\[Term\]|^format-version:", start, re.MULTILINE),
        _json_format(start): start[0] in "[{",
        "skos": skos,
        "owl": owl,
        "hgnc": "HGNC ID\t" in first or "hgnc_id\t" in first,
        "mesh": _MESH.match(start),
    }
    return next((format for format, sign in signs.items() if sign), "")


def _by_first_words(start: str, first: str) -> str:
    """Return the format that the file's first words leave no doubt of, or ""."""
    signs = {
        "ncbi-taxonomy": start[257:262] == "ustar" or _TAXA.match(start),
        "mesh-ascii": start.startswith("*NEWRECORD"),
        "mesh-xml": re.search(r"<(?:Descriptor|Supplemental)RecordSet\b", start[:4096]),
        "umls": _UMLS.match(start),
        "ncbi-gene": first.lstrip("#").startswith("tax_id\tGeneID\t"),
        "gettext": re.search(r'^msgctxt "model:gnuhealth', start, re.MULTILINE),
        "babelon": "subject_id" in first and "translation_value" in first,
        "owl-functional": re.match(r"(?:Prefix|Ontology)\s*\(", start),
        "cellosaurus": _CELLS.search(start),
    }
    return next((format for format, sign in signs.items() if sign), "")


def main_file(folder: Path) -> Path | None:
    """Return the file of a folder that is given as a vocabulary (UMLS, NCBI Taxonomy), or None."""
    names = (f"{name}{suffix}" for name in _MAIN_FILES for suffix in ("", ".gz"))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def companion_of(path: Path, format: str) -> str:
    """Return the file beside ``path`` without which it says too little, where it is there."""
    name = _COMPANIONS.get(format)
    found = (path.with_name(f"{name}{suffix}") for suffix in ("", ".gz"))
    return next((str(file) for file in found if name and file.is_file()), "")


def _by_name(name: str, first_line: str) -> str:
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    known = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".ttl": "skos", ".nt": "skos"}
    return known.get(suffix) or ("tsv" if "\t" in first_line else "")


def _json_format(start: str) -> str:
    if start[0] == "[":
        return "term-list"
    return "obograph" if re.match(r'\{\s*"(graphs|meta|@context)"\s*:', start) else "jsonl"


def detect_release(head: str) -> str:
    """Return the release that the file says it is, or ""."""
    for pattern in _RELEASES:
        if found := pattern.search(head):
            return found.group(1).strip()
    return ""
