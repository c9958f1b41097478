from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.errors import ConfigError
from kgbuild.ontologies import Schema

BIOMEDICAL = Schema.load("biomedical")
SMALL = """\
name: small
namespace: ex
categories:
  Thing: {abstract: true}
  Cat: {parents: [Thing], aliases: [feline], prefixes: [ex]}
predicates:
  chases: {domain: [Cat]}
  chased_by: {inverse_of: chases}
prefixes:
  ex: {iri: "http://ex.org/"}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "schema.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Chemical", "ChemicalEntity"),
        ("CHEMICAL", "ChemicalEntity"),
        ("DiseaseOrPhenotypicFeature", "Disease"),
        ("GeneOrGeneProduct", "Gene"),
        ("GENE-Y", "Gene"),
        ("SNP", "SequenceVariant"),
        ("ProteinMutation", "SequenceVariant"),
        ("Species", "OrganismTaxon"),
        ("cell_line", "CellLine"),
        ("cell_type", "Cell"),
        ("Anatomy", "AnatomicalEntity"),
        ("SpecificDisease", "Disease"),
        ("protein", "Protein"),
        ("PhenotypicFeature", "PhenotypicFeature"),
        ("no such label", None),
        ("", None),
    ],
)
def test_labels_of_corpora_map_to_categories(raw: str, expected: str | None) -> None:
    assert BIOMEDICAL.category(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("CID", "causes"),
        ("Positive_Correlation", "positively_correlated_with"),
        ("Association", "associated_with"),
        ("Bind", "binds"),
        ("Cotreatment", "combined_with"),
        ("Comparison", "compared_with"),
        ("Conversion", "converts_to"),
        ("Drug_Interaction", "interacts_with"),
        ("CPR:3", "activates"),
        ("CPR:4", "inhibits"),
        ("CPR:5", "agonist_of"),
        ("CPR:6", "antagonist_of"),
        ("CPR:7", "affects"),
        ("CPR:8", "cofactor_of"),
        ("CPR:9", "substrate_of"),
        ("negative_correlate", "negatively_correlated_with"),
        ("treats", "treats"),
        ("no such label", None),
    ],
)
def test_labels_of_corpora_map_to_predicates(raw: str, expected: str | None) -> None:
    assert BIOMEDICAL.predicate(raw) == expected


def test_every_label_in_the_shared_corpora_is_known(shared: Path) -> None:
    categories, predicates = set(), set()
    biored = shared / "corpora/biored/Train.PubTator"
    cdr = shared / "corpora/bc5cdr/CDR_TrainingSet.PubTator.txt"
    for path in (biored, cdr):
        for line in path.read_text("utf-8").splitlines():
            cells = line.split("\t")
            if len(cells) >= 6:
                categories.add(cells[4])
            elif len(cells) >= 4:
                predicates.add(cells[1])
    assert categories >= {"ChemicalEntity", "Disease"}
    assert predicates >= {"CID", "Bind"}
    assert [raw for raw in categories if BIOMEDICAL.category(raw) is None] == []
    assert [raw for raw in predicates if BIOMEDICAL.predicate(raw) is None] == []


def test_predicates_that_the_extractors_name_exist() -> None:
    expected = """treats causes associated_with increases decreases inhibits activates binds
        expressed_in has_phenotype cooccurs_with prevents predisposes_to has_variant interacts_with
        positively_correlated_with negatively_correlated_with combined_with compared_with
        converts_to"""
    assert set(re.split(r"\s+", expected)) <= set(BIOMEDICAL.predicates)


def test_inverse_predicates_are_turned_round_and_symmetric_ones_ordered() -> None:
    assert BIOMEDICAL.canonical("B:1", "treated_by", "A:1") == ("A:1", "treats", "B:1")
    assert BIOMEDICAL.canonical("B:1", "treats", "A:1") == ("B:1", "treats", "A:1")
    assert BIOMEDICAL.canonical("B:1", "binds", "A:1") == ("A:1", "binds", "B:1")
    assert BIOMEDICAL.canonical("B:1", "unheard_of", "A:1") == ("B:1", "unheard_of", "A:1")


@given(st.text(), st.sampled_from(sorted(BIOMEDICAL.predicates)), st.text())
def test_canonical_is_a_fixed_point(subject: str, predicate: str, object: str) -> None:
    once = BIOMEDICAL.canonical(subject, predicate, object)
    assert BIOMEDICAL.canonical(*once) == once
    assert BIOMEDICAL.predicates[once[1]].canonical


def test_domain_and_range_count_ancestors() -> None:
    assert BIOMEDICAL.allows("Drug", "treats", "Disease")
    assert not BIOMEDICAL.allows("Disease", "treats", "Drug")
    assert BIOMEDICAL.allows("Disease", "treated_by", "Drug")
    assert BIOMEDICAL.allows("Gene", "expressed_in", "Cell")
    assert BIOMEDICAL.allows("ChemicalEntity", "combined_with", "Procedure")
    assert not BIOMEDICAL.allows("Nothing", "related_to", "Gene")
    assert not BIOMEDICAL.allows("Gene", "nothing", "Gene")
    assert BIOMEDICAL.is_a("Cell", "AnatomicalEntity")
    assert not BIOMEDICAL.is_a("AnatomicalEntity", "Cell")


def test_every_name_has_an_iri_of_its_own() -> None:
    for schema in (BIOMEDICAL, Schema.load("computer-science")):
        iris = [schema.predicate_iri(name) for name in schema.predicates]
        assert len(set(iris)) == len(iris)
        assert all("://" in schema.category_iri(c) or "urn:" in schema.category_iri(c)
                   for c in schema.categories)  # fmt: skip


def test_curies_are_expanded_compressed_and_spelt_in_one_way() -> None:
    iri = "http://purl.obolibrary.org/obo/MONDO_0005148"
    assert BIOMEDICAL.expand("MONDO:0005148") == iri
    assert BIOMEDICAL.compress(iri) == "MONDO:0005148"
    assert BIOMEDICAL.compress("https://pubmed.ncbi.nlm.nih.gov/123") == "PMID:123"
    assert BIOMEDICAL.compress("http://nowhere.example/1") is None
    assert BIOMEDICAL.curie("MSH:D001241") == "MESH:D001241"
    assert BIOMEDICAL.curie("hgnc:HGNC:5") == "HGNC:5"
    assert BIOMEDICAL.curie("CVCL_0030") == "CVCL:0030"
    assert BIOMEDICAL.curie("SNOMEDCT_US_2023_03_01:1") == "SNOMEDCT:1"
    with pytest.raises(ConfigError, match=r"MONDOO.*did you mean 'MONDO'"):
        BIOMEDICAL.expand("MONDOO:1")


def test_prefix_preference_depends_on_the_category() -> None:
    def best(category: str, *curies: str) -> str:
        return min(curies, key=lambda c: BIOMEDICAL.prefix_rank(c, category=category))

    assert best("Disease", "MESH:1", "MONDO:1", "UNKNOWN:1", "HP:1") == "MONDO:1"
    assert best("PhenotypicFeature", "MESH:1", "MONDO:1", "HP:1") == "HP:1"
    assert best("ChemicalEntity", "CHEBI:1", "MESH:1") == "MESH:1"
    assert BIOMEDICAL.prefix_rank("HGNC:1") < BIOMEDICAL.prefix_rank("UNKNOWN:1")


def test_prefixes_agree_with_bioregistry() -> None:
    bioregistry = pytest.importorskip("bioregistry", reason="a check of facts, not a dependency")
    own = {"kgb", "kgb.doc", "kgb.nil", "UPHENO"}
    wrong = []
    for name, prefix in BIOMEDICAL.prefixes.items():
        if name in own:
            continue
        names = (name, *prefix.synonyms)
        known = next((r for n in names if (r := bioregistry.get_resource(n))), None)
        if known is None:
            wrong.append(f"{name}: not in Bioregistry")
            continue
        providers = {p.lower() for p in _uri_prefixes(known)}
        if not any(iri.lower() in providers for iri in (prefix.iri, *prefix.also)):
            wrong.append(f"{name}: {prefix.iri} not among {sorted(providers)[:5]}")
    assert wrong == []


def _uri_prefixes(resource: Any) -> set[str]:
    found = set(resource.get_uri_prefixes())
    return found | {iri.replace("https://", "http://") for iri in found}


def test_labels_can_be_overridden() -> None:
    mine = BIOMEDICAL.with_aliases(
        categories={"DiseaseOrPhenotypicFeature": "PhenotypicFeature", "Krankheit": "Disease"},
        predicates={"CID": "associated_with"},
    )
    assert mine.category("diseaseorphenotypicfeature") == "PhenotypicFeature"
    assert mine.category("krankheit") == "Disease"
    assert mine.predicate("CID") == "associated_with"
    assert mine.fingerprint != BIOMEDICAL.fingerprint
    assert BIOMEDICAL.category("Krankheit") is None
    with pytest.raises(ConfigError, match="did you mean 'Disease'"):
        BIOMEDICAL.with_aliases(categories={"x": "Diseas"})


def test_a_schema_extends_another(tmp_path: Path) -> None:
    path = write(tmp_path, "name: more\nextends: biomedical\ncategories:\n  Recipe:\n"
                 "    curie: WIKIDATA:Q219239\n    parents: [NamedThing]\n")  # fmt: skip
    schema = Schema.load(path)
    assert schema.is_a("Recipe", "NamedThing")
    assert schema.category("SNP") == "SequenceVariant"
    assert schema.category_iri("Recipe") == "http://www.wikidata.org/entity/Q219239"


def test_a_small_schema_loads(tmp_path: Path) -> None:
    schema = Schema.load(write(tmp_path, SMALL))
    assert schema.category("FELINE") == "Cat"
    assert schema.predicates["chases"].inverse == "chased_by"
    assert schema.predicates["chased_by"].range == ("Cat",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("aliases", "aliasses", "unknown key 'categories.Cat.aliasses': did you mean 'aliases'"),
        ("predicates:", "predicate:", "unknown key 'predicate': did you mean 'predicates'"),
        ("domain: [Cat]", "domain: [Cats]", "predicates.chases.domain: 'Cats' is not defined"),
        ("parents: [Thing]", "parents: [Thng]", "did you mean 'Thing'"),
        ("inverse_of: chases", "inverse_of: chased", "expected the name of another predicate"),
        ("Thing: {abstract: true}", "Thing: {parents: [Cat]}", "round in a circle"),
        ("  chases:", "  chased by: {}\n  chases:", "claimed by both"),
        ("name: small", "title: small", "name"),
        ("name: small", "name: [", "not valid YAML"),
        (SMALL, "- a\n", "expected a mapping"),
        (SMALL, "name: x\n", "no categories"),
        ("iri: ", "irri: ", "did you mean 'iri'"),
    ],
)
def test_a_wrong_schema_says_what_and_where(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write(tmp_path, SMALL.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        Schema.load(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value) or "claimed by both" in message


def test_an_unknown_schema_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'biomedical'"):
        Schema.load("biomedicine")
    with pytest.raises(ConfigError, match="no such schema file"):
        Schema.load("nowhere/schema.yaml")


def test_a_schema_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    from kgbuild.ontologies import schema_build

    parsed = []
    load = yaml.load

    def counted(data: bytes, Loader: type) -> object:  # noqa: N803
        parsed.append(Loader)
        return load(data, Loader=Loader)

    monkeypatch.setattr(yaml, "load", counted)
    schema_build._load_cached.cache_clear()
    first = Schema.load()
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    assert parsed == [fast]
    assert Schema.load("biomedical") is first
    assert parsed == [fast]


def test_importing_the_schema_imports_nothing_heavy() -> None:
    code = (
        "import sys, kgbuild.ontologies, kgbuild.ontologies.schema;"
        "print([m for m in ('pydantic', 'curies', 'yaml', 'pyoxigraph', 'fastobo', 'numpy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
