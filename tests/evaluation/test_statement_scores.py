from __future__ import annotations

import io

import pytest

from kgbuild.evaluation.relations import BIORED_TYPES
from kgbuild.evaluation.score import Score
from kgbuild.evaluation.statements import (
    Believed,
    Fact,
    average_precision,
    canonical,
    curve,
    gold_facts,
    judged,
)
from kgbuild.extractors.given import GivenRecognizer
from kgbuild.ontologies.schema import Schema
from kgbuild.readers import READERS
from kgbuild.records import AnnotatedDocument

SCHEMA = Schema.load()
TEXT = """7|t|Cisplatin causes deafness and kidney injury.
7|a|
7\t0\t9\tCisplatin\tChemical\tD002945
7\t17\t25\tdeafness\tDisease\tD003638
7\t30\t43\tkidney injury\tDisease\tD058186
7\tCID\tD002945\tD003638
7\tCID\tD002945\tD058186

8|t|Cisplatin causes deafness.
8|a|
8\t0\t9\tCisplatin\tChemical\tD002945
8\t17\t25\tdeafness\tDisease\tD003638
8\tCID\tD002945\tD003638
"""
CISPLATIN, DEAFNESS, KIDNEY = "MESH:D002945", "MESH:D003638", "MESH:D058186"


def corpus() -> list[AnnotatedDocument]:
    items = READERS["pubtator"]().read(io.BytesIO(TEXT.encode()), source="f")
    documents = [item for item in items if isinstance(item, AnnotatedDocument)]
    mapped = GivenRecognizer(SCHEMA).recognize(documents)
    return [item.with_mentions(m) for item, m in zip(documents, mapped, strict=True)]


def fact(subject: str, predicate: str, object_: str) -> Fact:
    return Fact(subject, predicate, object_, "ChemicalEntity", "Disease")


def test_a_fact_of_two_documents_is_one() -> None:
    assert gold_facts(corpus(), schema=SCHEMA) == {
        fact(CISPLATIN, "causes", DEAFNESS), fact(CISPLATIN, "causes", KIDNEY),
    }  # fmt: skip


def test_canonical_turns_passives_and_orders_coarse_pairs() -> None:
    passive = Fact(DEAFNESS, "caused_by", CISPLATIN, "Disease", "ChemicalEntity")
    assert canonical(passive, schema=SCHEMA) == fact(CISPLATIN, "causes", DEAFNESS)
    coarse = canonical(Fact("B:2", "treats", "B:1", "Drug", "Disease"), schema=SCHEMA,
                       types=BIORED_TYPES)  # fmt: skip
    assert coarse == Fact("B:1", "Negative_Correlation", "B:2", "Disease", "Drug")


def test_only_what_gold_annotates_is_judged() -> None:
    gold = gold_facts(corpus(), schema=SCHEMA)
    right = Believed(fact(CISPLATIN, "causes", KIDNEY), 0.9)
    others = [
        Believed(fact(CISPLATIN, "treats", KIDNEY), 0.9),
        Believed(Fact("G", "causes", KIDNEY, "Gene", "Disease"), 0.9),
    ]
    assert judged([right, *others], gold) == [right]


def test_curve_by_hand() -> None:
    gold = {fact("a", "causes", "x"), fact("b", "causes", "x"), fact("c", "causes", "x")}
    found = [
        Believed(fact("a", "causes", "x"), 0.9), Believed(fact("d", "causes", "x"), 0.7),
        Believed(fact("b", "causes", "x"), 0.5), Believed(fact("e", "causes", "x"), 0.5),
        Believed(fact("a", "causes", "x"), 0.2),
    ]  # fmt: skip
    points = curve(gold, found)
    assert [(p.threshold, p.score) for p in points] == [
        (0.0, Score(3, 4, 2, 2)), (0.5, Score(3, 4, 2, 2)), (0.7, Score(3, 2, 1, 1)),
        (0.9, Score(3, 1, 1, 1)),
    ]  # fmt: skip
    # Recall grows to 1/3 at precision 1, then to 2/3 at 1/2.
    assert average_precision(points) == pytest.approx(1 / 3 + (1 / 3) * 0.5)
    assert [p.score.found for p in curve(gold, found, thresholds=[0.0, 0.6, 1.0])] == [4, 2, 0]
    assert average_precision([]) == 0.0
    assert curve(gold, [])[0].score == Score(3, 0, 0, 0)
