from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from related import write_related
from tiny_base import make_base

from kgbuild.errors import ConfigError
from kgbuild.evaluation.relations import relation_pairs, score_biored
from kgbuild.extractors.bag_model import BAG_FILE, BagModel
from kgbuild.extractors.relation_labels import RelationLabels
from kgbuild.extractors.relation_model import RelationModel, feed_of
from kgbuild.extractors.trained_relations import TrainedRelationExtractor
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Grounding, Mention
from kgbuild.text import segment
from kgbuild.training.corpora import read_corpus
from kgbuild.training.relation_bag import fit_bag
from kgbuild.training.relation_baselines import BASELINES, RelationBaseline
from kgbuild.training.relation_data import labels_of, read_corpora
from kgbuild.training.relation_measure import (
    best_threshold,
    calibrate,
    gold_pairs,
    measure,
    verdicts,
)
from kgbuild.training.relation_settings import RelationSettings
from kgbuild.training.relations import RelationReport, prepare_task, train_relations

SCHEMA = Schema.load("biomedical")
PAIR = ["ChemicalEntity", "DiseaseOrPhenotypicFeature"]


def settings(**more: object) -> RelationSettings:
    options: dict[str, object] = {
        "categories": PAIR,
        "corpora": [
            {
                "name": "two", "training": ["train.txt"], "development": ["dev.txt"],
                "types": ["Positive_Correlation", "Negative_Correlation"], "pairs": [PAIR],
                "novelty": True,
                "predicates": {
                    "Positive_Correlation": "causes",
                    "Negative_Correlation ChemicalEntity DiseaseOrPhenotypicFeature": "treats",
                },
            },
            {
                "name": "one", "training": ["induced.txt"], "types": ["CID"], "pairs": [PAIR],
                "predicates": {"CID": "causes"},
                "implies": {"CID": ["two", "Positive_Correlation"]},
            },
        ],
        "held_back": "held.tsv", "hide": 0.0, "dropout": 0.0, "width": 32,
        "training": {
            "base": "base", "epochs": 25, "learning_rate": 3e-3, "head_learning_rate": 5e-3,
            "batch_tokens": 256, "average": 0.8, "precision": "fp32",
        },
    }  # fmt: skip
    return RelationSettings.model_validate(options | more)


