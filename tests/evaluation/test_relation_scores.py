from __future__ import annotations

import io

import pytest

from kgbuild.evaluation.relations import (
    BIORED_TYPES,
    Pair,
    biored_type,
    count_pairs,
    induced_pairs,
    relation_pairs,
    score_biored,
    score_pairs,
)
from kgbuild.evaluation.score import Score, total
from kgbuild.ontologies.schema import Schema
from kgbuild.readers import READERS
from kgbuild.records import AnnotatedDocument

SCHEMA = Schema.load()
LABELS = (
    "Association", "Bind", "Comparison", "Conversion", "Cotreatment", "Drug_Interaction",
    "Negative_Correlation", "Positive_Correlation",
)  # fmt: skip
TEXT = """7|t|Cisplatin and kidney injury.
7|a|Cisplatin caused kidney injury and deafness; BRCA1/2 bind RAD51.
7\t0\t9\tCisplatin\tChemical\tD002945
7\t14\t27\tkidney injury\tDisease\tD058186
7\t29\t38\tCisplatin\tChemical\tD002945
7\t46\t59\tkidney injury\tDisease\tD058186
7\t64\t72\tdeafness\tDisease\tD003638
7\t74\t81\tBRCA1/2\tGeneOrGeneProduct\t672,675
7\t87\t92\tRAD51\tGeneOrGeneProduct\t5888
"""


def read(relations: str) -> AnnotatedDocument:
    stream = io.BytesIO((TEXT + relations).encode())
    [item] = READERS["pubtator"]().read(stream, source="f")
    assert isinstance(item, AnnotatedDocument)
    return item


def test_pairs_are_by_identifier_and_in_no_order() -> None:
    there = read("7\tAssociation\tD002945\tD058186\tNovel\n")
    back = read("7\tAssociation\tD058186\tD002945\tNovel\n")
    assert relation_pairs([there], schema=SCHEMA) == relation_pairs([back], schema=SCHEMA) == {
        Pair("PMID:7", "MESH:D002945", "MESH:D058186", "Association", True)
    }  # fmt: skip


def test_composite_mentions_are_split_unless_the_relation_names_one() -> None:
    each = relation_pairs([read("7\tBind\t672,675\t5888\tNo\n")], schema=SCHEMA)
    assert {(p.first, p.second) for p in each} == {
        ("NCBIGene:5888", "NCBIGene:672"), ("NCBIGene:5888", "NCBIGene:675"),
    }  # fmt: skip
    [one] = relation_pairs([read("7\tBind\t672\t5888\tNo\n")], schema=SCHEMA)
    assert one == Pair("PMID:7", "NCBIGene:5888", "NCBIGene:672", "Bind", False)


def test_biored_levels_by_hand() -> None:
    gold = {
        Pair.of("1", "a", "b", "Bind", True), Pair.of("1", "a", "c", "Association", True),
        Pair.of("1", "b", "c", "Association", False), Pair.of("2", "a", "b", "Bind", True),
    }  # fmt: skip
    found = {
        Pair.of("1", "b", "a", "Bind", True),  # right in all
        Pair.of("1", "c", "a", "Association", False),  # novelty wrong
        Pair.of("1", "b", "c", "Bind", False),  # type wrong
        Pair.of("3", "a", "b", "Bind", True),  # no such pair in this document
    }
    scores = score_biored(gold, found)
    assert {level: score.right for level, score in scores.items()} == {
        "pair": 3, "type": 2, "novelty": 2, "all": 1,
    }  # fmt: skip
    assert all((s.gold, s.found) == (4, 4) for s in scores.values())
    assert total(count_pairs(gold, found, levels=list(scores), documents=["0"])) == scores


def test_a_pair_in_two_types_is_one_pair() -> None:
    gold = {Pair.of("1", "a", "b", "Bind"), Pair.of("1", "a", "b", "Association")}
    scores = score_biored(gold, gold)
    assert (scores["pair"].gold, scores["type"].gold) == (1, 2)


def test_induced_is_directed_by_category_and_by_the_aliases_of_causes() -> None:
    gold = induced_pairs([read("7\tCID\tD002945\tD058186\n")], schema=SCHEMA)
    found = induced_pairs(
        [read("7\tcauses\tD002945\tD058186\n7\tcauses\tD002945\tD003638\n"
              "7\tcauses\tD058186\tD003638\n7\ttreats\tD002945\tD003638\n")],
        schema=SCHEMA,
    )  # fmt: skip
    # Kidney injury causes deafness: no chemical, so it is no prediction.
    assert score_pairs(gold, found) == Score(gold=1, found=2, right=1, covered=1)


def test_negated_weak_and_ungrounded_relations_are_no_pairs() -> None:
    from dataclasses import replace

    item = read("7\tCID\tD002945\tD058186\n")
    [relation] = item.relations
    denied = replace(item, relations=(replace(relation, negated=True),))
    weak = replace(item, relations=(replace(relation, score=0.3),))
    nil = replace(item, groundings=())
    for other in (denied, nil):
        assert relation_pairs([other], schema=SCHEMA) == set()
    assert induced_pairs([weak], schema=SCHEMA, threshold=0.4) == set()
    assert len(induced_pairs([weak], schema=SCHEMA, threshold=0.3)) == 1


def test_predicates_become_types_through_the_schema() -> None:
    assert set(BIORED_TYPES) <= set(SCHEMA.predicates)
    assert set(BIORED_TYPES.values()) | {"Drug_Interaction"} == set(LABELS)
    gold = relation_pairs([read("7\tNegative_Correlation\tD002945\tD058186\n")], schema=SCHEMA)
    found = relation_pairs([read("7\ttreats\tD002945\tD058186\n")], schema=SCHEMA)
    assert gold == found


def test_two_chemicals_that_interact_are_a_drug_interaction() -> None:
    chemicals, genes = ("ChemicalEntity", "Drug"), ("Gene", "ChemicalEntity")
    assert biored_type("interacts_with", SCHEMA, ends=chemicals) == "Drug_Interaction"
    assert biored_type("interacts_with", SCHEMA, ends=genes) == "Bind"


@pytest.mark.parametrize("label", LABELS)
def test_labels_of_the_corpus_are_their_own_types(label: str) -> None:
    [pair] = relation_pairs([read(f"7\t{label}\tD002945\tD058186\n")], schema=SCHEMA)
    assert pair.type == label
