"""The examples and the starter vocabulary: whole, consistent with each other, and true to sources.

The facts of `ontologies/starter` are checked against the vocabularies that they were selected from,
where these lie beside the checkout; everything else is checked anywhere.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Term

ROOT = Path(__file__).resolve().parents[1]
PUBMED = ROOT / "examples" / "pubmed"
EXPECTED = ROOT / "examples" / "expected.tsv"

CURIE_OF = {
    "Gene": r"HGNC:\d+",
    "Disease": r"MONDO:\d{7}",
    "ChemicalEntity": r"MESH:[CD]\d+",
    "ChemicalRole": r"MESH:D\d+",
    "PhenotypicFeature": r"HP:\d{7}",
    "SequenceVariant": r"DBSNP:rs\d+",
    "CellLine": r"CVCL:[0-9A-Z]{4}",
    "Cell": r"CL:\d{7}",
    "AnatomicalEntity": r"UBERON:\d{7}|MESH:D\d+",
    "OrganismTaxon": r"NCBITaxon:\d+",
    "BiologicalProcess": r"GO:\d{7}",
}


@cache
def starter() -> dict[str, Term]:
    """Every term of the starter vocabulary by id."""
    terms: dict[str, Term] = {}
    for term in open_vocabulary("starter").terms():
        assert isinstance(term, Term), term
        assert term.id not in terms, f"{term.id} is there twice"
        terms[term.id] = term
    return terms


@cache
def articles() -> dict[str, etree._Element]:
    """Every PubmedArticle of the examples by PMID."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    found: dict[str, etree._Element] = {}
    for path in sorted(PUBMED.iterdir()):
        data = path.read_bytes()
        root = etree.fromstring(gzip.decompress(data) if path.suffix == ".gz" else data, parser)
        assert root.tag == "PubmedArticleSet", path.name
        for article in root:
            if not isinstance(article.tag, str):
                continue
            pmid = article.findtext("MedlineCitation/PMID") or ""
            assert pmid not in found, f"{path.name} repeats {pmid}"
            found[pmid] = article
    return found


def abstract(article: etree._Element) -> str:
    parts = article.findall("MedlineCitation/Article/Abstract/AbstractText")
    return " ".join("".join(part.itertext()) for part in parts)


def gold() -> list[dict[str, str]]:
    with EXPECTED.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def names(term: Term) -> Iterator[str]:
    yield term.name
    yield from (synonym.text for synonym in term.synonyms if synonym.scope != "related")


def test_every_article_is_whole_and_outside_pubmeds_range() -> None:
    assert len(articles()) >= 44
    for pmid, article in articles().items():
        assert 90_000_001 <= int(pmid) < 90_001_000
        assert article.findtext("PubmedData/ArticleIdList/ArticleId[@IdType='pubmed']") == pmid
        content = article.find("MedlineCitation/Article")
        assert content is not None, pmid
        assert (content.findtext("ArticleTitle") or "").strip(), pmid
        assert content.findtext("Journal/Title") == "kgbuild examples", pmid
        year = content.findtext("Journal/JournalIssue/PubDate/Year") or ""
        assert 1995 <= int(year) <= 2024, pmid


def test_every_abstract_has_five_sentences_and_a_readable_length() -> None:
    for pmid, article in articles().items():
        text = abstract(article)
        sentences = re.findall(r"[.?!](?=\s+[A-ZΑ-Ωα-ω]|$)", text)
        assert len(sentences) >= 5, pmid
        assert 90 <= len(text.split()) <= 180, (pmid, len(text.split()))


def test_a_third_of_the_abstracts_is_structured() -> None:
    labels = Counter(
        bool(article.findall(".//AbstractText[@Label]")) for article in articles().values()
    )
    assert labels[True] >= len(articles()) / 3
    assert labels[False] > 0


def test_one_file_is_gzipped_and_no_file_claims_entities() -> None:
    assert any(path.name.endswith(".xml.gz") for path in PUBMED.iterdir())
    for path in PUBMED.iterdir():
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        assert b"<!ENTITY" not in text
        assert b"CC0" in text[:1000], f"{path.name} doesn't state whose texts these are"


def test_the_starter_vocabulary_is_well_formed() -> None:
    schema = Schema.load("biomedical")
    assert len(starter()) >= 700
    categories = Counter(term.category for term in starter().values())
    assert set(categories) == set(CURIE_OF)
    for term in starter().values():
        assert re.fullmatch(CURIE_OF[term.category], term.id), term
        assert term.category in schema.categories
        assert schema.expand(term.id)
        for curie in (*term.xrefs, *term.parents):
            assert re.fullmatch(r"[A-Za-z.]+:[A-Za-z0-9.]+", curie), (term.id, curie)
        for parent in term.parents:
            assert parent != term.id
            assert parent in starter(), f"{term.id} has the unknown parent {parent}"
        texts = [synonym.text for synonym in term.synonyms]
        assert len(texts) == len(set(texts)), term.id
        assert all(text == text.strip() and text for text in texts), term.id


def test_parents_make_no_cycle() -> None:
    def climb(curie: str, path: tuple[str, ...]) -> None:
        assert curie not in path, " -> ".join((*path, curie))
        for parent in starter()[curie].parents:
            climb(parent, (*path, curie))

    for curie in starter():
        climb(curie, ())


def test_a_full_name_means_one_thing() -> None:
    meaning: defaultdict[str, set[str]] = defaultdict(set)
    for term in starter().values():
        for synonym in term.synonyms:
            if synonym.scope == "exact":
                meaning[synonym.text.lower()].add(term.id)
        meaning[term.name.lower()].add(term.id)
    ambiguous = {text: sorted(ids) for text, ids in meaning.items() if len(ids) > 1}
    assert not ambiguous


