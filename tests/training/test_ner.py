from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from annotated import write_iob, write_pubtator
from tiny_base import make_base
from typer.testing import CliRunner

from kgbuild.checkpoints import open_tokenizer
from kgbuild.cli import app
from kgbuild.errors import ConfigError, InputError
from kgbuild.evaluation.mentions import mention_spans, score_mentions
from kgbuild.extractors.gazetteer import Gazetteer
from kgbuild.extractors.tagger import TaggerRecognizer
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Mention
from kgbuild.text import segment
from kgbuild.training.corpora import read_corpus
from kgbuild.training.held_back import read_held_back, without
from kgbuild.training.ner import NerReport, load_corpora, train_ner
from kgbuild.training.ner_data import word_labels
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.teachers import Teachers

SCHEMA = Schema.load("biomedical")


def settings(folder: Path, **more: object) -> NerSettings:
    options: dict[str, object] = {
        "corpora": [
            {
                "name": "both", "training": ["train.txt"], "development": ["dev.txt"],
                "categories": ["Disease", "ChemicalEntity"],
            },
            {"name": "genes", "training": ["genes.tsv"], "categories": ["Gene"]},
        ],
        "held_back": "held.tsv",
        "dropout": 0.0, "hide": 0.02, "shortest_window": 16, "longest_window": 30,
        "training": {
            "base": "base", "epochs": 40, "learning_rate": 3e-3, "head_learning_rate": 1e-2,
            "freeze_words": True, "batch_tokens": 512, "average": 0.9, "precision": "fp32",
        },
    }  # fmt: skip
    return NerSettings.model_validate(options | more)


def write_inputs(folder: Path) -> None:
    make_base(folder / "base")
    write_pubtator(folder / "train.txt", count=72)
    write_pubtator(folder / "dev.txt", first=66, count=12)
    write_iob(folder / "genes.tsv")
    (folder / "held.tsv").write_text("pmid\tcorpus\n3\tx test\n4\tx test\n", "utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NerReport]:
    folder = tmp_path_factory.mktemp("ner")
    write_inputs(folder)
    return folder, train_ner(settings(folder), folder / "run", beside=folder)


def test_it_learns_and_the_exported_model_finds_the_same(trained: tuple[Path, NerReport]) -> None:
    folder, report = trained
    assert report.best["both all"] > 0.8
    gold = read_corpus([folder / "dev.txt"], schema=SCHEMA)
    recognizer = TaggerRecognizer(report.folder, convention="both")
    found = recognizer.recognize([item.with_mentions(()) for item in gold])
    for item, mentions in zip(gold, found, strict=True):
        for m in mentions:
            assert item.document.text[m.start : m.end] == m.text
            assert 0 < m.score <= 1
            assert m.extractor == recognizer.name
    spans = mention_spans(
        item.with_mentions(mentions) for item, mentions in zip(gold, found, strict=True)
    )
    scores = score_mentions(mention_spans(gold), spans, match="strict")
    assert scores["micro"].f1 == pytest.approx(report.best["both all"], abs=0.05)


def test_held_back_and_development_documents_never_train(trained: tuple[Path, NerReport]) -> None:
    folder, report = trained
    corpora, development, dropped = load_corpora(settings(folder), beside=folder)
    used = {item.document.id for corpus in corpora for item in corpus.documents}
    assert "PMID:5" in used
    assert not used & {"PMID:3", "PMID:4"}
    assert not used & {item.document.id for item in development["both"].documents}
    assert dropped["both"] == 2 + 7  # 66 to 72 are in both files
    assert report.dropped == dropped


def test_each_category_follows_the_convention_that_is_asked_for(
    trained: tuple[Path, NerReport],
) -> None:
    model = trained[1].folder
    assert set(TaggerRecognizer(model).categories) == {"Disease", "ChemicalEntity", "Gene"}
    assert TaggerRecognizer(model, convention="genes").categories == ("Gene",)
    assert TaggerRecognizer(model, categories=["Disease"]).categories == ("Disease",)
    with pytest.raises(ConfigError, match="knows no convention 'x': it learned both, genes"):
        TaggerRecognizer(model, convention="x")
    with pytest.raises(ConfigError, match="has no 'Gene': it has Disease, ChemicalEntity"):
        TaggerRecognizer(model, convention={"Gene": "both"})
    with pytest.raises(ConfigError, match="finds no 'Cell'"):
        TaggerRecognizer(model, categories=["Cell"])


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"lacks mentions.onnx, mentions.json, tokenizer.json"):
        TaggerRecognizer(tmp_path)


