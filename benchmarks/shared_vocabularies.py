"""The vocabularies of ../shared/kb, read by kgbuild's own parsers, for the benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary

SHARED = Path(__file__).resolve().parents[2] / "shared"
KB = SHARED / "kb"
DESCRIPTORS = "mesh/mesh_id_label_mappings.tsv.gz"
RECORDS = "mesh/mesh_supp_id_label_mappings.tsv.gz"


def _vocabulary(name: str, file: str, form: str, **options: Any) -> Vocabulary:
    return Vocabulary(name, "", (KB / file,), form, ParseOptions(**options))


def shared_vocabularies() -> dict[str, Vocabulary]:
    """Return MeSH, HGNC, MONDO and HPO by name."""
    mesh = {"prefix": "MESH", "category": "ChemicalEntity"}
    return {
        "mesh": _vocabulary("mesh", DESCRIPTORS, "mesh", **mesh),
        "mesh-supplementary": _vocabulary(
            "mesh-supplementary", RECORDS, "mesh", companion=str(KB / DESCRIPTORS), **mesh
        ),
        "hgnc": _vocabulary(
            "hgnc", "hgnc/hgnc_entries.tsv.gz", "hgnc", prefix="HGNC", category="Gene"
        ),
        "mondo": _vocabulary(
            "mondo", "obo_json/mondo.json.gz", "term-list", prefix="MONDO", category="Disease"
        ),
        "hpo": _vocabulary(
            "hpo", "hpo/hp_2026-02-16.obo.gz", "obo",
            prefix="HP", category="PhenotypicFeature", keep=("HP",),
        ),
    }  # fmt: skip
