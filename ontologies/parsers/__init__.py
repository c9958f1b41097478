"""Parsers of vocabularies, one format a file; each yields ``Term | Failure`` as it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.naming import nearest
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.records import Failure, Term

__all__ = ["FORMATS", "ParseOptions", "Parser", "parser_of"]

FORMATS = {
    "babelon": "babelon",
    "cellosaurus": "cellosaurus",
    "csv": "table",
    "gettext": "gettext",
    "hgnc": "hgnc",
    "jsonl": "jsonl",
    "mesh": "mesh",
    "mesh-ascii": "mesh_ascii",
    "mesh-xml": "mesh_xml",
    "ncbi-gene": "ncbi_gene",
    "ncbi-taxonomy": "ncbi_taxonomy",
    "obo": "obo",
    "obograph": "obograph",
    "owl": "owl",
    "owl-functional": "owl_functional",
    "skos": "skos",
    "term-list": "term_list",
    "tsv": "table",
    "umls": "umls",
}


class Parser(Protocol):
    """Parses one format."""

    def __call__(
        self, stream: BinaryIO, options: ParseOptions, *, source: str
    ) -> Iterator[Term | Failure]:
        """Yield the terms of ``stream`` in its order; what can't be read as a failure.

        Raises:
            VocabularyError: nothing of the file can be used.
        """
        ...


def parser_of(format: str) -> Parser:
    """Return the parser of a format.

    Raises:
        VocabularyError: there is none.
    """
    module = FORMATS.get(format)
    if module is None:
        raise VocabularyError(f"no vocabulary format '{format}': {nearest(format, FORMATS)}")
    found: Callable[..., Iterator[Term | Failure]] = import_module(
        f"kgbuild.ontologies.parsers.{module}"
    ).parse
    return cast("Parser", found)
