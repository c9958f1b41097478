"""The terms of RDF: namespaces, IRIs of identifiers, literals, each valid whatever the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kgbuild.errors import ConfigError

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = [
    "GRAPH_IRI",
    "NAMESPACE",
    "PREFIXES",
    "curie_of",
    "iri_of",
    "literal",
    "percent",
    "prefixes_of",
]

NAMESPACE = "urn:kgbuild:"
"""What the prefix ``kgb`` stands for, in every schema."""
GRAPH_IRI = NAMESPACE + "graph"

PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "prov": "http://www.w3.org/ns/prov#",
    "oa": "http://www.w3.org/ns/oa#",
    "void": "http://rdfs.org/ns/void#",
    "sh": "http://www.w3.org/ns/shacl#",
    "dcterms": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "biolink": "https://w3id.org/biolink/vocab/",
    "kgb": NAMESPACE,
}

# RFC 3987's characters, less %, # and brackets, and less what some tools take for a line end
_PLANES = "".join(f"{chr(n << 16)}-{chr((n << 16) + 0xFFFD)}" for n in range(1, 14))
_IRI_UNSAFE = re.compile(
    f"[^!$&'()*+,./0-9:;=?@A-Z_a-z~\\-\xa0-\u2027\u202a-\ud7ff\uf900-\ufdcf\ufdf0-\uffef{_PLANES}]"
)
# besides what the grammar asks: controls and line ends, for tools that read line by line
_LITERAL_UNSAFE = re.compile(r"[\x00-\x1f\"\\\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def prefixes_of(schema: Schema) -> dict[str, str]:
    """Return the prefixes for queries and Turtle: the schema's, the usual ones and ``kgb``."""
    return {prefix.name: prefix.iri for prefix in schema.prefixes.values()} | PREFIXES


def iri_of(schema: Schema, curie: str) -> str:
    """Return the IRI of ``curie``, valid whatever its characters.

    What has no prefix, or one that the schema lacks, becomes ``urn:kgbuild:curie:CURIE``.

    >>> from kgbuild.ontologies.schema import Schema
    >>> iri_of(Schema.load(), "DOI:10.1/a<b>")
    'https://doi.org/10.1/a%3Cb%3E'
    """
    safe = percent(curie)
    try:
        return schema.expand(safe)
    except (ConfigError, ValueError):  # no such prefix, or no CURIE at all
        return f"{NAMESPACE}curie:{safe}"


def curie_of(schema: Schema, iri: str) -> str:
    """Return the CURIE that ``iri_of`` made ``iri`` of, else ``iri``."""
    unknown = f"{NAMESPACE}curie:"
    if iri.startswith(unknown):
        return unquote(iri.removeprefix(unknown))
    curie = schema.compress(iri)
    if curie is None:
        for prefix, start in prefixes_of(schema).items():
            if iri.startswith(start):
                return f"{prefix}:{iri.removeprefix(start)}"
        return iri
    return unquote(curie) if "%" in curie else curie


def percent(text: str) -> str:
    """Return ``text`` with what an IRI can't hold, and ``%``, as percent escapes."""
    return _IRI_UNSAFE.sub(_percent, text)


def literal(text: str) -> str:
    """Return ``text`` as a plain literal of N-Triples."""
    if _LITERAL_UNSAFE.search(text):
        text = _LITERAL_UNSAFE.sub(_escape, text)
    return f'"{text}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode())