def test_a_batch_gives_what_its_documents_give_one_by_one(trained: tuple[Path, NerReport]) -> None:
    gazetteer = Gazetteer.build([("imatinib", "ChemicalEntity"), ("severe cough", "Disease")])
    recognizer = TaggerRecognizer(trained[1].folder, gazetteer=gazetteer, batch_tokens=200)
    texts = ["", "Aspirin treats severe cough.", "β-Aspirin 🙂 naïve\ud800 imatinib", " \n\t "]
    texts += ["Aspirin treats asthma. " * 200, "x" * 5000]
    items = segment([AnnotatedDocument(Document(f"d:{i}", t)) for i, t in enumerate(texts)])
    together = recognizer.recognize(items)
    alone = [recognizer.recognize([item])[0] for item in items]
    assert [[(m.start, m.end, m.category) for m in some] for some in together] == [
        [(m.start, m.end, m.category) for m in some] for some in alone
    ]
    assert together[0] == together[3] == ()
    assert len(together[4]) > 200
    for item, mentions in zip(items, together, strict=True):
        for m in mentions:
            assert item.document.text[m.start : m.end] == m.text


def test_the_name_changes_with_the_gazetteer_and_the_convention(
    trained: tuple[Path, NerReport],
) -> None:
    model = trained[1].folder
    names = {
        TaggerRecognizer(model).name,
        TaggerRecognizer(model, convention="genes").name,
        TaggerRecognizer(model, gazetteer=Gazetteer.build([("a b", "Gene")], fingerprint="1")).name,
    }
    assert len(names) == 3


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    own = settings(tmp_path)
    short = own.model_copy(update={"training": own.training.model_copy(update={"epochs": 2})})
    for name in ("a", "b"):
        train_ner(short, tmp_path / name, beside=tmp_path)
    files = [(tmp_path / name / "model/mentions.onnx").read_bytes() for name in ("a", "b")]
    one, other = (np.frombuffer(file[-4000:], dtype=np.uint8) for file in files)
    assert len(files[0]) == len(files[1])
    assert (one == other).mean() > 0.99


