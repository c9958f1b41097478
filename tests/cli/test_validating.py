"""What breaks a rule is printed, as a table and as JSON, and the exit status says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import rdflib
from running import Run

from kgbuild.loaders.example_graph import example_graph
from kgbuild.loaders.serialize import export_rdf
from kgbuild.ontologies.schema import Schema


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "graph.nt"
    export_rdf(example_graph(tmp_path / "graph"), path, schema=Schema.load(), format="ntriples")
    return path


def test_a_right_graph(kgb: Run, example_graph: Path, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    found = kgb("validate", example_graph, "--shapes", shapes)
    assert (found.code, found.err) == (0, "")
    assert "nothing breaks a rule" in found.out
    assert len(rdflib.Graph().parse(shapes)) > 1000
    found = kgb("validate", example_graph, "--json")
    assert found.code == 0
    assert json.loads(found.out)["clean"] is True


def test_a_broken_one(kgb: Run, file: Path) -> None:
    text = file.read_text("utf-8")
    beliefs = text.count('<urn:kgbuild:belief> "0.7"')
    assert beliefs > 3
    file.write_text(text.replace('<urn:kgbuild:belief> "0.7"', '<urn:kgbuild:belief> "7"'))
    found = kgb("validate", file)
    assert found.code == 1
    head, _, *rows, end = found.out.splitlines()
    assert head.split() == ["shape", "by", "expected", "count", "focus", "node", "value"]
    cells = re.split(r"  +", rows[0].strip())
    assert cells[:4] == ["statement.belief", "SPARQL", "from 0 to 1", str(beliefs)]
    assert cells[4].startswith("kgb:statement:")
    assert cells[5] == "7.0"
    assert len(rows) == 3
    assert end.endswith(f"{beliefs} breaches of 1 rule")
    listed = json.loads(kgb("validate", file, "--json", "--examples", 1).out)
    (breach,) = listed["breaches"]
    assert (listed["clean"], breach["shape"], breach["count"]) == (
        False, "statement.belief", beliefs)  # fmt: skip
    assert [example["value"] for example in breach["examples"]] == ["7.0"]


def test_what_can_not_be_checked(kgb: Run, tmp_path: Path) -> None:
    assert kgb("validate", tmp_path).code == 2
    (tmp_path / "a.csv").write_text("a,b\n")
    wrong = kgb("validate", tmp_path / "a.csv")
    assert (wrong.code, "no RDF file by its name" in wrong.err) == (2, True)