def write_inputs(folder: Path) -> None:
    make_base(folder / "base")
    write_related(folder / "train.txt", count=60)
    write_related(folder / "dev.txt", first=55, count=18)
    write_related(folder / "induced.txt", first=101, count=30, type="CID")
    (folder / "held.tsv").write_text("pmid\tcorpus\n3\tx test\n101\tx test\n", "utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RelationReport]:
    folder = tmp_path_factory.mktemp("relations")
    write_inputs(folder)
    return folder, train_relations(settings(), folder / "run", beside=folder)


def gold(folder: Path) -> list[AnnotatedDocument]:
    return read_corpus([folder / "dev.txt"], schema=SCHEMA)


def test_it_learns_and_the_exported_model_finds_the_same(
    trained: tuple[Path, RelationReport],
) -> None:
    folder, report = trained
    assert report.measures["two pair"] > 0.85
    assert report.measures["two type"] > 0.85
    items = gold(folder)
    extractor = TrainedRelationExtractor(report.folder, schema=SCHEMA)
    found = [
        AnnotatedDocument(
            item.document, item.sentences, mentions=item.mentions,
            groundings=item.groundings, relations=relations,
        )
        for item, relations in zip(items, extractor.extract(items), strict=True)
    ]  # fmt: skip
    scores = score_biored(
        relation_pairs(items, schema=SCHEMA), relation_pairs(found, schema=SCHEMA)
    )
    assert scores["pair"].f1 == pytest.approx(report.measures["two pair"], abs=0.06)
    assert scores["type"].f1 > 0.8
    for item in found:
        mentions = {mention.id: mention for mention in item.mentions}
        for relation in item.relations:
            subject, object_ = mentions[relation.subject], mentions[relation.object]
            assert (subject.category, object_.category) == ("ChemicalEntity", "Disease")
            assert relation.predicate in {"causes", "treats"}
            assert relation.start <= min(subject.start, object_.start)
            assert relation.end >= max(subject.end, object_.end)
            assert 0 < relation.score <= 1
            assert relation.extractor == extractor.name


def test_held_back_and_development_documents_never_train(
    trained: tuple[Path, RelationReport],
) -> None:
    folder, report = trained
    two, one = read_corpora(settings(), schema=SCHEMA, beside=folder)
    used = {item.document.id for corpus in (two, one) for item in corpus.training}
    assert {"PMID:5", "PMID:102"} <= used
    assert not used & {"PMID:3", "PMID:101"}
    assert not used & {item.document.id for item in two.development}
    assert (two.dropped, one.dropped) == (1 + 6, 1)  # 55 to 60 are in both files
    assert report.dropped == {"two": 7, "one": 1}


def test_a_corpus_teaches_another_what_its_types_imply(
    trained: tuple[Path, RelationReport],
) -> None:
    folder = trained[0]
    prepared = prepare_task(settings(), folder / "base", beside=folder)
    examples = [e for e in prepared.task.training if int(e.document[5:]) > 100]
    for example in examples:
        own = example.types[1]
        assert (example.types[0] == -1).all()
        assert example.implied[0].tolist() == [1 if kind == 1 else -2 for kind in own.tolist()]
    assert any((example.types[1] == 1).any() for example in examples)


def test_a_final_training_learns_all_and_takes_the_measured_ones_thresholds(
    trained: tuple[Path, RelationReport], tmp_path: Path
) -> None:
    folder, measured = trained
    own = settings()
    own = own.model_copy(update={"training": own.training.model_copy(update={"epochs": 2})})
    report = train_relations(
        own, tmp_path / "final", beside=folder, final=1, thresholds=folder / "run"
    )
    assert report.documents["two"] > measured.documents["two"]
    assert report.measures == {}
    history = json.loads((tmp_path / "final/history.json").read_text("utf-8"))
    assert [row["epoch"] for row in history] == [1]
    said, known = (
        json.loads((place / "relations.json").read_text("utf-8"))["conventions"]
        for place in (report.folder, measured.folder)
    )
    assert said == known
    assert known[0]["threshold"] != 0.5
    with pytest.raises(ConfigError, match=r"give both the epoch \(--final\) and"):
        train_relations(own, tmp_path / "a", beside=folder, final=1)
    with pytest.raises(ConfigError, match=r"no relations\.json in"):
        train_relations(own, tmp_path / "a", beside=folder, final=1, thresholds=tmp_path)
    other = own.model_copy(update={"corpora": own.corpora[:1]})
    with pytest.raises(ConfigError, match="other corpora, types or pairs"):
        train_relations(other, tmp_path / "a", beside=folder, final=1, thresholds=folder / "run")
    with pytest.raises(ConfigError, match="was measured with regressions"):
        bare = settings(bag={"share": 0})
        train_relations(bare, tmp_path / "a", beside=folder, final=1, thresholds=folder / "run")


def test_odd_documents_give_what_they_give_alone(trained: tuple[Path, RelationReport]) -> None:
    extractor = TrainedRelationExtractor(trained[1].folder, schema=SCHEMA, threshold=0.0)
    long = "Fever was induced by aspirin in mice. " * 60
    texts = ["", "Aspirin treats nothing.", "β-aspirin 🙂 induced\ud800 fever.", long]
    items = segment([annotate(f"d:{n}", text) for n, text in enumerate(texts)])
    together = extractor.extract(items)
    assert together == [extractor.extract([item])[0] for item in items]
    assert together[0] == together[1] == ()
    assert len(together[2]) == len(together[3]) == 1


def annotate(name: str, text: str) -> AnnotatedDocument:
    mentions = []
    for word, category in (("aspirin", "Drug"), ("fever", "PhenotypicFeature")):
        start = text.lower().find(word)
        while start >= 0:
            end = start + len(word)
            mentions.append(Mention(name, start, end, text[start:end], category))
            start = text.lower().find(word, end)
    return AnnotatedDocument(Document(name, text), mentions=tuple(mentions))


def test_a_composite_mention_says_which_identifier_is_meant(
    trained: tuple[Path, RelationReport],
) -> None:
    extractor = TrainedRelationExtractor(trained[1].folder, schema=SCHEMA, threshold=0.0)
    [item] = segment([annotate("d:1", "Fever was induced by aspirin in mice.")])
    fever, aspirin = sorted(item.mentions, key=lambda mention: mention.start)
    groundings = tuple(
        Grounding(mention.id, curie, "", mention.category, 1.0, "given")
        for mention, curie in ((fever, "X:1"), (aspirin, "X:2"), (aspirin, "X:3"))
    )
    [found] = extractor.extract(
        [AnnotatedDocument(item.document, item.sentences, (), item.mentions, groundings)]
    )
    assert {r.subject_curie for r in found} == {"X:2", "X:3"}
    assert {r.object_curie for r in found} == {""}


def test_the_name_changes_with_the_options_and_the_weights(
    trained: tuple[Path, RelationReport], tmp_path: Path
) -> None:
    folder = trained[1].folder
    for name in ("relations.onnx", "relations.json", BAG_FILE, "tokenizer.json", "words.bin"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    described = json.loads((tmp_path / "relations.json").read_text("utf-8"))
    described["conventions"][0]["threshold"] = 0.123
    (tmp_path / "relations.json").write_text(json.dumps(described), "utf-8")
    names = {
        TrainedRelationExtractor(folder, schema=SCHEMA).name,
        TrainedRelationExtractor(folder, schema=SCHEMA, threshold=0.4).name,
        TrainedRelationExtractor(folder, schema=SCHEMA, named=False).name,
        TrainedRelationExtractor(tmp_path, schema=SCHEMA).name,
    }
    assert len(names) == 4


def test_a_folder_without_a_model_or_with_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"lacks relations\.onnx, relations\.json"):
        TrainedRelationExtractor(tmp_path, schema=SCHEMA)
    with pytest.raises(ConfigError, match="version 9, expected 1"):
        RelationLabels.from_json({"version": 9}, source="x")
    with pytest.raises(ConfigError, match="no description of a relation model"):
        RelationLabels.from_json({"version": 1, "layout": {}}, source="x")


def test_a_schema_without_the_categories_is_refused(trained: tuple[Path, RelationReport]) -> None:
    with pytest.raises(ConfigError, match="which the schema doesn't have"):
        TrainedRelationExtractor(trained[1].folder, schema=Schema.load("computer_science"))


def test_labels_survive_their_description() -> None:
    labels = labels_of(settings())
    again = RelationLabels.from_json(json.loads(json.dumps(labels.to_json())), source="x")
    assert again == labels
    assert again.columns == (1 + 2 + 1) + (1 + 1)


def test_wrong_settings_are_named(trained: tuple[Path, RelationReport]) -> None:
    folder = trained[0]
    corpus = settings().corpora[1].model_dump()
    with pytest.raises(ConfigError, match="relates Gene, which `categories` doesn't list"):
        labels_of(settings(corpora=[corpus | {"pairs": [("Gene", "Gene")], "implies": {}}]))
    with pytest.raises(ConfigError, match="has no Bind to learn from"):
        own = {"types": ["CID", "Bind"], "implies": {}}
        wrong = settings(corpora=[corpus | own])
        read_corpora(wrong, schema=SCHEMA, beside=folder)
    with pytest.raises(ConfigError, match="implies CID: three x, but there is no such"):
        wrong = settings(corpora=[corpus | {"implies": {"CID": ("three", "x")}}])
        prepare_task(wrong, folder / "base", beside=folder)
    with pytest.raises(ValidationError, match="'CDI' begins with no type of this"):
        settings(corpora=[corpus | {"predicates": {"CDI": "causes"}}])
    for changed, said in (
        ({"corpora": [corpus | {"predicates": {"CID": "cuases"}, "implies": {}}]}, "'causes'"),
        ({"categories": [*PAIR, "Diseas"]}, "no category 'Diseas'; did you mean 'Disease'"),
    ):
        with pytest.raises(ConfigError, match=said):
            prepare_task(settings(**changed), folder / "base", beside=folder)
    with pytest.raises(ConfigError, match="mark_layer is 9, but the encoder has 2 layers"):
        train_relations(settings(mark_layer=9), folder / "odd", beside=folder)


def test_other_relations_are_another_training(
    trained: tuple[Path, RelationReport], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(trained[0], folder)
    file = folder / "induced.txt"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if "\tCID\t" in line)
    file.write_text("".join(lines[:last] + lines[last + 1 :]), "utf-8")
    with pytest.raises(ConfigError, match="differs in: what is learned, or from which data"):
        train_relations(settings(), folder / "run", beside=folder)


def test_training_starts_from_another_and_the_head_alone_can_be_trained(
    trained: tuple[Path, RelationReport], tmp_path: Path
) -> None:
    folder, report = trained
    own = settings(start_from="run", mark_layer=None)
    frozen = own.training.model_copy(update={"freeze_layers": 2, "epochs": 3})
    first = train_relations(
        own.model_copy(update={"training": frozen}), tmp_path / "a", beside=folder
    )
    assert first.trained_share < 0.6 < report.trained_share
    assert first.measures["two pair"] > 0.6
    exported = settings(start_from="run/model/relations.onnx").model_copy(
        update={"training": frozen.model_copy(update={"epochs": 1, "head_learning_rate": 1e-5})}
    )
    same = train_relations(exported, tmp_path / "c", beside=folder)
    assert same.measures["two pair"] > 0.85
    with pytest.raises(ConfigError, match=r"start_from: .*best.pt can't be read"):
        train_relations(settings(start_from="base"), tmp_path / "b", beside=folder)


def test_two_opinions_are_averaged_and_one_can_be_left_out(
    trained: tuple[Path, RelationReport], tmp_path: Path
) -> None:
    folder, report = trained
    bare = settings(bag={"share": 0})
    start = bare.model_copy(update={"start_from": "run"})
    short = start.model_copy(update={"training": start.training.model_copy(update={"epochs": 1})})
    alone = train_relations(short, tmp_path / "run", beside=folder)
    assert not (alone.folder / BAG_FILE).exists()
    item = gold(folder)[0]
    both = RelationModel(report.folder, schema=SCHEMA)
    [[unit]] = both.units([item])
    network = both.run(feed_of(unit))[0]
    bag = BagModel.open(report.folder / BAG_FILE, labels=both.labels)
    kinds = [(unit.entities[i].kind, unit.entities[j].kind) for i, j in unit.pairs.tolist()]
    plain = replace(
        both.labels,
        conventions=tuple(replace(c, slope=1.0, bias=0.0) for c in both.labels.conventions),
    )
    judged = [
        plain.judge(logits, kinds)
        for logits in (
            both.score(item, unit).logits,
            network,
            replace(bag, share=1.0).joined(network, item, unit, both.labels.conventions),
        )
    ]
    for mixed, one, other in zip(*judged, strict=True):
        assert mixed.related == pytest.approx((one.related + other.related) / 2, abs=1e-4)
    mixed, one, other = (own[0] for own in judged)
    assert mixed.novel == pytest.approx((one.novel + other.novel) / 2, abs=1e-4)
    assert other.related.max() > 0.5


def test_a_corpus_without_pairs_teaches_the_regressions_nothing(
    trained: tuple[Path, RelationReport],
) -> None:
    folder = trained[0]
    prepared = prepare_task(settings(), folder / "base", beside=folder)
    first = [e for e in prepared.task.training if int(e.document[5:]) < 100]
    labels = prepared.task.labels
    bag = fit_bag(first, labels, settings().bag)
    example = first[0]
    logits = bag.logits(example.item, example.unit)
    columns = labels.conventions[0].columns
    assert (logits[:, columns] == -20).all()
    assert (np.abs(logits[:, :columns]) < 20).all()


def test_a_bag_of_another_model_is_refused(
    trained: tuple[Path, RelationReport], tmp_path: Path
) -> None:
    labels = RelationModel(trained[1].folder, schema=SCHEMA).labels
    fewer = replace(labels, conventions=labels.conventions[:1])
    file = trained[1].folder / BAG_FILE
    with pytest.raises(ConfigError, match=r"relations.npz has arrays of .* it belongs to another"):
        BagModel.open(file, labels=fewer)
    other = dict(np.load(file)) | {"features": np.array(0)}
    np.savez(tmp_path / "other.npz", **other)
    with pytest.raises(ConfigError, match=r"features of version 0, expected"):
        BagModel.open(tmp_path / "other.npz", labels=labels)
    torn = tmp_path / BAG_FILE
    torn.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ConfigError, match=r"relations.npz can't be read"):
        BagModel.open(torn, labels=labels)


