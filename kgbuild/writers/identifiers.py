"""Identifiers as annotated files write them: the way back of ``kgbuild.readers.identifiers``."""

from __future__ import annotations

import re
from urllib.parse import quote

from kgbuild.readers.identifiers import document_id, split_identifiers, to_curie

__all__ = ["escape", "plain_document_id", "plain_identifier", "reads_back"]

_SEPARATORS = re.compile(r"[%+,;|\t\n\r]")
_BARE = {"NCBIGene": "", "NCBITaxon": "", "DBSNP": "", "CVCL": "CVCL_"}


def escape(text: str) -> str:
    """Percent-encode what separates fields and identifiers in PubTator."""
    return _SEPARATORS.sub(lambda match: quote(match[0]), text)


def plain_document_id(curie: str) -> str:
    """Return the id without its prefix where the readers know it by its form.

    >>> plain_document_id("PMID:12"), plain_document_id("PMC:PMC1"), plain_document_id("x:1")
    ('12', 'PMC1', 'x:1')
    """
    local = curie.partition(":")[2]
    return local if document_id(local, prefix="PMID") == curie else curie


def reads_back(curie: str, category: str) -> bool:
    """Tell whether the readers make the same CURIE of ``curie`` as it is written."""
    return split_identifiers(curie, category) == [curie] and to_curie(curie, category) == curie


def plain_identifier(curie: str, category: str) -> str:
    """Return the form that PubTator files use, if the readers make the same CURIE of it.

    >>> plain_identifier("NCBIGene:6528", "Gene"), plain_identifier("NCBIGene:6528", "Disease")
    ('6528', 'NCBIGene:6528')
    """
    prefix, _, local = curie.partition(":")
    if prefix in _BARE:
        bare = _BARE[prefix] + local
        if split_identifiers(bare, category) == [bare] and to_curie(bare, category) == curie:
            return bare
    return curie
