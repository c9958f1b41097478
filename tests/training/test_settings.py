from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from kgbuild.errors import ConfigError
from kgbuild.training.base import PretrainSettings
from kgbuild.training.encoder_settings import EncoderSettings
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.ranking_settings import RankingSettings
from kgbuild.training.relation_settings import RelationSettings
from kgbuild.training.settings_file import encoder_beside, named_or_file, resolve
from kgbuild.yaml_models import parse_model, read_model

NER = """
corpora:
- {name: one, training: [a.txt], categories: [Disease]}
- {name: two, training: [b.txt], categories: [Gene]}
"""
LINKED = "vocabularies: [mesh]\ncorpora: [{name: a, training: [b]}, {name: a, training: [b]}]\n"
RELATIONS = """
categories: [Gene, Disease]
corpora:
- &one {name: one, training: [a], types: [X], pairs: [[Gene, Disease]]}
- *one
"""


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (NerSettings, NER + "training: {epoch: 1}", "line 5: unknown key 'training.epoch'; did you"
         " mean 'epochs'?"),
        (NerSettings, NER.replace("name: two, training", "name: two, traning"),
         "line 4: unknown key 'corpora.1.traning'; did you mean 'training'?"),
        (NerSettings, NER.replace("name: two, training", "name: two, traning"),
         "line 4: 'corpora.1.training' is required"),
        (NerSettings, NER + "schema_: biomedical", "did you mean 'schema'?"),
        (NerSettings, NER + "training: {lora: {rnk: 2}}", "did you mean 'rank'?"),
        (NerSettings, NER + "zzz: 1", "known: corpora, schema, held_back"),
        (NerSettings, NER.replace("two", "one"), "two corpora are called 'one'"),
        (RelationSettings, RELATIONS, "two corpora are called 'one'"),
        (EncoderSettings, LINKED, "two corpora are called 'a'"),
        (RankingSettings, LINKED + "encoder: x", "two corpora are called 'a'"),
        (EncoderSettings, "vocabularies: [{name: mesh, shre: 1}]", "did you mean 'share'?"),
        (NerSettings, NER + "default: {Gene: yours}", "Gene by 'yours', but only two annotates it"),
        (NerSettings, NER + "default: {Cell: one}", "Cell by 'one', but no corpus has it"),
        (NerSettings, NER + "shortest_window: 100\nlongest_window: 50",
         "shortest_window (100) is more than longest_window (50)"),
        (NerSettings, NER + "training: {device: gpu}", "expected auto, cpu, cuda or cuda:N"),
        (NerSettings, NER + "training: [", "no valid YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_cure(
    kind: type[BaseModel], text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_model(text, kind, name="my.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("my.yaml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"x.yaml is not UTF-8"):
        read_model(tmp_path / "x.yaml", NerSettings)
    with pytest.raises(ConfigError, match=r"y.yaml can't be read"):
        read_model(tmp_path / "y.yaml", NerSettings)


def test_a_training_keeps_its_own_defaults_beside_what_is_said() -> None:
    own = parse_model("vocabularies: [mesh]\ntraining: {seed: 1}", EncoderSettings, name="x")
    assert (own.training.seed, own.training.layers, own.training.epochs) == (1, 2, 3)
    assert own.training.learning_rate == EncoderSettings(vocabularies=["x"]).training.learning_rate
    text = "texts: [a]\ntraining: {epochs: 3}"
    assert not parse_model(text, PretrainSettings, name="x").training.freeze_words
    whole = "vocabularies: [mesh]\ntraining: {layers: null}"
    assert parse_model(whole, EncoderSettings, name="x").training.layers is None


def test_names_are_files_beside_the_settings_or_names_of_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "mesh").mkdir()
    (tmp_path / "mine.tsv").write_text("x")
    assert named_or_file("mine.tsv", tmp_path) == str(tmp_path / "mine.tsv")
    assert named_or_file("mesh", tmp_path) == "mesh"
    assert named_or_file("./mesh", tmp_path) == str(tmp_path / "mesh")
    assert resolve("mesh", tmp_path) == str(tmp_path / "mesh")
    assert encoder_beside("mesh", tmp_path) == tmp_path / "mesh"
