from __future__ import annotations

from pathlib import Path

import pytest
from graph_rows import HOSTILE, entity

from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.synthetic import write_graph
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema.load("biomedical")


@pytest.fixture
def example(tmp_path: Path) -> GraphTables:
    return example_graph(tmp_path / "graph")


@pytest.fixture
def hostile(tmp_path: Path) -> GraphTables:
    """Every text of the graph is hostile: names, synonyms, sentences, titles, identifiers."""
    subject, object_ = 'HGNC:a<b>"{|}^`\\ c%20d%[]', "MONDO:ü 漢\u202e"
    statement = {
        "id": "s1", "subject": subject, "subject_category": "Gene", "predicate": "causes",
        "object": object_, "object_category": "Disease", "belief": 0.5, "papers": 1,
        "sentences": 1, "negated": 0, "hedged": 0, "extractors": HOSTILE[:6],
        "qualifiers": [("key|=", HOSTILE[0])],
    }  # fmt: skip
    evidence = [
        {"id": f"e{n}", "statement": "s1", "document": "DOI:10.1/a<b>(c)", "start": 0,
         "end": len(text), "sentence": text, "subject_start": 0, "subject_end": 1,
         "object_start": 1, "object_end": 2, "score": 1e-300, "extractor": text[:50],
         "negated": False, "hedged": True, "novel": None}
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    return write_graph(
        tmp_path / "it's [hostile] *" / "graph",
        entities=[
            entity(subject, HOSTILE[0], synonyms=HOSTILE, xrefs=["FOO:b ar", "plain"]),
            entity(object_, HOSTILE[1], "Disease", parents=["NOPE:1"]),
        ],
        statements=[statement],
        evidence=evidence,
        documents=[
            {"id": "DOI:10.1/a<b>(c)", "title": HOSTILE[4], "date": "May '99", "source": "a\nb"}
        ],
        occurrences=[
            {"document": "DOI:10.1/a<b>(c)", "entity": subject, "mentions": 1, "sentences": 1}
        ],
    )


@pytest.fixture(params=["example", "hostile"])
def either(request: pytest.FixtureRequest) -> GraphTables:
    """The example, then the hostile graph."""
    tables: GraphTables = request.getfixturevalue(request.param)
    return tables


@pytest.fixture(params=["empty", "one"])
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> GraphTables:
    """A graph without statements: of no entity, of one."""
    rows = [] if request.param == "empty" else [entity("HGNC:1097", "BRAF")]
    return write_graph(tmp_path / "graph", entities=rows)
