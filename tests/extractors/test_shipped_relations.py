"""The relation model that comes with kgbuild: it opens, without torch, and finds what it should."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from marked_text import document

from kgbuild.assembly.belief import DEFAULT_RATES
from kgbuild.config import parse_config
from kgbuild.config_relations import ModelRelationsConfig
from kgbuild.extractors.bag_model import BAG_FILE
from kgbuild.extractors.relation_model import RelationModel, Scored
from kgbuild.extractors.relation_units import RelationUnit
from kgbuild.extractors.trained_relations import SHIPPED_MODEL, TrainedRelationExtractor
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument

ACROSS = (
    "Seizures induced by [cocaine|C=MESH:D003042]. "
    "Mice were given the drug for ten days. Most of the animals had [seizures|D=MESH:D012640], "
    "and [seizures|D=MESH:D012640] were severe after [cocaine|C=MESH:D003042]. "
    "[Saline|C=MESH:D012965] was the control."
)


@pytest.fixture(scope="module")
def extractor() -> TrainedRelationExtractor:
    return TrainedRelationExtractor(schema=Schema.load("biomedical"), threads=1)


def named(item: AnnotatedDocument, extractor: TrainedRelationExtractor) -> set[tuple[str, ...]]:
    names = {mention.id: mention.text.lower() for mention in item.mentions}
    [found] = extractor.extract([item])
    return {(names[r.subject], r.predicate, names[r.object]) for r in found}


def test_a_chemical_causes_a_disease(extractor: TrainedRelationExtractor) -> None:
    found = named(document(ACROSS), extractor)
    assert ("cocaine", "causes", "seizures") in found
    assert not any("saline" in (subject, object_) for subject, _, object_ in found)


def test_a_gene_is_related_to_a_disease_and_it_says_whether_that_is_new(
    extractor: TrainedRelationExtractor,
) -> None:
    item = document(
        "Mutations of [BRCA1|G=HGNC:1100] were associated with "
        "[breast cancer|D=MESH:D001943] in the families that we studied."
    )
    [found] = extractor.extract([item])
    assert [relation.predicate for relation in found] == ["associated_with"]
    assert found[0].novel is not None


def test_the_configuration_names_it_without_a_folder() -> None:
    config = parse_config("relations: [{type: model}]")
    assert config.relations == [ModelRelationsConfig()]


def test_its_error_rates_are_known(extractor: TrainedRelationExtractor) -> None:
    assert extractor.name.partition("/")[0] in DEFAULT_RATES


def test_relations_below_the_least_score_are_left_out() -> None:
    item = document(ACROSS)
    found, sure = (
        TrainedRelationExtractor(
            schema=Schema.load("biomedical"), threshold=0.0, score=score, threads=1
        ).extract([item])[0]
        for score in (0.0, 0.5)
    )
    assert {relation.score >= 0.5 for relation in found} == {True, False}
    said = [(r.subject, r.predicate, r.object) for r in found if r.score >= 0.5]
    assert [(r.subject, r.predicate, r.object) for r in sure] == said


def test_it_runs_on_documents_with_a_pair_alone() -> None:
    model = RelationModel(SHIPPED_MODEL, schema=Schema.load("biomedical"), threads=1)
    one = document("[Aspirin|C=MESH:D001241] and [aspirin|C=MESH:D001241] in [the heart|A=X:1].")
    species = document("[Mice|O=NCBITaxon:10090] had [fever|D=MESH:D005334].")
    two = document("[Aspirin|C=MESH:D001241] causes [fever|D=MESH:D005334].")
    assert [len(own) for own in model.units([one, two, species])] == [0, 1, 0]


def test_it_runs_without_torch() -> None:
    code = (
        "import sys\n"
        "from kgbuild.extractors.trained_relations import TrainedRelationExtractor\n"
        "from kgbuild.ontologies.schema import Schema\n"
        "TrainedRelationExtractor(schema=Schema.load('biomedical')).extract([])\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("caused", "predicate"), [(5.0, "causes"), (-5.0, "positively_correlated_with")]
)
def test_the_convention_of_one_type_has_the_last_word(
    caused: float, predicate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def score(model: RelationModel, item: AnnotatedDocument, unit: RelationUnit) -> Scored:
        biored, cid = model.labels.conventions
        logits = np.full((len(unit.pairs), model.labels.columns), -5.0, dtype=np.float32)
        logits[:, 1 + biored.types.index("Positive_Correlation")] = 5.0
        logits[:, biored.columns + cid.types.index("CID") + 1] = caused
        logits[:, biored.columns] = -caused
        return Scored(unit, logits, np.ones((len(unit.pairs), len(unit.ids)), dtype=np.float32))

    monkeypatch.setattr(RelationModel, "score", score)
    extractor = TrainedRelationExtractor(schema=Schema.load("biomedical"), threads=1)
    item = document("[Aspirin|C=MESH:D001241] and [asthma|D=MESH:D001249] were seen.")
    assert {found[1] for found in named(item, extractor)} == {predicate}


def test_the_weights_are_small() -> None:
    heads = [p for p in SHIPPED_MODEL.iterdir() if p.suffix in {".onnx", ".bin"}]
    sizes = [p.stat().st_size for p in (*heads, SHIPPED_MODEL / BAG_FILE)]
    assert sum(sizes) <= 30_000_000
