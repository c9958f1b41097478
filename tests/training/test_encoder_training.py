from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from annotated import write_pubtator
from tiny_base import make_base
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.errors import ConfigError
from kgbuild.normalizer.encoder import OnnxEncoder, open_encoder
from kgbuild.records import Synonym, Term
from kgbuild.training.concepts import gather_concepts
from kgbuild.training.encoder_settings import EncoderSettings
from kgbuild.training.synonyms import EncoderReport, linked_documents, train_encoder

SYNONYMS = {
    "aspirin": ["drug effect", "effect drug on", "the aspirin"],
    "ibuprofen": ["cell line", "line of cell", "an ibuprofen"],
    "asthma": ["severe patients", "patients severe", "an asthma"],
    "cough": ["human study", "study in human", "the cough"],
    "fever": ["acute mice", "mice with acute", "a fever"],
}


def settings(**more: object) -> EncoderSettings:
    options: dict[str, object] = {
        "vocabularies": [{"name": "names.tsv", "category": "Disease"}],
        "corpora": [{"name": "own", "training": ["train.txt"], "development": ["dev.txt"]}],
        "held_back": "held.tsv",
        "steps": 60, "terms": 5, "mentions": 6, "neighbours": 2, "longest": 16,
        "training": {
            "base": "base", "layers": 1, "epochs": 3, "learning_rate": 3e-3, "precision": "fp32",
        },
    }  # fmt: skip
    return EncoderSettings.model_validate(options | more)


def write_inputs(folder: Path) -> None:
    make_base(folder / "base")
    write_pubtator(folder / "train.txt", count=72)
    write_pubtator(folder / "dev.txt", first=66, count=12)
    (folder / "held.tsv").write_text("pmid\tcorpus\n3\tx test\n4\tx test\n", "utf-8")
    rows = [f"X:{name}\t{name}\t{'|'.join(more)}" for name, more in SYNONYMS.items()]
    (folder / "names.tsv").write_text("\n".join(["id\tname\tsynonyms", *rows]) + "\n", "utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, EncoderReport]:
    folder = tmp_path_factory.mktemp("encoder")
    write_inputs(folder)
    return folder, train_encoder(settings(), folder / "run", beside=folder)


def test_names_of_one_thing_come_together(trained: tuple[Path, EncoderReport]) -> None:
    folder, report = trained
    assert report.concepts == len(SYNONYMS)
    assert report.names == sum(1 + len(more) for more in SYNONYMS.values())
    encoder = OnnxEncoder(report.folder)
    names = list(SYNONYMS)
    others = [more[0] for more in SYNONYMS.values()]
    near = encoder.encode(names) @ encoder.encode(others).T
    assert near.argmax(1).tolist() == list(range(len(names)))
    history = json.loads((folder / "run/history.json").read_text("utf-8"))
    assert history[-1]["loss"] < history[0]["loss"] / 2


def test_the_finished_model_needs_no_torch(trained: tuple[Path, EncoderReport]) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'sentence_transformers', 'pandas'):\n"
        "    sys.modules[name] = None\n"
        "from kgbuild.normalizer.encoder import open_encoder\n"
        "print(open_encoder(sys.argv[1]).encode(['aspirin']).tolist())\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(trained[1].folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    here = open_encoder(str(trained[1].folder)).encode(["aspirin"])
    assert np.allclose(json.loads(told.stdout), here, atol=1e-6)


def test_long_names_are_cut_where_the_model_ends(trained: tuple[Path, EncoderReport]) -> None:
    encoder = OnnxEncoder(trained[1].folder)
    vectors = encoder.encode(["asthma " * 14, "asthma " * 500, ""])
    assert np.allclose(vectors[0], vectors[1], atol=1e-5)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_held_back_and_development_documents_never_train(
    trained: tuple[Path, EncoderReport],
) -> None:
    folder, report = trained
    training, development, dropped = linked_documents(settings(), beside=folder)
    used = {item.document.id for item in training["own"]}
    assert "PMID:5" in used
    assert not used & {"PMID:3", "PMID:4"}
    assert not used & {item.document.id for item in development["own"]}
    assert dropped == report.dropped == {"own": 2 + 7}  # 66 to 72 are in both files
    assert 0 < report.mentions["own"] < len(used)  # some are left to the fitting of a reranker


def test_other_synonyms_are_another_training_and_none_teach_nothing(
    trained: tuple[Path, EncoderReport], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(trained[0], folder)
    names = folder / "names.tsv"
    names.write_text(names.read_text("utf-8").replace("the cough", "a cough"), "utf-8")
    with pytest.raises(ConfigError, match="differs in: what is learned, or from which data"):
        train_encoder(settings(), folder / "run", beside=folder)
    names.write_text("id\tname\tsynonyms\nX:cough\tcough\t\n", "utf-8")
    (folder / "encoder.yaml").write_text(settings().model_dump_json(by_alias=True), "utf-8")
    command = ["train", "encoder", str(folder / "encoder.yaml"), "--out", str(folder / "none")]
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == (
        f"{folder}/encoder.yaml: names.tsv: no term has two names, and synonyms are what an "
        "encoder learns from"
    )


def test_the_command_trains_without_a_corpus_and_goes_on(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    options = settings(corpora=[], held_back=None, steps=3).model_dump(by_alias=True)
    (tmp_path / "encoder.yaml").write_text(yaml.safe_dump(options), "utf-8")
    command = ["train", "encoder", str(tmp_path / "encoder.yaml"), "--out", str(tmp_path / "run")]
    for _ in range(2):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        assert "trained on 18 names of 5 terms" in " ".join(done.output.split())
    assert len(json.loads((tmp_path / "run/history.json").read_text("utf-8"))) == 3


def terms() -> list[Term]:
    def made(curie: str, name: str, *synonyms: str, **more: object) -> Term:
        return Term(curie, name, "Disease", tuple(map(Synonym, synonyms)), **more)  # type: ignore[arg-type]

    return [
        made("A:1", "breast cancer", "cancer of the breast", xrefs=("B:1",), parents=("A:9",)),
        made("A:9", "cancer", "malignancy"),
        made("A:2", "lung cancer", "shared name", parents=("A:9",)),
        made("A:3", "old name", obsolete=True),
        made("B:1", "breast carcinoma", "mammary cancer"),
        made("B:2", "bronchial cancer", "shared name"),
        made("B:3", "Cancer"),
    ]


def test_terms_that_mean_the_same_are_one_concept() -> None:
    concepts = gather_concepts([(terms(), 1.0)])
    place = concepts.place
    assert place["A:1"] == place["B:1"]
    assert concepts.members[place["A:1"]].names == [
        "breast cancer", "cancer of the breast", "breast carcinoma", "mammary cancer",
    ]  # fmt: skip
    assert place["A:9"] == place["B:3"]  # one preferred name
    assert "A:3" not in place


def test_what_is_related_is_never_a_negative() -> None:
    concepts = gather_concepts([(terms(), 1.0)])
    place = concepts.place
    lung, bronchial = place["A:2"], place["B:2"]
    assert bronchial in concepts.members[lung].related
    assert concepts.members[lung].parents == {place["A:9"]}
    alike = concepts.alike(lung, 5)
    assert place["A:1"] in alike
    assert not {lung, bronchial, place["A:9"]} & set(alike)
