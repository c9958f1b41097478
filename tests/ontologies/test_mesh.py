"""MeSH's tables."""

from __future__ import annotations

from pathlib import Path

from parsing import parse, split, write

from kgbuild.records import Synonym


def test_mesh_categories_follow_the_trees(tmp_path: Path) -> None:
    rows = [
        ("D000001", "Calcimycin", "A-23187|Calcimycin", "D03.633"),
        ("D000002", "Neoplasms", "Tumors", "C04"),
        ("D000003", "Lung Neoplasms", "", "C04.588|C08.381"),
        ("D000004", "HeLa Cells", "", "A11.251.210.190"),
        ("D000005", "Neurons", "", "A11.671|A08.675"),
        ("D000006", "Abbreviations as Topic", "", "L01.559"),
        ("D000007", "", "", "C04.1"),
        ("D000008", "Anticonvulsants", "", "D27.505.954.427"),
        ("D000009", "Solvents of a kind", "", "D02.455|D27.720.844"),
    ]
    descriptors = write(tmp_path, "d.tsv", "".join("\t".join(r) + "\n" for r in rows))
    terms, failures = split(parse(descriptors))
    assert {t.id: t.category for t in terms} == {
        "MESH:D000001": "ChemicalEntity", "MESH:D000002": "Disease", "MESH:D000003": "Disease",
        "MESH:D000004": "CellLine", "MESH:D000005": "Cell", "MESH:D000008": "ChemicalRole",
        "MESH:D000009": "ChemicalEntity",
    }  # fmt: skip
    assert terms[2].parents == ("MESH:D000002",)
    assert terms[0].synonyms == (Synonym("A-23187"),)
    assert failures[0].reason == "MESH:D000007 has no name"
    extra = "C000001\tdrug\t\tD000001\nC500002\trare tumor\t\tD000002\nC3\tx\t\tD000006\n"
    extra += "C000004\tphenybarb\t\tD000008\n"
    supplementary = write(tmp_path, "c.tsv", extra.replace("C3", "C000003"))
    found = split(parse(supplementary, companion=str(descriptors)))[0]
    assert [(t.category, t.parents) for t in found] == [
        ("ChemicalEntity", ("MESH:D000001",)), ("Disease", ("MESH:D000002",)),
        ("ChemicalEntity", ("MESH:D000008",)),
    ]  # fmt: skip


def test_mesh_records_know_the_ids_that_they_had_before(tmp_path: Path) -> None:
    table = "D000068698\tTenofovir\t\tD03.633\n"
    [term] = split(parse(write(tmp_path, "d.tsv", table)))[0]
    assert term.exact == ("MESH:C096918", "MESH:C418563")


def test_mesh_products_of_human_genes_are_named_without_the_species(tmp_path: Path) -> None:
    table = (
        "C000001\tTMPRSS6 protein, human\tmatriptase-2, human|transmembrane serine protease 6"
        " protein, human\tD2\n"
        "C000002\tTmprss6 protein, mouse\tmatriptase-2, mouse\tD2\n"
    )
    human, mouse = split(parse(write(tmp_path, "mesh_supp.tsv", table)))[0]
    assert human.exact == ("hgnc.symbol:TMPRSS6",)
    assert [(s.text, s.scope) for s in human.synonyms[2:]] == [
        ("TMPRSS6", "abbreviation"),
        ("matriptase-2", "abbreviation"),
        ("transmembrane serine protease 6", "exact"),
    ]
    assert (mouse.exact, len(mouse.synonyms)) == ((), 1)
