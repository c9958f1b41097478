"""What a pair's bag of features depends on, and what it doesn't."""

from __future__ import annotations

from dataclasses import replace

import pytest
from marked_text import document

from kgbuild.extractors.pair_bag import BUCKETS, PairBag
from kgbuild.extractors.relation_model import RelationModel
from kgbuild.extractors.trained_relations import SHIPPED_MODEL
from kgbuild.ontologies.schema import Schema


@pytest.fixture(scope="module")
def model() -> RelationModel:
    return RelationModel(SHIPPED_MODEL, schema=Schema.load("biomedical"), threads=1)


def bags(model: RelationModel, marked: str) -> list[set[int]]:
    item = document(marked)
    [[unit]] = model.units([item])
    return [set(own.tolist()) for own in PairBag(item, unit).buckets()]


def test_the_names_of_the_ends_do_not_matter_but_the_words_between_do(
    model: RelationModel,
) -> None:
    [aspirin] = bags(model, "[Aspirin|C] often caused [asthma|D] in rats.")
    [cocaine] = bags(model, "[Cocaine|C] often caused [nausea|D] in rats.")
    [prevents] = bags(model, "[Aspirin|C] often stopped [asthma|D] in rats.")
    assert aspirin == cocaine
    assert aspirin != prevents
    assert len(aspirin & prevents) > len(aspirin) / 2
    assert aspirin and all(0 <= bucket < BUCKETS for bucket in aspirin)


def test_every_sentence_that_names_both_is_read(model: RelationModel) -> None:
    one = "[Aspirin|C=MESH:D001241] reached [asthma|D=MESH:D001249]. "
    [first] = bags(model, one)
    [both] = bags(
        model, one + "Later [aspirin|C=MESH:D001241] had worsened [asthma|D=MESH:D001249]."
    )
    [apart] = bags(model, one + "It had worsened later [asthma|D=MESH:D001249].")
    assert len(both - first) > len(apart - first)


def test_the_order_and_the_categories_of_the_ends_matter(model: RelationModel) -> None:
    [straight] = bags(model, "[Aspirin|C] with [asthma|D].")
    [turned] = bags(model, "[Asthma|D] with [aspirin|C].")
    [genes] = bags(model, "[Aspirin|C] with [BRCA12|G].")
    assert straight != turned
    assert straight != genes


def test_a_document_without_sentences_counts_as_one(model: RelationModel) -> None:
    item = replace(document("[Aspirin|C] caused [asthma|D]. It lasted."), sentences=())
    [[unit]] = model.units([item])
    [bag] = PairBag(item, unit).buckets()
    assert len(bag) > 30
    assert model.score(item, unit).logits.shape == (1, model.labels.columns)


def test_far_apart_ends_have_no_words_between(model: RelationModel) -> None:
    far = " and so on" * 60
    [one] = bags(model, f"[Aspirin|C] caused{far} [asthma|D].")
    [other] = bags(model, f"[Aspirin|C] relieved{far} [asthma|D].")
    [near] = bags(model, "[Aspirin|C] relieved [asthma|D].")
    assert len(one ^ other) < len(near ^ other)
