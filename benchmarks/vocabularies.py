"""Read every vocabulary in ../shared/kb: terms, names, seconds, MB/s, failures.

python benchmarks/vocabularies.py [FOLDER]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary, open_stream
from kgbuild.records import Failure

KB = Path(__file__).resolve().parents[2] / "shared" / "kb"
GENES = {"id": "ID", "name": "symbol", "abbreviations": "synonyms"}
MEDIC = ParseOptions(
    prefix="MESH", number_prefix="OMIM", category="Disease", header=False, delimiter="||",
    split_names=True, columns={"id": 0, "name": 1},
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    file: str
    format: str
    options: ParseOptions


def rows(folder: Path) -> list[Row]:
    def option(prefix: str = "", category: str = "", **more: object) -> ParseOptions:
        return ParseOptions(prefix=prefix, category=category, **more)  # type: ignore[arg-type]

    descriptors = "mesh/mesh_id_label_mappings.tsv.gz"
    lists = {"mondo": "MONDO", "doid": "DOID", "chebi": "CHEBI", "go": "GO", "hp": "HP",
             "efo": "EFO", "eccode": "EC", "ido": "IDO"}  # fmt: skip
    xref = {"ENSEMBL": "ensembl"}
    return [
        Row("hpo/hp_2026-02-16.obo.gz", "obo", option("HP", "PhenotypicFeature")),
        Row("doid/DO_cancer_slim.obo", "obo", option("DOID", "Disease")),
        Row("doid/DO_rare_slim.obo.gz", "obo", option("DOID", "Disease")),
        *(Row(f"obo_json/{n}.json.gz", "term-list", option(p)) for n, p in lists.items()),
        Row(descriptors, "mesh", option()),
        Row("mesh/mesh_supp_id_label_mappings.tsv.gz", "mesh",
            option(companion=str(folder / descriptors))),
        Row("hgnc/hgnc_entries.tsv.gz", "hgnc", option()),
        Row("hgnc/mgi_entries.tsv.gz", "tsv",
            option("MGI", "Gene", columns=GENES, xref_columns=xref)),
        Row("hgnc/rgd_entries.tsv.gz", "tsv",
            option("RGD", "Gene", columns=GENES, xref_columns=xref, separator=";")),
        Row("cl/cell_ontology_v2025-12-17.jsonl", "jsonl", option("CL", "Cell")),
        Row("medic/medic_06Jul2012.txt.gz", "tsv", MEDIC),
        Row("doid/HumanDO.tsv", "tsv", option("DOID", "Disease", columns={"name": "label"})),
    ]  # fmt: skip


def size_of(path: Path) -> int:
    with open_stream(path) as stream:
        return sum(len(chunk) for chunk in iter(lambda: stream.read(1 << 20), b""))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else KB
    table = Table("vocabulary", "format")
    for column in ("terms", "names", "obsolete", "seconds", "MB/s", "failures"):
        table.add_column(column, justify="right")
    for row in rows(folder):
        path = folder / row.file
        megabytes = size_of(path) / 1e6
        terms = names = obsolete = failures = 0
        start = time.perf_counter()
        for item in Vocabulary(row.file, "", (path,), row.format, row.options).terms():
            if isinstance(item, Failure):
                failures += 1
            else:
                terms += 1
                names += 1 + len(item.synonyms)
                obsolete += item.obsolete
        seconds = time.perf_counter() - start
        table.add_row(
            row.file, row.format, f"{terms:,}", f"{names:,}", f"{obsolete:,}", f"{seconds:.2f}",
            f"{megabytes / seconds:.1f}", f"{failures:,}",
        )  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
