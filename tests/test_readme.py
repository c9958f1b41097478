from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from rounded import numbers_apart
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.graph import Graph

ROOT = Path(__file__).resolve().parents[1]


def test_the_answers_in_the_readme_are_true(example_graph: Path) -> None:
    spec = importlib.util.spec_from_file_location("answers", ROOT / "docs" / "make_answers.py")
    assert spec is not None
    assert spec.loader is not None
    answers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(answers)
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count("```cypher") == 5
    with Graph.open(example_graph) as graph:
        found, numbers = numbers_apart(answers.answered(text, graph))
    words, expected = numbers_apart(text)
    assert found == words, "run docs/make_answers.py"
    assert numbers == pytest.approx(expected, abs=0.02), "run docs/make_answers.py"


def test_what_the_readme_shows_of_an_entity_is_true(example_graph: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    block = text.split("$ kgbuild show demo-graph vemurafenib\n")[1].split("  …\n")[0]
    done = CliRunner().invoke(app, ["show", str(example_graph), "vemurafenib"])
    assert done.exit_code == 0, done.output
    # The count of statements turns on the least likely ones, and two beliefs are near each other.
    claims, expected = numbers_apart("\n".join(sorted(filter(None, block.splitlines()[2:]))))
    shown = filter(None, set(done.output.splitlines()))
    there = [line for line in shown if numbers_apart(line)[0][0] in claims]
    found, numbers = numbers_apart("\n".join(sorted(there)))
    assert found == claims
    assert numbers == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("name", ["treats.cypher", "inhibits.rq"])
def test_the_questions_of_make_demo_have_answers(example_graph: Path, name: str) -> None:
    question = (ROOT / "examples" / name).read_text()
    with Graph.open(example_graph) as graph:
        frame = graph.sparql(question) if name.endswith(".rq") else graph.cypher(question)
    assert len(frame) >= 5