def mesh_names(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in ("mesh_id_label_mappings", "mesh_supp_id_label_mappings"):
        with gzip.open(folder / "mesh" / f"{name}.tsv.gz", "rt", encoding="utf-8") as stream:
            for line in stream:
                curie, label, synonyms = line.rstrip("\n").split("\t")[:3]
                found[f"MESH:{curie}"] = {label, *synonyms.split("|")}
    return found


def obo_names(folder: Path, name: str, prefix: str) -> dict[str, set[str]]:
    with gzip.open(folder / "obo_json" / f"{name}.json.gz", "rt", encoding="utf-8") as stream:
        rows = json.load(stream)
    return {
        row["id"] if ":" in row["id"] else f"{prefix}:{row['id']}": {row["name"]} for row in rows
    }


def hpo_names(folder: Path) -> dict[str, set[str]]:
    with gzip.open(folder / "hpo" / "hp_2026-02-16.obo.gz", "rt", encoding="utf-8") as stream:
        text = stream.read()
    return {i: {n} for i, n in re.findall(r"^id: (HP:\d+)\nname: (.+)$", text, re.MULTILINE)}


def hgnc_names(folder: Path) -> dict[str, set[str]]:
    with gzip.open(folder / "hgnc" / "hgnc_entries.tsv.gz", "rt", encoding="utf-8") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return {r["HGNC ID"]: {r["Approved symbol"]} for r in rows if r["Status"] == "Approved"}


def cell_names(folder: Path) -> dict[str, set[str]]:
    with (folder / "cl" / "cell_ontology_v2025-12-17.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return {row["norm_concept_id"]: {row["norm_preferred_label"]} for row in rows}


def uberon_names(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with gzip.open(folder / "mesh" / "mesh_mappings.tsv.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            _, _, _, prefix, curie, label = line.rstrip("\n").split("\t")[:6]
            if prefix == "UBERON":
                found.setdefault(curie, set()).add(label)
    return found


@pytest.fixture(scope="module")
def sources(shared: Path) -> dict[str, set[str]]:
    """The preferred names (for MeSH, any entry term) of all vocabularies beside the checkout."""
    kb = shared / "kb"
    return {
        **mesh_names(kb),
        **obo_names(kb, "mondo", "MONDO"),
        **obo_names(kb, "go", "GO"),
        **hpo_names(kb),
        **hgnc_names(kb),
        **cell_names(kb),
        **uberon_names(kb),
    }


def test_every_id_bears_its_name_in_the_source(sources: dict[str, set[str]]) -> None:
    # dbSNP, Cellosaurus and the NCBI Taxonomy are not among the vocabularies
    without = ("DBSNP:", "CVCL:", "NCBITaxon:")
    checked = [term for term in starter().values() if not term.id.startswith(without)]
    wrong = [(t.id, t.name) for t in checked if t.name not in sources.get(t.id, set())]
    assert not wrong
    assert len(checked) >= 700


def test_cross_references_exist_in_the_source(sources: dict[str, set[str]]) -> None:
    for term in starter().values():
        for xref in term.xrefs:
            if xref.startswith("MESH:"):
                assert xref in sources, (term.id, xref)


def test_cell_lines_agree_with_efo(shared: Path) -> None:
    with gzip.open(shared / "kb" / "obo_json" / "efo.json.gz", "rt", encoding="utf-8") as stream:
        efo = json.load(stream)
    known = {
        xref["id"].replace("CVCL_", "CVCL:"): row["name"]
        for row in efo
        for xref in row.get("xrefs", ())
        if xref["id"].startswith("CVCL_")
    }

    def plain(text: str) -> str:
        return re.sub(r"[^a-z0-9]", "", text.lower())

    compared = 0
    for term in starter().values():
        if term.id in known:
            assert plain(known[term.id]) in {plain(name) for name in names(term)}, term
            compared += 1
    assert compared >= 8


def test_every_abstract_names_two_starter_entities() -> None:
    words: dict[str, set[str]] = {}
    for term in starter().values():
        for name in names(term):
            words.setdefault(name.lower(), set()).add(term.id)
    alternatives = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    pattern = re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])")
    for pmid, article in articles().items():
        found = {m for name in pattern.findall(abstract(article).lower()) for m in words[name]}
        assert len(found) >= 2, pmid


def test_expected_relations_follow_text_vocabulary_and_schema() -> None:
    schema = Schema.load("biomedical")
    rows = gold()
    assert {row["pmid"] for row in rows} == set(articles())
    for row in rows:
        assert row["sentence"] in abstract(articles()[row["pmid"]]), row
        assert row["polarity"] in {"affirmed", "negated"}, row
        subject, item = starter()[row["subject"]], starter()[row["object"]]
        assert row["predicate"] in schema.predicates, row
        assert schema.allows(subject.category, row["predicate"], item.category), row
    keys = [tuple(row.values()) for row in rows]
    assert len(keys) == len(set(keys))


def test_some_facts_have_several_papers_and_some_are_disputed() -> None:
    papers: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    polarity: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in gold():
        key = (row["subject"], row["predicate"], row["object"])
        papers[key].add(row["pmid"])
        polarity[key].add(row["polarity"])
    assert sum(len(ids) >= 2 for ids in papers.values()) >= 10
    assert sum(len(values) == 2 for values in polarity.values()) >= 2
