"""Another field is another schema and another vocabulary: data, no code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kgbuild.ontologies import Schema, open_vocabulary
from kgbuild.records import Term

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "computer_science"
SCHEMA = Schema.load("computer-science")


def terms() -> list[Term]:
    items = list(open_vocabulary(FOLDER / "vocabulary.tsv").terms())
    found = [item for item in items if isinstance(item, Term)]
    assert items == found
    return found


def test_the_vocabulary_fits_the_schema() -> None:
    found = terms()
    assert len(found) >= 60
    ids = {term.id for term in found}
    for term in found:
        assert term.category in SCHEMA.categories
        assert set(term.parents) <= ids
        assert SCHEMA.compress(SCHEMA.expand(term.id)) == term.id


def test_the_texts_name_what_the_vocabulary_holds() -> None:
    lines = (FOLDER / "papers.jsonl").read_text("utf-8").splitlines()
    papers = [json.loads(line) for line in lines]
    assert len(papers) >= 6
    assert len({paper["id"] for paper in papers}) == len(papers)
    names = {name for t in terms() for name in (t.name, *(s.text for s in t.synonyms))}
    for paper in papers:
        assert sum(name in paper["text"] for name in names) >= 3, paper["id"]


def test_statements_about_papers_are_allowed() -> None:
    assert SCHEMA.allows("Method", "evaluated_on", "Dataset")
    assert SCHEMA.allows("Method", "solves", "ResearchProblem")
    assert not SCHEMA.allows("Dataset", "solves", "Method")
    assert SCHEMA.canonical("b", "outperformed_by", "a") == ("a", "outperforms", "b")


def test_labels_of_cs_ner_are_known(shared: Path) -> None:
    labels = set()
    for path in (shared / "corpora/cs_ner").glob("*/train*.data"):
        for line in path.read_text("utf-8", "replace").splitlines():
            label = line.split("\t")[-1]
            if label[1:2] == "-":
                labels.add(label[2:])
    assert {"METHOD", "RESEARCH_PROBLEM"} <= labels
    assert [label for label in labels if SCHEMA.category(label) is None] == []


@pytest.mark.parametrize("label", ["SOLUTION", "TOOL", "LANGUAGE", "RESOURCE", "DATASET"])
def test_categories_have_the_corpus_labels(label: str) -> None:
    assert (SCHEMA.category(label) or "").upper() == label
