from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.config import Config, load_config, parse_config, to_yaml
from kgbuild.errors import ConfigError


def test_defaults_survive_being_written() -> None:
    assert parse_config(to_yaml(Config(), comments=True)) == Config()


def test_every_option_with_a_description_is_explained() -> None:
    assert to_yaml(Config(), comments=True).count("# ") > 10


@pytest.mark.parametrize("word", ["on", "off", "'off'"])
def test_dense_needs_no_quotes(word: str) -> None:
    assert parse_config(f"grounding: {{dense: {word}}}").grounding.dense == word.strip("'")


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert load_config(tmp_path / "c.yaml").stores == Config().stores


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("grounding:\n  treshold: 0.5\n", ["line 2", "grounding.treshold", "'threshold'"]),
        ("vocabulary: [x]\n", ["line 1", "'vocabularies'"]),
        ("recognizers:\n- type: dictionry\n", ["line 2", "dictionry", "'dictionary'"]),
        ("recognizers:\n- type: transformer\n", ["line 2", "model", "required"]),
        ("grounding:\n  without: [vectors]\n", ["line 2", "grounding.without", "'exact'"]),
        ("grounding:\n\n  threshold: 2\n", ["line 3", "grounding.threshold", "less than"]),
        ("assembly:\n  error_rates:\n    x: {sistematic: 0}\n", ["line 3", "'systematic'"]),
        ("a: [", ["line 1", "no valid YAML"]),
        ("a: 1\nb: {c: 2\nd: 3\n", ["line 3", "no valid YAML (expected ',' or '}'"]),
        ("run:\n  workers: 0\n", ["line 2", "run.workers", "greater than or equal to 1"]),
        ("run: {workers: -3}\n", ["line 1", "run.workers"]),
        ("reading:\n  options: {opened: 1}\n", ["line 2", "'opened' is no option"]),
        ("reading:\n  options: {format: x}\n", ["line 2", "reading.format"]),
        ("- a\n", ["line 1"]),
        ("stores: [neo5j]\n", ["line 1", "stores.0", "ladybug"]),
        ("relations:\n- type: cooccurrence\n  level: page\n", ["line 3", "level"]),
    ],
)
def test_errors_name_line_key_and_cure(text: str, expected: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, name="my.yaml")
    assert str(caught.value).startswith("my.yaml")
    for part in expected:
        assert part in str(caught.value)
    if "no valid YAML" in expected[-1]:
        assert "\n" not in str(caught.value)


def test_files_are_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "my.obo").write_text("")
    (tmp_path / "p.yaml").write_text("")
    (tmp_path / "model").mkdir()
    (tmp_path / "c.yaml").write_text(
        "vocabularies: [starter, my.obo]\nrelations: [{type: patterns, file: p.yaml}]\n"
        "grounding: {encoder: ./model}\n"
    )
    config = load_config(tmp_path / "c.yaml")
    names = [v.name for v in config.vocabulary_specs()]
    assert names == ["starter", str(tmp_path / "my.obo")]
    assert config.grounding.encoder == str(tmp_path / "model")
    assert config.relations[0].file == str(tmp_path / "p.yaml")  # type: ignore[union-attr]


@pytest.mark.parametrize("schema", ["computer-science", "mine.yaml"])
def test_the_trained_models_are_defaults_of_biomedicine_alone(schema: str) -> None:
    assert {c.type for c in Config().recognizers} >= {"tagger"}
    assert [c.type for c in Config().relations] == ["patterns", "model", "cooccurrence"]
    other = parse_config(f"schema: {schema}")
    assert [c.type for c in other.recognizers] == ["variants", "dictionary"]
    assert [c.type for c in other.relations] == ["patterns", "cooccurrence"]
    asked = parse_config(f"schema: {schema}\nrelations: [{{type: model}}]")
    assert [c.type for c in asked.relations] == ["model"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path / "none.yaml")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"schema: \xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "c.yaml")
