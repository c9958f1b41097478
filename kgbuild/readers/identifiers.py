"""Identifiers as annotated corpora write them, and the CURIEs that they mean."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["document_id", "is_variant", "known_prefix", "split_identifiers", "to_curie"]

_CURIE = re.compile(r"[A-Za-z][\w.\-]*:[^\s/].*")
_MESH = re.compile(r"[CD]\d{6,9}")
_PREFIXES = {
    "mesh": "MESH", "omim": "OMIM", "mim": "OMIM", "ncbigene": "NCBIGene", "gene": "NCBIGene",
    "ncbi gene": "NCBIGene", "ncbi_gene": "NCBIGene", "entrezgene": "NCBIGene",
    "geneid": "NCBIGene", "ncbi_mesh": "MESH",
    "ncbitaxon": "NCBITaxon", "taxonomy": "NCBITaxon", "ncbi taxonomy": "NCBITaxon",
    "ncbi_taxonomy": "NCBITaxon", "species": "NCBITaxon", "tax": "NCBITaxon",
    "rs": "DBSNP", "rs#": "DBSNP", "rsid": "DBSNP", "dbsnp": "DBSNP",
    "cvcl": "CVCL", "cellosaurus": "CVCL", "chebi": "CHEBI", "hp": "HP", "hpo": "HP",
    "mondo": "MONDO", "doid": "DOID", "go": "GO", "cl": "CL", "uberon": "UBERON",
    "hgnc": "HGNC", "tmvar": "tmVar",
}  # fmt: skip
_UNDERSCORED = re.compile(r"(CVCL|HP|MONDO|DOID|CHEBI|GO|CL|UBERON)_(\w+)")
_ABSENT = {"", "-", "-1", "none", "null", "nan", "na", "n/a", "unknown"}
_VARIANT = re.compile(r"variant|mutation|snp|variation|allele|acidchange", re.IGNORECASE)
_GENE = re.compile(r"gene|protein", re.IGNORECASE)
_TAXON = re.compile(r"species|organism|taxon", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def is_variant(category: str) -> bool:
    """Tell whether a raw label names sequence variants, whose identifiers hold ``|``."""
    return bool(_VARIANT.search(category))


def known_prefix(name: str) -> str:
    """Return the CURIE prefix that a database goes by, or empty.

    >>> known_prefix("ncbi_gene"), known_prefix("Rs#"), known_prefix("type")
    ('NCBIGene', 'DBSNP', '')
    """
    return _PREFIXES.get(name.lower(), "")


def split_identifiers(raw: str, category: str) -> list[str]:
    """Return the identifiers that an annotation's identifier field lists, none for ``-`` or ``-1``.

    ``,`` ``;`` ``|`` and ``+`` separate; of a variant's ``c|SUB|A|1|T`` only ``,`` does.

    >>> split_identifiers("D002318|D012131", "Disease"), split_identifiers("-1", "Chemical")
    (['D002318', 'D012131'], [])
    >>> split_identifiers("c|DEL|1314_1328|", "SequenceVariant")
    ['c|DEL|1314_1328|']
    """
    pattern = r"," if is_variant(category) else r"[,;|+]"
    parts = [part.strip() for part in re.split(pattern, raw)]
    return list(dict.fromkeys(part for part in parts if part.lower() not in _ABSENT))


def to_curie(raw: str, category: str) -> str:
    """Return the CURIE that ``raw`` means for an annotation of ``category``, or empty.

    >>> to_curie("D016651", "Chemical"), to_curie("9606", "Species"), to_curie("rs6318", "SNP")
    ('MESH:D016651', 'NCBITaxon:9606', 'DBSNP:rs6318')
    >>> to_curie("CVCL_0302", "CellLine"), to_curie("6528", "Gene"), to_curie("6528", "Disease")
    ('CVCL:0302', 'NCBIGene:6528', '')
    """
    raw = raw.strip()
    if match := re.fullmatch(r"(\d+)\s*\(Tax:\d+\)", raw):
        raw = match[1]
    if is_variant(category):
        return _variant(raw)
    if raw.isdecimal():
        gene, taxon = _GENE.search(category), _TAXON.search(category)
        return f"NCBIGene:{raw}" if gene else f"NCBITaxon:{raw}" if taxon else ""
    return _by_form(raw) or _prefixed(raw)


def _by_form(raw: str) -> str:
    if _MESH.fullmatch(raw):
        return f"MESH:{raw}"
    if match := _UNDERSCORED.fullmatch(raw):
        return f"{match[1]}:{match[2]}"
    return f"DBSNP:{raw}" if re.fullmatch(r"rs\d+", raw) else ""


def _variant(raw: str) -> str:
    if match := re.search(r"\b(?:rs#?|RSID)[:#]?\s*(\d+)", raw, re.IGNORECASE):
        return f"DBSNP:rs{match[1]}"
    raw = raw.partition(";")[0]
    if not raw:
        return ""
    prefixed = _prefixed(raw)
    return prefixed or f"tmVar:{raw}"


def _prefixed(raw: str) -> str:
    prefix, colon, local = raw.partition(":")
    if not colon or not _CURIE.fullmatch(raw):
        return ""
    known = _PREFIXES.get(prefix.lower(), prefix)
    if local.upper().startswith(prefix.upper() + "_"):
        local = local[len(prefix) + 1 :]
    return f"{known}:{local}"


def document_id(raw: str, *, prefix: str = "") -> str:
    """Return the CURIE of a document that its source calls ``raw``; empty for an empty one.

    Without ``prefix``, DOIs, PMC ids and CURIEs are known by their form; anything else is local
    and becomes ``kgb.doc:raw``.

    >>> document_id("PMC123"), document_id("10.1/x"), document_id("12", prefix="PMID")
    ('PMC:PMC123', 'kgb.doc:10.1%2Fx', 'PMID:12')
    >>> document_id("10.1016/j.cell.1"), document_id("my note")
    ('DOI:10.1016/j.cell.1', 'kgb.doc:my%20note')
    """
    raw = raw.strip()
    if not raw:
        return ""
    if re.fullmatch(r"PMC\d+", raw):
        return f"PMC:{raw}"
    if _DOI.fullmatch(raw):
        return f"DOI:{raw}"
    if _CURIE.fullmatch(raw) and " " not in raw:
        return raw
    if prefix and (prefix != "PMID" or raw.isdecimal()):
        return f"{prefix}:{quote(raw)}"
    return f"kgb.doc:{quote(raw, safe='')}"