def test_it_goes_on_from_a_finished_training_or_its_exported_model(
    trained: tuple[Path, NerReport], tmp_path: Path
) -> None:
    folder = trained[0]
    short = settings(folder).training.model_copy(update={"epochs": 1, "head_learning_rate": 1e-4})
    scores = []
    for start in (None, "run", "run/model/mentions.onnx"):
        own = settings(folder, start_from=start).model_copy(update={"training": short})
        again = train_ner(own, tmp_path / str(len(scores)), beside=folder)
        scores.append(again.best["both all"])
    assert scores[0] < 0.3
    assert scores[1] > 0.7
    assert scores[2] == pytest.approx(scores[1], abs=0.1)
    (tmp_path / "no.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigError, match=r"no.onnx can't be read as a model"):
        train_ner(
            settings(folder, start_from=str(tmp_path / "no.onnx")), tmp_path / "b", beside=folder
        )


def test_a_student_learns_from_texts_that_only_its_teachers_label(
    trained: tuple[Path, NerReport], tmp_path: Path
) -> None:
    folder = tmp_path
    write_inputs(folder)
    write_pubtator(folder / "few.txt", count=4, first=7)
    write_pubtator(folder / "texts.txt", count=80)  # 3 and 4 are held back, 66 to 77 are measured
    few = [{"name": "both", "training": ["few.txt"], "development": ["dev.txt"],
            "categories": ["Disease", "ChemicalEntity"]}]  # fmt: skip
    own = settings(folder, corpora=few)
    alone = train_ner(own, folder / "alone", beside=folder)
    teachers = {"models": [str(trained[1].folder)], "texts": ["texts.txt"]}
    taught = train_ner(
        settings(folder, corpora=few, teachers=teachers), folder / "taught", beside=folder
    )
    assert taught.documents == {"both": 4, "unlabelled texts": 80 - 2 - 12 - 4}
    assert taught.dropped == {"both": 0, "unlabelled texts": 2 + 12 + 4}
    assert taught.best["both all"] > max(alone.best["both all"] + 0.1, 0.7)


def test_the_command_says_what_a_student_was_trained_on(
    trained: tuple[Path, NerReport], tmp_path: Path
) -> None:
    write_inputs(tmp_path)
    write_pubtator(tmp_path / "texts.txt", first=70, count=20)  # to 72 in training, to 77 measured
    teachers = {"models": [str(trained[1].folder)], "texts": ["texts.txt"]}
    own = settings(tmp_path, teachers=teachers)
    short = own.training.model_copy(update={"epochs": 1})
    said = own.model_copy(update={"training": short}).model_dump(by_alias=True)
    (tmp_path / "student.yaml").write_text(yaml.safe_dump(said), "utf-8")
    command = ["train", "ner", str(tmp_path / "student.yaml"), "--out", str(tmp_path / "run")]
    for _ in range(2):  # trained, and found to be finished
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        assert "unlabelled texts: trained on 12 documents, 8 left out" in result.output


def test_teachers_say_what_a_corpus_does_not_annotate(
    trained: tuple[Path, NerReport], tmp_path: Path
) -> None:
    folder, report = trained
    (chemicals, genes), _, _ = load_corpora(settings(folder), beside=folder)
    tokenizer = open_tokenizer(folder / "base")
    genes.prepare(tokenizer, None)
    conventions = {"genes": ("Gene",), "new": ("CellLine",), "both": ("Disease", "ChemicalEntity")}
    teachers = Teachers([report.folder, report.folder], conventions)
    assert teachers.known == [True, False, True]
    teachers.teach(genes)
    for text, said in zip(genes.texts, genes.taught, strict=True):
        assert said.shape == (len(text.words), 5 + 5 + 9)
        assert np.allclose(said[:, :5].sum(axis=1), 1, atol=0.01)
        assert not said[:, 5:10].any()
        assert np.allclose(said[:, 10:].sum(axis=1), 1, atol=0.01)
    assert chemicals.taught == []


def test_what_teachers_say_is_kept_for_a_training_that_goes_on(
    trained: tuple[Path, NerReport], tmp_path: Path
) -> None:
    folder, report = trained
    corpus = load_corpora(settings(folder), beside=folder)[0][0]
    corpus.prepare(open_tokenizer(folder / "base"), None)
    teachers = Teachers([report.folder], {"both": ("Disease", "ChemicalEntity")})
    teachers.teach(corpus)
    asked = list(corpus.taught)
    written = []
    for _ in range(2):
        teachers.teach(corpus, keep=tmp_path / "taught")
        (file,) = (tmp_path / "taught").iterdir()
        written.append(file.stat().st_mtime_ns)
        assert all(np.array_equal(a, b) for a, b in zip(asked, corpus.taught, strict=True))
    assert written[0] == written[1]
    with file.open("r+b") as damaged:
        damaged.truncate(1000)
    with pytest.raises(ConfigError, match=r"\.npy is damaged .*: remove it"):
        teachers.teach(corpus, keep=tmp_path / "taught")


def test_unfit_teachers_are_refused(trained: tuple[Path, NerReport], tmp_path: Path) -> None:
    folder, report = trained
    with pytest.raises(ConfigError, match=r"learned no corpus .*: it learned both \(Disease, Chem"):
        Teachers([report.folder], {"both": ("ChemicalEntity",), "mine": ("Disease",)})
    with pytest.raises(ConfigError, match="holds no tagger"):
        Teachers([tmp_path], {"both": ("Disease",)})
    texts = {"models": [str(report.folder)], "texts": ["train.txt"]}
    with pytest.raises(InputError, match=r"train.txt hold 72 documents, and none that is neither"):
        train_ner(settings(folder, teachers=texts), tmp_path / "run", beside=folder)
    shutil.copytree(report.folder, tmp_path / "other")
    tokenizer = json.loads((tmp_path / "other/tokenizer.json").read_text("utf-8"))
    tokenizer["pre_tokenizer"] = {"type": "WhitespaceSplit"}
    (tmp_path / "other/tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    other = {"models": [str(tmp_path / "other")]}
    with pytest.raises(ConfigError, match="takes other characters for words"):
        train_ner(settings(folder, teachers=other), tmp_path / "run", beside=folder)


def test_a_category_that_the_corpus_lacks_is_named(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    corpora = [{"name": "x", "training": ["train.txt"], "categories": ["Disease", "Gene"]}]
    with pytest.raises(ConfigError, match="annotates no Gene: it has ChemicalEntity, Disease"):
        load_corpora(settings(tmp_path, corpora=corpora), beside=tmp_path)


def test_other_annotations_or_hints_are_another_training(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    (tmp_path / "names.tsv").write_text("id\tname\tcategory\nX:1\tasthma\tDisease\n", "utf-8")
    short = settings(tmp_path).training.model_copy(update={"epochs": 1})

    def run(**more: object) -> None:
        own = settings(tmp_path, gazetteer=["names.tsv"], training=short, **more)
        train_ner(own, tmp_path / "run", beside=tmp_path)

    run()
    for name, old, new in (
        ("train.txt", "\tDisease\t", "\tChemical\t"),
        ("dev.txt", "\tDisease\t", "\tChemical\t"),
        ("names.tsv", "asthma", "cough"),
    ):
        file = tmp_path / name
        before = file.read_text("utf-8")
        file.write_text(before.replace(old, new, 1), "utf-8")
        with pytest.raises(ConfigError, match="differs in: what is learned, or from which data"):
            run()
        file.write_text(before, "utf-8")
    run()


def test_unfit_settings_of_a_corpus_are_named(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    (corpus, _) = settings(tmp_path).model_dump()["corpora"]
    write_pubtator(tmp_path / "some.txt", first=3, count=2)
    for changed, said in (
        ({"training": ["dev.txt"]}, "all of its 12 training documents are held back, or in a dev"),
        ({"training": ["some.txt"]}, "all of its 2 training documents are held back"),
        ({"options": {"categry": "Gene"}}, "unknown option 'categry'"),
    ):
        wrong = settings(tmp_path, corpora=[corpus | changed])
        with pytest.raises(ConfigError, match=said):
            load_corpora(wrong, beside=tmp_path)
    with pytest.raises(ConfigError, match=r"longest_window is 300, but .*base takes \d+ word"):
        train_ner(settings(tmp_path, longest_window=300), tmp_path / "run", beside=tmp_path)
    absent = settings(tmp_path).training.model_copy(update={"base": "trainings/absent"})
    with pytest.raises(ConfigError, match=rf"there is no folder {tmp_path}/trainings/absent"):
        train_ner(settings(tmp_path, training=absent), tmp_path / "run", beside=tmp_path)


def test_repeated_documents_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_inputs(tmp_path)
    twice = [tmp_path / "train.txt", tmp_path / "dev.txt", tmp_path / "train.txt"]
    assert len(read_corpus(twice, schema=SCHEMA)) == 77
    assert "79 documents that repeat an id are left out" in caplog.text


def test_a_default_that_no_corpus_can_give_is_refused(trained: tuple[Path, NerReport]) -> None:
    folder = trained[0] / "odd"
    shutil.copytree(trained[1].folder, folder)
    said = json.loads((folder / "mentions.json").read_text("utf-8"))
    said["default"]["Disease"] = "yours"
    (folder / "mentions.json").write_text(json.dumps(said), "utf-8")
    with pytest.raises(
        ConfigError, match=r"default for Disease is another corpus, knows no .*yours"
    ):
        TaggerRecognizer(folder)


def test_a_file_without_annotations_is_named(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    (tmp_path / "plain.txt").write_text("Aspirin treats fever.", "utf-8")
    with pytest.raises(InputError, match=r"plain.txt: no annotated document"):
        read_corpus([tmp_path / "plain.txt"], schema=SCHEMA)


def test_mentions_become_labels_of_whole_words_longest_first() -> None:
    words = [(0, 6), (7, 13), (14, 20)]
    mentions = [
        Mention("d", 7, 13, "cancer", "Disease"),
        Mention("d", 0, 13, "breast cancer", "Disease"),
        Mention("d", 15, 18, "ene", "Gene"),
    ]
    labels, lost = word_labels(words, mentions, ["Disease", "Gene"])
    assert labels == [1, 3, 8]
    assert lost == 1


def test_a_list_of_held_back_documents_must_be_one(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text("pmid\n12\tbc5cdr test\nPMID:13\n\n", "utf-8")
    assert read_held_back(path) == {"PMID:12", "PMID:13"}
    path.write_text("pmid\n12\nhello\n", "utf-8")
    with pytest.raises(ConfigError, match="line 3: expected a PubMed id"):
        read_held_back(path)
    with pytest.raises(ConfigError, match="can't be read"):
        read_held_back(tmp_path / "absent")


def test_documents_of_the_held_back_list_are_dropped() -> None:
    items = [AnnotatedDocument(Document(f"PMID:{n}", "x")) for n in (1, 2, 2, 3)]
    assert [item.document.id for item in without(items, {"PMID:3"})] == ["PMID:1", "PMID:2"]


def test_the_configuration_of_the_shipped_model_is_valid() -> None:
    path = Path(__file__).parents[2] / "extractors/weights/ner.yaml"
    data = yaml.safe_load(path.read_text("utf-8"))
    own = NerSettings.model_validate(data)
    said = json.loads(path.with_name("mentions.json").read_text("utf-8"))
    files = [file for file in path.parent.iterdir() if file.suffix in {".onnx", ".bin"}]
    assert 1_000_000 < sum(file.stat().st_size for file in files) <= 30_000_000
    assert said["conventions"] == {corpus.name: corpus.categories for corpus in own.corpora}


def test_a_final_training_learns_the_development_documents_too(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    own = settings(tmp_path)
    own = own.model_copy(update={"training": own.training.model_copy(update={"epochs": 3})})
    report = train_ner(own, tmp_path / "final", beside=tmp_path, final=2)
    measured = train_ner(own, tmp_path / "measured", beside=tmp_path)
    assert report.documents["both"] > measured.documents["both"]
    assert report.best["epoch"] == 2
    assert "score" not in report.best
    assert "score" in measured.best
