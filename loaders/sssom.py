"""SSSOM: which identifiers of other vocabularies an entity has, as a table of mappings.

https://mapping-commons.github.io/sssom/
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import InputError
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.rows import nodes

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_sssom", "read_sssom"]

_COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification",
    "subject_source",
)  # fmt: skip
# what a cross-reference means is not said: neither that it is exact nor who found it
_PREDICATE, _JUSTIFICATION = "oboInOwl:hasDbXref", "semapv:UnspecifiedMatching"
_EXTRA_PREFIXES = {
    "oboInOwl": "http://www.geneontology.org/formats/oboInOwl#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "bioregistry": "https://bioregistry.io/registry/",
}
_SPACES = str.maketrans("\t\r\n", "   ")


def export_sssom(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write the cross-references of all entities as SSSOM, TSV with its header in comments.

    Cross-references whose prefix the schema lacks are left out: SSSOM wants an IRI for each.
    """
    started = time.perf_counter()
    count = 0
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_header(schema))
        file.write("\t".join(_COLUMNS) + "\n")
        for row in nodes(tables):
            for other in sorted(set(row["xrefs"] or ())):
                if not _has_prefix(schema, other) or not _has_prefix(schema, row["id"]):
                    continue
                source = row["id"].partition(":")[0]
                cells = (row["id"], row["name"] or "", _PREDICATE, other, _JUSTIFICATION,
                         f"bioregistry:{source.lower()}")  # fmt: skip
                file.write("\t".join(cell.translate(_SPACES) for cell in cells) + "\n")
                count += 1
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows={"mappings": count})


def read_sssom(path: Path) -> Iterator[tuple[str, str]]:
    """Yield subject and object of the mappings of an SSSOM file, whatever their predicate.

    Raises:
        InputError: it has no such columns.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield row["subject_id"], row["object_id"]
    except (OSError, KeyError) as error:
        raise InputError(f"{path} can't be read as SSSOM ({error!r})") from error


def _header(schema: Schema) -> str:
    prefixes = {name: prefix.iri for name, prefix in schema.prefixes.items()} | _EXTRA_PREFIXES
    lines = [
        "mapping_set_id: urn:kgbuild:mappings",
        "mapping_set_title: Cross-references of a graph by kgbuild",
        "license: https://w3id.org/sssom/license/unspecified",
        "mapping_tool: kgbuild",
        "curie_map:",
        *(f'  {name}: "{iri}"' for name, iri in sorted(prefixes.items())),
    ]
    return "".join(f"# {line}\n" for line in lines)


def _has_prefix(schema: Schema, curie: str) -> bool:
    prefix, _, local = curie.partition(":")
    return prefix in schema.prefixes and bool(local)
