from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from rounded import numbers_apart

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


@pytest.mark.parametrize("name", ["treats.cypher", "inhibits.rq"])
def test_the_questions_of_make_demo_have_answers(example_graph: Path, name: str) -> None:
    question = (ROOT / "examples" / name).read_text()
    with Graph.open(example_graph) as graph:
        frame = graph.sparql(question) if name.endswith(".rq") else graph.cypher(question)
    assert len(frame) >= 5