def test_classical_baselines_learn_the_words_between(trained: tuple[Path, RelationReport]) -> None:
    folder = trained[0]
    prepared = prepare_task(settings(), folder / "base", beside=folder)
    labels = prepared.task.labels
    learned = [e for e in prepared.task.training if int(e.document[5:]) < 100]
    examples, documents = prepared.measured[0]
    wanted = gold_pairs(documents, labels.conventions[0])
    for kind in BASELINES:
        baseline = RelationBaseline(kind, labels.conventions[0], place=0)
        baseline.fit(learned)
        rows = baseline.predict(examples, columns=labels.columns, start=0)
        found = verdicts(examples, rows, labels, 0)
        assert measure(found, wanted, best_threshold(found, wanted))["type"] > 0.8, kind


def test_calibrated_probabilities_come_true() -> None:
    labels = labels_of(settings())
    rng = np.random.default_rng(0)
    truth = rng.random(4000) < 0.2
    odds = rng.normal(size=4000) + 2 * truth
    from kgbuild.evaluation.relations import Pair
    from kgbuild.training.relation_measure import Verdict

    found = sorted(
        (
            Verdict("d", f"X:{n}", "Y:1", float(1 / (1 + np.exp(-odd))), "CID", None)
            for n, odd in enumerate(odds)
        ),
        key=lambda verdict: -verdict.related,
    )
    wanted = {Pair("d", f"X:{n}", "Y:1", "CID") for n in np.flatnonzero(truth)}
    convention = calibrate(labels, {1: found}, {1: wanted}).conventions[1]
    raw = np.array([np.log(v.related / (1 - v.related)) for v in found])
    chance = 1 / (1 + np.exp(-(convention.slope * raw + convention.bias)))
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.01)
    high = chance > 0.5
    right = np.array([v.pair.at("pair") in {p.at("pair") for p in wanted} for v in found])
    assert right[high].mean() == pytest.approx(chance[high].mean(), abs=0.05)
    before = measure(found, wanted, best_threshold(found, wanted))["pair"]
    kept = {v.pair for v, c in zip(found, chance, strict=True) if c >= convention.threshold}
    hits = len(kept & wanted)
    assert 2 * hits / (len(kept) + len(wanted)) == pytest.approx(before, abs=0.002)
